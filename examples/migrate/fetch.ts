/** A Fetch handler: visitors keep the sessions of the old library. GET /, POST /logout. */

import { randomBytes } from "node:crypto";
import { type Session, sessions } from "bulla/session";
import { migrate } from "./migrate.ts";
import { service } from "./old.ts";

const secure = process.env.NODE_ENV === "production";
// In production a missing secret is an error; elsewhere a random one lasts until the next start.
const secret = process.env.SESSION_SECRET ?? (secure ? "" : randomBytes(32));
const visitors = sessions({ secret, cookie: { name: service.name, secure } });

const handler = visitors.wrap(async (request: Request, session: Session) => {
  const deleting = migrate(service, request.headers.get("Cookie") ?? "", session);
  const response = await answer(request, session);
  for (const cookie of deleting) response.headers.append("Set-Cookie", cookie);
  return response;
});

async function answer(request: Request, session: Session): Promise<Response> {
  const { pathname } = new URL(request.url);
  if (request.method === "POST" && pathname === "/logout") {
    await session.destroy();
    return new Response(null, { status: 303, headers: { Location: "/" } });
  }
  return new Response(`Hello ${session.user ?? "stranger"}\n`);
}

export default { fetch: handler };
