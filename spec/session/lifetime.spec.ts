/** A session's own lifetime: how touch sets and keeps it, and its limits. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { SessionOptions } from "../../src/session.ts";
import {
  ATTRIBUTES,
  cookieOf,
  cookieValue,
  FOURTEEN_DAYS,
  maxAgeOf,
  NOW,
  OLD_ID,
  TYPES,
  unseal,
} from "../helpers/session-cookies.ts";
import { writers } from "../helpers/session-entries.ts";
import {
  type BagSession,
  configRefusal,
  optionsOf,
  pairOf,
  service,
  visit,
} from "../helpers/session-visit.ts";

const DAY = 86_400;
const COOKIE = cookieOf("fernet", { user: "tom" }, { iat: NOW, exp: NOW + 1000 });

/** Returns age and keep of the cookie, and Max-Age. */
function lifetimeOf(setCookie: string | undefined): unknown[] {
  const { age, keep } = unseal("fernet", cookieValue(setCookie));
  return [age, keep, maxAgeOf(setCookie)];
}

describe("a misused touch changes nothing", () => {
  const bad: readonly unknown[] = [
    null,
    7,
    "60",
    true,
    () => {},
    [],
    { maxage: 60 },
    { maxAge: 60, expires: 5 },
    { keep: true },
    { maxAge: 0 },
    { maxAge: -1 },
    { maxAge: 1.5 },
    { maxAge: Number.NaN },
    { maxAge: Infinity },
    { maxAge: "60" },
    { maxAge: null },
    { maxAge: 10n },
    { maxAge: 2001 },
    { maxAge: FOURTEEN_DAYS },
    { maxAge: 2001, persistent: true },
    { persistent: 1 },
    { persistent: 0 },
    { persistent: "yes" },
    { persistent: null },
    { maxAge: 60, persistent: "no" },
  ];
  for (const lifetime of bad) {
    const shown = typeof lifetime === "object" ? Object.entries(lifetime ?? {}) : lifetime;
    test(`touch(${shown})`, async () => {
      const made = service({ maxAge: 1000, longestAge: 2000 });
      const { session, setCookie } = await visit(made, COOKIE, (session) => {
        assert.throws(() => session.touch(lifetime as never), configRefusal(/./));
      });
      assert.deepEqual([session.expiresAt, setCookie], [NOW + 1000, []]);
    });
  }

  test("maxAge is the longest lifetime where longestAge is not set", async () => {
    await visit(service({ maxAge: 1000 }), COOKIE, (session) => {
      assert.throws(() => session.touch({ maxAge: 1001 }), configRefusal(/longestAge|maxAge/));
      session.touch({ maxAge: 1000 });
    });
  });
});

