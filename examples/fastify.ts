/**
 * Fastify: `middleware` in a hook, on Node's own request, where the session is too: `request.raw.session`
 * (a decorator `request.session` would need a setter as well, for `= null`).
 */

import { sessions } from "bulla/session";
import Fastify from "fastify";
import { greet, login, options, port } from "./actions.ts";

const visitors = sessions(options);
const app = Fastify();
app.addHook("onRequest", (request, reply, done) => {
  visitors.middleware(request.raw, reply.raw, done);
});

app.get("/", async ({ raw }) => greet(raw.session));
app.post("/login", async ({ raw }, reply) => {
  login(raw.session, "Tom");
  return reply.redirect("/", 303);
});
app.post("/logout", async ({ raw }, reply) => {
  raw.session = null;
  return reply.redirect("/", 303);
});

await app.listen({ port });
console.log(`http://localhost:${port}`);
