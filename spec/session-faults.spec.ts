/**
 * What must never end in a crash, a 500 for a bad cookie, or silence: sessions that cannot be written,
 * cookies of garbage, seals and callbacks that misbehave.
 */

import assert from "node:assert/strict";
import { once } from "node:events";
import { describe, test } from "node:test";
import { inspect } from "node:util";
import type { Seal, SessionError, SessionOptions } from "../src/session.ts";
import {
  CLEARING,
  cookieOf,
  cookieValue,
  ENDS,
  envelope,
  NAME,
  NOW,
  SECRET,
  seal,
  TYPES,
  type Type,
  unseal,
} from "./helpers/session-cookies.ts";
import { PROTOCOLS, serve } from "./helpers/session-server.ts";
import {
  type BagSession,
  calledBack,
  optionsOf,
  request,
  service,
  sessionRefusal,
  visit,
} from "./helpers/session-visit.ts";
import { besidesSession, waysOf } from "./helpers/session-ways.ts";
import { misuse } from "./helpers/token-refusals.ts";

/** In no message, property or cause. */
const PLAINTEXT = "hunter2";

type Code = "ERR_SESSION_DATA" | "ERR_SESSION_TOO_LARGE";

const UNWRITABLE: Record<string, { spoil: (session: BagSession) => unknown; code: Code }> = {
  "a BigInt": {
    spoil: (session) => Object.assign(session, { text: PLAINTEXT, count: 1n }),
    code: "ERR_SESSION_DATA",
  },
  "a cycle": { spoil: (session) => (session.self = session), code: "ERR_SESSION_DATA" },
  "a toJSON that throws": {
    spoil(session) {
      session.toJSON = () => {
        throw new Error(PLAINTEXT);
      };
    },
    code: "ERR_SESSION_DATA",
  },
  "too much text": {
    spoil: (session) => (session.text = PLAINTEXT.repeat(600)),
    code: "ERR_SESSION_TOO_LARGE",
  },
};

for (const [protocol, start] of Object.entries(PROTOCOLS)) {
  describe(`${protocol}: a session that cannot be written makes a 500 of every head`, () => {
    for (const [what, { write, plainly = write, method = "GET" }] of waysOf(protocol)) {
      test(`${what}; the process lives, and onError hears it once`, async (t) => {
        for (const { spoil, code } of Object.values(UNWRITABLE)) {
          const heard: SessionError[] = [];
          const made = service({ onError: (error) => heard.push(error) });
          const finished: Promise<unknown>[] = [];
          const site = await start(t, (req, res) => {
            if (req.url === "/plain") {
              plainly(res);
              return;
            }
            finished.push(once(res, "finish"));
            res.setHeader("Cache-Control", "public, max-age=60");
            const session = made.sessions.attach(req, res);
            if (req.url === "/bad") spoil(session);
            else session.user = "tom";
            write(res);
          });
          const plain = await site.ask("/plain", { method });
          const bad = await site.ask("/bad", { method });
          await Promise.all(finished);
          await new Promise(setImmediate);
          const expected = sessionRefusal(code);
          assert.equal(bad.status, 500);
          assert.equal(bad.reason, protocol === "HTTP/2" ? "" : "Internal Server Error");
          assert.equal(bad.headers["cache-control"], "no-store");
          assert.equal(bad.headers.vary, "Cookie");
          const besides = besidesSession(plain, NAME) as { setCookie: string[] };
          assert.deepEqual(bad.setCookie, besides.setCookie);
          if (plain.status < 204) assert.equal(bad.text, plain.text);
          assert.deepEqual(
            heard.map((error) => ({ ...error, name: error.name, message: error.message })),
            [expected],
          );
          assert.ok(!inspect(heard, { depth: 9, showHidden: true }).includes(PLAINTEXT));
          const good = await site.ask("/good", { method });
          assert.deepEqual([good.status, good.text], [plain.status, plain.text]);
          assert.equal(good.headers["cache-control"], "public, max-age=60");
        }
      });
    }
  });

  test(`${protocol}: a session that is mended before the head is written goes well`, async (t) => {
    const made = service();
    const site = await start(t, (req, res) => {
      const session = made.sessions.attach(req, res);
      session.count = 1n;
      assert.throws(() => session.save(), sessionRefusal("ERR_SESSION_DATA"));
      session.count = 1;
      res.end("mended");
    });
    const reply = await site.ask("/");
    assert.deepEqual([reply.status, reply.text], [200, "mended"]);
    assert.equal(unseal("fernet", cookieValue(reply.setCookie[0])).data.count, 1);
  });

  test(`${protocol}: what is spoilt only after the head went is reported, and the reply whole`, async (t) => {
    const made = service();
    const finished: Promise<unknown>[] = [];
    const site = await start(t, (req, res) => {
      finished.push(once(res, "finish"));
      const session = made.sessions.attach(req, res);
      session.user = "tom";
      res.write("one, ");
      session.count = 1n;
      setTimeout(() => res.end("two"), 2);
    });
    const reply = await site.ask("/");
    await Promise.all(finished);
    await new Promise(setImmediate);
    assert.deepEqual([reply.status, reply.text, reply.setCookie.length], [200, "one, two", 1]);
    assert.deepEqual(made.errors, ["ERR_SESSION_HEADERS_SENT"]);
  });
}

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
    test(`a value of ${length}: ${fits}`, async () => {
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

  test("the attributes do not count, as user agents have it", async () => {
    const cookie = { path: `/${"p".repeat(1000)}`, name: NAME.slice("__Host-".length) };
    const made = service({ seal: sized(4096 - cookie.name.length), cookie });
    const { setCookie } = await visit(made, undefined, (session) => (session.user = "tom"));
    assert.equal(setCookie.length, 1);
  });
});

