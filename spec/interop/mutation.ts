/**
 * npm run mutation: changes src/ in many small ways, and lists the changes that no spec notices.
 *
 *     npm run mutation -- jwt.ts internal/keys.ts  these files, all of src/ by default
 *     npm run mutation -- --changed                the files that changed since they were judged
 *     RANGE=1-99                                   only these lines
 *     WORKERS=n                                    how many processes, one a core by default
 *
 * Mutants are those of Stryker's mutators, and the source without each of its statements. Each is judged, up to the first
 * failure, by the specs that spec/evidence/mutation/plan.ts names for its file and that reach it.
 *
 * Fails where a mutant survives without a reason in spec/evidence/mutation/equivalent.json, where a reason there has no
 * survivor, and where the score of all files is under 98 %, equivalent mutants included.
 */

import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join, resolve } from "node:path";
import { sources, specsOf } from "../evidence/mutation/plan.ts";
import { misuse } from "../helpers/command.ts";
import { type Mutant, mutantsOf } from "./helpers/mutants.ts";
import { Sandbox } from "./helpers/sandbox.ts";

const ROOT = resolve(import.meta.dirname, "../..");
const DATA = join(ROOT, "spec/evidence/mutation");
const LEAST_SCORE = 98;
const { RANGE, WORKERS = String(availableParallelism()) } = process.env;
/** The time limit of a mutant: so many times the time of a spec without it, and so many milliseconds more. */
const [TIMES, MORE] = [4, 4000];
const LONGEST = 300_000;
const NOTICE = 10_000;

interface Mutation {
  readonly file: string;
  readonly line: string;
  readonly was: string;
  readonly now: string;
}

interface Score {
  /** The hash of the code that was judged. */
  readonly sha256: string;
  readonly mutants: number;
  readonly killed: number;
  readonly survived: number;
}

interface Spec {
  readonly name: string;
  readonly milliseconds: number;
  readonly reached: ReadonlySet<string>;
}

