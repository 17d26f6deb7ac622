/**
 * A seal of the application's own: what it is given, and how it can refuse and fail.
 */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { inspect } from "node:util";
import type { Seal } from "../../src/session.ts";
import { CLEARING, cookieValue, envelope, NAME, NOW } from "../helpers/session-cookies.ts";
import { calledBack, request, service, sessionRefusal, visit } from "../helpers/session-visit.ts";

/** In no message, property or cause. */
const PLAINTEXT = "hunter2";

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

  test("may make a value that fills name and value to 4096 bytes, and no longer one", async () => {
    const most = 4096 - NAME.length;
    for (const [length, written] of [
      [most, 1],
      [most + 1, 0],
    ] as const) {
      const made = service({ seal: { ...good, seal: () => "x".repeat(length) } });
      const { setCookie } = await visit(made, undefined, (session) => (session.user = "tom"));
      assert.equal(setCookie.length, written);
      assert.deepEqual(made.errors, written === 1 ? [] : ["ERR_SESSION_TOO_LARGE"]);
    }
  });

  test("is asked for a value that fills name and value to 4096 bytes, and for no longer one", async () => {
    const most = 4096 - NAME.length;
    for (const [length, code] of [
      [most, undefined],
      [most + 1, "ERR_TOKEN_TOO_LARGE"],
    ] as const) {
      const made = service({ seal: { ...good, open: () => envelope({ user: "tom" }) } });
      const session = made.sessions.read(`${NAME}=${"x".repeat(length)}`);
      assert.equal(session.user, code === undefined ? "tom" : undefined);
      assert.deepEqual(made.invalid, code === undefined ? [] : [code]);
    }
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
