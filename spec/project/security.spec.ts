/** SECURITY.md is true: the figures of "What was tested" are those of the committed data. */

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { clausesOf, type Row, standards } from "../evidence/requirements/table.ts";
import { readFigures } from "../helpers/figures.ts";

const root = new URL("../../", import.meta.url);
const text = readFileSync(new URL("SECURITY.md", root), "utf8");

const json = (path: string): unknown => JSON.parse(readFileSync(new URL(path, root), "utf8"));
const number = (value: number): string => value.toLocaleString("en");

/** How many cases there are in the lists of a folder whose names the test lets in. */
function casesIn(folder: string, which: (name: string) => boolean): number {
  const names = readdirSync(new URL(folder, root)).filter((name) => name.endsWith(".json"));
  return names
    .filter(which)
    .map((name) => (json(`${folder}/${name}`) as unknown[]).length)
    .reduce((all, one) => all + one, 0);
}

function says(...sentences: readonly string[]): void {
  for (const sentence of sentences) assert.ok(text.includes(sentence), sentence);
}

test("requirements", () => {
  const rows = standards.flatMap((standard) => standard.rows);
  const count = (of: (row: Row) => unknown): number => rows.filter(of).length;
  const clauses = standards.flatMap(({ standard }) => clausesOf(standard)).length;
  assert.equal(standards.length, 10);
  says(
    `| ${clauses} clauses of ten standards, in ${rows.length} rows`,
    `${count((row) => row.does && !row.refused)} kept, ${count((row) => row.refused)} refused on purpose`,
    `${count((row) => row.binds)} that bind others`,
  );
});

test("vectors and attacks", () => {
  const ours = casesIn("vectors", (name) => name.startsWith("bulla-"));
  says(`| ${casesIn("vectors", () => true)} vectors, ${ours} of them ours`);
  says(`| ${casesIn("spec/evidence/attacks", (name) => name !== "sweeps.json")} named attacks`);
});

test("fuzz", () => {
  const parts = Object.values(
    readFigures<{ seed: number; cases: number; disagreements: number }>("fuzz"),
  );
  assert.equal(parts.length, 5);
  for (const { seed, node, cases, disagreements } of parts) {
    assert.equal(disagreements, 0);
    says(`| five parsers, ${number(cases)} cases each (seed ${seed}, Node ${node})`);
  }
});

test("timing", () => {
  const parts = Object.values(readFigures<{ samples: number; t: number; leak: number }>("timing"));
  assert.equal(parts.length, 3);
  const list = (values: string[]): string =>
    `${values.slice(0, -1).join(", ")} and ${values.at(-1)}`;
  const { samples, node } = parts[0] as (typeof parts)[0];
  says(
    `over ${number(samples)} samples each (Node ${node})`,
    `worst \\|t\\| ${list(parts.map(({ t }) => t.toFixed(1)))}, under 4.5`,
    `planted leaks ${list(parts.map(({ leak }) => leak.toFixed(0)))}`,
  );
});

test("mutation", () => {
  const scores = Object.values(json("spec/evidence/mutation/scores.json") as object) as {
    mutants: number;
    killed: number;
  }[];
  const sum = (of: "mutants" | "killed"): number => scores.reduce((all, one) => all + one[of], 0);
  const [mutants, killed] = [sum("mutants"), sum("killed")];
  const equivalents = (json("spec/evidence/mutation/equivalent.json") as unknown[]).length;
  says(
    `| ${number(mutants)} mutants of all of \`src/\``,
    `${number(killed)} noticed, ${((100 * killed) / mutants).toFixed(1)} %`,
    `the other ${equivalents} are equivalent`,
  );
  assert.equal(killed + equivalents, mutants);
});

test("soak", () => {
  const [found] = Object.values(
    readFigures<{ sessions: number; requests: number; heap: number }>("soak"),
  );
  assert.ok(found !== undefined);
  const { sessions, requests, node, heap } = found;
  says(
    `| ${number(sessions)} sessions in a row, ${number(requests)} requests (Node ${node})`,
    `heap ${Math.round(heap / 1024)} KiB more after the first tenth`,
  );
});
