/** Koa: `middleware` on Node's own request: the session is `ctx.req.session`. */

import { promisify } from "node:util";
import { sessions } from "bulla/session";
import Koa from "koa";
import { act, options, port } from "./actions.ts";

const app = new Koa();
const open = promisify(sessions(options).middleware);

app.use(async (ctx, next) => {
  await open(ctx.req, ctx.res);
  await next();
});

app.use(async (ctx) => {
  const { status, headers, text } = await act(ctx.req.session, `${ctx.method} ${ctx.path}`);
  ctx.status = status;
  ctx.set(headers);
  ctx.body = text;
});

app.listen(port, () => console.log(`http://localhost:${port}`));