describe("a seal of the application's own", () => {
  const good: Seal = {
    seal: (payload) => Buffer.from(payload).toString("hex"),
    open: (text) => Buffer.from(text, "hex").toString(),
  };

  test("gets the envelope as text and gives it back", async () => {
    const payloads: string[] = [];
    const seal: Seal = {
      seal(payload) {
        payloads.push(payload);
        return good.seal(payload);
      },
      open: good.open,
    };
    const made = service({ seal, renewAfter: false });
    const first = await visit(made, undefined, (session) => (session.user = "Zoë"));
    const { id } = first.session;
    const times = `"iat":${NOW},"exp":${first.session.expiresAt}`;
    assert.deepEqual(payloads, [`{"jti":"${id}",${times},"data":{"user":"Zoë"}}`]);
    const second = await visit(made, `${NAME}=${cookieValue(first.setCookie[0])}`);
    assert.deepEqual([second.session.user, second.session.id, second.setCookie], ["Zoë", id, []]);
  });

  test("is called as a method of its object", async () => {
    class Counting {
      calls = 0;
      seal(payload: string): string {
        this.calls++;
        return good.seal(payload);
      }
      open(text: string): string | { readonly code: string } {
        this.calls++;
        return good.open(text);
      }
    }
    const seal = new Counting();
    const made = service({ seal });
    const { setCookie } = await visit(made, undefined, (session) => (session.user = "tom"));
    await visit(made, `${NAME}=${cookieValue(setCookie[0])}`);
    assert.equal(seal.calls, 2);
  });

  const thrown = (error: unknown) => () => {
    throw error;
  };
  const refusing: Record<string, { open: () => unknown; code: string }> = {
    "a refusal": { open: () => ({ code: "ERR_MINE" }), code: "ERR_MINE" },
    "an Error with a code": {
      open: thrown(Object.assign(new Error(PLAINTEXT), { code: "ERR_MINE" })),
      code: "ERR_MINE",
    },
    "an Error without one": { open: thrown(new Error(PLAINTEXT)), code: "ERR_TOKEN_INVALID" },
    "an Error whose code is a number": {
      open: thrown(Object.assign(new Error(PLAINTEXT), { code: 11 })),
      code: "ERR_TOKEN_INVALID",
    },
    "a throw of text that is a good envelope": {
      open: thrown(envelope({ user: "tom" })),
      code: "ERR_TOKEN_INVALID",
    },
    "a throw of text": { open: thrown(PLAINTEXT), code: "ERR_TOKEN_INVALID" },
    "a throw of null": { open: thrown(null), code: "ERR_TOKEN_INVALID" },
    "a throw of undefined": { open: thrown(undefined), code: "ERR_TOKEN_INVALID" },
    "text that is no envelope": { open: () => PLAINTEXT, code: "ERR_TOKEN_MALFORMED" },
    // What a seal in JavaScript may well give for "no".
    undefined: { open: () => undefined, code: "ERR_TOKEN_INVALID" },
    null: { open: () => null, code: "ERR_TOKEN_INVALID" },
    false: { open: () => false, code: "ERR_TOKEN_INVALID" },
    "a number": { open: () => 7, code: "ERR_TOKEN_INVALID" },
    "an object without a code": { open: () => ({}), code: "ERR_TOKEN_INVALID" },
    "an object whose code is a number": { open: () => ({ code: 7 }), code: "ERR_TOKEN_INVALID" },
    "a Promise": { open: async () => envelope({ user: "tom" }), code: "ERR_TOKEN_INVALID" },
  };
  for (const [what, { open, code }] of Object.entries(refusing)) {
    test(`refuses by ${what}: the session is empty, the cookie cleared`, async () => {
      const made = service({ seal: { ...good, open: open as Seal["open"] } });
      const { session, setCookie } = await visit(made, `${NAME}=value`);
      assert.deepEqual([Object.keys(session), setCookie], [[], [CLEARING]]);
      assert.deepEqual(made.invalid, [code]);
      assert.ok(!inspect(made.invalid).includes(PLAINTEXT));
    });
  }

  const illegal: Record<string, () => unknown> = {
    "a throw": thrown(new Error(PLAINTEXT)),
    "a throw of nothing": thrown(undefined),
    "text with a semicolon": () => "a; Domain=evil.example",
    "text with a comma": () => "a,b",
    "text with a space": () => "a b",
    "text with a line break": () => "a\r\nSet-Cookie: b=c",
    "text with a quote": () => '"a"',
    "text with a backslash": () => "a\\b",
    "text with a control character": () => "a\0",
    "text that is not ASCII": () => "é",
    undefined: () => undefined,
    "a number": () => 7,
    bytes: () => Buffer.from("abc"),
    "a Promise": async () => "abc",
    "an object that becomes text": () => ({ toString: () => "abc" }),
  };
  for (const [what, make] of Object.entries(illegal)) {
    test(`gives ${what} where it seals: save throws, the response is a 500`, async () => {
      const made = service({ seal: { ...good, seal: make as Seal["seal"] } });
      const handler = made.sessions.wrap(async (_request, session) => {
        session.user = PLAINTEXT;
        assert.throws(() => session.save(), sessionRefusal("ERR_SESSION_DATA"));
        const error = await calledBack((done) => session.save(done));
        assert.equal(error?.code, "ERR_SESSION_DATA");
        assert.ok(!inspect(error, { showHidden: true }).includes(PLAINTEXT));
        return new Response("text");
      });
      const response = await handler(request());
      assert.deepEqual([response.status, response.headers.getSetCookie()], [500, []]);
      assert.deepEqual(made.errors, ["ERR_SESSION_DATA"]);
    });
  }
});

