/** Checks the tools of `npm run timing`: the t-test, and inputs that differ in one property alone. */

import assert from "node:assert/strict";
import { createDecipheriv, createHmac, createSecretKey } from "node:crypto";
import { describe, test } from "node:test";
import { Fernet } from "../../../src/fernet.ts";
import { Jwt } from "../../../src/jwt.ts";
import { seeded } from "../../helpers/token-random.ts";
import { refused } from "../../helpers/token-refusals.ts";
import { type Maker, wrongFernet, wrongJwt, wrongPadding } from "./inputs.ts";
import { leakyFernet, leakyJwt, leakyPadding } from "./leaks.ts";
import { type Sample, tests, worst } from "./welch.ts";

const KEY = Buffer.from("a key of thirty-two bytes, no more".slice(0, 32));
const SECRET = createSecretKey(KEY);
const SIGNING = createSecretKey(KEY.subarray(0, 16));
const ENCRYPTION = createSecretKey(KEY.subarray(16));

test("Welch's t agrees with the textbook", () => {
  // Means 2.5 and 5, variances 5/3 and 20/3: t = 2.5 / sqrt((5/3 + 20/3) / 4) = sqrt(3).
  const [whole] = tests(sample([1, 2, 3, 4], [2, 4, 6, 8]));
  assert.deepEqual([whole?.kept, whole?.samples, whole?.difference], [1, 8, 2.5]);
  assert.ok(Math.abs((whole?.t ?? 0) - Math.sqrt(3)) < 1e-12, String(whole?.t));
  assert.equal(worst(tests(sample([1, 2, 3, 4], [2, 4, 6, 8]))).t, whole?.t);
  const [other] = tests(sample([2, 4, 6, 8], [1, 2, 3, 4]));
  assert.equal(other?.t, -(whole?.t ?? 0));
});

test("a difference is found in spite of interruptions, and equal classes show no difference", (t) => {
  const random = seeded(t);
  const times = (length: number, extra: number): number[] =>
    Array.from({ length }, () => {
      const noise = random.below(200) + random.below(200) + random.below(200);
      return 4000 + noise + extra + (random.below(50) === 0 ? random.below(500_000) : 0);
    });
  const leak = tests(sample(times(50_000, 0), times(50_000, 10)));
  assert.ok(Math.abs(leak[0]?.t ?? 9) < 4.5, `${leak[0]?.t} without a crop`);
  assert.ok(worst(leak).t > 4.5, `${worst(leak).t} with the best`);
  const none = worst(tests(sample(times(50_000, 0), times(50_000, 0))));
  // One of a hundred thousand runs is beyond that by chance.
  assert.ok(Math.abs(none.t) < 5.5, `${none.t}`);
});

describe("the classes differ only in their property", () => {
  const rows: [what: string, make: Maker, at: [number, number]][] = [
    ["a JWT's MAC", wrongJwt(SECRET), [0, 31]],
    ["a Fernet token's MAC", wrongFernet(SIGNING, ENCRYPTION), [0, 31]],
  ];
  for (const [what, make, places] of rows) {
    test(`${what} is wrong in its first byte or its last`, () => {
      for (const kind of [0, 1] as const) {
        for (let round = 0; round < 50; round++) {
          const token = make(kind);
          const last = token.lastIndexOf(".");
          const frame = Buffer.from(token, "base64url");
          const [key, input, mac] =
            last < 0
              ? [SIGNING, frame.subarray(0, -32), frame.subarray(-32)]
              : [SECRET, token.slice(0, last), Buffer.from(token.slice(last + 1), "base64url")];
          const right = createHmac("sha256", key).update(input).digest();
          const wrong = [...right.keys()].filter((at) => right[at] !== mac[at]);
          assert.deepEqual(wrong, [places[kind]]);
        }
      }
    });
  }

  test("a Fernet token's padding is right or wrong, and its MAC is wrong", () => {
    const make = wrongPadding(ENCRYPTION);
    for (const kind of [0, 1] as const) {
      for (let round = 0; round < 50; round++) {
        const token = make(kind);
        const frame = Buffer.from(token, "base64url");
        const cipher = createDecipheriv("aes-128-cbc", ENCRYPTION, frame.subarray(9, 25));
        const blocks = frame.subarray(25, -32);
        const open = () => Buffer.concat([cipher.update(blocks), cipher.final()]);
        if (kind === 0) assert.equal(open().length, 40);
        else assert.throws(open);
        refused(() => new Fernet(KEY).decrypt(token), "ERR_TOKEN_INVALID");
      }
    }
  });

  test("tokens of both classes have the same length", () => {
    for (const make of [
      wrongJwt(SECRET),
      wrongFernet(SIGNING, ENCRYPTION),
      wrongPadding(ENCRYPTION),
    ]) {
      assert.equal(make(0).length, make(1).length);
      assert.notEqual(make(0), make(0));
    }
  });
});

test("the planted leaks are right except for their timing", () => {
  const token = new Jwt(KEY).sign({ sub: "tom" }, { now: 0 });
  assert.deepEqual(leakyJwt(SECRET)(token), { sub: "tom", iat: 0 });
  refused(() => leakyJwt(SECRET)(wrongJwt(SECRET)(1)), "ERR_TOKEN_SIGNATURE");
  const fernet = new Fernet(KEY).encrypt("tom");
  leakyFernet(SIGNING)(fernet);
  refused(() => leakyFernet(SIGNING)(wrongFernet(SIGNING, ENCRYPTION)(1)), "ERR_TOKEN_INVALID");
  const padding = leakyPadding(SIGNING, ENCRYPTION);
  assert.equal(String(padding(fernet)), "tom");
  for (const kind of [0, 1] as const) {
    refused(() => padding(wrongPadding(ENCRYPTION)(kind)), "ERR_TOKEN_INVALID");
  }
});

function sample(first: number[], second: number[]): Sample {
  const classes = [...first.map(() => 0), ...second.map(() => 1)];
  return { times: Float64Array.from([...first, ...second]), classes: Uint8Array.from(classes) };
}
