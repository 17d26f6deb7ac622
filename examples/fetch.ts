/**
 * A Fetch handler: `wrap` gives it the session and returns the response to send. `deno serve` and `bun`
 * start this file; in Next, an `app/route.ts` has the last two exports.
 */

import { type Session, sessions } from "bulla/session";
import { act, options } from "./actions.ts";

const visitors = sessions(options);

const handler = visitors.wrap(async (request: Request, session: Session) => {
  const url = new URL(request.url);
  const { status, headers, text } = await act(session, `${request.method} ${url.pathname}`);
  return new Response(text, { status, headers });
});

export default { fetch: handler };
export const GET = handler;
export const POST = handler;