describe("claims that are none make no session, whatever sealed them", () => {
  const deep = `${"[".repeat(900)}${"]".repeat(900)}`;
  const MALFORMED = "ERR_TOKEN_MALFORMED";
  const EXPIRED = "ERR_TOKEN_EXPIRED";
  const data = '"data":{"user":"tom"}';
  const times = `"iat":${NOW},"exp":${ENDS}`;
  const rows: Record<string, readonly [payload: string, code: string]> = {
    "no text": ["", MALFORMED],
    "no JSON": ["{", MALFORMED],
    "JSON with a comma too many": [`{"jti":"a",${times},${data},}`, MALFORMED],
    "a byte order mark": [`\ufeff${envelope({})}`, MALFORMED],
    null: ["null", MALFORMED],
    "a number": ["7", MALFORMED],
    text: ['"text"', MALFORMED],
    "an array": [`[${envelope({})}]`, MALFORMED],
    "deep arrays": [deep, MALFORMED],
    "an empty object": ["{}", MALFORMED],
    "no jti": [`{${times},${data}}`, MALFORMED],
    "an empty jti": [`{"jti":"",${times},${data}}`, MALFORMED],
    "a jti that is a number": [`{"jti":7,${times},${data}}`, MALFORMED],
    "a jti that is null": [`{"jti":null,${times},${data}}`, MALFORMED],
    "no iat": [`{"jti":"a","exp":${ENDS},${data}}`, MALFORMED],
    "an iat of text": [`{"jti":"a","iat":"${NOW}","exp":${ENDS},${data}}`, MALFORMED],
    "an iat beyond numbers": [`{"jti":"a","iat":1e400,"exp":${ENDS},${data}}`, MALFORMED],
    "no exp": [`{"jti":"a","iat":${NOW},${data}}`, MALFORMED],
    "an exp of text": [`{"jti":"a","iat":${NOW},"exp":"${ENDS}",${data}}`, MALFORMED],
    "an exp that is null": [`{"jti":"a","iat":${NOW},"exp":null,${data}}`, MALFORMED],
    "an exp beyond numbers": [`{"jti":"a","iat":${NOW},"exp":1e400,${data}}`, MALFORMED],
    "an exp that is past": [`{"jti":"a","iat":${NOW - 9},"exp":${NOW},${data}}`, EXPIRED],
    "an exp below zero": [`{"jti":"a","iat":${NOW},"exp":-1,${data}}`, EXPIRED],
    "the last of two exp is past": [`{"jti":"a",${times},"exp":1,${data}}`, EXPIRED],
    "no data": [`{"jti":"a",${times}}`, MALFORMED],
    "data that are null": [`{"jti":"a",${times},"data":null}`, MALFORMED],
    "data that are an array": [`{"jti":"a",${times},"data":["tom"]}`, MALFORMED],
    "data that are text": [`{"jti":"a",${times},"data":"tom"}`, MALFORMED],
    "members of the prototype": [`{"__proto__":{"jti":"a",${times},${data}}}`, MALFORMED],
  };
  for (const [what, [payload, code]] of Object.entries(rows)) {
    test(`${what}`, async () => {
      for (const type of TYPES) {
        const made = service(optionsOf(type));
        const { session, setCookie, response } = await visit(
          made,
          `${NAME}=${seal(type, payload)}`,
        );
        assert.deepEqual([Object.keys(session), session.isNew], [[], true], type);
        assert.deepEqual([response.status, setCookie], [200, [CLEARING]], type);
        assert.deepEqual(made.invalid, [code], type);
      }
    });
  }
});

