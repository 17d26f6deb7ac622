/**
 * The times of a session, to the second. A cookie opens while now < min(exp, iat + lifetime, begun +
 * maxLifetime) and iat <= now + 60; renewal is due when now >= iat + renewAfter * lifetime / maxAge and a
 * cookie written now would open later.
 */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type SessionOptions, sessions } from "../../src/session.ts";
import {
  ATTRIBUTES,
  cookieOf,
  cookieValue,
  FOURTEEN_DAYS,
  maxAgeOf,
  NOW,
  OLD_ID,
  SECRET,
  TYPES,
  unseal,
} from "../helpers/session-cookies.ts";
import { exchange, OPENERS, type WithSession } from "../helpers/session-entries.ts";
import { serve } from "../helpers/session-server.ts";
import {
  type BagSession,
  configRefusal,
  optionsOf,
  pairOf,
  request,
  service,
  visit,
} from "../helpers/session-visit.ts";

const TOM = { user: "tom" };
/** A cookie written at NOW that ends after 1000 seconds. */
const written = (differing: object = {}): string =>
  cookieOf("fernet", TOM, { iat: NOW, exp: NOW + 1000, ...differing });
const BROKEN = configRefusal(/clock/);

const change = (session: BagSession) => (session.user = "ann");
const touch = (session: BagSession) => session.touch();

describe("a cookie opens until the earliest of its ends", () => {
  const EXPIRED = "ERR_TOKEN_EXPIRED";
  const AHEAD = "ERR_TOKEN_NOT_ACTIVE";
  const MOST = 2 ** 53 - 1;
  interface Row {
    options: Partial<SessionOptions>;
    claims?: object;
    /** The first and the last second after NOW at which it opens. */
    first?: number;
    last?: number;
  }
  const rows: readonly Row[] = [
    // Its exp.
    { options: {}, last: 999 },
    { options: { maxAge: 1000 }, last: 999 },
    { options: { maxAge: 34_560_000 }, last: 999 },
    { options: {}, claims: { exp: NOW + 1 }, last: 0 },
    // A shorter maxAge applies to existing cookies too.
    { options: { maxAge: 600 }, last: 599 },
    { options: { maxAge: 1 }, last: 0 },
    { options: { maxAge: 600 }, claims: { exp: MOST }, last: 599 },
    { options: { maxAge: 600 }, claims: { begun: NOW - 9000 }, last: 599 },
    // A longer maxAge does not extend them.
    { options: { maxAge: 5000 }, last: 999 },
    // Its own lifetime, at most longestAge.
    { options: { maxAge: 1000 }, claims: { age: 600 }, last: 599 },
    { options: { maxAge: 100, longestAge: 1000 }, claims: { age: 1000 }, last: 999 },
    { options: { maxAge: 100, longestAge: 1000 }, last: 99 },
    { options: { maxAge: 100 }, claims: { age: 1000 }, last: 99 },
    { options: { maxAge: 100, longestAge: 200 }, claims: { age: 1000 }, last: 199 },
    { options: { maxAge: 100, longestAge: 200 }, claims: { age: 1000, exp: MOST }, last: 199 },
    { options: { maxAge: 100, longestAge: 500 }, claims: { age: MOST, exp: MOST }, last: 499 },
    // maxLifetime counts from the beginning of the session.
    { options: { maxLifetime: 500 }, last: 499 },
    { options: { maxLifetime: 500 }, claims: { begun: NOW - 300 }, last: 199 },
    { options: { maxLifetime: 1300 }, claims: { begun: NOW - 300 }, last: 999 },
    { options: { maxLifetime: 1299 }, claims: { begun: NOW - 300 }, last: 998 },
    { options: { maxLifetime: 5000 }, last: 999 },
    { options: { maxLifetime: 500, maxAge: 400 }, last: 399 },
    { options: { maxLifetime: 500 }, claims: { age: 1000, exp: MOST }, last: 499 },
    { options: { maxLifetime: MOST }, last: 999 },
    // A clock that is behind, by at most 60 seconds.
    { options: {}, first: -60, last: 999 },
    { options: { maxAge: 30 }, first: -60, last: 29 },
    { options: {}, claims: { exp: MOST }, first: -60 },
    // Fractions of a second.
    { options: {}, last: 999.999 },
  ];
  for (const { options, claims = {}, first, last } of rows) {
    const span = `${first ?? "..."} to ${last ?? "..."}`;
    test(`${JSON.stringify(options)}, ${JSON.stringify(claims)}: ${span}`, async () => {
      const cookie = written(claims);
      const moments: [at: number, code: string | undefined][] = [];
      if (first !== undefined) {
        moments.push([first, undefined], [first - 1, AHEAD], [first - 1e6, AHEAD]);
      }
      if (last !== undefined) {
        const end = Math.floor(last) + 1;
        moments.push([last, undefined], [end, EXPIRED], [end + 0.5, EXPIRED], [end + 1e9, EXPIRED]);
      }
      for (const [at, code] of moments) {
        const made = service({ renewAfter: false, ...options, clock: () => NOW + at });
        const { session, setCookie } = await visit(made, cookie);
        assert.deepEqual({ ...session }, code === undefined ? TOM : {}, `at ${at}`);
        assert.equal(session.isNew, code !== undefined);
        assert.deepEqual([setCookie, made.invalid], [[], code === undefined ? [] : [code]]);
        if (code !== undefined || last === undefined) continue;
        assert.equal(session.expiresAt, NOW + Math.floor(last) + 1);
        const { begun = NOW } = claims as { begun?: number };
        assert.equal(session.createdAt, begun);
      }
    });
  }

  for (const [how, { open }] of Object.entries(OPENERS)) {
    test(`by ${how}: a lower maxAge, maxLifetime, and a clock a year behind`, async () => {
      for (const type of TYPES) {
        const cookie = cookieOf(type, TOM, { iat: NOW, exp: NOW + FOURTEEN_DAYS });
        const rows: [options: Partial<SessionOptions>, at: number, open: boolean][] = [
          [{ maxAge: 600 }, 599, true],
          [{ maxAge: 600 }, 600, false],
          [{ maxLifetime: 700 }, 699, true],
          [{ maxLifetime: 700 }, 700, false],
          [{}, -60, true],
          [{}, -61, false],
          [{}, -365 * 86_400, false],
        ];
        for (const [options, at, opens] of rows) {
          const made = service({ ...optionsOf(type), ...options, clock: () => NOW + at });
          assert.deepEqual((await open(made, cookie)).data, opens ? TOM : {}, `${type} at ${at}`);
        }
      }
    });
  }
});

