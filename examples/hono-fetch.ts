/** Hono wherever there is `fetch`: `wrap` in a middleware, for the routes that follow it. */

import { type Session, sessions } from "bulla/session";
import { Hono } from "hono";
import { greet, login, options } from "./actions.ts";

const visitors = sessions(options);
const app = new Hono<{ Variables: { session: Session } }>();

app.use(async (c, next) => {
  const response = await visitors.wrap(async (_request, session) => {
    c.set("session", session);
    await next();
    return c.res;
  })(c.req.raw);
  c.res = undefined; // or Hono would merge the old response's fields into the new one
  c.res = response;
});

app.get("/", (c) => c.text(greet(c.var.session)));
app.post("/login", async (c) => {
  await login(c.var.session, "Tom");
  return c.redirect("/", 303);
});
app.post("/logout", async (c) => {
  await c.var.session.destroy();
  return c.redirect("/", 303);
});

export default app; // Bun and Deno serve it; workers too