test("onInvalid hears a code and nothing else, also of a cookie that opened", () => {
  const reasons: object[] = [];
  const made = service({ onInvalid: (reason) => reasons.push(reason) });
  made.sessions.read(`${NAME}=${seal("fernet", envelope({ user: PLAINTEXT }, { exp: NOW }))}`);
  made.sessions.read(`${NAME}=${PLAINTEXT}`);
  const jwt = service({ type: "jwt", onInvalid: (reason) => reasons.push(reason) });
  jwt.sessions.read(`${NAME}=${seal("jwt", envelope({ user: PLAINTEXT }), { typ: PLAINTEXT })}`);
  assert.deepEqual(
    reasons.map((reason) => ({ ...reason })),
    [{ code: "ERR_TOKEN_EXPIRED" }, { code: "ERR_TOKEN_INVALID" }, { code: "ERR_TOKEN_CLAIM" }],
  );
});

describe("callbacks that throw are their own matter", () => {
  const throwing = () => {
    throw new Error(PLAINTEXT);
  };

  test("onInvalid: the request goes on, a warning tells", async () => {
    const made = service({ onInvalid: throwing });
    const warning = nextWarning();
    const { response, setCookie } = await visit(made, `${NAME}=garbage`);
    assert.deepEqual([response.status, setCookie], [200, [CLEARING]]);
    const { code, message } = await warning;
    assert.deepEqual([code, message], ["BULLA_CALLBACK", "onInvalid threw"]);
  });

  for (const [protocol, start] of Object.entries(PROTOCOLS)) {
    test(`onError, while ${protocol} writes a head: the response goes, a warning tells`, async (t) => {
      const made = service({ onError: throwing });
      const site = await start(t, (req, res) => {
        made.sessions.attach(req, res).count = 1n;
        setTimeout(() => res.end("late"), 1);
      });
      const warning = nextWarning();
      const reply = await site.ask("/");
      assert.deepEqual([reply.status, reply.text], [500, "late"]);
      const { code, message } = await warning;
      assert.deepEqual([code, message], ["BULLA_CALLBACK", "onError threw"]);
    });
  }

  test("onError, of a Response", async () => {
    const made = service({ onError: throwing });
    const warning = nextWarning();
    const handler = made.sessions.wrap((_request, session) => {
      session.count = 1n;
      return new Response();
    });
    assert.equal((await handler(request())).status, 500);
    assert.equal((await warning).message, "onError threw");
  });
});