const equivalents = readData<(Mutation & { reason: string })[]>("equivalent.json");
const scores = readData<Record<string, Score>>("scores.json");
const given = process.argv.slice(2).map((name) => name.replace(/^src\//, ""));
const files = given.includes("--changed")
  ? sources.filter((file) => scores[file]?.sha256 !== hashOf(file))
  : given.length > 0
    ? given
    : sources;

const unknown = files.filter((file) => !sources.includes(file));
if (unknown.length > 0) misuse("mutation", `not of src/: ${unknown.join(", ")}`);

let wrong = 0;
const lanes: Sandbox[] = [];
process.once("exit", () => {
  for (const lane of lanes) lane.remove();
});
for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => process.exit(1));

const { mutants: all, instrumented } = await mutantsOf(join(ROOT, "src"), files);
const mutants = all.filter(isInRange);
const begun = Date.now();
const count = { done: 0, survived: 0, late: 0 };
const survivors = new Map<string, Mutant[]>(files.map((file) => [file, []]));
const left = new Map(
  files.map((file) => [file, mutants.filter((one) => one.file === file).length]),
);
/** How many mutants of a file each spec has killed: the best spec judges the next one first. */
const kills = new Map<string, number>();

lanes.push(new Sandbox(ROOT));
const specs = await measured(lanes[0] as Sandbox);
while (lanes.length < Number(WORKERS)) lanes.push(new Sandbox(ROOT, lanes[0]));
for (const [file, mutants] of left) if (mutants === 0) report(file);
const notice = setInterval(progress, NOTICE);
const queue = mutants.values();
await Promise.all(lanes.map(work));
clearInterval(notice);

const killed = mutants.length - count.survived;
const score = (100 * killed) / mutants.length;
const minutes = ((Date.now() - begun) / 60_000).toFixed(1);
console.log(
  `all: ${killed} of ${mutants.length} killed (${count.late} of them by time), ${score.toFixed(2)} %, in ${minutes} minutes`,
);
if (wrong > 0 || (given.length === 0 && score < LEAST_SCORE)) process.exitCode = 1;

/** Measures the time of each spec and the mutants that it reaches, in an instrumented copy; each spec must pass. */
async function measured(plain: Sandbox): Promise<ReadonlyMap<string, Spec>> {
  const names = new Set(
    files.flatMap((file) => [...specsOf(file).first, ...specsOf(file).rest]),
  ).values();
  const telling = new Sandbox(ROOT, plain);
  for (const [file, code] of instrumented) telling.put(file, code);
  const found = new Map<string, Spec>();
  const measure = async (): Promise<void> => {
    for (const name of names) {
      const start = performance.now();
      const reached = await telling.reached(name, LONGEST);
      if (reached === undefined) throw new Error(`spec/${name}.spec.ts fails without any mutant`);
      found.set(name, { name, milliseconds: performance.now() - start, reached });
    }
  };
  const notice = setInterval(() => console.log(`  ${found.size} specs measured`), NOTICE);
  try {
    await Promise.all(Array.from({ length: Number(WORKERS) }, measure));
  } finally {
    clearInterval(notice);
    telling.remove();
  }
  return found;
}

/** Judges mutants, one by one, until none is left. */
async function work(lane: Sandbox): Promise<void> {
  for (const mutant of queue) {
    lane.put(mutant.file, mutant.code);
    const killed = await isKilled(lane, mutant);
    lane.restore(mutant.file);
    if (!killed) {
      count.survived++;
      survivors.get(mutant.file)?.push(mutant);
      if (!isListed(mutant)) tell("survived", mutant);
    }
    count.done++;
    const more = (left.get(mutant.file) ?? 0) - 1;
    left.set(mutant.file, more);
    if (more === 0) report(mutant.file);
  }
}

async function isKilled(lane: Sandbox, mutant: Mutant): Promise<boolean> {
  const { first, rest } = specsOf(mutant.file);
  const of = ({ name }: Spec) =>
    kills.get(`${mutant.file} ${name}`) ?? (first.includes(name) ? 0.5 : 0);
  // A mutant that is listed as equivalent is judged only by the specs for its file.
  const reaching = (isListed(mutant) ? [...first] : [...first, ...rest])
    .map((name) => specs.get(name) as Spec)
    .filter(({ reached }) => reached.has(mutant.id))
    .sort((one, other) => of(other) - of(one) || one.milliseconds - other.milliseconds);
  for (const spec of reaching) {
    const outcome = await lane.run(spec.name, TIMES * spec.milliseconds + MORE);
    if (outcome === "passed") continue;
    if (outcome === "late") count.late++;
    kills.set(`${mutant.file} ${spec.name}`, of(spec) + 1);
    return true;
  }
  return false;
}

/** Prints the survivors of a file, and the entries of equivalent.json that have no mutant any more. */
function report(file: string): void {
  const alive = survivors.get(file) ?? [];
  const total = mutants.filter((one) => one.file === file).length;
  const killed = total - alive.length;
  console.log(`${file}: ${killed} of ${total} killed`);
  if (RANGE !== undefined) return;
  const keys = alive.map(key);
  for (const { reason, ...entry } of equivalents.filter((one) => one.file === file)) {
    const index = keys.indexOf(key(entry));
    if (index < 0) tell("killed, but listed as equivalent", entry);
    else keys.splice(index, 1);
  }
  scores[file] = { sha256: hashOf(file), mutants: total, killed, survived: alive.length };
  const kept = sources.flatMap((name) => (scores[name] ? [[name, scores[name]]] : []));
  const text = JSON.stringify(Object.fromEntries(kept), null, 2);
  writeFileSync(join(DATA, "scores.json"), `${text}\n`);
}

function progress(): void {
  const seconds = (Date.now() - begun) / 1000;
  const minutes = (seconds * (mutants.length - count.done)) / count.done / 60;
  console.log(
    `  ${count.done} of ${mutants.length}, ${count.survived} survived so far, ${minutes.toFixed(0)} minutes left`,
  );
}

function isInRange({ from, to }: Mutant): boolean {
  if (RANGE === undefined) return true;
  const [first = 1, last = first] = RANGE.split("-").map(Number);
  return from >= first && to <= last;
}

function isListed(mutation: Mutation): boolean {
  return equivalents.some((entry) => key(entry) === key(mutation));
}

/** Hashes the code without comments on lines of their own, which no spec could notice. */
function hashOf(file: string): string {
  const text = readFileSync(join(ROOT, "src", file), "utf8");
  const code = text.replace(/^\s*(?:\/\*[\s\S]*?\*\/|\/\/.*)\n/gm, "");
  return createHash("sha256").update(code).digest("hex");
}

function tell(what: string, { file, line, was, now }: Mutation): void {
  wrong++;
  console.log(`${what}: ${JSON.stringify({ file, line, was, now }, null, 2)}`);
}

function key({ file, line, was, now }: Mutation): string {
  return JSON.stringify({ file, line, was, now });
}

function readData<T>(name: string): T {
  return JSON.parse(readFileSync(join(DATA, name), "utf8")) as T;
}
