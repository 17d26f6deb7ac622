/**
 * Every package of this folder in turn: `npm ci`, then `npm test`, where it has one. The arguments choose
 * some by their names. What fails does not keep the others from running; in the end the status is 1.
 */

import { spawnSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { join, resolve } from "node:path";

const here = import.meta.dirname;
const chosen = process.argv.slice(2);
const apps = readdirSync(here)
  .filter((name) => existsSync(join(here, name, "package.json")))
  .filter((name) => chosen.length === 0 || chosen.includes(name));
const unknown = chosen.filter((name) => !apps.includes(name));
if (unknown.length > 0) throw new Error(`not here: ${unknown.join(", ")}`);

const times = [];

function npm(folder, ...args) {
  const began = performance.now();
  // npm itself, with this Node: on Windows its command is a script for a shell.
  const { npm_execpath: cli } = process.env;
  const [command, ...first] = cli === undefined ? ["npm"] : [process.execPath, cli];
  const { status } = spawnSync(command, [...first, ...args], { cwd: folder, stdio: "inherit" });
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  console.log(`== npm ${args.join(" ")}: ${status === 0 ? "good" : "FAILED"} after ${seconds} s`);
  return { good: status === 0, seconds };
}

console.log("== bulla itself, which they are linked to");
if (!npm(resolve(here, "../../.."), "run", "build").good) process.exit(1);
for (const [index, app] of apps.entries()) {
  const folder = join(here, app);
  console.log(`\n== ${index + 1} of ${apps.length}: ${app}`);
  const installed = npm(folder, "ci", "--no-audit", "--no-fund");
  const tested = installed.good
    ? npm(folder, "run", "test", "--if-present")
    : { good: false, seconds: "-" };
  times.push({ app, good: tested.good, ci: installed.seconds, test: tested.seconds });
}

console.log("");
for (const { app, good, ci, test } of times) {
  console.log(`${good ? "good  " : "FAILED"} ${app}: npm ci ${ci} s, npm test ${test} s`);
}
process.exitCode = times.every(({ good }) => good) ? 0 : 1;