test("without onError a warning of the process says what could not be written", async (t) => {
  const made = service({ onError: undefined } as unknown as SessionOptions);
  const site = await serve(t, (req, res) => {
    Object.assign(made.sessions.attach(req, res), { text: PLAINTEXT.repeat(600) });
    res.end();
  });
  const warning = nextWarning();
  assert.equal((await site.ask("/")).status, 500);
  const { name, code, message } = await warning;
  const { code: expected, message: text } = sessionRefusal("ERR_SESSION_TOO_LARGE");
  assert.deepEqual(
    { name, code, message },
    { name: "SessionError", code: expected, message: text },
  );
});

describe("what is passed as a callback and is none is a ConfigError at once, not a crash later", () => {
  for (const method of ["save", "regenerate", "destroy"] as const) {
    for (const done of [null, 7, "done", {}]) {
      test(`${method}(${JSON.stringify(done)})`, async () => {
        await visit(service(), cookieOf("fernet", { user: "tom" }), (session) => {
          misuse(() => session[method](done as never), "ERR_OPTION", "done must be a function");
        });
      });
    }
  }
});

test("a session that the application froze is not written on under a new id as if destroyed", async () => {
  const made = service();
  const { setCookie } = await visit(made, cookieOf("fernet", { user: "tom" }), (session) => {
    Object.freeze(session);
    try {
      session.destroy();
    } catch (error) {
      assert.equal((error as Error).name, "ConfigError");
    }
  });
  for (const cookie of setCookie) assert.equal(cookie, CLEARING);
});

