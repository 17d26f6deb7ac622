/** React Router's own interface over bulla's sessions, for routes that call getSession and commitSession. */

import type { Session as BullaSession, Sessions } from "bulla/session";
import { createSession, type Session, type SessionData, type SessionStorage } from "react-router";

export function sessionStorage<D extends object = SessionData, F = D>(
  visitors: Sessions<SessionData>,
): SessionStorage<D, F> {
  const headers = new WeakMap<Session<D, F>, string>();

  /** The Set-Cookie of a change to the session that the request brought. */
  async function changed(
    of: Session<D, F>,
    change: (session: BullaSession<SessionData>) => void | Promise<void>,
  ): Promise<string> {
    const handler = visitors.wrap(async (_request, session) => {
      await change(session);
      return new Response();
    });
    const init = { headers: { Cookie: headers.get(of) ?? "" } };
    const response = await handler(new Request("http://localhost", init));
    if (!response.ok) throw response; // 500 or 503, for the error boundary
    return response.headers.get("Set-Cookie") ?? "";
  }

  return {
    async getSession(header) {
      const stored = await visitors.load(header ?? undefined);
      const session = createSession<D, F>(stored.data, stored.isNew ? "" : stored.id);
      headers.set(session, header ?? "");
      return session;
    },
    commitSession: (session, { maxAge } = {}) =>
      changed(session, (stored) => {
        stored.data = session.data;
        stored.touch(maxAge === undefined ? {} : { maxAge });
      }),
    destroySession: (session) => changed(session, (stored) => stored.destroy()),
  };
}
