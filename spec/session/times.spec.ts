/**
 * The times of a session, to the second: new exp = min(now + maxAge, iat + maxLifetime); renewal is due
 * when that is later than exp and now >= exp - maxAge + renewAfter; Max-Age = new exp - now.
 */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type SessionOptions, sessions } from "../../src/session.ts";
import {
  ATTRIBUTES,
  CLEARING,
  cookieOf,
  cookieValue,
  ENDS,
  FOURTEEN_DAYS,
  maxAgeOf,
  NOW,
  SECRET,
  unseal,
} from "../helpers/session-cookies.ts";
import { type BagSession, request, service, visit } from "../helpers/session-visit.ts";
import { misuse } from "../helpers/token-refusals.ts";

/** A cookie written at NOW for 1000 seconds, of a session that began then. */
const COOKIE = cookieOf("fernet", { user: "tom" }, { iat: NOW, exp: NOW + 1000 });

interface Row {
  options: SessionOptions;
  /** Seconds after NOW at which the cookie comes back. */
  at: number;
  /** When the cookie that is then written expires, after NOW; undefined where none is. */
  exp: number | undefined;
  cookie?: string;
  edit?: (session: BagSession) => unknown;
}

const change = (session: BagSession) => (session.user = "ann");
const touch = (session: BagSession) => session.touch();

describe("an unchanged session is renewed when it is due, and a changed one always", () => {
  const early = cookieOf("fernet", { user: "tom" }, { iat: NOW, exp: NOW + 60 });
  const rows: readonly Row[] = [
    { options: { maxAge: 1000 }, at: 0, exp: undefined },
    { options: { maxAge: 1000 }, at: 499, exp: undefined },
    { options: { maxAge: 1000 }, at: 500, exp: 1500 },
    { options: { maxAge: 1000 }, at: 999, exp: 1999 },
    { options: { maxAge: 1000, renewAfter: 400 }, at: 399, exp: undefined },
    { options: { maxAge: 1000, renewAfter: 400 }, at: 400, exp: 1400 },
    { options: { maxAge: 1000, renewAfter: 400.5 }, at: 400, exp: undefined },
    { options: { maxAge: 1000, renewAfter: 400.5 }, at: 401, exp: 1401 },
    { options: { maxAge: 1000, renewAfter: 0 }, at: 0, exp: undefined },
    { options: { maxAge: 1000, renewAfter: 0 }, at: 1, exp: 1001 },
    { options: { maxAge: 1000, renewAfter: 999 }, at: 998, exp: undefined },
    { options: { maxAge: 1000, renewAfter: 999 }, at: 999, exp: 1999 },
    { options: { maxAge: 1000, renewAfter: 1000 }, at: 999, exp: undefined },
    { options: { maxAge: 1000, renewAfter: false }, at: 999, exp: undefined },
    { options: { maxAge: 1000, renewAfter: false }, at: 999, exp: 1999, edit: change },
    { options: { maxAge: 1000, renewAfter: false }, at: 999, exp: 1999, edit: touch },
    { options: { maxAge: 1000 }, at: 0, exp: 1000, edit: change },
    { options: { maxAge: 1000 }, at: 0, exp: 1000, edit: touch },
    { options: { maxAge: 1000 }, at: 1, exp: 1001, edit: touch },
    // The half of an odd maxAge is no whole second.
    { options: { maxAge: 61 }, at: 30, exp: undefined, cookie: ageing(61) },
    { options: { maxAge: 61 }, at: 31, exp: 92, cookie: ageing(61) },
    { options: { maxAge: 1 }, at: 0, exp: undefined, cookie: ageing(1) },
    // maxLifetime: renewal goes up to it and never beyond.
    { options: { maxAge: 1000, maxLifetime: 1500 }, at: 400, exp: 1400, edit: change },
    { options: { maxAge: 1000, maxLifetime: 1500 }, at: 500, exp: 1500 },
    { options: { maxAge: 1000, maxLifetime: 1500 }, at: 600, exp: 1500 },
    { options: { maxAge: 1000, maxLifetime: 1500 }, at: 999, exp: 1500, edit: touch },
    { options: { maxAge: 1000, maxLifetime: 1000 }, at: 999, exp: undefined },
    { options: { maxAge: 1000, maxLifetime: 1000 }, at: 999, exp: 1000, edit: change },
    { options: { maxAge: 1000, maxLifetime: 1000 }, at: 999, exp: 1000, edit: touch },
    { options: { maxAge: 1000, maxLifetime: 1001, renewAfter: 0 }, at: 999, exp: 1001 },
    // Another maxAge than the cookie was written with: a shorter one does not shorten it.
    { options: { maxAge: 60 }, at: 0, exp: undefined },
    { options: { maxAge: 60 }, at: 930, exp: undefined },
    { options: { maxAge: 60 }, at: 969, exp: undefined },
    { options: { maxAge: 60 }, at: 970, exp: 1030 },
    { options: { maxAge: 60 }, at: 0, exp: 60, edit: change },
    { options: { maxAge: 1000 }, at: 0, exp: 1000, cookie: early },
    { options: { maxAge: 1000, renewAfter: 999 }, at: 57, exp: undefined, cookie: ageing(59) },
    { options: { maxAge: 1000, renewAfter: 999 }, at: 58, exp: 1058, cookie: ageing(59) },
    { options: { maxAge: 1000, renewAfter: false }, at: 0, exp: undefined, cookie: early },
    // A cookie without Max-Age is renewed all the same: what is sealed in it expires.
    { options: { maxAge: 1000, cookie: { persistent: false } }, at: 499, exp: undefined },
    { options: { maxAge: 1000, cookie: { persistent: false } }, at: 500, exp: 1500 },
  ];
  for (const { options, at, exp, cookie = COOKIE, edit } of rows) {
    const how = edit === change ? "changed " : edit === touch ? "touched " : "";
    test(`${how}at ${at} under ${JSON.stringify(options)}: ${exp}`, async () => {
      const made = service({ ...options, clock: () => NOW + at });
      const { session, setCookie } = await visit(made, cookie, edit);
      assert.equal(session.createdAt, NOW);
      assert.deepEqual(made.invalid, []);
      if (exp === undefined) {
        assert.deepEqual(setCookie, []);
        return;
      }
      const [written] = setCookie;
      const claims = unseal("fernet", cookieValue(written));
      assert.deepEqual([claims.jti, claims.iat, claims.exp], ["an-old-id", NOW, NOW + exp]);
      const persistent = options.cookie?.persistent !== false;
      assert.equal(maxAgeOf(written), persistent ? exp - at : undefined);
      assert.ok(written?.endsWith(ATTRIBUTES));
    });
  }
});

