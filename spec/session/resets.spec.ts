/**
 * Hundreds of requests whose clients leave at every moment, with lists that fail, hang and answer late: the
 * process does not crash, and nobody gets another's body or cookie.
 */

import assert from "node:assert/strict";
import { once } from "node:events";
import type http from "node:http";
import http2 from "node:http2";
import net from "node:net";
import { type TestContext, test } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import type { Revocation } from "../../src/session.ts";
import type { Requested } from "../helpers/session-app.ts";
import { cookieOf, cookieValue, idOf, NAME, unseal } from "../helpers/session-cookies.ts";
import { PROTOCOLS, requestBytes, type Site } from "../helpers/session-server.ts";
import { type BagSession, gate, service, turns } from "../helpers/session-visit.ts";

const ROUNDS = 300;

/** A list that fails, rejects, waits, hangs or answers, in turn. */
class MoodyList implements Revocation {
  readonly #released = gate();
  #questions = 0;

  isRevoked(): boolean | Promise<boolean> {
    return this.#answer(false) as boolean | Promise<boolean>;
  }

  revoke(): void | Promise<void> {
    return this.#answer(undefined) as void | Promise<void>;
  }

  /** Answers those who still wait, half of them with an error. */
  release(): void {
    this.#released.open();
  }

  #answer(value: unknown): unknown {
    const { opened } = this.#released;
    switch (this.#questions++ % 8) {
      case 0:
        throw new Error("down");
      case 1:
        return Promise.reject(undefined);
      case 2:
        return new Promise((resolve) => setTimeout(resolve, 2, value));
      case 3:
        return new Promise((_, reject) => setImmediate(reject, new Error("down")));
      case 4:
        return opened.then(() => value);
      case 5:
        return opened.then(() => Promise.reject(new Error("late")));
      default:
        return value === undefined ? undefined : Promise.resolve(value);
    }
  }
}

type Act = (session: BagSession, res: http.ServerResponse, user: string) => unknown;

const ACTS: Act[] = [
  (session, res, user) => {
    session.user = user;
    res.end(user);
  },
  async (session, res, user) => {
    session.user = user;
    res.write(user.slice(0, 1));
    await turns(1);
    res.end(user.slice(1));
  },
  async (session, res, user) => {
    await session.regenerate().catch(() => {});
    session.user = user;
    res.writeHead(200, { "Content-Type": "text/plain" }).end(user);
  },
  (session, res, user) => {
    void session.destroy();
    session.user = user;
    res.end(user);
  },
  (session, res, user) => {
    session.map = new Map();
    res.end(user);
  },
  async (session, res, user) => {
    res.flushHeaders();
    session.user = user;
    await wait(1);
    res.end(user);
  },
  async (session, res, user) => {
    session.user = { toJSON: () => user };
    await wait(1);
    res.writeHead(202).end(user);
  },
];

/** Collects errors that nobody catches. */
function uncaughtOf(t: TestContext): unknown[] {
  const uncaught: unknown[] = [];
  const hear = (error: unknown) => uncaught.push(error);
  const events = ["uncaughtExceptionMonitor", "unhandledRejection"];
  for (const event of events) process.on(event, hear);
  t.after(() => {
    for (const event of events) process.off(event, hear);
  });
  return uncaught;
}

/** Clients that send a request and leave: at once, soon after, or when the answer begins. */
const LEAVERS: Record<string, (t: TestContext, site: Site) => Leave> = {
  "HTTP/1.1": leave1,
  "HTTP/2": leave2,
};

type Leave = (path: string, cookie: string, round: number) => Promise<unknown>;

function leave1(_t: TestContext, { port }: Site): Leave {
  return async (path, cookie, round) => {
    const socket = net.connect(port, "localhost");
    socket.on("error", () => {});
    const closed = once(socket, "close");
    const bytes = requestBytes(path, { headers: { Cookie: cookie } });
    // Some send the next request behind it, and then a part of another.
    socket.write(round % 3 === 0 ? bytes + bytes + bytes.slice(0, 9) : bytes);
    if (round % 4 === 0) await once(socket, "connect");
    else if (round % 4 === 1) await turns(2);
    else if (round % 4 === 2) await Promise.race([once(socket, "data"), turns(20)]);
    else await wait(round % 5);
    if (round % 2 === 0) socket.resetAndDestroy();
    else socket.destroy();
    await closed;
  };
}

function leave2(t: TestContext, { port }: Site): Leave {
  const codes = [http2.constants.NGHTTP2_CANCEL, http2.constants.NGHTTP2_INTERNAL_ERROR];
  const clients = Array.from({ length: 20 }, () => {
    const client = http2.connect(`http://localhost:${port}`);
    return client.on("error", () => {});
  });
  t.after(() => {
    for (const client of clients) client.destroy();
  });
  return async (path, cookie, round) => {
    const client = clients[round % clients.length] as http2.ClientHttp2Session;
    if (client.destroyed) return;
    const stream = client.request({ ":path": path, cookie });
    stream.on("error", () => {});
    const closed = once(stream, "close").catch(() => {});
    stream.resume();
    if (round % 4 === 1) await turns(2);
    else if (round % 4 === 2)
      await Promise.race([once(stream, "response"), turns(20)]).catch(() => {});
    else if (round % 4 === 3) await wait(round % 5);
    // Some close their connection with all its streams.
    if (round % 50 === 49) client.destroy();
    else stream.close(codes[round % 2]);
    await closed;
  };
}

for (const [protocol, start] of Object.entries(PROTOCOLS)) {
  test(`${protocol}: clients that leave, and a list that fails in every way`, async (t) => {
    const uncaught = uncaughtOf(t);
    const list = new MoodyList();
    const made = service({ revocation: list });
    const acts: unknown[] = [];
    const site = await start(t, (req, res) => {
      res.on("error", () => {});
      for (const event of ["finish", "close"]) {
        res.on(event, () => (req as Requested).session?.user);
      }
      const user = req.url?.slice(1) ?? "";
      made.sessions.middleware(req, res, (error?: unknown) => {
        const { session } = req as Requested;
        if (error !== undefined || session == null) {
          assert.equal(session, undefined);
          res.writeHead(503).end(user);
        } else acts.push(ACTS[acts.length % ACTS.length]?.(session, res, user));
      });
    });
    const leave = LEAVERS[protocol]?.(t, site) ?? assert.fail(protocol);
    const leaving = Array.from({ length: ROUNDS }, (_, round) => {
      const user = `leaver-${round}`;
      return leave(`/${user}`, cookieOf("fernet", { user }, { jti: idOf(user) }), round);
    });
    const staying = Array.from({ length: ROUNDS }, async (_, round) => {
      const user = `stayer-${round}`;
      // Without a cookie the list is not asked.
      const reply = await site.ask(`/${user}`);
      assert.equal(reply.text, user);
      for (const cookie of reply.setCookie) {
        assert.ok(cookie.startsWith(`${NAME}=`), cookie);
        if (/; Max-Age=0;/.test(cookie)) continue;
        assert.equal(unseal("fernet", cookieValue(cookie)).data.user, user);
      }
      if (reply.status === 500) assert.deepEqual(reply.setCookie, []);
    });
    await Promise.all([...leaving, ...staying]);
    list.release();
    assert.equal((await site.ask("/end")).text, "end");
    for (let done = -1; done !== acts.length; await turns(5)) {
      done = acts.length;
      await Promise.all(acts);
    }
    assert.deepEqual(uncaught, []);
    assert.ok(acts.length > ROUNDS, `${acts.length} handlers ran`);
  });
}
