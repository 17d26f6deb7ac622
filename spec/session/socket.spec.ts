/** Sockets and streams that are destroyed while a response is written: no other client is harmed. */

import assert from "node:assert/strict";
import { once } from "node:events";
import type http from "node:http";
import { describe, test } from "node:test";
import { app, type Requested } from "../helpers/session-app.ts";
import { cookieValue, NAME, unseal } from "../helpers/session-cookies.ts";
import { PROTOCOLS } from "../helpers/session-server.ts";
import { type BagSession, turns } from "../helpers/session-visit.ts";
import { ownCookie } from "../helpers/session-ways.ts";

type Dying = (session: BagSession, res: http.ServerResponse, kill: () => void) => void;

/** Moments at which the socket is destroyed. */
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
  "while the head is written": (session, res, kill) => {
    session.user = "tom";
    const { writeHead } = res;
    res.writeHead = ((...head: unknown[]) => {
      kill();
      return Reflect.apply(writeHead, res, head) as unknown;
    }) as never;
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

/** Returns the socket, or the stream of HTTP/2. */
function carrierOf(req: Requested): { destroy(): void } {
  return (req as { stream?: { destroy(): void } }).stream ?? req.socket;
}

for (const [protocol, start] of Object.entries(PROTOCOLS)) {
  describe(`${protocol}: a destroyed socket harms no other client`, () => {
    for (const [moment, dying] of Object.entries(MOMENTS)) {
      test(moment, async (t) => {
        let died = 0;
        const gone: Promise<unknown>[] = [];
        const { site } = await app(start, t, (session, res, req) => {
          if (req.url !== "/dies") {
            session.user = "tom";
            res.end("alive");
            return;
          }
          res.on("error", () => {});
          gone.push(once(res, "close"));
          dying(session, res, () => {
            died++;
            carrierOf(req).destroy();
          });
        });
        await site.leave("/dies");
        while (gone.length === 0) await turns(1);
        await Promise.all(gone);
        await turns();
        assert.notEqual(died, 0);
        const reply = await site.ask("/");
        assert.equal(reply.text, "alive");
        assert.equal(unseal("fernet", cookieValue(ownCookie(reply, NAME))).data.user, "tom");
      });
    }
  });
}
