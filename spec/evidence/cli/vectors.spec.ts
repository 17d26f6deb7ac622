/**
 * Sends every token of vectors/ to `bulla inspect` with its key, and to `verify` or `decrypt` where a policy, a ttl or a
 * bad key decides. Each is a process: half a minute on two cores.
 */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { AT_ONCE } from "../../helpers/cli-process.ts";
import { flagsOf, inspect, isSayable, open, TOKENS, unique } from "../../helpers/cli-vectors.ts";

const sayable = TOKENS.filter(isSayable);
const inspected = unique(sayable);
const opened = sayable.filter((token) => {
  const { test: kind, error } = token.vector;
  if (kind.startsWith("asgi.")) return false;
  return error === "ERR_KEY" || (flagsOf(token)?.length && error !== "ERR_TOKEN_INVALID");
});

test("only tokens that arguments cannot express are left out", () => {
  const lost = TOKENS.filter((token) => !isSayable(token)).map(({ name }) => name);
  assert.deepEqual(lost.toSorted(), [
    "bulla: Fernet: ttl 60 half a second later",
    "bulla: JWT: fractional exp at its instant",
    "bulla: JWT: key refused: JWK for HS512",
    "bulla: JWT: key refused: JWK of 31 octets",
    "bulla: JWT: key refused: JWK padded",
    "bulla: JWT: key refused: JWK that is RSA",
    "bulla: JWT: key refused: JWK with trailing bits",
    "bulla: JWT: key refused: no key",
  ]);
  assert.ok(inspected.length >= 250, `${inspected.length}`);
});

describe("inspect, with the key", { concurrency: AT_ONCE }, () => {
  for (const token of inspected) test(token.name, () => inspect(token));
});

describe("verify and decrypt, where a policy, a ttl or a bad key decides", {
  concurrency: AT_ONCE,
}, () => {
  for (const token of opened) test(token.name, () => open(token));
});
