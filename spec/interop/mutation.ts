/**
 * Mutation testing of src/ with Stryker: `npm run mutation`, or `npm run mutation -- cookie.ts internal/keys.ts`
 * for some of its files, with RANGE=1-99 for some of a file's lines. Each file is judged by the specs that
 * spec/evidence/mutation/plan.json names first for it; what survives them, and is not known to be equivalent, by the
 * others too.
 *
 * Fails where a mutant survives that spec/evidence/mutation/equivalent.json does not give a reason for, where a reason
 * there has no survivor, and where the score of all files, equivalent mutants and all, is under 97 %.
 */

import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join, relative, resolve } from "node:path";
import { Stryker } from "@stryker-mutator/core";

type MutantResult = Awaited<ReturnType<Stryker["runMutationTest"]>>[number];

const ROOT = resolve(import.meta.dirname, "../..");
const DATA = join(ROOT, "spec/evidence/mutation");
const REPORTER = join(import.meta.dirname, "helpers/bare-tap.ts");
const LEAST_SCORE = 97;
const { RANGE } = process.env;

/** A mutant, told by the line that it is in, so that the entry outlives changes elsewhere in the file. */
interface Mutation {
  readonly file: string;
  readonly line: string;
  readonly was: string;
  readonly now: string;
}

interface Equivalent extends Mutation {
  readonly reason: string;
}

interface Score {
  /** Of the source as it was judged. */
  readonly sha256: string;
  readonly mutants: number;
  readonly killed: number;
  readonly survived: number;
}

const plan = readData<Record<"first" | "then", Record<string, string[]>>>("plan.json");
const equivalents = readData<Equivalent[]>("equivalent.json");
const scores = readData<Record<string, Score>>("scores.json");

process.chdir(ROOT);
// Each mutant is a process of its own.
process.env.NODE_COMPILE_CACHE ??= join(tmpdir(), "bulla-mutation-cache");
// Stryker's runner calls "node": let it be this one.
process.env.PATH = `${dirname(process.execPath)}${delimiter}${process.env.PATH}`;

const given = process.argv.slice(2).map((name) => name.replace(/^src\//, ""));
const files = given.length > 0 ? given : Object.keys(plan.first);
let wrong = 0;
const total = { mutants: 0, killed: 0, equivalent: 0 };
for (const file of files) {
  report(file, await judged(file));
  writeFileSync(join(DATA, "scores.json"), `${JSON.stringify(scores, null, 2)}\n`);
}
const { mutants, killed, equivalent } = total;
const score = (100 * killed) / mutants;
console.log(
  `all: ${killed} of ${mutants} killed, ${score.toFixed(2)} %; ${equivalent} are equivalent`,
);
if ((given.length === 0 && score < LEAST_SCORE) || wrong > 0) process.exitCode = 1;

/** The mutants of a file with what became of each. */
async function judged(file: string): Promise<MutantResult[]> {
  const mutated = RANGE === undefined ? `src/${file}` : `src/${file}:${RANGE}`;
  const results = await mutate([mutated], plan.first[file] ?? []);
  const left = results.filter((result) => survives(result) && !isEquivalent(file, result));
  if (left.length === 0) return results;
  const again = await mutate(left.map(rangeOf), plan.then[file] ?? []);
  const killed = new Set(again.filter((result) => !survives(result)).map(placeOf));
  for (const result of left) if (killed.has(placeOf(result))) result.status = "Killed";
  return results;
}

async function mutate(mutated: string[], specs: readonly string[]): Promise<MutantResult[]> {
  const tempDirName = mkdtempSync(join(tmpdir(), "bulla-mutation-"));
  const types = "typescript" in process.features && process.features.typescript !== false;
  const options = {
    mutate: mutated,
    plugins: ["@stryker-mutator/tap-runner"],
    testRunner: "tap",
    tap: {
      testFiles: specs.map((name) => `spec/${name}.spec.ts`),
      nodeArgs: [...(types ? [] : ["--import", "tsx"]), `--test-reporter=${REPORTER}`],
    },
    coverageAnalysis: "perTest",
    concurrency: 1,
    timeoutMS: 8000,
    disableTypeChecks: false,
    // None: Stryker would rewrite it with an interface that TypeScript 7 does not have.
    tsconfigFile: "none",
    ignorePatterns: ["spec/interop", "examples", "dist"],
    tempDirName,
    cleanTempDir: "always",
    reporters: [],
    logLevel: "error",
    allowConsoleColors: false,
  };
  try {
    return await new Stryker(options as never).runMutationTest();
  } finally {
    rmSync(tempDirName, { recursive: true, force: true });
  }
}

function report(file: string, results: readonly MutantResult[]): void {
  const source = readFileSync(join(ROOT, "src", file), "utf8");
  // What cannot even be loaded, and so fails every spec, is no mutant to Stryker; nor is it here.
  const mutants = results.filter(({ status }) => status !== "Ignored" && status !== "RuntimeError");
  const survivors = mutants.filter(survives).map((result) => mutationOf(file, result));
  const sha256 = createHash("sha256").update(source).digest("hex");
  const killed = mutants.length - survivors.length;
  if (RANGE === undefined)
    scores[file] = { sha256, mutants: mutants.length, killed, survived: survivors.length };
  total.mutants += mutants.length;
  total.killed += killed;
  console.log(`${file}: ${killed} of ${mutants.length} killed`);
  const reasons = equivalents.filter((entry) => entry.file === file).map(key);
  for (const survivor of survivors) {
    const index = reasons.indexOf(key(survivor));
    if (index < 0) {
      tell("survived", survivor);
      continue;
    }
    reasons.splice(index, 1);
    total.equivalent++;
  }
  if (RANGE !== undefined) return;
  for (const reason of reasons) tell("killed, but listed as equivalent", JSON.parse(reason));
}

function survives({ status }: MutantResult): boolean {
  return status === "Survived" || status === "NoCoverage";
}

function isEquivalent(file: string, result: MutantResult): boolean {
  const mutation = key(mutationOf(file, result));
  return equivalents.some((entry) => key(entry) === mutation);
}

/** As Stryker's option `mutate` has it. */
function rangeOf({ fileName, location: { start, end } }: MutantResult): string {
  return `${relative(ROOT, resolve(fileName))}:${start.line}:${start.column - 1}-${end.line}:${end.column - 1}`;
}

function placeOf(result: MutantResult): string {
  return `${rangeOf(result)} ${result.replacement}`;
}

function mutationOf(file: string, result: MutantResult): Mutation {
  const lines = readFileSync(join(ROOT, "src", file), "utf8").split("\n");
  // Both count from one.
  const { start, end } = result.location;
  const line = lines[start.line - 1] ?? "";
  const inner = lines.slice(start.line - 1, end.line);
  inner[inner.length - 1] = (inner.at(-1) ?? "").slice(0, end.column - 1);
  inner[0] = (inner[0] ?? "").slice(start.column - 1);
  return { file, line: line.trim(), was: inner.join("\n"), now: result.replacement ?? "" };
}

function tell(what: string, mutation: Mutation): void {
  wrong++;
  console.log(`${what}: ${JSON.stringify(mutation, null, 2)}`);
}

function key({ file, line, was, now }: Mutation): string {
  return JSON.stringify({ file, line, was, now });
}

function readData<T>(name: string): T {
  return JSON.parse(readFileSync(join(DATA, name), "utf8")) as T;
}
