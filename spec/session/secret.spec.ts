/** Secrets: their forms, their rotation, and a function that returns them at first use. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { inspect } from "node:util";
import { ConfigError, type SessionOptions, sessions } from "../../src/session.ts";
import {
  cookieOf,
  cookieValue,
  envelope,
  NAME,
  NOW,
  SECRET,
  seal,
  unseal,
} from "../helpers/session-cookies.ts";
import { exchange } from "../helpers/session-entries.ts";
import {
  type Bag,
  caught,
  pairOf,
  request,
  type Service,
  service,
  turns,
  visit,
} from "../helpers/session-visit.ts";

const SEALED = ["fernet", "jwt"] as const;
/** Must not be found in any message, property or cause. */
const HIDDEN = "hunter2";

describe("a secret is text or bytes, one or a list", () => {
  const bytes = Buffer.from(SECRET);
  const forms: Record<string, SessionOptions["secret"]> = {
    text: SECRET,
    bytes: bytes,
    "a plain Uint8Array": new Uint8Array(bytes),
    "a view of a larger buffer": Buffer.concat([Buffer.alloc(9), bytes, Buffer.alloc(9)]).subarray(
      9,
      -9,
    ),
    "a list of one": [SECRET],
    "a frozen list": Object.freeze([SECRET]),
    "exactly 32 bytes": "exactly thirty-two bytes of text",
    "32 bytes as 16 characters": "é".repeat(16),
    "a long text": "long ".repeat(1000),
  };
  for (const [what, secret] of Object.entries(forms)) {
    for (const type of SEALED) {
      for (const given of [secret, () => secret] as SessionOptions["secret"][]) {
        const how = typeof given === "function" ? "by a function, " : "";
        test(`${what}, ${how}for ${type}`, async () => {
          const made = service({ type, secret: given as string });
          const { setCookie } = await visit(made, undefined, (session) => (session.user = "tom"));
          const [first] = Array.isArray(secret) ? secret : [secret];
          const { data } = unseal(type, cookieValue(setCookie[0]), { secret: first });
          assert.deepEqual(data, { user: "tom" });
        });
      }
    }
  }
});

describe("secrets rotate: the first seals, all open", () => {
  const secrets = ["newest", "older", "oldest"].map((age) =>
    `the ${age} of the secrets`.padEnd(40),
  );
  const [newest = "", older = "", oldest = ""] = secrets;
  for (const type of SEALED) {
    for (const how of ["a list", "a function"]) {
      test(`${type}, ${how}`, async () => {
        const secret = how === "a list" ? secrets : () => secrets;
        const made = service({ type, secret, renewAfter: false });
        for (const secret of secrets) {
          const cookie = `${NAME}=${seal(type, envelope({ visits: 1 }), { secret })}`;
          const idle = await visit(made, cookie);
          assert.deepEqual([idle.session.visits, idle.setCookie], [1, []]);
          const { setCookie } = await visit(made, cookie, (session) => (session.visits = 2));
          const value = cookieValue(setCookie[0]);
          assert.equal(unseal(type, value, { secret: newest }).data.visits, 2);
          assert.throws(() => unseal(type, value, { secret: older }));
        }
      });
    }

    test(`${type}, step by step: the new secret opens, then seals, then the old one is removed`, async () => {
      const steps = [[oldest], [oldest, newest], [newest, oldest], [newest]];
      let cookie: string | undefined;
      for (const secret of steps) {
        const step = service({ type, secret });
        const { session, setCookie } = await visit(step, cookie, (session) => {
          session.visits = Number(session.visits ?? 0) + 1;
        });
        assert.equal(session.visits, steps.indexOf(secret) + 1);
        assert.deepEqual(step.invalid, []);
        cookie = pairOf(setCookie[0]);
      }
      const gone = service({ type, secret: [older] });
      assert.equal((await visit(gone, cookie)).session.isNew, true);
      const code = type === "jwt" ? "ERR_TOKEN_SIGNATURE" : "ERR_TOKEN_INVALID";
      assert.deepEqual(gone.invalid, [code]);
    });
  }
});

test("a secret is never used as a key directly", async () => {
  const raw = service({ secret: "0123456789abcdef0123456789abcdef" });
  // klen/asgi-sessions 1.2.4 sealed this with the secret as its key; the padding is removed.
  const fernet =
    "gAAAAABrBDRIXU8Z5xAgRycPwv6cBObOlbz3sHBV6agmQdrCWiBNAF69ZpkM5KBSMk4gsWLBQjzFv7QbqjyTqRUIte72VrZEXw";
  assert.equal((await visit(raw, `${NAME}=${fernet}`)).session.isNew, true);
  assert.deepEqual(raw.invalid, ["ERR_TOKEN_INVALID"]);
});

/** Every way to open or issue the first session. */
type First = (made: Service["sessions"]) => unknown;
const FIRSTS: Record<string, First> = {
  "read of a cookie": (made) => made.read(cookieOf("fernet", { user: "tom" })),
  "read of a bad cookie": (made) => made.read(`${NAME}=garbage`),
  "read of nothing": (made) => made.read(undefined),
  "read of a Request without a cookie": (made) => made.read(request()),
  load: (made) => made.load(undefined),
  issue: (made) => made.issue({ user: "tom" }),
  wrap: (made) => made.wrap(() => new Response())(request()),
  attach: (made) => made.attach(...exchange()),
  "load of a request and its response": (made) => made.load(...exchange()),
  "the property of the middleware": (made) => {
    const [req, res] = exchange();
    made.middleware(req, res, (error) => assert.equal(error, undefined));
    return (req as unknown as Bag).session;
  },
};

