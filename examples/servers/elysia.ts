/** Elysia on Bun: `wrap` around the application, and a WeakMap that gives each request its session. */

import { type Session, sessions } from "bulla/session";
import { Elysia, t } from "elysia";
import { greet, login, logout, note, options, port } from "./actions.ts";

const open = new WeakMap<Request, Session>();

const app = new Elysia()
  .derive(({ request, status }) => {
    const session = open.get(request);
    return session === undefined ? status(500) : { session };
  })
  .get("/", ({ session }) => greet(session))
  .get("/me", ({ session: { user, notes } }) => ({ user, notes }))
  .post("/login", ({ session }) => login(session, "Tom"))
  .post("/note", ({ session, body }) => note(session, body.text), {
    body: t.Object({ text: t.String() }),
  })
  .post("/logout", ({ session }) => logout(session));

const fetch = sessions(options).wrap((request, session) => {
  open.set(request, session);
  return app.handle(request);
});

export default { port, fetch }; // Bun serves it
console.log(`http://localhost:${port}`);
