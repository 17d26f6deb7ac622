/**
 * A session that cannot be written when the headers go out gives a 500; it never throws, and is always
 * reported.
 */

import assert from "node:assert/strict";
import crypto from "node:crypto";
import type http from "node:http";
import { syncBuiltinESMExports } from "node:module";
import { describe, test } from "node:test";
import { inspect } from "node:util";
import type { Seal, SessionError, SessionOptions } from "../../src/session.ts";
import { app, Closing, ENTRIES, warningsOf } from "../helpers/session-app.ts";
import {
  cookieOf,
  cookieValue,
  envelope,
  FOURTEEN_DAYS,
  NAME,
  NOW,
  unseal,
} from "../helpers/session-cookies.ts";
import { PROTOCOLS, rawly, repliesIn, requestBytes, serve } from "../helpers/session-server.ts";
import { type BagSession, service, sessionRefusal, visit } from "../helpers/session-visit.ts";
import { besidesSession, ownCookie, waysOf } from "../helpers/session-ways.ts";

/** Must not be found in any message, property or cause. */
const PLAINTEXT = "hunter2";

type Code = "ERR_SESSION_DATA" | "ERR_SESSION_TOO_LARGE";

interface Unwritable {
  spoil: (session: BagSession) => unknown;
  code: Code;
  options?: Partial<SessionOptions>;
}

const sealing = (seal: Seal["seal"]): Partial<SessionOptions> => ({
  seal: { seal, open: () => ({ code: "ERR_TOKEN_INVALID" }) },
});

const UNWRITABLE: Record<string, Unwritable> = {
  "a BigInt": {
    spoil: (session) => Object.assign(session, { text: PLAINTEXT, count: 1n }),
    code: "ERR_SESSION_DATA",
  },
  "a Map": {
    spoil: (session) => (session.map = new Map([["text", PLAINTEXT]])),
    code: "ERR_SESSION_DATA",
  },
  "a cycle": { spoil: (session) => (session.self = { session }), code: "ERR_SESSION_DATA" },
  "a toJSON that throws": {
    spoil(session) {
      session.nested = {
        toJSON() {
          throw new Error(PLAINTEXT);
        },
      };
    },
    code: "ERR_SESSION_DATA",
  },
  "too much text": {
    spoil: (session) => (session.text = PLAINTEXT.repeat(600)),
    code: "ERR_SESSION_TOO_LARGE",
  },
  "a seal that throws": {
    spoil: (session) => (session.text = PLAINTEXT),
    code: "ERR_SESSION_DATA",
    options: sealing((payload) => {
      throw new Error(payload);
    }),
  },
  "a seal whose text is no cookie's value": {
    spoil: (session) => (session.text = PLAINTEXT),
    code: "ERR_SESSION_DATA",
    options: sealing(() => `${PLAINTEXT}; Path=/`),
  },
  "a seal whose text is too large": {
    spoil: (session) => (session.text = PLAINTEXT),
    code: "ERR_SESSION_TOO_LARGE",
    options: sealing(() => PLAINTEXT.repeat(600)),
  },
};

