/** Sessions shared with Python: their times and their id. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { AsgiSessionOptions } from "../src/asgi.ts";
import {
  idOfValue,
  pythonCookie,
  pythonText,
  pythonValue,
  shared,
  timestampOf,
} from "./helpers/asgi-cookies.ts";
import { cookieValue, FOURTEEN_DAYS, maxAgeOf, NOW, TYPES } from "./helpers/session-cookies.ts";
import { exchange } from "./helpers/session-entries.ts";
import { pairOf, visit } from "./helpers/session-visit.ts";

const TOM = '{"user":"tom"}';

describe("times", () => {
  const at = (made: number, now: number, options: Partial<AsgiSessionOptions> = {}) =>
    visit(
      shared("fernet", { clock: () => now, ...options }),
      pythonCookie("fernet", TOM, { at: made }),
    );

  test("a fernet cookie is written at its token's time and ends maxAge later", async () => {
    const { session } = await at(NOW - 1000, NOW);
    assert.equal(session.createdAt, NOW - 1000);
    assert.equal(session.expiresAt, NOW - 1000 + FOURTEEN_DAYS);
    const shorter = await at(NOW - 1000, NOW, { maxAge: 2000, renewAfter: false });
    assert.equal(shorter.session.expiresAt, NOW + 1000);
    const longer = await at(NOW - 1000, NOW, { maxAge: 2 * FOURTEEN_DAYS });
    assert.equal(longer.session.expiresAt, NOW - 1000 + 2 * FOURTEEN_DAYS);
  });

  test("fernet: opens for maxAge, to the second, and from at most 60 s ahead", () => {
    const rows: [made: number | bigint, code: string | undefined][] = [
      [NOW - FOURTEEN_DAYS, "ERR_TOKEN_EXPIRED"],
      [NOW - FOURTEEN_DAYS + 1, undefined],
      [0, "ERR_TOKEN_EXPIRED"],
      [NOW + 60, undefined],
      [NOW + 61, "ERR_TOKEN_NOT_ACTIVE"],
      [2 ** 52, "ERR_TOKEN_NOT_ACTIVE"],
      [2n ** 53n - 1n, "ERR_TOKEN_NOT_ACTIVE"],
      [2n ** 53n, "ERR_TOKEN_NOT_ACTIVE"],
      [2n ** 64n - 1n, "ERR_TOKEN_NOT_ACTIVE"],
    ];
    for (const [made, code] of rows) {
      const service = shared("fernet");
      const { isNew } = service.sessions.read(pythonCookie("fernet", TOM, { at: made }));
      assert.deepEqual([isNew, service.invalid], [code !== undefined, code ? [code] : []]);
    }
  });

  test("fernet: is renewed after half of maxAge, with the time of the request", async () => {
    const half = FOURTEEN_DAYS / 2;
    assert.deepEqual((await at(NOW - half + 1, NOW)).setCookie, []);
    const { setCookie } = await at(NOW - half, NOW);
    assert.equal(timestampOf(cookieValue(setCookie[0])), NOW);
    assert.equal(pythonText("fernet", cookieValue(setCookie[0])), TOM);
    assert.deepEqual((await at(NOW - half, NOW, { renewAfter: false })).setCookie, []);
  });

  test("jwt and base64 have no time: they never expire and never need renewal", async () => {
    for (const type of ["jwt", "base64"] as const) {
      const cookie = pythonCookie(type, TOM);
      for (const now of [NOW, NOW + 100 * FOURTEEN_DAYS]) {
        for (const renewAfter of [0, 1, false] as const) {
          const made = shared(type, { clock: () => now, renewAfter });
          const { session, setCookie } = await visit(made, cookie);
          assert.equal(session.user, "tom");
          assert.deepEqual([session.createdAt, session.expiresAt], [now, now + FOURTEEN_DAYS]);
          assert.deepEqual([setCookie, made.invalid], [[], []]);
        }
      }
      // A clock that advances at every call.
      let ticks = NOW;
      const ticking = await visit(shared(type, { clock: () => ticks++, renewAfter: 0 }), cookie);
      assert.deepEqual([ticking.session.user, ticking.setCookie], ["tom", []]);
    }
  });

  test("touch rewrites the cookie of every type", async () => {
    for (const type of TYPES) {
      const { setCookie } = await visit(shared(type), pythonCookie(type, TOM), (session) =>
        session.touch(),
      );
      assert.equal(maxAgeOf(setCookie[0]), FOURTEEN_DAYS);
      assert.equal(pythonText(type, cookieValue(setCookie[0])), TOM);
    }
  });
});

describe("an id", () => {
  test("is the hash of the cookie's value: the same value gives the same id, another value another id", async () => {
    for (const type of TYPES) {
      const value = pythonValue(type, TOM);
      const made = shared(type);
      const first = made.sessions.read(`session=${value}`);
      assert.equal(first.id, idOfValue(value));
      assert.equal(made.sessions.attach(...exchange(`session=${value}`)).id, first.id);
      const { setCookie } = await visit(made, `session=${value}`, (session) => {
        session.user = "ann";
      });
      const next = made.sessions.read(pairOf(setCookie[0]));
      assert.equal(next.id, idOfValue(cookieValue(setCookie[0])));
      assert.notEqual(next.id, first.id);
    }
  });

  test("is random for a new session", () => {
    const { sessions: made } = shared("jwt");
    assert.notEqual(made.read(undefined).id, made.read(undefined).id);
  });
});
