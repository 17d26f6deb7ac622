/**
 * `npm run requirements`: runs the specs that the rows name, and prints the table as Markdown. Fails where
 * a row names a test that did not pass. With `-- --table` nothing is run.
 */

import { join, relative } from "node:path";
import { run } from "node:test";
import { fileURLToPath } from "node:url";
import { faultsOf, type Row, type Standard, standards, testOf, unmatched } from "./table.ts";

const SPECS = fileURLToPath(new URL("../../", import.meta.url));
const passed = process.argv.includes("--table") ? undefined : await passedTests();
let faults = 0;

for (const standard of standards) print(standard);
const rows = standards.flatMap((standard) => standard.rows);
const count = (of: (row: Row) => unknown): number => rows.filter(of).length;
console.log(
  `${rows.length} rows over ${standards.flatMap(({ rows }) => rows.flatMap((row) => row.clauses)).length} clauses: ` +
    `${count((row) => row.does && !row.refused)} kept, ${count((row) => row.refused)} refused on purpose, ` +
    `${count((row) => row.binds)} that bind others; ${faults} faults.`,
);
if (faults > 0) process.exitCode = 1;

function print(standard: Standard): void {
  console.log(`## ${standard.standard}: ${standard.title}\n\n<${standard.text}>\n`);
  console.log("| clause | it demands | we | where in src/ | shown by |");
  console.log("|---|---|---|---|---|");
  for (const row of standard.rows) console.log(lineOf(row));
  console.log("");
  for (const clause of unmatched(standard)) tell(`without a row, or twice: ${clause}`);
  for (const row of standard.rows) for (const fault of faultsOf(row)) tell(fault);
  for (const { shown = [] } of standard.rows) {
    for (const test of shown) if (passed?.has(test) === false) tell(`did not pass: ${test}`);
  }
}

function lineOf(row: Row): string {
  const { clauses, demands, does, refused, where = [], shown = [], binds, reason } = row;
  const deed = binds === undefined ? does : `binds ${binds}: ${reason}`;
  const deeds = refused === undefined ? deed : `**refused**: ${deed}. Because: ${refused}`;
  const tests = shown.map((test) => (passed?.has(test) ? `✓ ${test}` : test));
  const cells = [clauses.join(", "), demands, deeds ?? "", where.join(", "), tests.join("; ")];
  return `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
}

/** Every test of the named specs that passed, as rows name it. */
async function passedTests(): Promise<Set<string>> {
  const names = standards.flatMap(({ rows }) => rows.flatMap((row) => row.shown ?? []));
  const files = [...new Set(names.map((name) => testOf(name).file))];
  const found = new Set<string>();
  const failed = new Set<string>();
  const events = run({
    files: files.map((file) => join(SPECS, file)),
    concurrency: 1,
  });
  for await (const { type, data } of events) {
    if (type !== "test:pass" && type !== "test:fail") continue;
    const test = `${relative(SPECS, data.file ?? "").replaceAll("\\", "/")}: ${data.name}`;
    const ran = data.skip === undefined && data.todo === undefined;
    (type === "test:pass" && ran ? found : failed).add(test);
  }
  for (const test of failed) found.delete(test);
  return found;
}

function tell(fault: string): void {
  faults++;
  console.log(`FAULT ${fault}`);
}