for (const [protocol, start] of Object.entries(PROTOCOLS)) {
  describe(`${protocol}: every way to write a response gives a 500`, () => {
    for (const [what, { write, method = "GET" }] of waysOf(protocol)) {
      test(`${what}; onError is called once`, async (t) => {
        let heard: SessionError[] = [];
        const responses = new Closing();
        const rows = Object.values(UNWRITABLE).map((row) => ({
          ...row,
          made: service({ onError: (error) => heard.push(error), ...row.options }),
        }));
        const good = service();
        const site = await start(t, (req, res) => {
          responses.add(res);
          const [, number = ""] = req.url?.split("/") ?? [];
          if (number === "plain") return write(res);
          const { made, spoil } = rows[Number(number)] ?? { made: good, spoil: undefined };
          const session = made.sessions.attach(req, res);
          if (spoil === undefined) session.user = "tom";
          else spoil(session);
          return write(res);
        });
        const plain = await site.ask("/plain", { method });
        for (const [number, { code }] of rows.entries()) {
          heard = [];
          const bad = await site.ask(`/${number}`, { method });
          await responses.closed();
          assert.equal(bad.status, 500);
          assert.equal(bad.reason, protocol === "HTTP/2" ? "" : "Internal Server Error");
          assert.equal(bad.headers["cache-control"], "no-store");
          assert.equal(bad.headers.vary, "Cookie");
          const cookies = besidesSession(plain, NAME).setCookie;
          // After setHeader, Node 20 loses the first cookie of a list.
          assert.deepEqual(bad.setCookie.slice(-cookies.length || undefined), cookies);
          if (plain.status < 204) assert.equal(bad.text, plain.text);
          assert.deepEqual(
            heard.map((error) => ({ ...error, name: error.name, message: error.message })),
            [sessionRefusal(code)],
          );
          assert.ok(!inspect(heard, { depth: 9, showHidden: true }).includes(PLAINTEXT), code);
        }
        const reply = await site.ask("/good", { method });
        assert.deepEqual([reply.status, reply.text], [plain.status, plain.text]);
      });
    }
  });

  describe(`${protocol}: no way to open a session and end a response throws`, () => {
    const ends: Record<string, (res: http.ServerResponse) => unknown> = {
      "writeHead and end": (res) =>
        res.writeHead(200, { "Content-Type": "text/plain" }).end("text"),
      "setHeader and end"(res) {
        res.setHeader("Content-Type", "text/plain");
        res.end("text");
      },
      write: (res) => res.write("te") && res.end("xt"),
      flushHeaders(res) {
        res.flushHeaders();
        res.end("text");
      },
    };
    for (const [entry, enter] of Object.entries(ENTRIES)) {
      for (const [what, end] of Object.entries(ends)) {
        test(`${entry}, ${what}`, async (t) => {
          const { site, errors, closed } = await app(
            start,
            t,
            (session, res, req) => {
              if (req.url !== "/good") session.count = 1n;
              end(res);
              if (req.url !== "/good") assert.equal(res.statusCode, 500);
            },
            {},
            enter,
          );
          const headers = { cookie: cookieOf("fernet", { user: "tom" }) };
          const bad = await site.ask("/", { headers });
          await closed();
          assert.deepEqual([bad.status, bad.text, bad.setCookie], [500, "text", []]);
          assert.deepEqual(errors, ["ERR_SESSION_DATA"]);
          const good = await site.ask("/good", { headers });
          assert.deepEqual([good.status, good.setCookie], [200, []]);
        });
      }
    }
  });

  test(`${protocol}: a failed response carries no session cookie, not even one of an earlier head`, async (t) => {
    const { site } = await app(start, t, (session, res, req) => {
      if (req.url === "/set") res.setHeader("Set-Cookie", ["a=1", `${NAME}=of-the-application`]);
      session.user = "tom";
      session.save();
      assert.throws(() => res.writeHead(99));
      session.count = 1n;
      if (req.url === "/object") res.writeHead(200, { "Set-Cookie": [`${NAME}=mine`, "a=1"] });
      if (req.url === "/list") res.writeHead(200, ["Set-Cookie", "a=1", "Set-Cookie", `${NAME}=x`]);
      res.end();
    });
    const cookies = { "/": [], "/set": ["a=1"], "/object": ["a=1"], "/list": ["a=1"] };
    for (const [path, others] of Object.entries(cookies)) {
      const { status, setCookie } = await site.ask(path);
      assert.deepEqual([status, setCookie], [500, others]);
    }
  });

  test(`${protocol}: a failed response is never cached, whatever the application allows`, async (t) => {
    const fields = { "Cache-Control": "public, max-age=60", "CDN-Cache-Control": "max-age=60" };
    const { site } = await app(start, t, (session, res, req) => {
      session.count = 1n;
      if (req.url === "/head") res.writeHead(200, fields);
      else for (const [name, value] of Object.entries(fields)) res.setHeader(name, value);
      res.end();
    });
    for (const path of ["/", "/head"]) {
      const { headers } = await site.ask(path);
      assert.deepEqual(
        [headers["cache-control"], headers["cdn-cache-control"], headers.vary],
        ["no-store", undefined, "Cookie"],
      );
    }
  });

  describe(`${protocol}: fields of a body stay where there is a body, and are removed where there is none`, () => {
    const fields = {
      "Content-Length": "4",
      ETag: '"1"',
      "Last-Modified": "Thu, 01 Jan 1970 00:00:00 GMT",
      "Content-Encoding": "identity",
      "Content-Type": "text/plain",
    };
    const heads: Record<string, (res: http.ServerResponse, status: number) => unknown> = {
      "set before": (res, status) => {
        for (const [name, value] of Object.entries(fields)) res.setHeader(name, value);
        res.statusCode = status;
      },
      "an object": (res, status) => res.writeHead(status, fields),
      "a list": (res, status) => res.writeHead(status, Object.entries(fields).flat()),
      "an object behind another field": (res, status) => {
        res.setHeader("X-Before", "yes");
        res.writeHead(status, fields);
      },
    };
    for (const [how, head] of Object.entries(heads)) {
      for (const [status, method, kept] of [
        [200, "GET", true],
        [404, "GET", true],
        [200, "HEAD", true],
        [204, "GET", false],
        [304, "GET", false],
        [304, "HEAD", false],
      ] as const) {
        test(`${how}: ${method}, ${status}`, async (t) => {
          const { site } = await app(start, t, (session, res) => {
            session.count = 1n;
            head(res, status);
            res.end(kept && method === "GET" ? "text" : undefined);
          });
          const reply = await site.ask("/", { method });
          assert.deepEqual(
            [reply.status, reply.text],
            [500, kept && method === "GET" ? "text" : ""],
          );
          for (const [name, value] of Object.entries(fields)) {
            const stays = kept || name === "Content-Type";
            const now = reply.headers[name.toLowerCase()];
            if (name === "Content-Length" && !stays) assert.notEqual(now, value);
            else assert.equal(now, stays ? value : undefined, name);
          }
        });
      }
    }
  });

  test(`${protocol}: a session that is repaired before the headers go out is written`, async (t) => {
    const { site, errors } = await app(start, t, (session, res) => {
      session.count = 1n;
      assert.throws(() => session.save(), sessionRefusal("ERR_SESSION_DATA"));
      session.count = 1;
      res.end("mended");
    });
    const reply = await site.ask("/");
    assert.deepEqual([reply.status, reply.text, errors], [200, "mended", []]);
    assert.equal(unseal("fernet", cookieValue(ownCookie(reply, NAME))).data.count, 1);
  });

  test(`${protocol}: a session that fails does not affect the cookie of another`, async (t) => {
    const [users, carts] = [service(), service({ cookie: { name: "cart" } })];
    const site = await start(t, (req, res) => {
      users.sessions.attach(req, res).user = "tom";
      carts.sessions.attach(req, res).items = new Map();
      res.end("text");
    });
    const reply = await site.ask("/");
    assert.deepEqual([reply.status, reply.setCookie.length], [500, 1]);
    assert.equal(unseal("fernet", cookieValue(ownCookie(reply, NAME))).data.user, "tom");
    assert.deepEqual([users.errors, carts.errors], [[], ["ERR_SESSION_DATA"]]);
  });

  test(`${protocol}: a renewal that cannot be written leaves the response as it is, and is reported`, async (t) => {
    const warnings = warningsOf(t);
    const { site, errors, closed } = await app(
      start,
      t,
      (session, res) => res.end(`${session.user}`),
      {
        seal: {
          open: () => envelope({ user: "tom" }, { iat: NOW - FOURTEEN_DAYS / 2, exp: NOW + 60 }),
          seal() {
            throw new Error(PLAINTEXT);
          },
        },
      },
    );
    const reply = await site.ask("/", { headers: { cookie: `${NAME}=sealed` } });
    await closed();
    assert.deepEqual([reply.status, reply.text, reply.setCookie], [200, "tom", []]);
    assert.equal(reply.headers["cache-control"], undefined);
    assert.deepEqual([errors, warnings], [["ERR_SESSION_DATA"], []]);
  });
}

