/** A seal of the application's own: what it gets, and how it may refuse or fail. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { inspect } from "node:util";
import { TokenError } from "../../src/internal/errors.ts";
import type { Seal } from "../../src/session.ts";
import { cookieValue, envelope, idOf, NAME, NOW } from "../helpers/session-cookies.ts";
import {
  calledBack,
  pairOf,
  request,
  service,
  sessionRefusal,
  visit,
} from "../helpers/session-visit.ts";

/** Must not be found in any message, property or cause. */
const PLAINTEXT = "hunter2";
const HEX: Seal = {
  seal: (payload) => Buffer.from(payload).toString("hex"),
  open: (text) => Buffer.from(text, "hex").toString(),
};
const thrown = (error: unknown) => () => {
  throw error;
};

describe("a seal of the application's own", () => {
  test("gets the envelope as text and returns it", async () => {
    const payloads: string[] = [];
    const seal: Seal = {
      seal(payload) {
        payloads.push(payload);
        return HEX.seal(payload);
      },
      open: HEX.open,
    };
    const made = service({ seal, renewAfter: false });
    const first = await visit(made, undefined, (session) => (session.user = "Zoë"));
    const { id } = first.session;
    const times = `"iat":${NOW},"exp":${first.session.expiresAt}`;
    assert.deepEqual([...new Set(payloads)], [`{"jti":"${id}",${times},"data":{"user":"Zoë"}}`]);
    const second = await visit(made, pairOf(first.setCookie[0]));
    assert.deepEqual([second.session.user, second.session.id, second.setCookie], ["Zoë", id, []]);
  });

  test("is called as a method of its object", async () => {
    class Counting {
      #calls = 0;
      seal(payload: string): string {
        this.#calls++;
        return HEX.seal(payload);
      }
      open(text: string): string | { readonly code: string } {
        this.#calls++;
        return HEX.open(text);
      }
      get calls(): number {
        return this.#calls;
      }
    }
    const seal = new Counting();
    const made = service({ seal });
    const { setCookie } = await visit(made, undefined, (session) => (session.user = "tom"));
    const sealed = seal.calls;
    assert.ok(sealed > 0);
    await visit(made, pairOf(setCookie[0]));
    assert.equal(seal.calls, sealed + 1);
  });

  test("may format its JSON in any way", async () => {
    const claims = JSON.parse(envelope({ user: "tom", n: [1, 2] }));
    for (const text of [
      JSON.stringify(claims, null, 2),
      ` ${JSON.stringify(claims)}\n`,
      JSON.stringify(claims).replace('"user"', '"us\\u0065r"'),
      JSON.stringify({ data: claims.data, exp: claims.exp, iat: claims.iat, jti: claims.jti }),
    ]) {
      const made = service({ seal: { ...HEX, open: () => text }, renewAfter: false });
      const { session, setCookie } = await visit(made, `${NAME}=x`);
      assert.deepEqual([{ ...session }, setCookie], [{ user: "tom", n: [1, 2] }, []]);
      assert.deepEqual(made.invalid, []);
    }
  });

  test("may format its JSON in any way, and assigning equal data is not a change", async () => {
    const seal: Seal = {
      seal: (payload) => HEX.seal(JSON.stringify(JSON.parse(payload), null, 1)),
      open: HEX.open,
    };
    const made = service({ seal, renewAfter: false });
    const user = { name: "Zoë", roles: ["a"] };
    const first = await visit(made, undefined, (session) => (session.user = user));
    const cookie = pairOf(first.setCookie[0]);
    const same = await visit(made, cookie, (session) => (session.user = structuredClone(user)));
    assert.deepEqual(same.setCookie, []);
    const other = await visit(made, cookie, (session) => (session.user = { ...user, roles: [] }));
    assert.equal(other.setCookie.length, 1);
  });

  test("has its claims checked like any other seal", () => {
    const rows: Record<string, string> = {
      [envelope({}, { jti: "short" })]: "ERR_TOKEN_MALFORMED",
      [envelope({}, { data: [] })]: "ERR_TOKEN_MALFORMED",
      [envelope({}, { iat: "1" })]: "ERR_TOKEN_MALFORMED",
      [envelope({}, { exp: NOW })]: "ERR_TOKEN_EXPIRED",
      [envelope({}, { iat: NOW + 61 })]: "ERR_TOKEN_NOT_ACTIVE",
      [envelope({ n: 1 }).replace('"n":1', '"n":1e400')]: "ERR_TOKEN_MALFORMED",
    };
    for (const [text, code] of Object.entries(rows)) {
      const made = service({ seal: { ...HEX, open: () => text } });
      assert.equal(made.sessions.read(`${NAME}=x`).isNew, true, text);
      assert.deepEqual(made.invalid, [code], text);
    }
  });

  test("may return a value that fills name and value to 4096 bytes, but not a longer one", async () => {
    const most = 4096 - NAME.length;
    for (const [length, written] of [
      [most, 1],
      [most + 1, 0],
    ] as const) {
      const made = service({ seal: { ...HEX, seal: () => "x".repeat(length) } });
      const { setCookie } = await visit(made, undefined, (session) => (session.user = "tom"));
      assert.equal(setCookie.length, written);
      assert.deepEqual(made.errors, written === 1 ? [] : ["ERR_SESSION_TOO_LARGE"]);
    }
  });

  test("opens a value that fills name and value to 4096 bytes, and is not asked for a longer one", () => {
    const most = 4096 - NAME.length;
    for (const [length, code] of [
      [most, undefined],
      [most + 1, "ERR_TOKEN_TOO_LARGE"],
    ] as const) {
      const made = service({ seal: { ...HEX, open: () => envelope({ user: "tom" }) } });
      const session = made.sessions.read(`${NAME}=${"x".repeat(length)}`);
      assert.equal(session.user, code === undefined ? "tom" : undefined);
      assert.deepEqual(made.invalid, code === undefined ? [] : [code]);
    }
  });

  test("works with a revocation list", async () => {
    const told: string[] = [];
    const revocation = { isRevoked: () => false, revoke: (id: string) => void told.push(id) };
    const jti = idOf("its own");
    const open = () => envelope({ user: "tom" }, { jti });
    const made = service({ seal: { ...HEX, open }, revocation });
    await visit(made, `${NAME}=x`, (session) => session.destroy());
    assert.deepEqual(told, [jti]);
  });
});

