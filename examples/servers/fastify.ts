/** Fastify: one line gives every request `request.session`. */

import Fastify from "fastify";
import { greet, login, logout, note, options, port } from "./actions.ts";
import { session } from "./fastify-session.ts";

const app = Fastify();
await app.register(session, options);

app.get("/", async (request) => greet(request.session));
app.get("/me", async ({ session: { user, notes } }) => ({ user, notes }));
app.post("/login", async (request) => login(request.session, "Tom"));
app.post<{ Body: { text: string } }>("/note", async ({ session, body }) =>
  note(session, body.text),
);
app.post("/logout", async (request) => logout(request.session));

await app.listen({ port });
console.log(`http://localhost:${port}`);