test("a 304 that becomes a 500 announces no body, so that clients read the next reply correctly", async (t) => {
  const made = service();
  const statuses = { "/200": 200, "/204": 204, "/304": 304 };
  const paths = Object.keys(statuses);
  for (const how of ["set", "object"]) {
    const site = await serve(t, (req, res) => {
      const status = statuses[req.url as keyof typeof statuses];
      if (status === undefined) return res.end("the reply to another request");
      made.sessions.attach(req, res).note = "x".repeat(5000);
      if (how === "object")
        return res.writeHead(status, { ETag: '"a"', "Content-Length": 4 }).end();
      res.statusCode = status;
      res.setHeader("ETag", '"a"');
      if (status !== 200) res.setHeader("Content-Length", 190);
      return res.end(status === 200 ? "text" : undefined);
    });
    for (const path of paths.slice(how === "object" ? 1 : 0)) {
      const bytes = await rawly(site, requestBytes(path) + requestBytes("/next", { last: true }));
      const [first, second, ...more] = repliesIn(bytes);
      assert.deepEqual([first?.status, first?.text], [500, path === "/200" ? "text" : ""]);
      assert.deepEqual([second?.status, second?.text], [200, "the reply to another request"]);
      assert.deepEqual(more, []);
    }
    const head = requestBytes("/304", { method: "HEAD" }) + requestBytes("/next", { last: true });
    const replies = repliesIn(await rawly(site, head), ["HEAD"]);
    assert.deepEqual(
      replies.map(({ status, text }) => [status, text]),
      [
        [500, ""],
        [200, "the reply to another request"],
      ],
    );
  }
});

