/** The response's socket dies while the session's cookie is written: nobody else is harmed. */

import assert from "node:assert/strict";
import type http from "node:http";
import { test } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import { app, lazyApp, type Requested } from "../helpers/session-app.ts";
import { NOW } from "../helpers/session-cookies.ts";
import { PROTOCOLS } from "../helpers/session-server.ts";
import type { BagSession } from "../helpers/session-visit.ts";

type Dying = (session: BagSession, res: http.ServerResponse, kill: () => void) => void;

const MOMENTS: Record<string, Dying> = {
  "before the head": (session, res, kill) => {
    session.user = "tom";
    kill();
    res.writeHead(200);
    res.end("dead");
  },
  "while the data are serialised": (session, res, kill) => {
    session.user = {
      toJSON() {
        kill();
        return "tom";
      },
    };
    res.end("dead");
  },
  "while the head goes": (session, res, kill) => {
    session.user = "tom";
    const { setHeader } = res;
    res.setHeader = function (...field) {
      kill();
      return setHeader.apply(this, field);
    };
    res.end("dead");
  },
  "between head and body": (session, res, kill) => {
    session.user = "tom";
    res.flushHeaders();
    kill();
    session.user = "ann";
    res.write("dead");
    res.end("dead");
  },
  "while an error is answered": (session, res, kill) => {
    session.user = 1n;
    kill();
    res.end("dead");
  },
};

/** What dies: the socket, or of HTTP/2 the one stream of many in it. */
function carrierOf(req: http.IncomingMessage): { destroy(): void } {
  return (req as { stream?: { destroy(): void } }).stream ?? req.socket;
}

for (const [protocol, start] of Object.entries(PROTOCOLS)) {
  for (const [moment, dying] of Object.entries(MOMENTS)) {
    test(`${protocol}: ${moment}`, async (t) => {
      let died = 0;
      const { site } = await app(start, t, (session, res, req) => {
        if (req.url !== "/dies") {
          session.user = "tom";
          res.end("alive");
          return;
        }
        dying(session, res, () => {
          died++;
          carrierOf(req).destroy();
        });
      });
      await site.leave("/dies");
      await wait(20);
      const reply = await site.ask("/");
      assert.ok(died > 0);
      assert.equal(reply.text, "alive");
      assert.equal(reply.setCookie.length, 1);
    });
  }

  for (const fails of [false, true]) {
    const answer = fails ? "fails" : "answers";
    test(`${protocol}: while a list is asked, which then ${answer}`, async (t) => {
      const asked: (() => void)[] = [];
      const revocation = {
        isRevoked: () => Promise.resolve(false),
        revoke: () =>
          new Promise<void>((resolve, reject) => {
            asked.push(() => (fails ? reject(new Error("the list is away")) : resolve()));
          }),
      };
      let gone: (() => void) | undefined;
      const handler = (req: Requested, res: http.ServerResponse) => {
        const session = req.session as BagSession;
        if (req.url !== "/dies") {
          session.user = "tom";
          res.end("alive");
          return;
        }
        gone = () => carrierOf(req).destroy();
        session.destroy();
        res.end("logged out");
      };
      const { site } = await lazyApp(start, t, handler, { revocation, clock: () => NOW });
      const begun = await site.ask("/");
      const [pair = ""] = begun.setCookie[0]?.split(";", 1) ?? [];
      await site.leave("/dies", { headers: { cookie: pair } });
      await wait(20);
      gone?.();
      await wait(20);
      for (const settle of asked) settle();
      await wait(20);
      assert.ok(asked.length > 0, "the list was asked");
      assert.equal((await site.ask("/")).text, "alive");
    });
  }
}