describe("an unchanged session is renewed when it is due, a changed or touched one is always written", () => {
  interface Row {
    options: Partial<SessionOptions>;
    claims?: object;
    /** Seconds after NOW at which the cookie comes back. */
    at: number;
    /** The exp of the new cookie, after NOW; undefined where none is written. */
    exp: number | undefined;
    edit?: (session: BagSession) => unknown;
    /** True where the cookie has a Max-Age. */
    kept?: boolean;
  }
  const short = (age: number): object => ({ exp: NOW + age });
  const rows: readonly Row[] = [
    { options: {}, at: 0, exp: undefined },
    { options: {}, at: 499, exp: undefined },
    { options: {}, at: 499.9, exp: undefined },
    { options: {}, at: 500, exp: 1500 },
    { options: {}, at: 999, exp: 1999 },
    { options: { renewAfter: 400 }, at: 399, exp: undefined },
    { options: { renewAfter: 400 }, at: 400, exp: 1400 },
    { options: { renewAfter: 0 }, at: 0, exp: undefined },
    { options: { renewAfter: 0 }, at: 1, exp: 1001 },
    { options: { renewAfter: 999 }, at: 998, exp: undefined },
    { options: { renewAfter: 999 }, at: 999, exp: 1999 },
    { options: { renewAfter: 1000 }, at: 999, exp: undefined },
    { options: { renewAfter: false }, at: 999, exp: undefined },
    { options: { renewAfter: false }, at: 999, exp: 1999, edit: change },
    { options: { renewAfter: false }, at: 999, exp: 1999, edit: touch },
    { options: {}, at: 0, exp: 1000, edit: change },
    { options: {}, at: 0, exp: 1000, edit: touch },
    { options: {}, at: 1, exp: 1001, edit: touch },
    // A clock behind the one that wrote the cookie.
    { options: {}, at: -60, exp: undefined },
    { options: { renewAfter: 0 }, at: -60, exp: undefined },
    { options: {}, at: -60, exp: 940, edit: touch },
    // Half of an odd maxAge is not a whole second.
    { options: { maxAge: 61 }, claims: short(61), at: 30, exp: undefined },
    { options: { maxAge: 61 }, claims: short(61), at: 31, exp: 92 },
    { options: { maxAge: 1 }, claims: short(1), at: 0, exp: undefined },
    // renewAfter scales with the session's own lifetime.
    { options: {}, claims: { age: 100, ...short(100) }, at: 49, exp: undefined },
    { options: {}, claims: { age: 100, ...short(100) }, at: 50, exp: 150 },
    { options: { renewAfter: 250 }, claims: { age: 100 }, at: 24, exp: undefined },
    { options: { renewAfter: 250 }, claims: { age: 100 }, at: 25, exp: 125 },
    {
      options: { longestAge: 9000 },
      claims: { age: 2000, ...short(2000) },
      at: 999,
      exp: undefined,
    },
    { options: { longestAge: 9000 }, claims: { age: 2000, ...short(2000) }, at: 1000, exp: 3000 },
    { options: { longestAge: 9000 }, claims: { age: 100 }, at: 99, exp: 1099, edit: standard },
    // A lifetime above longestAge counts as longestAge.
    {
      options: { renewAfter: 400 },
      claims: { age: 2000, ...short(2000) },
      at: 399,
      exp: undefined,
    },
    { options: { renewAfter: 400 }, claims: { age: 2000, ...short(2000) }, at: 400, exp: 1400 },
    { options: {}, claims: { age: 2000, ...short(2000) }, at: 400, exp: 1400, edit: change },
    // Another maxAge than when the cookie was written.
    { options: { maxAge: 600 }, at: 299, exp: undefined },
    { options: { maxAge: 600 }, at: 300, exp: 900 },
    { options: { maxAge: 600 }, at: 0, exp: 600, edit: change },
    { options: {}, claims: short(60), at: 59, exp: undefined },
    { options: { renewAfter: 50 }, claims: short(60), at: 49, exp: undefined },
    { options: { renewAfter: 50 }, claims: short(60), at: 50, exp: 1050 },
    { options: {}, claims: short(60), at: 0, exp: 1000, edit: change },
    // A renewal never goes beyond maxLifetime.
    { options: { maxLifetime: 1500 }, at: 400, exp: 1400, edit: change },
    { options: { maxLifetime: 1500 }, at: 500, exp: 1500 },
    { options: { maxLifetime: 1500 }, at: 600, exp: 1500 },
    { options: { maxLifetime: 1500 }, at: 999, exp: 1500, edit: touch },
    { options: { maxLifetime: 1000 }, at: 999, exp: undefined },
    { options: { maxLifetime: 1000 }, at: 999, exp: 1000, edit: change },
    { options: { maxLifetime: 1000 }, at: 999, exp: 1000, edit: touch },
    { options: { maxLifetime: 1001, renewAfter: 0 }, at: 999, exp: 1001 },
    { options: { maxLifetime: 1500 }, claims: { begun: NOW - 400 }, at: 500, exp: 1100 },
    { options: { maxLifetime: 1400 }, claims: { begun: NOW - 400 }, at: 500, exp: undefined },
    { options: { maxLifetime: 1401 }, claims: { begun: NOW - 400 }, at: 500, exp: 1001 },
    // A cookie without Max-Age is renewed too, because its sealed times end.
    { options: { cookie: { persistent: false } }, at: 499, exp: undefined },
    { options: { cookie: { persistent: false } }, at: 500, exp: 1500, kept: false },
    { options: { cookie: { persistent: false } }, claims: { keep: true }, at: 500, exp: 1500 },
    { options: {}, claims: { keep: false }, at: 500, exp: 1500, kept: false },
  ];
  function standard(session: BagSession): void {
    session.touch({ maxAge: 1000 });
  }
  for (const { options, claims = {}, at, exp, edit, kept = true } of rows) {
    const how = edit === undefined ? "" : `${edit.name} `;
    const what = `${how}${JSON.stringify(options)}, ${JSON.stringify(claims)}`;
    test(`${what} at ${at}: ${exp}`, async () => {
      const made = service({ maxAge: 1000, ...options, clock: () => NOW + at });
      const { session, setCookie } = await visit(made, written(claims), edit);
      const { begun = NOW } = claims as { begun?: number };
      assert.deepEqual([session.createdAt, session.isNew, made.invalid], [begun, false, []]);
      if (exp === undefined) {
        assert.deepEqual(setCookie, []);
        return;
      }
      const [cookie] = setCookie;
      const opened = unseal("fernet", cookieValue(cookie));
      // A machine whose clock is behind does not give the session an earlier beginning.
      const iat = Math.max(NOW + at, begun);
      assert.deepEqual([opened.jti, opened.iat, opened.exp], [OLD_ID, iat, NOW + exp]);
      assert.equal(opened.begun, begun < NOW + at ? begun : undefined);
      assert.equal(maxAgeOf(cookie), kept ? exp - at : undefined);
      assert.equal(cookie?.endsWith(ATTRIBUTES), true);
      // The cookie opens until then.
      const later = service({ maxAge: 1000, ...options, clock: () => NOW + exp - 1 });
      assert.equal(later.sessions.read(pairOf(cookie)).isNew, false);
    });
  }
});

