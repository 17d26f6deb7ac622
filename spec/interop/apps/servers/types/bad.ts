/** Uses in the servers' frameworks that must not compile: each line under its directive is an error. */

import { initTRPC } from "@trpc/server";
import { type Session, sessions } from "bulla/session";
import Fastify from "fastify";
import { Server } from "socket.io";
import { options } from "./actions.ts";
import { session } from "./fastify-session.ts";

const visitors = sessions(options);

const app = Fastify();
// @ts-expect-error
app.register(session, { ...options, maxage: 60 });
app.get("/", async (request) => {
  // @ts-expect-error
  request.session.unheardOf = 1;
  // @ts-expect-error
  request.session.user = { name: "Tom" };
  // @ts-expect-error
  request.session = { unheardOf: 1 };
  // @ts-expect-error
  request.session = undefined;
  // @ts-expect-error
  request.session.id = "mine";
});

const { procedure } = initTRPC.context<{ session: Session }>().create();
// @ts-expect-error
procedure.query(({ ctx }) => ctx.session.unheardOf);

new Server().use((socket, next) => {
  // @ts-expect-error
  visitors.read(socket.request).user = "Tom";
  // @ts-expect-error
  visitors.read(socket).user;
  next();
});
