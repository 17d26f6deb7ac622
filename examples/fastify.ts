/** Fastify: `middleware` in a hook, on Node's own request: the session is `request.raw.session`. */

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
  await login(raw.session, "Tom");
  return reply.redirect("/", 303);
});
app.post("/logout", async ({ raw }, reply) => {
  await raw.session.destroy();
  return reply.redirect("/", 303);
});

await app.listen({ port });
console.log(`http://localhost:${port}`);
