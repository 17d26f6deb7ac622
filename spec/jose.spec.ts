/** Clauses of RFC 7515, 7518, 7519 and the Fernet spec that no other spec covers. */

import assert from "node:assert/strict";
import crypto from "node:crypto";
import { syncBuiltinESMExports } from "node:module";
import { mock, test } from "node:test";
import { Fernet } from "../src/fernet.ts";
import { TokenError } from "../src/internal/errors.ts";
import { decodeUnverified, Jwt } from "../src/jwt.ts";
import { jws } from "./helpers/token-forge.ts";

const KEY = Buffer.from(Array.from({ length: 32 }, (_, index) => 5 * index + 7));

/** Runs `work` and returns the pairs of bytes that were given to timingSafeEqual. */
function compared(work: () => void): (readonly [Buffer, Buffer])[] {
  const pairs: (readonly [Buffer, Buffer])[] = [];
  const real = crypto.timingSafeEqual;
  const spy = mock.method(crypto, "timingSafeEqual", (a: Buffer, b: Buffer) => {
    pairs.push([Buffer.from(a), Buffer.from(b)]);
    return real(a, b);
  });
  syncBuiltinESMExports();
  try {
    work();
  } finally {
    spy.mock.restore();
    syncBuiltinESMExports();
  }
  return pairs;
}

/** Replaces the first or the last character of the MAC; the new one is valid base64url too. */
function spoilt(token: string, at: number): string {
  const before = token.at(at) === "A" ? "E" : "A";
  const index = at < 0 ? token.length + at : at;
  return token.slice(0, index) + before + token.slice(index + 1);
}

test("compares every MAC once, in full, by timingSafeEqual [fernet-verifying-c]", () => {
  for (const length of [10, 20_000]) {
    const jwt = new Jwt(KEY, { maxTokenLength: 100_000 });
    const fernet = new Fernet(KEY);
    const token = jwt.sign({ text: "x".repeat(length) }, { now: 0 });
    const sealed = fernet.encrypt("x".repeat(length));
    const first = token.lastIndexOf(".") + 1;
    // A JWT's MAC is compared in its base64url form.
    const cases: [work: () => void, good: boolean, bytes: number][] = [
      [() => jwt.verify(token), true, 43],
      [() => jwt.verify(spoilt(token, first)), false, 43],
      [() => jwt.verify(spoilt(token, -1)), false, 43],
      [() => fernet.decrypt(sealed), true, 32],
      [() => fernet.decrypt(spoilt(sealed, 40)), false, 32],
    ];
    for (const [work, good, bytes] of cases) {
      const pairs = compared(() => {
        if (good) work();
        else assert.throws(work, TokenError);
      });
      assert.equal(pairs.length, 1);
      for (const [expected, given] of pairs) {
        assert.deepEqual([expected.length, given.length], [bytes, bytes]);
        assert.equal(expected.equals(given), good);
      }
    }
  }
});

test("writes only alg, typ and the key's kid into the header [7515-4.1.11]", () => {
  const headerOf = (jwt: Jwt): object => decodeUnverified(jwt.sign({}, { now: 0 })).header;
  const k = KEY.toString("base64url");
  assert.deepEqual(headerOf(new Jwt(KEY)), { alg: "HS256", typ: "JWT" });
  const typed = new Jwt({ kty: "oct", k, kid: "one" }, { typ: "at+jwt", audience: "x" });
  assert.deepEqual(headerOf(typed), { alg: "HS256", typ: "at+jwt", kid: "one" });
});

test("a token inside a token is malformed [7519-5.2]", () => {
  const inner = new Jwt(KEY).sign({ sub: "tom" });
  for (const payload of [inner, JSON.stringify(inner)]) {
    const outer = jws({ alg: "HS256", typ: "JWT", cty: "JWT" }, payload, KEY);
    assert.throws(() => new Jwt(KEY).verify(outer), { code: "ERR_TOKEN_MALFORMED" });
  }
});
