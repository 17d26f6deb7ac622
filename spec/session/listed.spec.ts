/**
 * Servers with a revocation list: req.session stays undefined until it is open, and where the list failed. A
 * response never waits until the list was told.
 */

import assert from "node:assert/strict";
import { once } from "node:events";
import type http from "node:http";
import { describe, type TestContext, test } from "node:test";
import { SessionError } from "../../src/session.ts";
import { Closing, lazyApp, type Requested } from "../helpers/session-app.ts";
import { CLEARING, cookieOf, OLD_ID } from "../helpers/session-cookies.ts";
import { GatedList, List, SlowList } from "../helpers/session-revocation.ts";
import { PROTOCOLS, rawly, repliesIn, requestBytes, serve } from "../helpers/session-server.ts";
import {
  type BagSession,
  configRefusal,
  gate,
  optionRefusal,
  service,
  sessionRefusal,
  turns,
} from "../helpers/session-visit.ts";

const HEADERS = { cookie: cookieOf("fernet", { user: "tom" }) };
const FAILED = sessionRefusal("ERR_SESSION_REVOCATION");

type Respond = (error: unknown, req: Requested, res: http.ServerResponse) => unknown;
type Asking = () => boolean | Promise<boolean>;

/** How `isRevoked` answers; `opens` is undefined where it never does. */
const ASKING: Record<string, { ask: Asking; opens?: boolean }> = {
  "answers at once": { ask: () => false, opens: true },
  "answers later": {
    ask: () => new Promise((resolve) => setImmediate(resolve, false)),
    opens: true,
  },
  "throws an Error": {
    ask() {
      throw new Error("down");
    },
    opens: false,
  },
  "throws undefined": {
    ask() {
      throw undefined;
    },
    opens: false,
  },
  "rejects at once": { ask: () => Promise.reject(new Error("down")), opens: false },
  "rejects with undefined": { ask: () => Promise.reject(undefined), opens: false },
  "rejects later": {
    ask: () => new Promise((_, reject) => setImmediate(reject, new Error("down"))),
    opens: false,
  },
  "does not return a boolean": { ask: () => 0 as never, opens: false },
  "never answers": { ask: () => new Promise(() => {}) },
};