describe("a session opens until it expires, and until the end of its lifetime", () => {
  const rows: readonly (readonly [options: SessionOptions, at: number, open: boolean])[] = [
    [{}, 999, true],
    [{}, 1000, false],
    [{}, 1001, false],
    [{ maxAge: 1 }, 999, true],
    [{ maxAge: 34_560_000 }, 1000, false],
    [{ maxLifetime: 500 }, 499, true],
    [{ maxLifetime: 500 }, 500, false],
    [{ maxLifetime: 501 }, 500, true],
    [{ maxLifetime: 5000 }, 1000, false],
    // A clock that is behind: a session that begins in the future is one.
    [{}, -100, true],
    // Fractions of a second are dropped.
    [{}, 999.999, true],
    [{}, 1000.001, false],
  ];
  for (const [options, at, open] of rows) {
    test(`at ${at} under ${JSON.stringify(options)}: ${open}`, async () => {
      const made = service({ renewAfter: false, ...options, clock: () => NOW + at });
      const { session, setCookie } = await visit(made, COOKIE);
      assert.deepEqual({ ...session }, open ? { user: "tom" } : {});
      assert.equal(session.isNew, !open);
      assert.deepEqual(setCookie, open ? [] : [CLEARING]);
      assert.deepEqual(made.invalid, open ? [] : ["ERR_TOKEN_EXPIRED"]);
      assert.equal(made.sessions.read(COOKIE).isNew, !open);
    });
  }
});

describe("a new session expires after maxAge, or at the end of its lifetime", () => {
  const rows: readonly (readonly [options: SessionOptions, seconds: number])[] = [
    [{}, FOURTEEN_DAYS],
    [{ maxAge: 1 }, 1],
    [{ maxAge: 34_560_000 }, 34_560_000],
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
      assert.equal(unseal("fernet", cookieValue(setCookie[0])).exp, NOW + seconds);
    });
  }
});