describe("a new session ends after maxAge, or at maxLifetime", () => {
  const rows: readonly (readonly [options: Partial<SessionOptions>, seconds: number])[] = [
    [{}, FOURTEEN_DAYS],
    [{ maxAge: 1 }, 1],
    [{ maxAge: 34_560_000 }, 34_560_000],
    [{ maxAge: 60, longestAge: 9000 }, 60],
    [{ maxLifetime: 500 }, 500],
    [{ maxAge: 500, maxLifetime: 500 }, 500],
    [{ maxAge: 400, maxLifetime: 500 }, 400],
    [{ maxLifetime: Number.MAX_SAFE_INTEGER }, FOURTEEN_DAYS],
  ];
  for (const [options, seconds] of rows) {
    test(`${JSON.stringify(options)}: ${seconds}`, async () => {
      const made = service({ ...options, clock: () => NOW + 0.9 });
      const { session, setCookie } = await visit(made, undefined, change);
      assert.deepEqual([session.createdAt, session.expiresAt], [NOW, NOW + seconds]);
      assert.equal(maxAgeOf(setCookie[0]), seconds);
      const { iat, exp } = unseal("fernet", cookieValue(setCookie[0]));
      assert.deepEqual([iat, exp], [NOW, NOW + seconds]);
    });
  }
});