describe("touch sets the lifetime of the session from now on", () => {
  type Row = readonly [
    claims: object,
    edit: (session: BagSession) => unknown,
    lifetime: readonly [age: unknown, keep: unknown, maxAge: unknown],
  ];
  const rows: Record<string, Row> = {
    "touch()": [{}, (s) => s.touch(), [undefined, undefined, 1000]],
    "touch({})": [{}, (s) => s.touch({}), [undefined, undefined, 1000]],
    "touch(undefined)": [{}, (s) => s.touch(undefined), [undefined, undefined, 1000]],
    "the shortest": [{}, (s) => s.touch({ maxAge: 1 }), [1, undefined, 1]],
    "the longest": [{}, (s) => s.touch({ maxAge: 2000 }), [2000, undefined, 2000]],
    "not persistent": [{}, (s) => s.touch({ persistent: false }), [undefined, false, undefined]],
    persistent: [{}, (s) => s.touch({ persistent: true }), [undefined, true, 1000]],
    both: [{}, (s) => s.touch({ maxAge: 60, persistent: true }), [60, true, 60]],
    "touch() keeps what the cookie has": [
      { age: 60, keep: false },
      (s) => s.touch(),
      [60, false, undefined],
    ],
    "touch({}) keeps it too": [{ age: 60, keep: true }, (s) => s.touch({}), [60, true, 60]],
    "maxAge alone keeps persistent": [
      { age: 60, keep: false },
      (s) => s.touch({ maxAge: 90 }),
      [90, false, undefined],
    ],
    "persistent alone keeps maxAge": [
      { age: 60, keep: false },
      (s) => s.touch({ persistent: true }),
      [60, true, 60],
    ],
    "the last of several touches": [
      {},
      (s) => [s.touch({ maxAge: 60 }), s.touch({ maxAge: 90 }), s.touch()],
      [90, undefined, 90],
    ],
    "several touches that add up": [
      {},
      (s) => [s.touch({ maxAge: 60 }), s.touch({ persistent: false })],
      [60, false, undefined],
    ],
    "a misused touch in between": [
      {},
      (s) => {
        s.touch({ maxAge: 60 });
        assert.throws(() => s.touch({ maxAge: 9999, persistent: false }));
      },
      [60, undefined, 60],
    ],
    "a change keeps it": [{ age: 60, keep: true }, (s) => (s.user = "ann"), [60, true, 60]],
    "a save keeps it": [{}, (s) => [s.touch({ maxAge: 60 }), s.save()], [60, undefined, 60]],
    "new data keep it": [
      {},
      (s) => {
        s.touch({ maxAge: 60 });
        s.user = "ann";
      },
      [60, undefined, 60],
    ],
    "regenerate forgets the cookie's": [
      { age: 60, keep: false },
      (s) => [s.regenerate(), (s.user = "ann")],
      [undefined, undefined, 1000],
    ],
    "regenerate forgets what touch set": [
      {},
      (s) => [s.touch({ maxAge: 60, persistent: false }), s.regenerate(), (s.user = "ann")],
      [undefined, undefined, 1000],
    ],
    "destroy forgets it": [
      { age: 60, keep: false },
      (s) => [s.destroy(), (s.user = "ann")],
      [undefined, undefined, 1000],
    ],
    "touch after regenerate sets it": [
      { keep: false },
      (s) => [s.regenerate(), (s.user = "ann"), s.touch({ maxAge: 90 })],
      [90, undefined, 90],
    ],
  };
  for (const [what, [claims, edit, lifetime]] of Object.entries(rows)) {
    test(`${what}`, async () => {
      const made = service({ maxAge: 1000, longestAge: 2000 });
      const cookie = cookieOf("fernet", { user: "tom" }, { iat: NOW, ...claims });
      const { setCookie } = await visit(made, cookie, edit);
      assert.deepEqual(lifetimeOf(setCookie[0]), [...lifetime]);
      const { iat, exp } = unseal("fernet", cookieValue(setCookie[0]));
      const [age = 1000] = lifetime as readonly [number?, ...unknown[]];
      assert.deepEqual([iat, exp], [NOW, NOW + age]);
      assert.equal(setCookie[0]?.endsWith(ATTRIBUTES), true);
    });
  }

  for (const [how, write] of writers()) {
    test(`by ${how}`, async (t) => {
      for (const type of TYPES) {
        const made = service({ ...optionsOf(type), maxAge: 1000, longestAge: 2000 });
        const cookie = cookieOf(type, { user: "tom" }, { iat: NOW });
        const { setCookie } = await write(t, made, cookie, (session) => {
          session.touch({ maxAge: 2000, persistent: false });
        });
        const { age, keep, exp } = unseal(type, cookieValue(setCookie[0]));
        assert.deepEqual([age, keep, exp], [2000, false, NOW + 2000], type);
        assert.equal(maxAgeOf(setCookie[0]), undefined, type);
      }
    });
  }

  test("expiresAt changes at once, within maxLifetime", async () => {
    const rows: readonly (readonly [Partial<SessionOptions>, lifetime: object, end: number])[] = [
      [{}, {}, 1010],
      [{}, { maxAge: 60 }, 70],
      [{}, { maxAge: 2000 }, 2010],
      [{ maxLifetime: 1500 }, { maxAge: 2000 }, 1500],
      [{ maxLifetime: 1500 }, {}, 1010],
    ];
    for (const [options, lifetime, end] of rows) {
      const made = service({ maxAge: 1000, longestAge: 2000, ...options, clock: () => NOW + 10 });
      const { session, setCookie } = await visit(made, COOKIE, (session) => {
        assert.equal(session.expiresAt, NOW + 1000);
        session.touch(lifetime);
        assert.equal(session.expiresAt, NOW + end);
      });
      assert.equal(session.createdAt, NOW);
      assert.equal(unseal("fernet", cookieValue(setCookie[0])).exp, NOW + end);
      assert.equal(maxAgeOf(setCookie[0]), end - 10);
    }
  });
});