describe("the largest cookie is 4096 bytes of name and value", () => {
  const room = 4096 - NAME.length;
  const sized = (length: number): Seal => ({
    seal: () => "x".repeat(length),
    open: () => envelope({ user: "tom" }),
  });
  for (const [length, fits] of [
    [room, true],
    [room + 1, false],
    [1, true],
  ] as const) {
    test(`a value of ${length} ${fits ? "fits" : "does not fit"}`, async () => {
      const made = service({ seal: sized(length) });
      if (fits) {
        const { setCookie } = await visit(made, undefined, (session) => (session.user = "tom"));
        assert.equal(cookieValue(setCookie[0]).length, length);
      } else {
        await visit(made, undefined, (session) => {
          session.user = "tom";
          assert.throws(() => session.save(), sessionRefusal("ERR_SESSION_TOO_LARGE"));
          session.destroy();
        });
      }
      const read = made.sessions.read(`${NAME}=${"x".repeat(length)}`);
      assert.equal(read.user, fits ? "tom" : undefined);
      assert.deepEqual(made.invalid, fits ? [] : ["ERR_TOKEN_TOO_LARGE"]);
    });
  }

  test("the attributes do not count, as in user agents", async () => {
    const cookie = { path: `/${"p".repeat(1000)}`, name: NAME.slice("__Host-".length) };
    const made = service({ seal: sized(4096 - cookie.name.length), cookie });
    const { setCookie } = await visit(made, undefined, (session) => (session.user = "tom"));
    assert.equal(setCookie.length, 1);
  });
});

test("without random bytes for an id: a 500, and no session", async (t) => {
  const { mock: broken } = t.mock.method(crypto, "randomFillSync", () => {
    throw new Error("no entropy");
  });
  syncBuiltinESMExports();
  const made = service();
  try {
    const { response, setCookie } = await visit(made, undefined, (session) => {
      session.user = "tom";
      assert.throws(() => session.save(), /^Error: no entropy$/);
    });
    assert.deepEqual([response.status, setCookie], [500, []]);
    assert.deepEqual(made.errors, ["ERR_SESSION_DATA"]);
  } finally {
    broken.restore();
    syncBuiltinESMExports();
  }
  const { response } = await visit(made, undefined, (session) => (session.user = "tom"));
  assert.equal(response.status, 200);
});