describe("a secret function is called when the first session is opened or issued", () => {
  test("and not before", () => {
    let calls = 0;
    const made = sessions({
      secret() {
        calls++;
        return SECRET;
      },
    });
    made.wrap(() => new Response());
    made.middleware(...exchange(), () => {});
    assert.equal(calls, 0);
  });

  for (const [what, first] of Object.entries(FIRSTS)) {
    test(`${what}: exactly once`, async () => {
      let calls = 0;
      const made = service({
        secret() {
          calls++;
          return SECRET;
        },
      });
      await first(made.sessions);
      assert.equal(calls, 1);
      for (const again of Object.values(FIRSTS)) await again(made.sessions);
      assert.equal(calls, 1);
    });
  }

  test("without arguments", () => {
    let given: unknown[] | undefined;
    const secret = (...args: unknown[]) => {
      given = args;
      return SECRET;
    };
    sessions({ secret }).read("");
    assert.deepEqual(given, []);
  });

  test("separately for each sessions()", () => {
    let calls = 0;
    const secret = () => `${SECRET} ${calls++}`;
    const one = sessions<Bag>({ secret, clock: () => NOW });
    const other = sessions<Bag>({ secret, clock: () => NOW });
    const pair = pairOf(one.issue({ user: "tom" }).setCookie);
    assert.equal(other.read(pair).isNew, true);
    assert.equal(one.read(pair).user, "tom");
    assert.equal(calls, 2);
  });
});

describe("a secret function that returns no valid secret is a ConfigError, and is called again", () => {
  const fails: Record<string, () => unknown> = {
    // biome-ignore lint/suspicious/noThenProperty: the function may return a thenable
    "gives an object with only a method then": () => ({ then() {} }),
    "throws an Error": () => {
      throw Object.assign(new Error(HIDDEN), { secret: HIDDEN });
    },
    "throws a ConfigError": () => {
      throw new ConfigError("ERR_OPTION", HIDDEN);
    },
    "throws text": () => {
      throw HIDDEN;
    },
    "throws nothing": () => {
      throw undefined;
    },
    "gives undefined": () => undefined,
    "gives null": () => null,
    "gives a number": () => 7,
    "gives a short text": () => HIDDEN,
    "gives short bytes": () => Buffer.from(HIDDEN),
    "gives an empty text": () => "",
    "gives an empty list": () => [],
    "gives a list with a short one": () => [SECRET, HIDDEN],
    "gives a list with a hole": () => [SECRET, undefined],
    "gives text that is not well-formed": () => `${HIDDEN}\ud800`.repeat(9),
    "gives a PEM": () => `-----BEGIN PUBLIC KEY-----\n${HIDDEN.repeat(9)}`,
    "gives an object": () => ({ secret: SECRET, [HIDDEN]: HIDDEN }),
    "gives a function": () => () => SECRET,
    "gives a Promise": async () => SECRET,
    "gives a Promise that is rejected": async () => {
      throw new Error(HIDDEN);
    },
  };
  for (const [what, fail] of Object.entries(fails)) {
    for (const type of SEALED) {
      test(`${what}, type ${type}`, async () => {
        let calls = 0;
        let failing = true;
        const right = /throws|Promise|then/.test(what)
          ? /^the function secret must return secrets, not throw or return a Promise$/
          : /undefined|null|empty list/.test(what)
            ? /^no secret was given: make one with randomBytes\(32\), once, and keep it$/
            : /^a secret must be .*randomBytes\(32\)/;
        const made = service({
          type,
          secret: () => {
            calls++;
            return (failing ? fail() : SECRET) as string;
          },
        });
        let expected = 0;
        for (const first of Object.values(FIRSTS)) {
          const error = await caught(() => first(made.sessions));
          assert.ok(error instanceof ConfigError, `${error}`);
          assert.equal(error.code, "ERR_KEY");
          assert.match(error.message, right);
          const shown = inspect(error, { showHidden: true, depth: 9 });
          assert.ok(!shown.includes(HIDDEN) && !shown.includes(SECRET), shown);
          assert.ok(!("cause" in error));
          assert.equal(calls, ++expected);
        }
        assert.deepEqual([made.invalid, made.errors], [[], []]);
        failing = false;
        const { setCookie } = await visit(made, undefined, (session) => (session.user = "tom"));
        assert.equal(unseal(type, cookieValue(setCookie[0])).data.user, "tom");
        failing = true;
        assert.equal(made.sessions.read(pairOf(setCookie[0])).user, "tom");
        assert.equal(calls, expected + 1);
        // An unhandled rejection would fail the test.
        await turns();
      });
    }
  }

  test("keeps a copy of the list that it returned", async () => {
    const secrets = [SECRET];
    const made = service({ secret: () => secrets });
    made.sessions.read("");
    secrets[0] = "short";
    const { setCookie } = await visit(made, undefined, (session) => (session.user = "tom"));
    assert.equal(unseal("fernet", cookieValue(setCookie[0])).data.user, "tom");
  });
});
