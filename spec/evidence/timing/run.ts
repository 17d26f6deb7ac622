/**
 * npm run timing: tests if the time of a refusal shows where a MAC is wrong, or what is under it.
 * Beside each test stands a planted leak, which the same test has to find.
 *
 *     --samples N  for each test, 1,000,000 by default
 *     --record     writes the worst |t| of each to figures.json
 *
 * Exits with 1 if |t| reaches 4.5 for bulla at any crop, or does not for a leak.
 */

import { createSecretKey, randomBytes } from "node:crypto";
import { cpus } from "node:os";
import { Fernet } from "../../../src/fernet.ts";
import { Jwt } from "../../../src/jwt.ts";
import { misuse, optionsOf, progress } from "../../helpers/command.ts";
import { recordFigures } from "../../helpers/figures.ts";
import { type Maker, wrongFernet, wrongJwt, wrongPadding } from "./inputs.ts";
import { leakyFernet, leakyJwt, leakyPadding } from "./leaks.ts";
import { type Sample, tests, worst } from "./welch.ts";

const THRESHOLD = 4.5;
/** How many tokens are made at once, outside the measurement. */
const BATCH = 10_000;
const WARMUP = 2 * BATCH;

const flags = optionsOf("timing", {
  samples: { type: "string", default: "1000000" },
  record: { type: "boolean", default: false },
});
const samples = Number(flags.samples);
if (!Number.isSafeInteger(samples) || samples < 1000) misuse("timing", "--samples: 1000 or more");

// The stack of an error is the same for both classes, so it is only noise.
Error.stackTraceLimit = 0;

const key = randomBytes(32);
const secret = createSecretKey(key);
const signing = createSecretKey(key.subarray(0, 16));
const encryption = createSecretKey(key.subarray(16));
const jwt = new Jwt(key);
const fernet = new Fernet(key);

const SUBJECTS: readonly [title: string, make: Maker, ours: Verifier, leak: Verifier][] = [
  [
    "JWT: the MAC wrong in its first byte, or in its last",
    wrongJwt(secret),
    (token) => jwt.verify(token),
    leakyJwt(secret),
  ],
  [
    "Fernet: the MAC wrong in its first byte, or in its last",
    wrongFernet(signing, encryption),
    (token) => fernet.decrypt(token),
    leakyFernet(signing),
  ],
  [
    "Fernet: the padding right, or wrong, under a wrong MAC",
    wrongPadding(encryption),
    (token) => fernet.decrypt(token),
    leakyPadding(signing, encryption),
  ],
];

type Verifier = (token: string) => unknown;

console.log(`Node ${process.versions.node}, ${process.arch}, ${cpus()[0]?.model.trim()}`);
console.log(`${samples} samples a test; |t| has to be below ${THRESHOLD}, and above it for a leak`);
for (const [title, make, ours, leak] of SUBJECTS) {
  console.log(`\n${title}`);
  const worstOfOurs = report("bulla", measure(make, ours));
  const worstOfLeak = report("planted leak", measure(make, leak));
  const held = worstOfOurs < THRESHOLD;
  const found = worstOfLeak >= THRESHOLD;
  const figures = { samples, t: worstOfOurs, leak: worstOfLeak };
  if (flags.record) recordFigures("timing", title, figures);
  if (!held || !found) process.exitCode = 1;
  if (!held) console.log("  MISSED: the time tells the class");
  if (!found) console.log("  MISSED: the test does not find the leak");
}

/** The times of refusals, with the classes in random order. */
function measure(make: Maker, verify: Verifier): Sample {
  const times = new Float64Array(samples);
  const classes = new Uint8Array(samples);
  const tokens: string[] = new Array(BATCH);
  for (let done = -WARMUP; done < samples; done += BATCH) {
    progress(() => `${Math.max(done, 0)} of ${samples} samples`);
    const kinds = randomBytes(BATCH);
    for (let index = 0; index < BATCH; index++) {
      tokens[index] = make(((kinds[index] as number) & 1) as 0 | 1);
    }
    for (let index = 0; index < BATCH; index++) {
      const time = timeOf(verify, tokens[index] as string);
      const at = done + index;
      if (at < 0 || at >= samples) continue;
      times[at] = time;
      classes[at] = (kinds[index] as number) & 1;
    }
  }
  return { times, classes };
}

/** The time of a refusal, in nanoseconds. */
function timeOf(verify: Verifier, token: string): number {
  const begun = performance.now();
  try {
    verify(token);
  } catch {
    return (performance.now() - begun) * 1e6;
  }
  throw new Error("a wrong token was accepted");
}

/** Prints the tests at every crop, and returns the worst |t|. */
function report(who: string, sample: Sample): number {
  const all = tests(sample);
  const { t, kept, difference } = worst(all);
  const list = all.map((test) => `${percent(test.kept)} ${test.t.toFixed(2)}`).join(", ");
  console.log(
    `  ${who}: worst t ${t.toFixed(2)} (${difference.toFixed(1)} ns apart, of the fastest ${percent(kept)})`,
  );
  console.log(`    t by part kept: ${list}`);
  return Math.abs(t);
}

function percent(part: number): string {
  return `${+(100 * part).toFixed(1)} %`;
}
