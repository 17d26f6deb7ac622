/**
 * npm run fuzz: compares every parser with an oracle that was written from the specifications, without src.
 *
 *     --seconds N    how long it runs in all, 10 by default
 *     --cases N      how many cases each parser gets, however long it takes
 *     --seed S       repeats the cases of an earlier run
 *     --only PARSER  runs one parser of parsers.ts
 *     --case N       runs that one case of the seed
 *     --record       writes the results to figures.json, beside those of other parsers
 */

import { randomInt } from "node:crypto";
import { misuse, optionsOf } from "../../helpers/command.ts";
import { recordFigures } from "../../helpers/figures.ts";
import { play, replay, type Tally } from "./engine.ts";
import { PARSERS } from "./parsers.ts";

const flags = optionsOf("fuzz", {
  seconds: { type: "string" },
  cases: { type: "string" },
  seed: { type: "string" },
  only: { type: "string" },
  case: { type: "string" },
  record: { type: "boolean", default: false },
});

const seed = whole("seed") ?? randomInt(2 ** 31);
const cases = whole("cases") ?? Infinity;
const only = whole("case");
const chosen = Object.entries(PARSERS).filter(([name]) => name === (flags.only ?? name));
if (chosen.length === 0) misuse("fuzz", `--only: ${Object.keys(PARSERS).join(", ")}`);
const seconds = whole("seconds") ?? (cases === Infinity ? 10 : Infinity);
const time = (seconds * 1000) / chosen.length;

// Most cases are refused, and nobody reads the stacks.
Error.stackTraceLimit = 0;

console.log(`seed ${seed}, Node ${process.versions.node}`);
for (const [name, parser] of chosen) {
  const begun = performance.now();
  const tally =
    only === undefined ? play(parser, seed, { cases, time }) : replay(parser, seed, only);
  report(name, tally, (performance.now() - begun) / 1000);
  if (flags.record) record(name, tally);
  if (tally.differed > 0) process.exitCode = 1;
}

function report(
  name: string,
  { cases, outcomes, differed, disagreements }: Tally,
  time: number,
): void {
  const rate = Math.round(cases / time).toLocaleString("en");
  console.log(`\n${name}: ${cases} cases, ${differed} disagreements, ${rate} cases/s`);
  for (const [outcome, count] of [...outcomes].sort(([a], [b]) => (a < b ? 1 : -1))) {
    console.log(`  ${String(count).padStart(10)} ${outcome}`);
  }
  for (const { case: number, ...found } of disagreements) {
    console.log(`  replay: npm run fuzz -- --only ${name} --seed ${seed} --case ${number}`);
    console.log(`    ${shown(found)}`);
  }
}

function record(name: string, { cases, outcomes, differed }: Tally): void {
  recordFigures("fuzz", name, {
    seed,
    cases,
    disagreements: differed,
    outcomes: Object.fromEntries([...outcomes].sort(([a], [b]) => (a < b ? -1 : 1))),
  });
}

/** Prints in ASCII, so that a look-alike shows. */
function shown(found: object): string {
  const text = JSON.stringify(found, (_, value) => {
    if (value instanceof Error) return String(value);
    return typeof value === "bigint" || value === Infinity || value === -Infinity
      ? String(value)
      : value;
  });
  return text.replaceAll(
    /[^ -~]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

function whole(name: "seconds" | "cases" | "seed" | "case"): number | undefined {
  const given = flags[name];
  if (given === undefined) return undefined;
  const number = Number(given);
  if (!Number.isSafeInteger(number) || number < 0) misuse("fuzz", `--${name}: a whole number`);
  return number;
}
