/**
 * npm run requirements: runs the specs that have the tests of the rows, and prints how many clauses are kept. Fails where a row
 * names a test that did not pass, or the table is wrong.
 *
 *     --all  also prints the whole table, as Markdown
 */

import { join } from "node:path";
import { run } from "node:test";
import { fileURLToPath } from "node:url";
import { optionsOf, progress } from "../../helpers/command.ts";
import { summaryOf } from "./summary.ts";
import {
  faultsOf,
  faultsOfIds,
  idOf,
  type Row,
  type Standard,
  specsNamed,
  standards,
  unmatched,
} from "./table.ts";

const SPECS = fileURLToPath(new URL("../../", import.meta.url));
const { all } = optionsOf("requirements", { all: { type: "boolean", default: false } });
const passed = await passedTests();

if (all) for (const standard of standards) print(standard);
const faults = [...faultsOfIds(), ...standards.flatMap(faultsIn)];
for (const fault of faults) console.log(`FAULT ${fault}`);
const { rows, clauses, kept, refused, others } = summaryOf(standards);
console.log(
  `${rows} rows over ${clauses} clauses: ${kept} kept, ${refused} refused on purpose, ` +
    `${others} that bind others; ${faults.length} faults.`,
);
if (faults.length > 0) process.exitCode = 1;

function faultsIn(standard: Standard): string[] {
  const failed = standard.rows
    .flatMap(({ tests = [] }) => tests)
    .filter((id) => !passed.has(id))
    .map((id) => `did not pass: ${id}`);
  return [
    ...unmatched(standard).map((clause) => `without a row, or twice: ${clause}`),
    ...standard.rows.flatMap(faultsOf),
    ...new Set(failed),
  ];
}

function print(standard: Standard): void {
  console.log(`## ${standard.standard}: ${standard.title}\n\n<${standard.text}>\n`);
  console.log("| clause | demand | what we do | where in src/ | tests |");
  console.log("|---|---|---|---|---|");
  for (const row of standard.rows) console.log(lineOf(row));
  console.log("");
}

function lineOf(row: Row): string {
  const { clauses, demands, does, refused, where = [], tests = [], binds, reason } = row;
  const deed = binds === undefined ? does : `binds ${binds}: ${reason}`;
  const deeds = refused === undefined ? deed : `**refused**: ${deed}. Because: ${refused}`;
  const titles = tests.map((id) => (passed.has(id) ? `✓ ${passed.get(id)}` : id));
  const cells = [clauses.join(", "), demands, deeds ?? "", where.join(", "), titles.join("; ")];
  return `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
}

/** The titles of the tests that passed, by id. An id of several tests counts only if all passed. */
async function passedTests(): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  const failed = new Set<string>();
  const events = run({
    files: specsNamed().map((file) => join(SPECS, file)),
    concurrency: 2,
  });
  let ended = 0;
  for await (const { type, data } of events) {
    progress(() => `${ended} tests`);
    if (type !== "test:pass" && type !== "test:fail") continue;
    ended++;
    const id = idOf(data.name);
    if (id === undefined) continue;
    const ran = data.skip === undefined && data.todo === undefined;
    if (type === "test:pass" && ran) found.set(id, data.name);
    else failed.add(id);
  }
  for (const id of failed) found.delete(id);
  return found;
}
