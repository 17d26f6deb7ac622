/**
 * Installs and tests every package of this folder, or those that the arguments name: `npm ci`, then `npm test`
 * if it has one. Two are tested at a time, while the next one is installed. A package that needs a newer Node than
 * this one gets the Node of the package `node`. After a failure the others still run, and the status at the end
 * is 1.
 */

import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { delimiter, join, resolve } from "node:path";

const AT_A_TIME = 2;
/** The slowest packages go first, so that none runs alone at the end. */
const LONGEST = ["servers", "next", "nuxt", "sveltekit"];
const NODE = "node";
const CI = ["ci", "--no-audit", "--no-fund"];

const here = import.meta.dirname;
const chosen = process.argv.slice(2);
const known = readdirSync(here).filter(
  (name) => name !== NODE && existsSync(join(here, name, "package.json")),
);
const unknown = [...chosen, ...LONGEST].filter((name) => !known.includes(name));
if (unknown.length > 0) throw new Error(`not here: ${unknown.join(", ")}`);
const apps = [...new Set([...LONGEST, ...known])].filter(
  (name) => chosen.length === 0 || chosen.includes(name),
);

/** Tells if this Node is too old for a package, whose `engines` say ">=24.9" or nothing. */
function outdated(app) {
  const { engines } = JSON.parse(readFileSync(join(here, app, "package.json"), "utf8"));
  const [least, more] = engines?.node.match(/\d+/g).map(Number) ?? [0, 0];
  const [major, minor] = process.versions.node.split(".").map(Number);
  return major < least || (major === least && minor < more);
}

/** Runs npm, keeps its output, and prints it in one piece at the end. */
async function npm(folder, args, variables = {}) {
  const began = performance.now();
  // Runs npm's own script with this Node: on Windows the command `npm` is a shell script.
  const { npm_execpath: cli } = process.env;
  const [command, ...first] = cli === undefined ? ["npm"] : [process.execPath, cli];
  const child = spawn(command, [...first, ...args], {
    cwd: folder,
    env: { ...process.env, ...variables },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const printed = [];
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk) => printed.push(chunk));
  }
  const [status] = await once(child, "close");
  const seconds = (performance.now() - began) / 1000;
  const good = status === 0;
  console.log(`\n== ${folder.slice(here.length + 1) || "bulla"}: npm ${args.join(" ")}`);
  process.stdout.write(Buffer.concat(printed));
  console.log(`== ${good ? "good" : "FAILED"} after ${seconds.toFixed(1)} s`);
  return { good, seconds };
}

/** Lets so many jobs run at a time; the others wait in their order. */
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
// The applications are linked to this build.
if (!(await npm(resolve(here, "../../.."), ["run", "build"])).good) process.exit(1);
const old = apps.filter(outdated);
if (old.length > 0 && !(await npm(join(here, NODE), CI)).good) process.exit(1);
const newer = { PATH: join(here, NODE, "node_modules/.bin") + delimiter + process.env.PATH };

const installing = lane(1);
const testing = lane(AT_A_TIME);
const results = await Promise.all(
  apps.map(async (app) => {
    const folder = join(here, app);
    const ci = await installing(() => npm(folder, CI));
    if (!ci.good) return { app, good: false, ci };
    const variables = old.includes(app) ? newer : {};
    const test = await testing(() => npm(folder, ["run", "test", "--if-present"], variables));
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
