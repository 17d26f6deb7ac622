/** Koa: `middleware` on Node's own request; `ctx.req.session` opens when it is touched. */

import { createServer } from "node:http";
import { Readable } from "node:stream";
import { promisify } from "node:util";
import { sessions } from "bulla/session";
import Koa, { type Context } from "koa";
import {
  answerByNode,
  CACHED,
  COOKIES,
  type Framework,
  listening,
  NEXT,
  type OwnWay,
  type Turn,
  take,
} from "./routes.ts";

const WAYS: Record<OwnWay, (ctx: Context, turn: Turn) => unknown> = {
  text: (ctx, { text }) => (ctx.body = text),
  redirect(ctx) {
    ctx.status = 303;
    ctx.redirect(NEXT);
  },
  stream: (ctx, { pieces }) => (ctx.body = Readable.from(pieces())),
  cached(ctx, { text }) {
    ctx.set(CACHED);
    ctx.body = text;
  },
  cookie(ctx, { text }) {
    for (const cookie of COOKIES) ctx.cookies.set(...(cookie.split("=", 2) as [string, string]));
    ctx.body = text;
  },
};

export const KOA: Framework = {
  start(service) {
    const open = promisify(sessions(service.options).middleware);
    const app = new Koa();
    app.on("error", (error) => service.errors.push(error));
    app.use(async (ctx, next) => {
      await open(ctx.req, ctx.res);
      await next();
    });
    app.use(async (ctx) => {
      if (ctx.path === "/plain") {
        ctx.body = "plain";
        return;
      }
      const turn = await take(service, ctx.url, ctx.req.session, ctx.req);
      if (answerByNode(ctx.res, turn)) ctx.respond = false;
      else WAYS[turn.ownWay](ctx, turn);
    });
    return listening(createServer(app.callback()));
  },
};