describe("a refusal leaves the session empty and keeps the cookie", () => {
  const own = [
    "ERR_ENCODING",
    "ERR_TOKEN_MALFORMED",
    "ERR_TOKEN_TOO_LARGE",
    "ERR_TOKEN_SIGNATURE",
    "ERR_TOKEN_ALGORITHM",
    "ERR_TOKEN_CRITICAL",
    "ERR_TOKEN_EXPIRED",
    "ERR_TOKEN_NOT_ACTIVE",
    "ERR_TOKEN_CLAIM",
    "ERR_TOKEN_INVALID",
  ] as const;
  const foreign = [
    "ERR_MINE",
    "ERR_KEY",
    "ERR_SESSION_DATA",
    "",
    "toString",
    "__proto__",
    "constructor",
    `ERR_TOKEN_EXPIRED ${PLAINTEXT}`,
    "err_token_expired",
  ];
  const coded = (code: unknown) => Object.assign(new Error(PLAINTEXT), { code });
  const refusing: Record<string, { open: () => unknown; code: string }> = {
    "an Error without a code": { open: thrown(new Error(PLAINTEXT)), code: "ERR_TOKEN_INVALID" },
    "an Error whose code is a number": { open: thrown(coded(11)), code: "ERR_TOKEN_INVALID" },
    "a TokenError": {
      open: thrown(new TokenError("ERR_TOKEN_CLAIM", "typ")),
      code: "ERR_TOKEN_CLAIM",
    },
    "an Error whose code throws": {
      open: thrown({
        get code(): string {
          throw new Error(PLAINTEXT);
        },
      }),
      code: "ERR_TOKEN_INVALID",
    },
    "a throw of text that is a good envelope": {
      open: thrown(envelope({ user: "tom" })),
      code: "ERR_TOKEN_INVALID",
    },
    "a throw of text": { open: thrown(PLAINTEXT), code: "ERR_TOKEN_INVALID" },
    "a throw of null": { open: thrown(null), code: "ERR_TOKEN_INVALID" },
    "a throw of undefined": { open: thrown(undefined), code: "ERR_TOKEN_INVALID" },
    "text that is not an envelope": { open: () => PLAINTEXT, code: "ERR_TOKEN_MALFORMED" },
    "an empty text": { open: () => "", code: "ERR_TOKEN_MALFORMED" },
    // A seal written in JavaScript may refuse like this.
    undefined: { open: () => undefined, code: "ERR_TOKEN_INVALID" },
    null: { open: () => null, code: "ERR_TOKEN_INVALID" },
    false: { open: () => false, code: "ERR_TOKEN_INVALID" },
    "a number": { open: () => 7, code: "ERR_TOKEN_INVALID" },
    bytes: { open: () => Buffer.from(envelope({})), code: "ERR_TOKEN_INVALID" },
    "an object without a code": { open: () => ({}), code: "ERR_TOKEN_INVALID" },
    "an object whose code is a number": { open: () => ({ code: 7 }), code: "ERR_TOKEN_INVALID" },
    "an object whose code throws": {
      open: () => ({
        get code() {
          throw new Error(PLAINTEXT);
        },
      }),
      code: "ERR_TOKEN_INVALID",
    },
    "a Promise": { open: async () => envelope({ user: "tom" }), code: "ERR_TOKEN_INVALID" },
  };
  for (const code of own) {
    refusing[`the code ${code}`] = { open: () => ({ code }), code };
    refusing[`an Error with the code ${code}`] = { open: thrown(coded(code)), code };
  }
  for (const code of foreign) {
    const invalid = "ERR_TOKEN_INVALID";
    refusing[`the foreign code "${code}"`] = { open: () => ({ code }), code: invalid };
    refusing[`an Error with the foreign code "${code}"`] = {
      open: thrown(coded(code)),
      code: invalid,
    };
  }
  for (const [what, { open, code }] of Object.entries(refusing)) {
    test(`by ${what}`, async () => {
      const heard: unknown[] = [];
      const made = service({
        seal: { ...HEX, open: open as Seal["open"] },
        onInvalid: (reason) => heard.push(reason),
      });
      const { response, session, setCookie } = await visit(made, `${NAME}=value`);
      assert.deepEqual([Object.keys(session), setCookie], [[], []]);
      assert.equal(response.status, 200);
      assert.deepEqual(heard, [{ code }]);
      assert.ok(!inspect(heard, { showHidden: true }).includes(PLAINTEXT));
    });
  }
});

