/** Hono on its Node server: `middleware` on Node's own request, `c.env.incoming`. */

import { promisify } from "node:util";
import { type HttpBindings, serve } from "@hono/node-server";
import { SessionError, sessions } from "bulla/session";
import { Hono } from "hono";
import { greet, login, options, port } from "./actions.ts";

const open = promisify(sessions(options).middleware);
const app = new Hono<{ Bindings: HttpBindings }>();

app.use(async ({ env }, next) => {
  await open(env.incoming, env.outgoing);
  await next();
});
// Hono answers every error with 500; a revocation list that cannot be asked or told is a 503.
app.onError((error) => {
  return new Response(null, { status: error instanceof SessionError ? error.status : 500 });
});
app.get("/", (c) => c.text(greet(c.env.incoming.session)));
app.post("/login", async (c) => {
  await login(c.env.incoming.session, "Tom");
  return c.redirect("/", 303);
});
app.post("/logout", async (c) => {
  await c.env.incoming.session.destroy();
  return c.redirect("/", 303);
});
serve({ fetch: app.fetch, port }, () => console.log(`http://localhost:${port}`));
