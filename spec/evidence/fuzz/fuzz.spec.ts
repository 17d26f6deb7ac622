/**
 * Runs some thousand cases of each parser against the oracle of spec/evidence/fuzz, and shows that it finds a lenient
 * parser. `npm run fuzz` runs as many as one likes.
 */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { TokenError } from "../../../src/internal/errors.ts";
import { judge, play, replay } from "./engine.ts";
import { refuse, type Verdict } from "./oracle/verdict.ts";
import { PARSERS, type Parser } from "./parsers.ts";

const SEED = Number(process.env.SEED ?? 20_260_101);

describe(`src agrees with the oracle, SEED=${SEED}`, () => {
  for (const [name, parser] of Object.entries(PARSERS)) {
    test(name, () => {
      const tally = play(parser, SEED, { cases: 6000, time: Infinity });
      assert.deepEqual(tally.disagreements, []);
      assert.equal(tally.cases, 6000);
      // Every possible code came up, and enough good cases were accepted.
      const accepted = tally.outcomes.get("accepted") ?? 0;
      assert.ok(accepted > 600, `${accepted} accepted`);
      const codes: Record<string, number> = {
        ...{ base64url: 2, jwt: 10, unverified: 3, fernet: 5, cookie: 1, session: 11 },
      };
      assert.equal(tally.outcomes.size, codes[name], [...tally.outcomes.keys()].join());
    });
  }

  test("a case is the same each time, alone and among others", () => {
    for (const parser of Object.values(PARSERS)) {
      const all = play(parser, SEED, { cases: 40, time: Infinity });
      const again = new Map<string, number>();
      for (let number = 0; number < 40; number++) {
        for (const [outcome, count] of replay(parser, SEED, number).outcomes) {
          again.set(outcome, (again.get(outcome) ?? 0) + count);
        }
      }
      assert.deepEqual(again, all.outcomes);
    }
  });
});

describe("a lenient reader is found", () => {
  const fold = (text: string) => Buffer.from(text, "latin1").toString("latin1");
  const LENIENT: Record<string, readonly ((text: string) => string)[]> = {
    base64url: [
      fold,
      (text) => text.normalize("NFKC"),
      (text) => text.trim(),
      (text) => text.replaceAll("+", "-"),
      (text) => Buffer.from(text, "base64url").toString("base64url"),
    ],
    jwt: [
      fold,
      (text) => text.normalize("NFKC"),
      (text) => text.trim(),
      (text) => text.replaceAll("=", ""),
      (text) => text.split(".").slice(0, 3).join("."),
      (text) => text.replaceAll("+", "-"),
    ],
    fernet: [
      fold,
      (text) => text.normalize("NFKC"),
      (text) => text.trim(),
      (text) => Buffer.from(text, "base64url").toString("base64url"),
      (text) => text.replaceAll("+", "-").replaceAll("/", "_"),
    ],
    cookie: [
      fold,
      (text) => text.normalize("NFKC"),
      (text) => text.trim(),
      (text) => text.replaceAll('"', ""),
      (text) => text.replaceAll(",", ";"),
      (text) => text.toLowerCase(),
      (text) => text.replaceAll(/%[\da-f]{2}/gi, decodeURIComponent),
    ],
    session: [
      fold,
      (text) => text.normalize("NFKC"),
      (text) => text.replaceAll('"', ""),
      (text) => text.replace(/=+$/, ""),
      (text) => text.replaceAll("+", "-").replaceAll("/", "_"),
      (text) => text.replaceAll(/%[\da-f]{2}/gi, decodeURIComponent),
    ],
  };
  for (const [name, readers] of Object.entries(LENIENT)) {
    for (const lenient of readers) {
      test(`${name}: ${lenient}`, () => {
        const parser = PARSERS[name] as Parser;
        const reading: Parser = (random) => {
          const trial = parser(random);
          return { ...trial, ours: (text) => trial.ours(lenient(text)) };
        };
        const { differed } = play(reading, SEED, { cases: 6000, time: Infinity });
        assert.ok(differed > 0);
      });
    }
  }
});

test("every difference from the oracle is a disagreement", () => {
  const throwing = (error: unknown) => () => {
    throw error;
  };
  const malformed = throwing(new TokenError("ERR_TOKEN_MALFORMED"));
  const refused = refuse("ERR_TOKEN_MALFORMED", "ERR_TOKEN_CLAIM exp");
  const own = JSON.parse('{"__proto__":1}');
  const rows: [ours: () => unknown, verdict: Verdict<unknown>, outcome: string | undefined][] = [
    [() => 1, { value: 1 }, "accepted"],
    [() => ({ a: [own] }), { value: { a: [own] } }, "accepted"],
    [malformed, refused, "ERR_TOKEN_MALFORMED"],
    [throwing(new TokenError("ERR_TOKEN_CLAIM", "exp")), refused, "ERR_TOKEN_CLAIM"],
    [throwing(new TokenError("ERR_TOKEN_CLAIM", "nbf")), refused, undefined],
    [throwing(new TokenError("ERR_TOKEN_EXPIRED")), refused, undefined],
    [throwing(new RangeError("ERR_TOKEN_MALFORMED")), refused, undefined],
    [malformed, { value: undefined }, undefined],
    [() => undefined, refused, undefined],
    [() => [1, 2], { value: [1] }, undefined],
    [() => ({ a: 0 }), { value: { a: -0 } }, undefined],
    [() => ({ a: 1, b: 2 }), { value: { b: 2, a: 1 } }, undefined],
    [() => ({}), { value: own }, undefined],
    [() => Object.create(null), { value: {} }, undefined],
  ];
  for (const [ours, verdict, outcome] of rows) {
    assert.equal(judge({ text: "", ours, oracle: () => verdict }).outcome, outcome);
  }
});
