/**
 * Tokens of vectors/ through the command: of each kind and verdict the first that arguments can say. All of them are in
 * spec/evidence/cli, since each costs a process; spec/vectors.spec.ts holds the library itself to them.
 */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { AT_ONCE } from "../helpers/cli-process.ts";
import {
  flagsOf,
  inspect,
  isSayable,
  open,
  TOKENS,
  type Token,
  verdict,
} from "../helpers/cli-vectors.ts";

/** The first of each sort. */
function firsts(tokens: readonly Token[], sort: (token: Token) => string): Token[] {
  const found = new Map<string, Token>();
  for (const token of tokens) if (!found.has(sort(token))) found.set(sort(token), token);
  return [...found.values()];
}

const sayable = TOKENS.filter(isSayable);
const inspected = firsts(sayable, (token) => `${token.kind} ${verdict(token)}`);
const opened = firsts(
  sayable.filter((token) => flagsOf(token)?.length),
  (token) => `${flagsOf(token)?.[0]?.split("=")[0]} ${token.vector.error}`,
);

test("there is one of every verdict, and of every option", () => {
  assert.ok(inspected.length >= 12, `${inspected.length}`);
  const options = opened.flatMap((token) => flagsOf(token)?.map((flag) => flag.split("=")[0]));
  assert.equal(new Set(options).size, 8);
});

describe("inspect, with the key", { concurrency: AT_ONCE }, () => {
  for (const token of inspected) test(token.name, () => inspect(token));
});

describe("verify and decrypt, with a policy or a ttl", { concurrency: AT_ONCE }, () => {
  for (const token of opened) test(token.name, () => open(token));
});
