/**
 * Mutation testing of src/ with Stryker: `npm run mutation`, or `npm run mutation -- cookie.ts internal/keys.ts`
 * for some of its files. Each file is judged by the specs that spec/mutation/plan.json names for it.
 *
 * Fails where a mutant survives that spec/mutation/equivalent.json does not give a reason for, where a reason
 * there has no survivor, and where the score of all that ran is under 97 %.
 */

import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join, resolve } from "node:path";
import { Stryker } from "@stryker-mutator/core";

type MutantResult = Awaited<ReturnType<Stryker["runMutationTest"]>>[number];

const ROOT = resolve(import.meta.dirname, "../..");
const DATA = join(ROOT, "spec/mutation");
const REPORTER = join(import.meta.dirname, "helpers/bare-tap.ts");
const LEAST_SCORE = 97;

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

const plan = readData<Record<string, string[]>>("plan.json");
const equivalents = readData<Equivalent[]>("equivalent.json");
const scores = readData<Record<string, Score>>("scores.json");

process.chdir(ROOT);
// Stryker's runner calls "node": let it be this one.
process.env.PATH = `${dirname(process.execPath)}${delimiter}${process.env.PATH}`;

const given = process.argv.slice(2).map((name) => name.replace(/^src\//, ""));
const files = given.length > 0 ? given : Object.keys(plan);
let wrong = 0;
for (const file of files) {
  const results = await mutate(file);
  report(file, results);
  writeFileSync(join(DATA, "scores.json"), `${JSON.stringify(scores, null, 2)}\n`);
}
const total = { mutants: 0, killed: 0 };
for (const file of files) {
  total.mutants += scores[file]?.mutants ?? 0;
  total.killed += scores[file]?.killed ?? 0;
}
const score = (100 * total.killed) / total.mutants;
console.log(`all: ${total.killed} of ${total.mutants} killed, ${score.toFixed(2)} %`);
if (score < LEAST_SCORE || wrong > 0) process.exitCode = 1;

async function mutate(file: string): Promise<MutantResult[]> {
  const tempDirName = mkdtempSync(join(tmpdir(), "bulla-mutation-"));
  const types = "typescript" in process.features && process.features.typescript !== false;
  try {
    return await new Stryker({
      mutate: [`src/${file}`],
      plugins: ["@stryker-mutator/tap-runner"],
      testRunner: "tap",
      tap: {
        testFiles: (plan[file] ?? []).map((name) => `spec/${name}.spec.ts`),
        nodeArgs: [...(types ? [] : ["--import", "tsx"]), `--test-reporter=${REPORTER}`],
      },
      coverageAnalysis: "perTest",
      concurrency: 1,
      timeoutMS: 4000,
      disableTypeChecks: false,
      // None: Stryker would rewrite it with an interface that TypeScript 7 does not have.
      tsconfigFile: "none",
      ignorePatterns: ["spec/interop", "examples", "dist"],
      tempDirName,
      cleanTempDir: "always",
      reporters: [],
      logLevel: "error" as never,
      allowConsoleColors: false,
    } as never).runMutationTest();
  } finally {
    rmSync(tempDirName, { recursive: true, force: true });
  }
}

function report(file: string, results: readonly MutantResult[]): void {
  const source = readFileSync(join(ROOT, "src", file), "utf8");
  const judged = results.filter(({ status }) => status !== "Ignored" && status !== "RuntimeError");
  const survivors = judged
    .filter(({ status }) => status === "Survived" || status === "NoCoverage")
    .map((result) => mutationOf(file, source, result));
  const sha256 = createHash("sha256").update(source).digest("hex");
  const killed = judged.length - survivors.length;
  scores[file] = { sha256, mutants: judged.length, killed, survived: survivors.length };
  console.log(`${file}: ${killed} of ${judged.length} killed`);
  const reasons = equivalents.filter((entry) => entry.file === file).map(key);
  for (const survivor of survivors) {
    const index = reasons.indexOf(key(survivor));
    if (index >= 0) reasons.splice(index, 1);
    else tell("survived", survivor);
  }
  for (const reason of reasons) tell("killed, but listed as equivalent", JSON.parse(reason));
}

function mutationOf(file: string, source: string, result: MutantResult): Mutation {
  const lines = source.split("\n");
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