test("renewal never moves the end of the lifetime: kept alive, it ends to the second", async () => {
  let now = NOW;
  const made = service({ maxAge: 100, maxLifetime: 1000, renewAfter: 10, clock: () => now });
  let { setCookie } = await visit(made, undefined, change);
  let cookie = "";
  for (; now < NOW + 1000; now += 9) {
    const [written] = setCookie;
    if (written !== undefined) [cookie = ""] = written.split(";");
    const visited = await visit(made, cookie);
    assert.deepEqual([visited.session.user, visited.session.createdAt], ["ann", NOW]);
    ({ setCookie } = visited);
    assert.ok((maxAgeOf(setCookie[0]) ?? 0) <= NOW + 1000 - now);
  }
  now = NOW + 1000;
  const late = await visit(made, cookie);
  assert.deepEqual([late.session.isNew, late.setCookie], [true, [CLEARING]]);
  assert.deepEqual(made.invalid, ["ERR_TOKEN_EXPIRED"]);
});

test("regenerate begins a new lifetime", async () => {
  const made = service({ maxAge: 1000, maxLifetime: 1000, clock: () => NOW + 900 });
  const { session, setCookie } = await visit(made, COOKIE, (session) => {
    assert.equal(session.expiresAt, NOW + 1000);
    session.regenerate();
    assert.deepEqual([session.createdAt, session.expiresAt], [NOW + 900, NOW + 1900]);
    session.user = "ann";
  });
  const { jti, iat, exp } = unseal("fernet", cookieValue(setCookie[0]));
  assert.deepEqual([jti, iat, exp], [session.id, NOW + 900, NOW + 1900]);
  assert.equal(maxAgeOf(setCookie[0]), 1000);
});

test("touch moves expiresAt at once, and makes no session of nothing", async () => {
  const made = service({ maxAge: 1000, clock: () => NOW + 10 });
  const { session } = await visit(made, COOKIE, (session) => {
    assert.equal(session.expiresAt, NOW + 1000);
    session.touch();
  });
  assert.equal(session.expiresAt, NOW + 1010);
  assert.deepEqual((await visit(made, undefined, touch)).setCookie, []);
});

test("the system's clock is the default", async () => {
  const before = Math.floor(Date.now() / 1000);
  const session = sessions({ secret: SECRET }).read(undefined);
  const after = Math.floor(Date.now() / 1000);
  assert.ok(session.createdAt >= before && session.createdAt <= after);
  assert.equal(session.expiresAt, session.createdAt + FOURTEEN_DAYS);
  assert.ok(sessions({ secret: SECRET }).read(cookieOf("fernet", {}, { exp: before })).isNew);
  const fresh = cookieOf("fernet", {}, { iat: before, exp: before + 1000 });
  assert.ok(!sessions({ secret: SECRET }).read(fresh).isNew);
});

test("a session has one time, however long its handler takes", async () => {
  let now = NOW;
  const made = service({ maxAge: 1000, clock: () => now });
  const { session, setCookie } = await visit(made, undefined, (session) => {
    now += 500;
    session.user = "tom";
    session.touch();
  });
  const { iat, exp } = unseal("fernet", cookieValue(setCookie[0]));
  assert.deepEqual([iat, exp], [NOW, NOW + 1000]);
  assert.deepEqual([session.createdAt, session.expiresAt], [NOW, NOW + 1000]);
});

describe("a clock that gives no finite number is a ConfigError wherever a session is opened", () => {
  const message = "the clock's time must be a finite number of seconds";
  const expected = { name: "ConfigError", code: "ERR_OPTION", message };
  for (const time of [Number.NaN, Infinity, -Infinity, "1700000000", undefined, null, {}]) {
    test(`${typeof time} ${time}`, async () => {
      const cookie = cookieOf("fernet", { user: "tom" }, { exp: ENDS });
      const { sessions } = service({ clock: () => time as number });
      const req = { headers: { cookie } } as never;
      misuse(() => sessions.read(cookie), "ERR_OPTION", message);
      misuse(() => sessions.attach(req, {} as never), "ERR_OPTION", message);
      await assert.rejects(sessions.load(cookie), expected);
      await assert.rejects(sessions.load(req, {} as never), expected);
      const handler = sessions.wrap(() => assert.fail("the handler is not asked"));
      await assert.rejects(handler(request(cookie)), expected);
      const holder = { headers: { cookie } } as { headers: object; session?: object };
      let calls = 0;
      sessions.middleware(holder as never, {} as never, () => calls++);
      assert.equal(calls, 1);
      misuse(() => holder.session, "ERR_OPTION", message);
      misuse(() => (holder.session = {}), "ERR_OPTION", message);
    });
  }
});

function ageing(seconds: number): string {
  return cookieOf("fernet", { user: "tom" }, { iat: NOW, exp: NOW + seconds });
}