test("renewal never moves the absolute end: a session in constant use ends to the second", async () => {
  let now = NOW;
  const options = { maxAge: 100, maxLifetime: 1000, renewAfter: 10 };
  const made = service({ ...options, clock: () => now });
  let { setCookie } = await visit(made, undefined, change);
  let cookie = "";
  for (; now < NOW + 1000; now += 9) {
    if (setCookie.length > 0) cookie = pairOf(setCookie[0]);
    const visited = await visit(made, cookie);
    assert.deepEqual([visited.session.user, visited.session.createdAt], ["ann", NOW]);
    ({ setCookie } = visited);
    assert.ok((maxAgeOf(setCookie[0]) ?? 0) <= NOW + 1000 - now, setCookie[0]);
  }
  now = NOW + 999;
  assert.equal(made.sessions.read(cookie).user, "ann");
  now = NOW + 1000;
  const late = await visit(made, cookie);
  assert.deepEqual([late.session.isNew, late.setCookie], [true, []]);
  assert.deepEqual(made.invalid, ["ERR_TOKEN_EXPIRED"]);
});

describe("a slow request writes the time at which its session was opened", () => {
  const edits: Record<string, (session: BagSession) => unknown> = { change, touch };
  for (const cookie of [undefined, written()]) {
    for (const [what, edit] of Object.entries(edits)) {
      const whose = cookie === undefined ? "a new session" : "an existing session";
      test(`${what}, ${whose}: wrap`, async () => {
        let now = NOW + 10;
        const made = service({ maxAge: 1000, clock: () => now });
        const { setCookie } = await visit(made, cookie, (session) => {
          now += 30;
          edit(session);
          now += 30;
        });
        const { iat, exp } = unseal("fernet", cookieValue(setCookie[0]));
        assert.deepEqual([iat, exp], [NOW + 10, NOW + 1010]);
      });

      test(`${what}, ${whose}: node:http`, async (t) => {
        let now = NOW + 10;
        const made = service({ maxAge: 1000, clock: () => now });
        const site = await serve(t, (req, res) => {
          const session = made.sessions.attach(req, res);
          now += 30;
          edit(session);
          setImmediate(() => {
            now += 30;
            res.end();
          });
        });
        const { setCookie } = await site.ask("/", { headers: cookie ? { cookie } : {} });
        const { iat, exp } = unseal("fernet", cookieValue(setCookie[0]));
        assert.deepEqual([iat, exp], [NOW + 10, NOW + 1010]);
      });
    }
  }

  test("a session is renewed only if that was due when it was opened", async () => {
    let now = NOW + 499;
    const made = service({ maxAge: 1000, clock: () => now });
    const { setCookie } = await visit(made, written(), () => {
      now = NOW + 600;
    });
    assert.deepEqual(setCookie, []);
  });

  for (const end of ["regenerate", "destroy"] as const) {
    test(`${end} reads the clock again`, async () => {
      let now = NOW + 10;
      const made = service({ maxAge: 1000, maxLifetime: 3000, clock: () => now });
      const { session, setCookie } = await visit(
        made,
        written({ begun: NOW - 50 }),
        async (session) => {
          now = NOW + 40;
          await session[end]();
          assert.deepEqual([session.createdAt, session.expiresAt], [NOW + 40, NOW + 1040]);
          now = NOW + 70;
          session.user = "ann";
        },
      );
      const { jti, iat, exp, begun } = unseal("fernet", cookieValue(setCookie[0]));
      assert.deepEqual([jti, iat, exp, begun], [session.id, NOW + 40, NOW + 1040, undefined]);
    });
  }
});