for (const [protocol, start] of Object.entries(PROTOCOLS)) {
  for (const [what, { ask, opens }] of Object.entries(ASKING)) {
    describe(`${protocol}: a list that ${what}`, () => {
      /** A site that reads the user in its events, as access logs do. */
      const logged = async (t: TestContext, respond: Respond) => {
        const made = service({ revocation: { isRevoked: ask, revoke: () => {} } });
        const log: unknown[] = [];
        const responses = new Closing();
        const site = await start(t, (req, res) => {
          responses.add(res);
          const requested = req as Requested;
          const read = () => log.push(requested.session?.user);
          for (const event of ["finish", "close"]) res.on(event, read);
          for (const event of ["aborted", "close", "end"]) req.on(event, read);
          assert.equal(requested.session, undefined);
          made.sessions.middleware(req, res, (error?: unknown) => respond(error, requested, res));
          if (opens === undefined || what.endsWith("later")) read();
        });
        return { ...made, site, log, closed: () => responses.closed() };
      };

      if (opens !== undefined) {
        test("calls next once, and access logs read the session or undefined", async (t) => {
          let calls = 0;
          const { site, log, errors, closed } = await logged(t, (error, req, res) => {
            calls++;
            if (opens) assert.equal(error, undefined);
            else {
              assert.ok(error instanceof SessionError, `${error}`);
              const { name, message } = error;
              assert.deepEqual({ ...error, name, message }, FAILED);
              res.statusCode = error.status;
            }
            res.end(`${req.session?.user}`);
          });
          const reply = await site.ask("/", { headers: HEADERS });
          await closed();
          const expected = opens ? [200, "tom"] : [503, "undefined"];
          assert.deepEqual([reply.status, reply.text, reply.setCookie], [...expected, []]);
          assert.equal(calls, 1);
          assert.notEqual(log.length, 0);
          assert.equal(log.at(-1), opens ? "tom" : undefined);
          assert.deepEqual(errors, []);
        });
      }

      if (opens === false) {
        test("an assignment to a session that is not open throws, and writes nothing", async (t) => {
          const { site, errors, closed } = await logged(t, (_error, req, res) => {
            for (const value of [{ user: "ann" }, {}, null]) {
              assert.throws(
                () => (req.session = value as never),
                optionRefusal("req.session must be assigned after the middleware has opened it"),
              );
            }
            assert.equal(req.session, undefined);
            res.statusCode = 503;
            res.end("sorry");
          });
          const reply = await site.ask("/", { headers: HEADERS });
          await closed();
          assert.deepEqual([reply.status, reply.setCookie, errors], [503, [], []]);
        });

        test("an error in the error page does not crash the process", async (t) => {
          const { site } = await logged(t, (_error, _req, res) => {
            res.writeHead(500, { "Content-Type": "text/plain" });
            res.end("sorry");
          });
          for (let round = 0; round < 3; round++) {
            assert.equal((await site.ask("/", { headers: HEADERS })).text, "sorry");
          }
        });
      }

      test("a client that leaves meanwhile does not crash the process", async (t) => {
        const { site, log, errors, closed } = await logged(t, (error, req, res) => {
          if (req.headers.cookie !== undefined) assert.equal(error === undefined, opens);
          if (req.session != null) req.session.user = "ann";
          res.on("error", () => {});
          setImmediate(() => res.end("late"));
        });
        await site.leave("/", { headers: HEADERS });
        await closed();
        await turns();
        assert.notEqual(log.length, 0);
        if (!opens) assert.deepEqual(new Set(log), new Set([undefined]));
        assert.deepEqual(errors, []);
        // A session without a cookie does not ask the list.
        const reply = await site.ask("/");
        assert.equal(reply.text, "late");
      });
    });
  }

  test(`${protocol}: an answer after the client has left goes nowhere`, async (t) => {
    for (const settle of ["open", "fail"] as const) {
      const asked = gate();
      const heard: unknown[] = [];
      const made = service({
        revocation: { isRevoked: () => asked.opened.then(() => false), revoke: () => {} },
      });
      const left: Promise<unknown>[] = [];
      const site = await start(t, (req, res) => {
        left.push(once(res, "close").then(() => (req as Requested).session?.user));
        made.sessions.middleware(req, res, (error?: unknown) => {
          heard.push((error as { code?: string } | undefined)?.code);
          res.end(`${(req as Requested).session?.user}`);
        });
      });
      await site.leave("/", { headers: HEADERS });
      while (left.length === 0) await turns(1);
      assert.deepEqual(await Promise.all(left), [undefined]);
      asked[settle](new Error("down"));
      await turns();
      assert.deepEqual(heard, [settle === "open" ? undefined : "ERR_SESSION_REVOCATION"]);
      assert.deepEqual(made.errors, []);
      assert.equal((await site.ask("/")).text, "undefined");
    }
  });

  describe(`${protocol}: null cannot be assigned where a list must be told`, () => {
    for (const Made of [List, SlowList]) {
      test(Made.name, async (t) => {
        const { site } = await lazyApp(
          start,
          t,
          (req, res) => {
            assert.throws(() => (req.session = null), configRefusal(/destroy\(\)/));
            req.session = { user: "ann" } as never;
            res.end(`${(req.session as BagSession | undefined)?.user}`);
          },
          { revocation: new Made() },
        );
        const reply = await site.ask("/", { headers: HEADERS });
        assert.deepEqual([reply.text, reply.setCookie.length], ["ann", 1]);
      });
    }
  });

  describe(`${protocol}: the response does not wait while a list is told`, () => {
    const ends: Record<string, (res: http.ServerResponse) => unknown> = {
      end: (res) => res.end("Goodbye"),
      "writeHead and end": (res) => res.writeHead(200, { "X-Way": "head" }).end("Goodbye"),
      "write and end": (res) => res.write("Good") && res.end("bye"),
      "an end with a callback": (res) => res.end("Goodbye", () => {}),
      "flushHeaders and end": (res) => res.flushHeaders() ?? res.end("Goodbye"),
    };
    for (const [what, end] of Object.entries(ends)) {
      for (const [how, act] of Object.entries({
        destroy: (session: BagSession) => session.destroy(),
        "destroy with a callback": (session: BagSession) => session.destroy(() => {}),
        "regenerate, without data": (session: BagSession) => session.regenerate(),
      })) {
        test(`${how}, then ${what}: the response has ended, and a second end adds nothing`, async (t) => {
          const list = new GatedList();
          const promises: Promise<unknown>[] = [];
          const handler = (req: Requested, res: http.ServerResponse) => {
            promises.push(act(req.session as BagSession));
            end(res);
            assert.deepEqual([res.headersSent, res.writableEnded], [true, true]);
            if (!res.writableEnded) res.end("Default result");
            res.on("error", () => {});
            res.end("A second body");
            assert.throws(() => res.writeHead(503, { "X-Second": "yes" }), /HEADERS_SENT|headers/i);
          };
          const made = await lazyApp(start, t, handler, { revocation: list });
          const reply = await made.site.ask("/", { headers: HEADERS });
          assert.deepEqual([reply.status, reply.text], [200, "Goodbye"]);
          assert.deepEqual(reply.setCookie, [CLEARING]);
          assert.deepEqual([...list.revoked.keys()], []);
          list.open();
          await Promise.all(promises);
          assert.deepEqual([...list.revoked.keys()], [OLD_ID]);
          await made.closed();
          assert.deepEqual(made.errors, []);
        });
      }
    }

    test("a list that cannot be told is reported, even after the response", async (t) => {
      const list = new GatedList();
      list.failure = { tell: new Error("down") };
      const rejected: Promise<unknown>[] = [];
      const { site, errors, closed } = await lazyApp(
        start,
        t,
        (req, res) => {
          rejected.push(assert.rejects((req.session as BagSession).destroy(), FAILED));
          res.end("Goodbye");
        },
        { revocation: list },
      );
      const reply = await site.ask("/", { headers: HEADERS });
      assert.deepEqual([reply.status, reply.text, reply.setCookie], [200, "Goodbye", [CLEARING]]);
      await closed();
      list.open();
      await Promise.all(rejected);
      await turns();
      assert.deepEqual(errors, ["ERR_SESSION_REVOCATION"]);
    });
  });
}