describe("a remembered login", () => {
  const options = { maxAge: 3600, longestAge: 30 * DAY } as const;

  test("lasts through renewals, for as long as it is used", async () => {
    let now = NOW;
    const made = service({ ...options, clock: () => now });
    const login = await visit(made, undefined, (session) => {
      session.user = "tom";
      session.touch({ maxAge: 30 * DAY, persistent: true });
    });
    let cookie = pairOf(login.setCookie[0]);
    for (let day = 0; day < 100; day += 10) {
      now = NOW + day * DAY;
      const { session, setCookie } = await visit(made, cookie);
      assert.equal(session.user, "tom", `day ${day}`);
      // With 30 days, renewal is due after 15: here on every 20th day.
      assert.equal(setCookie.length, day % 20 === 0 && day > 0 ? 1 : 0, `day ${day}`);
      if (setCookie.length === 0) continue;
      assert.deepEqual(lifetimeOf(setCookie[0]), [30 * DAY, true, 30 * DAY]);
      cookie = pairOf(setCookie[0]);
    }
    now += 29 * DAY;
    assert.equal(made.sessions.read(cookie).isNew, true);
  });

  test("ends as early as a lower longestAge demands", async () => {
    let now = NOW;
    const { setCookie } = await visit(service({ ...options, clock: () => now }), undefined, (s) => {
      s.user = "tom";
      s.touch({ maxAge: 30 * DAY });
    });
    const cookie = pairOf(setCookie[0]);
    for (const [longestAge, last] of [
      [30 * DAY, 30 * DAY - 1],
      [7 * DAY, 7 * DAY - 1],
      [3600, 3599],
    ] as const) {
      const made = service({ ...options, longestAge, clock: () => now });
      now = NOW + last;
      assert.equal(made.sessions.read(cookie).user, "tom", `${longestAge}`);
      now = NOW + last + 1;
      assert.equal(made.sessions.read(cookie).user, undefined, `${longestAge}`);
    }
    now = NOW + 3600;
    assert.equal(service({ maxAge: 3600, clock: () => now }).sessions.read(cookie).isNew, true);
  });

  test("is written again for longestAge at most", async () => {
    const cookie = cookieOf(
      "fernet",
      { user: "tom" },
      { iat: NOW, exp: NOW + 30 * DAY, age: 30 * DAY },
    );
    for (const edit of [(s: BagSession) => (s.user = "ann"), (s: BagSession) => s.touch()]) {
      const made = service({ maxAge: 3600, longestAge: DAY });
      const { setCookie } = await visit(made, cookie, edit);
      assert.equal(maxAgeOf(setCookie[0]), DAY);
      assert.equal(unseal("fernet", cookieValue(setCookie[0])).exp, NOW + DAY);
    }
  });

  test("on a shared computer: short, and ends with the browser", async () => {
    let now = NOW;
    const made = service({ ...options, clock: () => now });
    const { setCookie } = await visit(made, undefined, (session) => {
      session.user = "tom";
      session.touch({ maxAge: 600, persistent: false });
    });
    assert.equal(maxAgeOf(setCookie[0]), undefined);
    now = NOW + 299;
    assert.deepEqual((await visit(made, pairOf(setCookie[0]))).setCookie, []);
    now = NOW + 300;
    const renewed = await visit(made, pairOf(setCookie[0]));
    assert.deepEqual(lifetimeOf(renewed.setCookie[0]), [600, false, undefined]);
    now = NOW + 600;
    assert.equal(made.sessions.read(pairOf(setCookie[0])).isNew, true);
    assert.equal(made.sessions.read(pairOf(renewed.setCookie[0])).isNew, false);
  });

  test("issue accepts a lifetime like touch", () => {
    const { sessions } = service(options);
    const { id, setCookie } = sessions.issue({ user: "tom" }, { maxAge: 60, persistent: false });
    const { jti, iat, exp, age, keep } = unseal("fernet", cookieValue(setCookie));
    assert.deepEqual([jti, iat, exp, age, keep], [id, NOW, NOW + 60, 60, false]);
    assert.equal(maxAgeOf(setCookie), undefined);
    assert.equal(sessions.read(pairOf(setCookie)).id, id);
    assert.notEqual(id, OLD_ID);
    for (const lifetime of [null, { maxAge: 0 }, { maxAge: 31 * DAY }, { maxage: 5 }] as object[]) {
      assert.throws(() => sessions.issue({ user: "tom" }, lifetime), configRefusal(/./));
    }
  });
});

test("a touch after a save counts: the cookie that save built is not sent", async () => {
  const made = service({ longestAge: 30 * 24 * 3600 });
  const { setCookie } = await visit(made, undefined, (session) => {
    session.user = "tom";
    session.save();
    session.touch({ maxAge: 60 });
    session.save();
  });
  assert.equal(maxAgeOf(setCookie[0]), 60);
});
