/** Changes after the headers were sent: no response can carry them, and none is lost unreported. */

import assert from "node:assert/strict";
import type http from "node:http";
import { describe, test } from "node:test";
import type { SessionError } from "../../src/session.ts";
import { app, Closing, ENTRIES, lazyApp } from "../helpers/session-app.ts";
import {
  cookieOf,
  cookieValue,
  FOURTEEN_DAYS,
  NOW,
  OLD_ID,
  unseal,
} from "../helpers/session-cookies.ts";
import { LISTS } from "../helpers/session-revocation.ts";
import { PROTOCOLS } from "../helpers/session-server.ts";
import {
  type Bag,
  type BagSession,
  calledBack,
  type Service,
  service,
  sessionRefusal,
  turns,
  visit,
} from "../helpers/session-visit.ts";

const UNSENT = sessionRefusal("ERR_SESSION_UNSENT");
const TOM = { user: "tom", nested: { count: 1 } };
const HEADERS = { cookie: cookieOf("fernet", TOM) };

type Pair = [made: Service["sessions"], req: http.IncomingMessage, res: http.ServerResponse];

interface Late {
  late: (session: BagSession) => unknown;
  told: boolean;
}

const CHANGES: Record<string, Late> = {
  nothing: { late: () => {}, told: false },
  "a read": { late: (session) => JSON.stringify(session), told: false },
  "a change": { late: (session) => (session.user = "ann"), told: true },
  "a nested change": {
    late: (session) => Object.assign(session.nested as Bag, { count: 2 }),
    told: true,
  },
  "two changes": {
    late(session) {
      session.user = "ann";
      session.more = 1;
    },
    told: true,
  },
  "a change and its undoing": {
    late(session) {
      session.user = "ann";
      session.user = "tom";
    },
    told: false,
  },
  "a deleted member": { late: (session) => Reflect.deleteProperty(session, "user"), told: true },
  "a touch": { late: (session) => session.touch(), told: true },
  "a touch with a lifetime": { late: (session) => session.touch({ maxAge: 60 }), told: true },
  "a destruction": {
    late: (session) => assert.rejects(session.destroy(), UNSENT),
    told: true,
  },
  "a destruction that nobody awaits": { late: (session) => void session.destroy(), told: true },
  "a destruction with a callback": {
    async late(session) {
      const error = await calledBack((done) => void session.destroy(done));
      assert.equal(error?.code, UNSENT.code);
    },
    told: true,
  },
  "a regeneration": {
    late: (session) => assert.rejects(session.regenerate(), UNSENT),
    told: true,
  },
  "a regeneration and the same data": {
    late(session) {
      const { ...data } = session;
      void session.regenerate();
      Object.assign(session, data);
    },
    told: true,
  },
  "data that JSON cannot hold": { late: (session) => (session.count = 1n), told: true },
  "a Map": { late: (session) => (session.nested = new Map()), told: true },
  "a save of no change": {
    async late(session) {
      session.save();
      assert.equal(await calledBack((done) => session.save(done)), undefined);
    },
    told: false,
  },
  "a save of a change": {
    async late(session) {
      session.user = "ann";
      assert.throws(() => session.save(), UNSENT);
      const error = await calledBack((done) => session.save(done));
      assert.deepEqual([error?.code, error?.message], [UNSENT.code, UNSENT.message]);
    },
    told: true,
  },
};

/** Ways to send the headers while the handler has more to do. */
const HEADS: Record<string, (res: http.ServerResponse) => unknown> = {
  write: (res) => res.write("body, "),
  flushHeaders(res) {
    res.flushHeaders();
    res.write("body, ");
  },
  writeHead: (res) => res.writeHead(200, { "X-Way": "head" }).write("body, "),
  "a timer": (res) =>
    new Promise((resolve) => setTimeout(resolve, 1)).then(() => res.write("body, ")),
};

/** Calls back inside writeHead before the headers are written, like the package on-headers. */
function onHead(res: http.ServerResponse, listener: () => void): void {
  const { writeHead } = res;
  let called = false;
  res.writeHead = function (this: http.ServerResponse, ...head: unknown[]): never {
    if (!called) listener();
    called = true;
    return Reflect.apply(writeHead, this, head) as never;
  } as never;
}

