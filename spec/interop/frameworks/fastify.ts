/** Fastify 5: `middleware` in a hook, and `request.raw.session`; @fastify/cookie beside it. */

import { Readable } from "node:stream";
import cookies from "@fastify/cookie";
import { sessions } from "bulla/session";
import Fastify, { type FastifyReply } from "fastify";
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

const WAYS: Record<OwnWay, (reply: FastifyReply, turn: Turn) => unknown> = {
  text: (reply, { text }) => reply.send(text),
  redirect: (reply) => reply.redirect(NEXT, 303),
  stream: (reply, { pieces }) => reply.send(Readable.from(pieces())),
  cached: (reply, { text }) => reply.headers(CACHED).send(text),
  cookie(reply, { text }) {
    for (const cookie of COOKIES) reply.setCookie(...(cookie.split("=", 2) as [string, string]));
    return reply.send(text);
  },
};

export const FASTIFY: Framework = {
  async start(service) {
    const { middleware } = sessions(service.options);
    const app = Fastify();
    await app.register(cookies);
    app.addHook("onRequest", (request, reply, done) => middleware(request.raw, reply.raw, done));
    app.addHook("onError", async (_request, _reply, error) => void service.errors.push(error));
    app.get("/plain", async () => "plain");
    app.all("/:way/:action", async ({ raw }, reply) => {
      const turn = await take(service, raw.url ?? "", raw.session, raw);
      if (answerByNode(reply.raw, turn)) reply.hijack();
      else WAYS[turn.ownWay](reply, turn);
      return reply;
    });
    await app.ready();
    const { client, close } = await listening(app.server);
    return {
      client,
      async close() {
        await close();
        await app.close();
      },
    };
  },
};