describe("a cookie of garbage never makes a 500", () => {
  for (const type of TYPES) {
    test(`${type}`, async (t) => {
      const seed = Number(process.env.SEED ?? Date.now() % 2 ** 31);
      t.diagnostic(`SEED=${seed}`);
      const made = service(optionsOf(type));
      const site = await serve(t, (req, res) => {
        res.end(Object.keys(made.sessions.attach(req, res)).join());
      });
      for (const value of garbage(type, seed)) {
        made.invalid.length = 0;
        const trimmed = value.replaceAll(/^[ \t]+|[ \t]+$/g, "");
        const legal = /^[\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]*$/.test(trimmed);
        // A semicolon ends the value: what is left in front of it is another one.
        const known = legal || !value.includes(";");
        const cookie = `${NAME}=${value}`;
        const session = made.sessions.read(cookie);
        assert.deepEqual([Object.keys(session), session.isNew], [[], true], cookie);
        if (known) assert.equal(made.invalid.length, legal ? 1 : 0, cookie);
        if (!/^[\t\x20-\x7e\x80-\xff]*$/.test(value)) continue;
        made.invalid.length = 0;
        const reply = await site.ask("/", { headers: { cookie } });
        assert.deepEqual([reply.status, reply.text], [200, ""], cookie);
        if (known) {
          assert.deepEqual(reply.setCookie, legal ? [CLEARING] : [], cookie);
          assert.equal(made.invalid.length, legal ? 1 : 0, cookie);
        }
      }
      assert.deepEqual(made.errors, []);
    });
  }

  /** Cookies that klen/asgi-sessions 1.2.4 wrote, and whatever else a client may send. */
  const FOUND: readonly string[] = [
    "eyJ1c2VyIjoidG9tIn0=",
    "e30=",
    "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJ1c2VyIjoidG9tIn0.tPRGqJRmgOtsSm66UtAqOwdza5ObgTTqcokiXXkPhTg",
    "eyJhbGciOiJub25lIn0.eyJ1c2VyIjoidG9tIn0.",
    "gAAAAABrBDRIDlEj0em2TCQc8zqt6zXHzBY_0jVcnQOXZqmn41lDY3dKvfIEXcnjpmg5APvs7d7qz1FgZBnS1kRjvYA1Ng7Img==",
    ...[
      "",
      "=",
      "==",
      ".",
      "..",
      "...",
      "....",
      "null",
      "undefined",
      "true",
      "0",
      "-1",
      "NaN",
      "{}",
    ],
    ...["[]", "e30", "W10", "bnVsbA", "MA", "%00", "%7B%7D", "*", "../../etc/passwd", "$1", "\\"],
    ...["__proto__", "constructor", '"quoted"', "a b", "a,b", "a;b", " ", "\t", "\u00e9", "\xa0"],
    ...["\u0141", "\u{20041}", "\ud800", "\r\nSet-Cookie: x=y", "\0", "x".repeat(5000)],
    ...["A".repeat(4096), ".".repeat(3000), "=".repeat(3000), "gAAAAA".repeat(600)],
  ];

  function* garbage(type: Type, seed: number): Generator<string> {
    yield* FOUND;
    const good = seal(type, envelope({ user: "tom", text: "x".repeat(50) }));
    // Of base64 any bytes are text: what opens has to be no envelope.
    const spoilt = type === "base64" ? seal(type, envelope({}, { jti: 7 })) : good;
    for (const other of TYPES) {
      if (other !== type) yield seal(other, envelope({ user: "tom" }));
      yield seal(other, envelope({ user: "tom" }), { secret: `${SECRET}!` }).slice(1);
    }
    for (let length = 0; length < good.length; length += 3) yield good.slice(0, length);
    const next = random(seed);
    const alphabet = "ABCDEFabcdef0123456789-_=.+/~!";
    for (let round = 0; round < 150; round++) {
      const at = next(spoilt.length);
      const put = alphabet[next(alphabet.length)] ?? "";
      const kinds = [
        spoilt.slice(0, at) + put + spoilt.slice(at + 1),
        spoilt.slice(0, at) + put + spoilt.slice(at),
        spoilt.slice(0, at) + spoilt.slice(at + 1),
        spoilt.slice(at) + spoilt.slice(0, at),
        Array.from({ length: next(300) }, () => alphabet[next(alphabet.length)]).join(""),
      ];
      const chosen = kinds[next(kinds.length)] ?? "";
      if (chosen !== good) yield chosen;
    }
  }
});

/** mulberry32: whole numbers below `below`, the same for the same seed. */
function random(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

/** The next warning of the process, but for the one that base64 has. */
function nextWarning(): Promise<Error & { code?: string }> {
  return new Promise((resolve) => {
    process.on("warning", function hear(warning: Error & { code?: string }) {
      if (warning.code === "BULLA_BASE64") return;
      process.off("warning", hear);
      resolve(warning);
    });
  });
}
