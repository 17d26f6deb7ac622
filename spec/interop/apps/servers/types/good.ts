/** Uses in the servers' frameworks that must compile: types.spec.ts runs `tsc` on them, in a project of its own. */

import { createParamDecorator, type ExecutionContext, Session as OfNest } from "@nestjs/common";
import { initTRPC } from "@trpc/server";
import { createHTTPServer } from "@trpc/server/adapters/standalone";
import { type ReadonlySession, type Session, sessions } from "bulla/session";
import { Elysia } from "elysia";
import express, { type Request } from "express";
import Fastify, { type FastifyRequest } from "fastify";
import { createYoga } from "graphql-yoga";
import { Server, type Socket } from "socket.io";
import { options } from "./actions.ts";
import { session } from "./fastify-session.ts";

const visitors = sessions(options);

/** Checks that a value has exactly this type. */
function same<Expected>(): <T>(
  value: T,
  ...wrong: [T] extends [Expected] ? ([Expected] extends [T] ? [] : [never]) : [never]
) => void {
  return () => {};
}

const app = Fastify();
app.register(session, options);
app.register(session, { ...options, cookie: { name: "other" } });
app.get("/", async (request, reply) => {
  same<Session>()(request.session);
  same<string | undefined>()(request.session.user);
  request.session.visits = 1;
  request.session = { visits: 1 };
  request.session = null;
  return reply.redirect("/", 303);
});
app.get<{ Params: { id: string } }>("/:id", async ({ session, params }) => {
  session.user = params.id;
});
app.addHook("preHandler", async ({ session }: FastifyRequest) => same<Session>()(session));

export class Controller {
  get(@OfNest() session: Session): string {
    return session.user ?? "stranger";
  }
}
export const Visit = createParamDecorator((_data: unknown, context: ExecutionContext) => {
  const request: Request = context.switchToHttp().getRequest();
  same<Session>()(request.session);
  return request.session;
});

express().use(visitors.middleware);

new Elysia().get("/", async ({ request }) => {
  same<ReadonlySession>()(await visitors.load(request));
});
new Elysia().get("/", ({ request }) =>
  visitors.wrap((_request, session) => Response.json(session.user))(request),
);

const { procedure, router } = initTRPC.context<{ session: Session }>().create();
createHTTPServer({
  router: router({ user: procedure.query(({ ctx }) => ctx.session.user) }),
  createContext: async ({ req, res }) => ({ session: await visitors.load(req, res) }),
});

createYoga({ context: ({ request }) => ({ session: visitors.read(request) }) });

new Server().use((socket: Socket, next) => {
  same<ReadonlySession>()(visitors.read(socket.request));
  next();
});
