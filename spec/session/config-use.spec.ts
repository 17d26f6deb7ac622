/** The options of sessions() in use: the cookie, when options are read, the clock. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type SessionOptions, sessions } from "../../src/session.ts";
import {
  ATTRIBUTES,
  BEGAN,
  cookieOf,
  cookieValue,
  FOURTEEN_DAYS,
  maxAgeOf,
  NAME,
  NOW,
  SECRET,
  unseal,
} from "../helpers/session-cookies.ts";
import { configRefusal, pairOf, request, service, visit } from "../helpers/session-visit.ts";

const secret = SECRET;

describe("the cookie has the configured name and attributes, and is always HttpOnly", () => {
  const age = `Max-Age=${FOURTEEN_DAYS}`;
  const rows: readonly (readonly [cookie: SessionOptions["cookie"], name: string, rest: string])[] =
    [
      [undefined, NAME, `; ${age}${ATTRIBUTES}`],
      [{}, NAME, `; ${age}${ATTRIBUTES}`],
      [{ path: "/", secure: true, sameSite: "lax" }, NAME, `; ${age}${ATTRIBUTES}`],
      [{ name: "sid" }, "sid", `; ${age}${ATTRIBUTES}`],
      [{ name: "n".repeat(512) }, "n".repeat(512), `; ${age}${ATTRIBUTES}`],
      [{ path: "/app" }, "__Secure-session", `; ${age}; Path=/app; HttpOnly; Secure; SameSite=Lax`],
      [
        { domain: "example.org" },
        "__Secure-session",
        `; ${age}; Domain=example.org; Path=/; HttpOnly; Secure; SameSite=Lax`,
      ],
      [{ secure: false }, "session", `; ${age}; Path=/; HttpOnly; SameSite=Lax`],
      [
        { secure: false, path: "/app", domain: "example.org" },
        "session",
        `; ${age}; Domain=example.org; Path=/app; HttpOnly; SameSite=Lax`,
      ],
      [{ sameSite: "strict" }, NAME, `; ${age}; Path=/; HttpOnly; Secure; SameSite=Strict`],
      [
        { sameSite: "none", partitioned: true, priority: "high" },
        NAME,
        `; ${age}; Path=/; HttpOnly; Secure; SameSite=None; Partitioned; Priority=High`,
      ],
      [{ partitioned: false }, NAME, `; ${age}${ATTRIBUTES}`],
      [{ persistent: true }, NAME, `; ${age}${ATTRIBUTES}`],
      [{ persistent: false }, NAME, ATTRIBUTES],
      [
        { name: "__Secure-s", path: "/a" },
        "__Secure-s",
        `; ${age}; Path=/a; HttpOnly; Secure; SameSite=Lax`,
      ],
      [{ name: "__host-s" }, "__host-s", `; ${age}${ATTRIBUTES}`],
      // User agents require HttpOnly for these prefixes; it is always set.
      [{ name: "__Http-s" }, "__Http-s", `; ${age}${ATTRIBUTES}`],
      [{ name: "__Host-Http-s" }, "__Host-Http-s", `; ${age}${ATTRIBUTES}`],
    ];
  for (const [cookie, name, rest] of rows) {
    test(`${(JSON.stringify(cookie) ?? "none").slice(0, 60)}`, async () => {
      const made = service(cookie === undefined ? {} : { cookie });
      const { setCookie } = await visit(made, undefined, (session) => (session.user = "tom"));
      const value = cookieValue(setCookie[0]);
      assert.deepEqual(setCookie, [`${name}=${value}${rest}`]);
      assert.equal(unseal("fernet", value, { name }).exp, NOW + FOURTEEN_DAYS);
      const again = await visit(made, `${name}=${value}`);
      assert.equal(again.session.user, "tom");
      const gone = await visit(made, `${name}=${value}`, (session) => session.destroy());
      const expired = "Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT";
      const attributes = rest.replace(`; ${age}`, "");
      assert.deepEqual(gone.setCookie, [`${name}=; ${expired}${attributes}`]);
    });
  }
});

test("leaves room for the data beside the longest cookie name", async () => {
  const made = service({ cookie: { name: "n".repeat(512) } });
  const { setCookie } = await visit(
    made,
    undefined,
    (session) => (session.text = "x".repeat(2000)),
  );
  assert.equal((await visit(made, pairOf(setCookie[0]))).session.text, "x".repeat(2000));
});

test("fernet is the default type", async () => {
  const { setCookie } = await visit(service(), undefined, (session) => (session.user = "tom"));
  assert.equal(unseal("fernet", cookieValue(setCookie[0])).data.user, "tom");
});

describe("options are read once", () => {
  test("and not modified; later changes to them have no effect", async () => {
    const options: SessionOptions = {
      secret: [new Uint8Array(Buffer.from(SECRET))],
      maxAge: 60,
      cookie: { path: "/app", sameSite: "strict" },
      clock: () => NOW,
    };
    const before = structuredClone({ ...options, clock: undefined });
    const made = { ...service(), sessions: sessions<Record<string, unknown>>(options) };
    const frozen = service(
      deepFreeze({ ...structuredClone(before), clock: () => NOW, secret: SECRET }),
    );
    assert.deepEqual({ ...options, clock: undefined }, before);
    (options.secret as Uint8Array[])[0]?.fill(0);
    Object.assign(options, { maxAge: 1, clock: () => 0 });
    Object.assign(options.cookie as object, { path: "/other" });
    for (const it of [made, frozen]) {
      const { setCookie } = await visit(it, undefined, (session) => (session.user = "tom"));
      const value = cookieValue(setCookie[0]);
      const rest = "; Max-Age=60; Path=/app; HttpOnly; Secure; SameSite=Strict";
      assert.equal(setCookie[0], `__Secure-session=${value}${rest}`);
      assert.equal(unseal("fernet", value, { name: "__Secure-session" }).data.user, "tom");
    }
  });

  test("each getter once, and none when the sessions are used", async () => {
    const values: Record<string, unknown> = {
      type: "jwt",
      secret,
      maxAge: 60,
      renewAfter: 30,
      maxLifetime: 3600,
      longestAge: 90,
      revocation: { isRevoked: () => false, revoke() {} },
      onInvalid() {},
      onError() {},
      clock: () => NOW,
    };
    const cookie: Record<string, unknown> = {
      name: "sid",
      path: "/",
      domain: "example.org",
      secure: true,
      sameSite: "none",
      partitioned: true,
      priority: "high",
      persistent: false,
    };
    const counts = new Map<string, number>();
    const counting = (of: Record<string, unknown>): object => {
      const target = {};
      for (const [name, value] of Object.entries(of)) {
        const get = () => {
          counts.set(name, (counts.get(name) ?? 0) + 1);
          return value;
        };
        Object.defineProperty(target, name, { get, enumerable: true });
      }
      return target;
    };
    const options = counting({ ...values, cookie: counting(cookie) }) as SessionOptions;
    const made = { ...service(), sessions: sessions<Record<string, unknown>>(options) };
    const { setCookie } = await visit(made, undefined, (session) => (session.user = "tom"));
    await visit(made, pairOf(setCookie[0]), (session) => session.destroy());
    for (const name of [...Object.keys(values), "cookie", ...Object.keys(cookie)]) {
      assert.equal(counts.get(name), 1, name);
    }
  });

  test("also where they are inherited", async () => {
    class Defaults {
      get maxAge(): number {
        return 60;
      }
    }
    const shared = { secret, clock: () => NOW, cookie: { sameSite: "strict" as const } };
    for (const options of [
      Object.create({ ...shared, maxAge: 60 }),
      Object.assign(new Defaults(), shared),
    ]) {
      const made = { ...service(), sessions: sessions<Record<string, unknown>>(options) };
      const { setCookie } = await visit(made, undefined, (session) => (session.user = "tom"));
      assert.match(setCookie[0] ?? "", /; Max-Age=60; .*SameSite=Strict$/);
    }
  });

  test("and later changes to Object.prototype are ignored", async () => {
    const made = service();
    Object.defineProperty(Object.prototype, "maxAge", { value: 1, configurable: true });
    try {
      const { setCookie } = await visit(made, undefined, (session) => (session.user = "tom"));
      assert.equal(maxAgeOf(setCookie[0]), FOURTEEN_DAYS);
    } finally {
      Reflect.deleteProperty(Object.prototype, "maxAge");
    }
  });
});

describe("defaults", () => {
  test("maxAge is 14 days, and longestAge is maxAge", () => {
    for (const [options, longest] of [
      [{}, FOURTEEN_DAYS],
      [{ maxAge: 60 }, 60],
      [{ maxAge: 60, longestAge: undefined }, 60],
      [{ maxAge: 60, longestAge: 34_560_000 }, 34_560_000],
    ] as const) {
      const { sessions } = service(options as Partial<SessionOptions>);
      const { setCookie } = sessions.issue({}, { maxAge: longest });
      assert.equal(maxAgeOf(setCookie), longest);
      const expected = configRefusal(/maxAge/);
      assert.throws(() => sessions.issue({}, { maxAge: longest + 1 }), expected);
    }
  });

  const AGE = 1000;
  const renewals: readonly (readonly [renewAfter: number | false | undefined, due: number])[] = [
    [undefined, AGE / 2],
    [0, 1],
    [1, 1],
    [300, 300],
    [300.5, 301],
    [AGE, Infinity],
    [AGE * 2, Infinity],
    [false, Infinity],
  ];
  for (const [renewAfter, due] of renewals) {
    test(`renewAfter ${renewAfter}: renews an unchanged cookie after ${due} s`, async () => {
      let now = NOW;
      const rest = renewAfter === undefined ? {} : { renewAfter };
      const made = service({ maxAge: AGE, clock: () => now, ...rest });
      const { setCookie } = made.sessions.issue({ user: "tom" });
      for (const elapsed of [0, 1, 299, 300, 301, 499, 500, 999]) {
        now = NOW + elapsed;
        const visited = await visit(made, pairOf(setCookie));
        assert.equal(visited.session.user, "tom");
        assert.equal(visited.setCookie.length, elapsed >= due ? 1 : 0, `${elapsed}`);
        if (elapsed < due) continue;
        assert.equal(maxAgeOf(visited.setCookie[0]), AGE);
        assert.equal(unseal("fernet", cookieValue(visited.setCookie[0])).begun, NOW);
      }
    });
  }
});

describe("a clock that does not return a finite number is a ConfigError when it is used", () => {
  const wrong: Record<string, unknown> = {
    NaN: Number.NaN,
    Infinity: Infinity,
    "-Infinity": -Infinity,
    text: "1700000000",
    undefined: undefined,
    null: null,
    "a Date": new Date(NOW * 1000),
    "a BigInt": BigInt(NOW),
    "a Promise": Promise.resolve(NOW),
  };
  for (const [what, value] of Object.entries(wrong)) {
    test(`${what}`, async () => {
      const { sessions } = service({ clock: () => value as number });
      const expected = configRefusal(/clock/);
      const cookie = cookieOf("fernet", { user: "tom" });
      assert.throws(() => sessions.read(cookie), expected);
      assert.throws(() => sessions.issue({ user: "tom" }), expected);
      await assert.rejects(sessions.load(cookie), expected);
      const handler = sessions.wrap((_request, session) => {
        session.user = "ann";
        return new Response();
      });
      for (const given of [undefined, cookie]) {
        await assert.rejects(handler(request(given)), expected);
      }
    });
  }

  test("drops a fraction of a second", async () => {
    const made = service({ clock: () => NOW + 0.999 });
    const { setCookie } = await visit(made, undefined, (session) => (session.user = "tom"));
    assert.equal(unseal("fernet", cookieValue(setCookie[0])).iat, NOW);
    assert.equal(made.sessions.read(cookieOf("fernet", {})).createdAt, BEGAN);
  });
});

function deepFreeze<O extends object>(object: O): O {
  for (const value of Object.values(object)) {
    if (value !== null && typeof value === "object") deepFreeze(value);
  }
  return Object.freeze(object);
}
