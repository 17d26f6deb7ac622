/**
 * npm run bench: times bulla and its rivals in turns in one process, and reports the best of many rounds.
 *
 *     --quick   under half a minute, writes nothing
 *     --check   exits with 1 if a threshold does not hold
 *     --only X  only the cases whose name begins with X, writes nothing
 *
 * More: npm run bench http (servers), npm run bench fleet (processes and Redis), npm run bench scaling (growth of cost
 * and memory). Each has its own --help.
 */

import { cpus } from "node:os";
import { optionsOf } from "../helpers/command.ts";
import * as base64url from "./base64url.ts";
import * as fernet from "./fernet.ts";
import { FULL, measure, QUICK, type Result } from "./harness.ts";
import { measureImports } from "./imports.ts";
import * as jwt from "./jwt.ts";
import { printImports, printResult, printVerdicts } from "./report.ts";
import { RESULTS, writeResults } from "./results.ts";
import * as session from "./session.ts";
import { draw } from "./svg.ts";
import { judge } from "./thresholds.ts";

const flags = optionsOf("bench", {
  quick: { type: "boolean", default: false },
  check: { type: "boolean", default: false },
  only: { type: "string", default: "" },
});

const SUBJECTS = [jwt, fernet, base64url, session];

for (const { agree } of SUBJECTS) await agree();
const machine = `${process.platform} ${process.arch}, ${cpus()[0]?.model.trim()}`;
console.log(`Node ${process.versions.node}, OpenSSL ${process.versions.openssl}, ${machine}`);
console.log("every contender accepts what the others make, and refuses a wrong MAC");

const results: Result[] = [];
for (const { cases } of SUBJECTS) {
  for (const subject of cases()) {
    if (!subject.id.startsWith(flags.only)) continue;
    const result = await measure(subject, flags.quick ? QUICK : FULL);
    printResult(result);
    results.push(result);
  }
}

if (flags.only === "") console.log("\nimport of each module, in a process of its own");
const loads = flags.only === "" ? measureImports(flags.quick ? 2 : 9) : [];
if (loads.length > 0) printImports(loads);

const verdicts = judge(results).filter(({ ratio }) => Number.isFinite(ratio));
const held = printVerdicts(verdicts);
if (!flags.quick && flags.only === "") write();
if (flags.check && !held) process.exitCode = 1;

function write(): void {
  const { v8, openssl } = process.versions;
  writeResults("node", { v8, openssl, machine, unit: "ns", results, loads, verdicts });
  draw(RESULTS);
}
