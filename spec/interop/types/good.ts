/** Uses in frameworks that must compile. Nothing is run: types.spec.ts runs `tsc` on them. */

import { type IncomingMessage, type RequestListener, ServerResponse } from "node:http";
import { promisify } from "node:util";
import {
  memoryRevocation,
  type ReadonlySession,
  type Session,
  type SessionError,
  sessions,
} from "bulla/session";
import connect from "connect";
import express, { type RequestHandler, Router } from "express";
import fastify from "fastify";
import { Hono } from "hono";
import Koa from "koa";
import { same } from "../../project/types/same.ts";

// Declared once, for the requests of every framework that has node:http's.
declare module "bulla/session" {
  interface SessionData {
    visits?: number;
    user?: { name: string; roles: string[] };
  }
}

const secret = new Uint8Array(32);
const { middleware } = sessions({
  secret,
  longestAge: 90 * 24 * 3600,
  revocation: memoryRevocation({ only: ({ data }) => data.user !== undefined }),
  onInvalid: ({ code }, source) => void [code.length, source],
});

export const touches: RequestHandler = (req, res, next) => {
  same<Session>()(req.session);
  same<number | undefined>()(req.session.visits);
  req.session.visits = (req.session.visits ?? 0) + 1;
  req.session.user = { name: "Tom", roles: [] };
  req.session.user.roles.push("admin");
  delete req.session.user;
  same<Promise<void>>()(
    req.session.regenerate((error) => (error === undefined ? res.json(req.session) : next(error))),
  );
  req.session.destroy().then(() => res.redirect("/"), next);
  req.session.save((error) => same<SessionError | undefined>()(error));
  req.session.touch({ maxAge: 3600, persistent: true });
  req.session = { visits: 1 };
  req.session = null;
};

export function read({ session }: IncomingMessage): string | undefined {
  same<Session>()(session);
  return session.user?.name;
}

export const app: RequestListener = express()
  .use(middleware)
  .use("/path", middleware, Router().get("/", touches))
  .get("/:id", (req, res) => void res.send(`${req.params.id} ${req.session.visits}`))
  .use(((error, req, res, _next) => {
    res.send(`${error} ${req.session.id}`);
  }) satisfies express.ErrorRequestHandler);

connect()
  .use(middleware)
  .use((req) => same<Session>()(req.session));

const open = promisify(middleware);
new Koa().use(async (ctx, next) => {
  await open(ctx.req, ctx.res);
  same<Session>()(ctx.req.session);
  ctx.req.session = null;
  await next();
});

fastify()
  .addHook("onRequest", (request, reply, done) => middleware(request.raw, reply.raw, done))
  .get("/", async ({ raw }) => {
    same<Session>()(raw.session);
    await raw.session.destroy();
    return raw.session.visits;
  });

// A session with its own data, not the augmented ones.
interface Cart {
  items?: { name: string; count: number }[];
}
const carts = sessions<Cart>({ secret });

express().get("/", async (req, res) => {
  same<Session<Cart>>()(carts.attach(req, res));
  same<Session<Cart>>()(await carts.load(req, res));
  same<ReadonlySession<Cart>>()(await carts.load(req));
  same<ReadonlySession<Cart>>()(carts.read(req));
  carts.attach(req, res).items = [{ name: "clay", count: 3 }];
});

new Hono<{ Variables: { cart: Session<Cart> } }>()
  .use(async (c, next) => {
    c.res = await carts.wrap(async (request, session) => {
      same<Request>()(request);
      same<Session<Cart>>()(session);
      c.set("cart", session);
      await next();
      return c.res;
    })(c.req.raw);
  })
  .get("/", (c) => c.json(c.var.cart.items));

export const GET: (
  request: Request,
  context: { params: Promise<{ id: string }> },
) => Promise<Response> = carts.wrap(async (_request, session, context) => {
  const { id } = await context.params;
  session.items?.push({ name: id, count: 1 });
  return Response.json(session);
});

// A cookie store: Next's `await cookies()`, SvelteKit's, Astro's.
const store = {
  get: (name: string) => ({ name, value: "" }),
  set: (_name: string, _value: string, _options?: { path?: string; httpOnly?: boolean }) => store,
};
export const count: Promise<number> = carts.edit(store, async (session) => {
  same<Session<Cart>>()(session);
  await session.regenerate();
  return session.items?.length ?? 0;
});
same<{ id: string; setCookie: string }>()(carts.issue({ items: [] }, { maxAge: 60 }));

carts.attach({ headers: {} }, new ServerResponse({} as IncomingMessage));
