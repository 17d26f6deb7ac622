/**
 * Installs and tests every package of this folder, or those that the arguments name: `npm ci`, then `npm test`
 * where it has one. Two are tested at a time, while the next is installed. What fails does not keep the others from
 * running; in the end the status is 1.
 */

import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync } from "node:fs";
import { join, resolve } from "node:path";

const AT_A_TIME = 2;
/** What takes longest begins first, so that nothing is left to run alone. */
const LONGEST = ["servers", "next", "nuxt", "sveltekit"];

const here = import.meta.dirname;
const chosen = process.argv.slice(2);
const known = readdirSync(here).filter((name) => existsSync(join(here, name, "package.json")));
const unknown = [...chosen, ...LONGEST].filter((name) => !known.includes(name));
if (unknown.length > 0) throw new Error(`not here: ${unknown.join(", ")}`);
const apps = [...new Set([...LONGEST, ...known])].filter(
  (name) => chosen.length === 0 || chosen.includes(name),
);

/** Runs npm; what it prints is kept, and shown as one piece when it has ended. */
async function npm(folder, ...args) {
  const began = performance.now();
  // npm itself, with this Node: on Windows its command is a script for a shell.
  const { npm_execpath: cli } = process.env;
  const [command, ...first] = cli === undefined ? ["npm"] : [process.execPath, cli];
  const child = spawn(command, [...first, ...args], {
    cwd: folder,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const printed = [];
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk) => printed.push(chunk));
  }
  const [status] = await once(child, "close");
  const seconds = (performance.now() - began) / 1000;
  const good = status === 0;
  const end = `${good ? "good" : "FAILED"} after ${seconds.toFixed(1)} s`;
  console.log(`\n== ${folder.slice(here.length + 1) || "bulla"}: npm ${args.join(" ")}`);
  process.stdout.write(Buffer.concat(printed));
  console.log(`== ${end}`);
  return { good, seconds };
}

/** Lets so many run at a time; the others wait in the order in which they came. */
function lane(width) {
  const waiting = [];
  let running = 0;
  return async (work) => {
    if (running === width) await new Promise((resolve) => waiting.push(resolve));
    else running += 1;
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next === undefined) running -= 1;
      else next();
    }
  };
}

const began = performance.now();
// They are linked to it, so that it is built once, and not before each test.
if (!(await npm(resolve(here, "../../.."), "run", "build")).good) process.exit(1);
const installing = lane(1);
const testing = lane(AT_A_TIME);
const results = await Promise.all(
  apps.map(async (app) => {
    const folder = join(here, app);
    const ci = await installing(() => npm(folder, "ci", "--no-audit", "--no-fund"));
    if (!ci.good) return { app, good: false, ci };
    const test = await testing(() =>
      npm(folder, "run", "test", "--if-present", "--ignore-scripts"),
    );
    return { app, good: test.good, ci, test };
  }),
);

console.log("");
for (const { app, good, ci, test } of results) {
  const times = `npm ci ${ci.seconds.toFixed(1)} s, npm test ${test?.seconds.toFixed(1) ?? "-"} s`;
  console.log(`${good ? "good  " : "FAILED"} ${app}: ${times}`);
}
console.log(`${((performance.now() - began) / 1000).toFixed(1)} s in all`);
process.exitCode = results.every(({ good }) => good) ? 0 : 1;
