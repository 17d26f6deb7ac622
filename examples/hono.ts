/** Hono on its Node server: `middleware` on Node's own request, which opens when it is touched. */

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
// Hono would answer 500 to a revocation list out of reach, which is 503.
app.onError((error) => new Response(null, { status: error instanceof SessionError ? 503 : 500 }));

app.get("/", (c) => c.text(greet(c.env.incoming.session)));
app.post("/login", (c) => {
  login(c.env.incoming.session, "Tom");
  return c.redirect("/", 303);
});
app.post("/logout", (c) => {
  c.env.incoming.session = null;
  return c.redirect("/", 303);
});
serve({ fetch: app.fetch, port }, () => console.log(`http://localhost:${port}`));
