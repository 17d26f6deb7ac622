/** Runs cases against the oracle, counts the outcomes, and keeps the disagreements. */

import { TokenError } from "../../../src/internal/errors.ts";
import { progress } from "../../helpers/command.ts";
import type { Parser, Trial } from "./parsers.ts";
import { Random } from "./random.ts";

export interface Disagreement {
  readonly seed: number;
  readonly case: number;
  readonly text: string;
  readonly given: object;
  readonly ours: unknown;
  readonly oracle: unknown;
}

export interface Tally {
  cases: number;
  /** The number of accepted cases, and of cases for each error code. */
  readonly outcomes: Map<string, number>;
  differed: number;
  /** The first disagreements. */
  readonly disagreements: Disagreement[];
}

export interface Limits {
  readonly cases: number;
  /** In milliseconds. */
  readonly time: number;
}

const KEPT = 10;
/** How many cases run between two looks at the clock. */
const BATCH = 500;

export function play(parser: Parser, seed: number, limits: Limits): Tally {
  const tally: Tally = { cases: 0, outcomes: new Map(), differed: 0, disagreements: [] };
  const random = new Random();
  const end = performance.now() + limits.time;
  while (tally.cases < limits.cases && performance.now() < end) {
    const batch = Math.min(limits.cases - tally.cases, BATCH);
    for (let left = batch; left > 0; left--) playOne(parser, random, seed, tally);
    progress(() => `${tally.cases.toLocaleString("en")} cases`);
  }
  return tally;
}

/** Runs that case and no other. */
export function replay(parser: Parser, seed: number, number: number): Tally {
  const tally: Tally = { cases: number, outcomes: new Map(), differed: 0, disagreements: [] };
  playOne(parser, new Random(), seed, tally);
  return { ...tally, cases: 1 };
}

function playOne(parser: Parser, random: Random, seed: number, tally: Tally): void {
  random.start(seed, tally.cases);
  const trial = parser(random);
  const { outcome, ours, oracle } = judge(trial);
  if (outcome === undefined) {
    tally.differed++;
    const { text, given } = trial;
    const found = { seed, case: tally.cases, text, given, ours, oracle };
    if (tally.disagreements.length < KEPT) tally.disagreements.push(found);
  } else {
    tally.outcomes.set(outcome, (tally.outcomes.get(outcome) ?? 0) + 1);
  }
  tally.cases++;
}

interface Judged {
  /** `accepted` or a code; undefined where src and the oracle differ. */
  readonly outcome?: string;
  readonly ours: unknown;
  readonly oracle: unknown;
}

export function judge({ text, ours, oracle }: Omit<Trial, "given">): Judged {
  const verdict = oracle(text);
  let value: unknown;
  try {
    value = ours(text);
  } catch (error) {
    if (!(error instanceof TokenError)) return { ours: error, oracle: verdict };
    const fault = error.claim === undefined ? error.code : `${error.code} ${error.claim}`;
    const agreed = "faults" in verdict && verdict.faults.includes(fault);
    return { ...(agreed ? { outcome: error.code } : {}), ours: fault, oracle: verdict };
  }
  const agreed = "value" in verdict && same(value, verdict.value);
  return { ...(agreed ? { outcome: "accepted" } : {}), ours: { value }, oracle: verdict };
}

/** Tells if two values are identical, with the order of their members and their prototypes. */
export function same(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (Object.getPrototypeOf(a) !== Object.getPrototypeOf(b)) return false;
  if (Array.isArray(a) && Array.isArray(b)) {
    return a.length === b.length && a.every((item, at) => same(item, b[at]));
  }
  const [names, others] = [Object.keys(a), Object.keys(b)];
  return (
    names.length === others.length &&
    names.every(
      (name, at) =>
        name === others[at] &&
        same((a as Record<string, unknown>)[name], (b as Record<string, unknown>)[name]),
    )
  );
}
