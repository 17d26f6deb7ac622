/** Fastify: `app.register(session, options)` gives every request `request.session`. */

import { type Session, type SessionData, type SessionOptions, sessions } from "bulla/session";
import type { FastifyInstance } from "fastify";

declare module "fastify" {
  interface FastifyRequest {
    get session(): Session;
    set session(data: SessionData | null);
  }
}

export async function session(app: FastifyInstance, options: SessionOptions): Promise<void> {
  const { middleware } = sessions(options);
  app.decorateRequest("session", {
    getter() {
      return this.raw.session;
    },
    setter(data) {
      this.raw.session = data;
    },
  });
  app.addHook("onRequest", ({ raw }, reply, done) => middleware(raw, reply.raw, done));
}
// Registers it for the whole application, as fastify-plugin does.
Object.assign(session, { [Symbol.for("skip-override")]: true });