describe("a seal that fails or returns a bad value: save throws, and the response is a 500", () => {
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
    null: () => null,
    "a number": () => 7,
    bytes: () => Buffer.from("abc"),
    "a Promise": async () => "abc",
    "an object that becomes text": () => ({ toString: () => "abc" }),
    "a String object": () => Object("abc"),
    "a refusal": () => ({ code: "ERR_TOKEN_INVALID" }),
  };
  for (const [what, make] of Object.entries(illegal)) {
    test(`${what}`, async () => {
      const made = service({ seal: { ...HEX, seal: make as Seal["seal"] } });
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

    test(`${what}, for a renewal alone: the response stays unchanged`, async () => {
      const seal = { ...HEX, seal: make as Seal["seal"] };
      const made = service({ seal, renewAfter: 5 });
      const cookie = `${NAME}=${HEX.seal(envelope({ user: "tom" }))}`;
      const { response, session, setCookie } = await visit(made, cookie);
      assert.equal(session.user, "tom");
      assert.deepEqual([response.status, setCookie], [200, []]);
      assert.equal(response.headers.get("Cache-Control"), null);
      assert.deepEqual(made.errors, ["ERR_SESSION_DATA"]);
    });
  }

  test("a logout does not need the seal", async () => {
    const made = service({ seal: { ...HEX, seal: thrown(new Error(PLAINTEXT)) } });
    const cookie = `${NAME}=${HEX.seal(envelope({ user: "tom" }))}`;
    const { setCookie } = await visit(made, cookie, (session) => session.destroy());
    assert.equal(cookieValue(setCookie[0]), "");
    assert.deepEqual(made.errors, []);
  });
});
