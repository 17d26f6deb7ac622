/** issue makes a new session without a response, as a Set-Cookie. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  ATTRIBUTES,
  cookieValue,
  FOURTEEN_DAYS,
  maxAgeOf,
  NAME,
  NOW,
  TYPES,
  unsealText,
} from "../helpers/session-cookies.ts";
import {
  type Bag,
  configRefusal,
  facts,
  optionsOf,
  pairOf,
  service,
  sessionRefusal,
  visit,
} from "../helpers/session-visit.ts";

const DATA = { user: "Zoë 𒀸", deep: { clay: [1, true, null] } };

describe("misuse is a ConfigError", () => {
  class Visitor {
    user = "tom";
  }
  const data: Record<string, unknown> = {
    undefined: undefined,
    null: null,
    text: "text",
    "a number": 7,
    "a function": () => {},
    "an array": [1],
    "a Map": new Map([["user", "tom"]]),
    "a class instance": new Visitor(),
    ...Object.fromEntries(
      ["id", "isNew", "createdAt", "expiresAt", "regenerate", "destroy", "save", "touch"].map(
        (name) => [`data with the name ${name}`, { user: "tom", [name]: 1 }],
      ),
    ),
    "data with the name __proto__": JSON.parse('{"user":"tom","__proto__":{"admin":true}}'),
  };
  for (const [what, given] of Object.entries(data)) {
    test(`${what}`, () => {
      const made = service();
      assert.throws(() => made.sessions.issue(given as Bag), configRefusal(/./));
      assert.deepEqual(made.errors, []);
    });
  }

  const lifetimes: readonly (readonly [lifetime: unknown, names: RegExp])[] = [
    [null, /object/],
    [60, /object/],
    ["60", /object/],
    [[], /object/],
    [{ maxage: 60 }, /maxage/],
    [{ maxAge: 60, expires: 1 }, /expires/],
    ...[0, -1, 0.5, Number.NaN, Infinity, "60", null, 60n, FOURTEEN_DAYS + 1].map(
      (maxAge) => [{ maxAge }, /maxAge/] as const,
    ),
    ...[0, "true", null].map((persistent) => [{ persistent }, /persistent/] as const),
  ];
  for (const [lifetime, names] of lifetimes) {
    test(`the lifetime ${show(lifetime)}`, () => {
      const { sessions } = service();
      assert.throws(() => sessions.issue({}, lifetime as object), configRefusal(names));
    });
  }
});

describe("data that cannot be written are a SessionError", () => {
  const cycle: Bag = {};
  cycle.self = cycle;
  const rows: Record<string, [data: Bag, code: "ERR_SESSION_DATA" | "ERR_SESSION_TOO_LARGE"]> = {
    "too much text": [{ text: "x".repeat(4096) }, "ERR_SESSION_TOO_LARGE"],
    "a BigInt": [{ count: 1n }, "ERR_SESSION_DATA"],
    "a Map": [{ map: new Map() }, "ERR_SESSION_DATA"],
    "a Set": [{ deep: [new Set([1])] }, "ERR_SESSION_DATA"],
    Infinity: [{ limit: Infinity }, "ERR_SESSION_DATA"],
    "a cycle": [cycle, "ERR_SESSION_DATA"],
    "a function": [{ call() {} }, "ERR_SESSION_DATA"],
  };
  for (const [what, [data, code]] of Object.entries(rows)) {
    for (const type of TYPES) {
      test(`${what}, of type ${type}`, () => {
        const made = service(optionsOf(type));
        assert.throws(() => made.sessions.issue(data), sessionRefusal(code));
        assert.deepEqual(made.errors, []);
      });
    }
  }
});

for (const type of TYPES) {
  describe(`an issued session of type ${type}`, () => {
    test("holds jti, iat, exp, data, in this order, in a cookie with every attribute", () => {
      const { sessions } = service(optionsOf(type));
      const { id, setCookie, ...rest } = sessions.issue(DATA);
      assert.deepEqual(rest, {});
      assert.match(id, /^[\w-]{21}[AQgw]$/);
      const value = cookieValue(setCookie);
      assert.equal(setCookie, `${NAME}=${value}; Max-Age=${FOURTEEN_DAYS}${ATTRIBUTES}`);
      const expected = { jti: id, iat: NOW, exp: NOW + FOURTEEN_DAYS, data: DATA };
      assert.equal(unsealText(type, value), JSON.stringify(expected));
    });

    test("opens again by read, load and wrap", async () => {
      const made = service(optionsOf(type));
      const { id, setCookie } = made.sessions.issue(DATA);
      const pair = pairOf(setCookie);
      for (const session of [made.sessions.read(pair), await made.sessions.load(pair)]) {
        assert.deepEqual({ ...session }, DATA);
        const expected = { id, isNew: false, createdAt: NOW };
        assert.deepEqual(facts(session), { ...expected, expiresAt: NOW + FOURTEEN_DAYS });
      }
      const visited = await visit(made, pair);
      assert.deepEqual({ ...visited.session }, DATA);
      assert.deepEqual([visited.session.id, visited.setCookie], [id, []]);
      assert.deepEqual([made.invalid, made.errors], [[], []]);
    });

    test("may be empty", async () => {
      const made = service(optionsOf(type));
      const { id, setCookie } = made.sessions.issue({});
      const session = made.sessions.read(pairOf(setCookie));
      assert.deepEqual([{ ...session }, session.id, session.isNew], [{}, id, false]);
      assert.deepEqual((await visit(made, pairOf(setCookie))).setCookie, []);
    });

    test("may have its own lifetime", () => {
      let now = NOW;
      const { sessions } = service({ ...optionsOf(type), clock: () => now });
      const { id, setCookie } = sessions.issue(DATA, { maxAge: 60, persistent: true });
      assert.equal(maxAgeOf(setCookie), 60);
      const expected = { jti: id, iat: NOW, exp: NOW + 60, age: 60, keep: true, data: DATA };
      assert.equal(unsealText(type, cookieValue(setCookie)), JSON.stringify(expected));
      const pair = pairOf(setCookie);
      now = NOW + 59;
      assert.equal(sessions.read(pair).id, id);
      assert.equal(sessions.read(pair).expiresAt, NOW + 60);
      now = NOW + 60;
      assert.equal(sessions.read(pair).isNew, true);
    });
  });
}

describe("the lifetime of an issued session", () => {
  test("persistent false omits Max-Age", () => {
    const { sessions } = service();
    const { id, setCookie } = sessions.issue(DATA, { persistent: false });
    assert.equal(setCookie, `${pairOf(setCookie)}${ATTRIBUTES}`);
    const claims = { jti: id, iat: NOW, exp: NOW + FOURTEEN_DAYS, keep: false, data: DATA };
    assert.equal(unsealText("fernet", cookieValue(setCookie)), JSON.stringify(claims));
    assert.equal(sessions.read(pairOf(setCookie)).expiresAt, NOW + FOURTEEN_DAYS);
  });

  test("persistent true sets Max-Age, against the option", () => {
    const { sessions } = service({ cookie: { persistent: false } });
    assert.equal(maxAgeOf(sessions.issue(DATA).setCookie), undefined);
    const { setCookie } = sessions.issue(DATA, { persistent: true });
    assert.equal(maxAgeOf(setCookie), FOURTEEN_DAYS);
  });

  test("an empty one, or none, is that of the options", () => {
    const { sessions } = service();
    for (const lifetime of [undefined, {}] as const) {
      const { id, setCookie } = sessions.issue(DATA, lifetime);
      const claims = { jti: id, iat: NOW, exp: NOW + FOURTEEN_DAYS, data: DATA };
      assert.equal(unsealText("fernet", cookieValue(setCookie)), JSON.stringify(claims));
    }
  });

  test("may be as long as longestAge, and no longer", () => {
    const { sessions } = service({ maxAge: 60, longestAge: 3600 });
    const { setCookie } = sessions.issue(DATA, { maxAge: 3600 });
    assert.equal(maxAgeOf(setCookie), 3600);
    assert.equal(sessions.read(pairOf(setCookie)).expiresAt, NOW + 3600);
    assert.throws(() => sessions.issue(DATA, { maxAge: 3601 }), configRefusal(/maxAge/));
  });

  test("ends at maxLifetime", () => {
    const { sessions } = service({ maxLifetime: 30 });
    const { setCookie } = sessions.issue(DATA);
    assert.equal(maxAgeOf(setCookie), 30);
    assert.equal(sessions.read(pairOf(setCookie)).expiresAt, NOW + 30);
  });
});

test("every issued session has its own id, and no list is asked or told", () => {
  const revocation = {
    isRevoked: (): never => assert.fail("asked"),
    revoke: (): never => assert.fail("told"),
  };
  const { sessions } = service({ revocation });
  const ids = new Set(Array.from({ length: 100 }, () => sessions.issue(DATA).id));
  assert.equal(ids.size, 100);
});

test("later changes of the data do not reach the session", () => {
  const { sessions } = service();
  const data = { user: "tom", deep: [1] };
  const { setCookie } = sessions.issue(data);
  data.deep.push(2);
  assert.deepEqual({ ...sessions.read(pairOf(setCookie)) }, { user: "tom", deep: [1] });
  assert.deepEqual(data, { user: "tom", deep: [1, 2] });
});

test("a seal that fails gives ERR_SESSION_DATA", () => {
  const failing = {
    seal(): never {
      throw new Error("no key");
    },
    open: String,
  };
  const { sessions } = service({ seal: failing });
  assert.throws(() => sessions.issue(DATA), sessionRefusal("ERR_SESSION_DATA"));
});

function show(value: unknown): string {
  return JSON.stringify(value, (_name, inner) =>
    typeof inner === "bigint" || typeof inner === "number" ? String(inner) : inner,
  );
}