describe("nothing written while a list is told gives a second body or a split response", () => {
  const SPLIT = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\npwned";
  const late: Record<string, (res: http.ServerResponse) => void> = {
    "a time limit that checks whether the response has ended": (res) => {
      if (!res.headersSent && !res.writableEnded) res.writeHead(503, { "Content-Length": 0 }).end();
    },
    "a time limit that only ends": (res) => {
      if (!res.writableEnded) res.end();
    },
    "a second body": (res) => {
      res.on("error", () => {});
      res.end("second");
    },
    "a second head": (res) => {
      try {
        res.writeHead(503, { "Content-Length": 0 }).end();
      } catch {
        // Node refuses it.
      }
    },
    "a write": (res) => {
      res.on("error", () => {});
      res.write("second", () => {});
    },
  };
  for (const [what, answer] of Object.entries(late)) {
    test(what, async (t) => {
      const list = new GatedList();
      const made = service({ revocation: list });
      const ended = gate();
      let first: http.ServerResponse | undefined;
      const site = await serve(t, (req, res) => {
        made.sessions.middleware(req, res, async () => {
          if (req.url === "/next") {
            await ended.opened;
            answer(first ?? assert.fail("the first request comes first"));
            list.open();
            res.end("next");
            return;
          }
          first = res;
          void (req as Requested).session?.destroy();
          res.end(decodeURIComponent(req.url?.split("?")[1] ?? ""));
          setImmediate(() => {
            answer(res);
            ended.open();
          });
        });
      });
      const path = `/out?${encodeURIComponent(SPLIT)}`;
      const bytes = await rawly(
        site,
        requestBytes(path, { headers: { Cookie: HEADERS.cookie } }) +
          requestBytes("/next", { last: true }),
      );
      const replies = repliesIn(bytes);
      assert.deepEqual(
        replies.map(({ status, text }) => [status, text]),
        [
          [200, SPLIT],
          [200, "next"],
        ],
      );
      assert.deepEqual(replies[0]?.setCookie, [CLEARING]);
      await turns();
      assert.deepEqual(made.errors, []);
    });
  }
});