test("the system's clock is the default", async () => {
  const before = Math.floor(Date.now() / 1000);
  const { read } = sessions<Record<string, unknown>>({ secret: SECRET });
  const session = read(undefined);
  const after = Math.floor(Date.now() / 1000);
  assert.ok(session.createdAt >= before && session.createdAt <= after, "now");
  assert.equal(session.expiresAt, session.createdAt + FOURTEEN_DAYS);
  assert.equal(read(cookieOf("fernet", TOM, { iat: before - 9, exp: before })).isNew, true);
  assert.equal(read(cookieOf("fernet", TOM, { iat: before, exp: before + 1000 })).isNew, false);
  assert.equal(
    read(cookieOf("fernet", TOM, { iat: before + 600, exp: before + 1000 })).isNew,
    true,
  );
});

describe("a clock that does not give a finite number is a ConfigError", () => {
  for (const time of [Number.NaN, Infinity, -Infinity, "1700000000", 10n, undefined, null, {}]) {
    test(`${typeof time} ${time}, wherever a session is opened`, async () => {
      const made = service({ clock: () => time as number });
      for (const cookie of [undefined, written()]) {
        const { read, attach, load, wrap, middleware } = made.sessions;
        assert.throws(() => read(cookie), BROKEN);
        assert.throws(() => attach(...exchange(cookie)), BROKEN);
        await assert.rejects(load(cookie), BROKEN);
        await assert.rejects(load(...exchange(cookie)), BROKEN);
        const handler = wrap(() => assert.fail("the handler is not called"));
        await assert.rejects(handler(request(cookie)), BROKEN);
        const [req, res] = exchange(cookie);
        let calls = 0;
        middleware(req, res, () => calls++);
        assert.equal(calls, 1);
        assert.throws(() => (req as WithSession).session, BROKEN);
      }
    });
  }

  test("regenerate and destroy throw it at once and change nothing", async () => {
    for (const end of ["regenerate", "destroy"] as const) {
      let time = NOW;
      const made = service({ clock: () => time });
      const { session, setCookie } = await visit(made, written(), (session) => {
        time = Number.NaN;
        assert.throws(() => session[end](), BROKEN);
      });
      assert.deepEqual([session.id, { ...session }, setCookie], [OLD_ID, TOM, []]);
    }
  });
});