for (const [protocol, start] of Object.entries(PROTOCOLS)) {
  for (const [head, send] of Object.entries(HEADS)) {
    describe(`${protocol}: a change after ${head} is reported once, on finish`, () => {
      for (const [what, { late, told }] of Object.entries(CHANGES)) {
        test(what, async (t) => {
          let heard: SessionError[] = [];
          const { site, closed } = await app(
            start,
            t,
            async (session, res, req) => {
              if (req.url === "/changed") session.before = true;
              await send(res);
              await late(session);
              res.end("end");
            },
            { onError: (error) => heard.push(error) },
          );
          for (const [path, cookies] of Object.entries({ "/changed": 1, "/unchanged": 0 })) {
            heard = [];
            const reply = await site.ask(path, { headers: HEADERS });
            await closed();
            assert.deepEqual([reply.status, reply.text], [200, "body, end"]);
            assert.equal(reply.setCookie.length, cookies);
            assert.deepEqual(
              heard.map((error) => ({ ...error, name: error.name, message: error.message })),
              told ? [UNSENT] : [],
              path,
            );
          }
        });
      }
    });
  }

  describe(`${protocol}: a session that is first read after the headers were sent`, () => {
    for (const [entry, enter] of Object.entries(ENTRIES)) {
      for (const [what, edit, told] of [
        ["and only read", () => {}, false],
        ["and due for renewal", () => {}, false],
        ["and changed", (session: BagSession) => (session.user = "ann"), true],
        ["and destroyed", (session: BagSession) => void session.destroy(), true],
      ] as const) {
        test(`${entry}, ${what}`, async (t) => {
          const made = service();
          const responses = new Closing();
          const site = await start(t, (req, res) => {
            responses.add(res);
            res.write("text");
            return enter(made.sessions, req, res, (session) => {
              assert.equal(session.user, "tom");
              edit(session);
              res.end();
            });
          });
          const iat = what === "and due for renewal" ? NOW - (FOURTEEN_DAYS * 3) / 4 : NOW - 10;
          const cookie = cookieOf("fernet", TOM, { iat, exp: iat + FOURTEEN_DAYS });
          const reply = await site.ask("/", { headers: { cookie } });
          await responses.closed();
          assert.deepEqual([reply.text, reply.setCookie], ["text", []]);
          assert.deepEqual(made.errors, told ? ["ERR_SESSION_UNSENT"] : []);
        });
      }
    }
  });

  describe(`${protocol}: a change of a listener inside writeHead is sent or reported`, () => {
    const orders: Record<string, (edit: () => void, ...pair: Pair) => void> = {
      "installed before the middleware, the session untouched": (edit, made, req, res) => {
        onHead(res, edit);
        made.middleware(req, res, () => {});
      },
      "installed before the middleware, the session touched": (edit, made, req, res) => {
        onHead(res, edit);
        made.middleware(req, res, () => made.attach(req, res));
      },
      "installed after the middleware, the session untouched": (edit, made, req, res) => {
        made.middleware(req, res, () => onHead(res, edit));
      },
      "installed after the middleware, the session touched": (edit, made, req, res) => {
        made.attach(req, res);
        made.middleware(req, res, () => onHead(res, edit));
      },
      "installed between two": (edit, made, req, res) => {
        onHead(res, () => {});
        made.attach(req, res).first = true;
        onHead(res, edit);
        onHead(res, () => {});
      },
    };
    for (const [what, order] of Object.entries(orders)) {
      for (const [how, end] of [
        ["end", (res: http.ServerResponse) => res.end("text")],
        [
          "writeHead",
          (res: http.ServerResponse) => res.writeHead(200, { "X-Way": "head" }).end("text"),
        ],
        ["flushHeaders", (res: http.ServerResponse) => res.flushHeaders() ?? res.end("text")],
      ] as const) {
        test(`${what}, by ${how}`, async (t) => {
          const made = service();
          const responses = new Closing();
          const site = await start(t, (req, res) => {
            responses.add(res);
            const edit = () => {
              made.sessions.attach(req, res).seen = 1;
            };
            order(edit, made.sessions, req, res);
            end(res);
          });
          const reply = await site.ask("/", { headers: HEADERS });
          await responses.closed();
          assert.deepEqual([reply.status, reply.text], [200, "text"]);
          const [cookie] = reply.setCookie;
          const carried =
            cookie !== undefined && unseal("fernet", cookieValue(cookie)).data.seen === 1;
          assert.deepEqual(made.errors, carried ? [] : ["ERR_SESSION_UNSENT"]);
          // A listener that was installed after bulla's writeHead runs before it.
          const first = /after the middleware, the session touched|between two/.test(what);
          if (first) assert.equal(carried, true);
        });
      }
    }
  });

  describe(`${protocol}: a head that bypasses bulla's writeHead is reported`, () => {
    type WriteHead = http.ServerResponse["writeHead"];
    const ways: Record<string, (res: http.ServerResponse, original: WriteHead) => unknown> = {
      "the original method": (res, original) => original.call(res, 200),
      "another method in its place": (res, original) => {
        res.writeHead = ((status: number) => original.call(res, status)) as never;
        res.writeHead(200);
      },
    };
    for (const [what, write] of Object.entries(ways)) {
      for (const changed of [false, true]) {
        test(`${what}, of a session that ${changed ? "changed" : "did not change"}`, async (t) => {
          const made = service();
          const responses = new Closing();
          const site = await start(t, (req, res) => {
            responses.add(res);
            const { writeHead } = res;
            const session = made.sessions.attach(req, res);
            if (changed) session.user = "ann";
            write(res, writeHead);
            res.end("text");
          });
          const reply = await site.ask("/", { headers: HEADERS });
          await responses.closed();
          assert.deepEqual([reply.text, reply.setCookie], ["text", []]);
          assert.deepEqual(made.errors, changed ? ["ERR_SESSION_UNSENT"] : []);
        });
      }
    }
  });

  test(`${protocol}: node refuses a second head, and changes before it are reported`, async (t) => {
    const code = protocol === "HTTP/2" ? "ERR_HTTP2_HEADERS_SENT" : "ERR_HTTP_HEADERS_SENT";
    const message =
      protocol === "HTTP/2" ? /./ : /^Cannot write(?:Head)? headers after they are sent/;
    const { site, errors, closed } = await app(start, t, (session, res, req) => {
      session.user = "ann";
      if (req.url !== "/") res.setHeader("X-Set", "1");
      res.writeHead(201, { "X-Way": "first" }).write("text");
      if (req.url === "/late") session.user = "late";
      if (req.url === "/bad") session.user = 1n;
      assert.throws(() => res.writeHead(200, { "X-Way": "second" }), { code, message });
      res.end();
    });
    for (const path of ["/", "/late", "/bad"]) {
      errors.length = 0;
      const reply = await site.ask(path, { headers: HEADERS });
      await closed();
      assert.deepEqual([reply.status, reply.text, reply.headers["x-way"]], [201, "text", "first"]);
      assert.equal(unseal("fernet", cookieValue(reply.setCookie[0])).data.user, "ann");
      assert.deepEqual(errors, path === "/" ? [] : ["ERR_SESSION_UNSENT"]);
    }
  });

  describe(`${protocol}: after the end only the session's members can report a late change`, () => {
    const rows: Record<string, { act: (session: BagSession) => unknown; told: boolean }> = {
      "save of no change": { act: (session) => session.save(), told: false },
      "save of a change": {
        act(session) {
          session.user = "late";
          assert.throws(() => session.save(), UNSENT);
        },
        told: false,
      },
      "save of a change, with a callback": {
        async act(session) {
          session.user = "late";
          const error = await calledBack((done) => session.save(done));
          assert.deepEqual([error?.code, error?.status], [UNSENT.code, UNSENT.status]);
        },
        told: false,
      },
      "save after touch": {
        act(session) {
          session.touch();
          assert.throws(() => session.save(), UNSENT);
        },
        told: false,
      },
      destroy: { act: (session) => assert.rejects(session.destroy(), UNSENT), told: true },
      regenerate: { act: (session) => assert.rejects(session.regenerate(), UNSENT), told: true },
      "destroy with a callback": {
        async act(session) {
          const error = await calledBack((done) => void session.destroy(done));
          assert.equal(error?.code, UNSENT.code);
        },
        told: true,
      },
      "regenerate with a callback": {
        async act(session) {
          const error = await calledBack((done) => void session.regenerate(done));
          assert.equal(error?.code, UNSENT.code);
        },
        told: true,
      },
      "destroy and regenerate, which nobody awaits": {
        act(session) {
          void session.destroy();
          void session.regenerate();
        },
        told: true,
      },
    };
    for (const [what, { act, told }] of Object.entries(rows)) {
      test(what, async (t) => {
        const sessions: BagSession[] = [];
        const { site, errors, closed } = await app(start, t, (session, res, req) => {
          sessions.push(session);
          if (req.url === "/changed") session.user = "ann";
          res.end();
        });
        for (const path of ["/", "/changed"]) {
          await site.ask(path, { headers: HEADERS });
          await closed();
          assert.deepEqual(errors, []);
          await act(sessions.pop() as BagSession);
          await turns();
          const heard = errors.splice(0);
          // onError may also report save's error.
          if (told) assert.deepEqual(heard, ["ERR_SESSION_UNSENT"]);
          else assert.ok(heard.length <= 1, `${heard}`);
        }
      });
    }

    for (const [what, Made] of Object.entries(LISTS)) {
      for (const end of ["destroy", "regenerate"] as const) {
        test(`${end} still tells ${what}`, async (t) => {
          const list = new Made();
          const sessions: BagSession[] = [];
          const { site, errors, closed } = await lazyApp(
            start,
            t,
            (req, res) => {
              sessions.push(req.session as BagSession);
              res.end();
            },
            { revocation: list },
          );
          await site.ask("/", { headers: HEADERS });
          await closed();
          await assert.rejects((sessions[0] as BagSession)[end](), UNSENT);
          assert.deepEqual([...list.revoked.keys()], [OLD_ID]);
          assert.deepEqual(errors, ["ERR_SESSION_UNSENT"]);
        });
      }
    }
  });
}

test("save reports a regeneration even if its data equal those that the Response carried", async () => {
  const { session } = await visit(service(), undefined, (session) => (session.user = "tom"));
  session.save();
  await assert.rejects(session.regenerate(), UNSENT);
  session.user = "tom";
  assert.throws(() => session.save(), UNSENT);
});
