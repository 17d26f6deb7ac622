/**
 * `npm run NAME`: prints the command's help with --help, says what is missing and which line installs it, or runs the
 * command's steps. Plain JavaScript, since it runs before anything is installed.
 */

import { spawn, spawnSync } from "node:child_process";
import { chmodSync, existsSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { constants } from "node:os";
import { delimiter, join } from "node:path";
import { COMMANDS, ROOT } from "./commands.mjs";

const [name = "", ...words] = process.argv.slice(2);
const whole = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
if (whole === undefined) end(2, `The commands: ${Object.keys(COMMANDS).join(", ")}`);

const [first = ""] = words;
const part = Object.hasOwn(whole.also ?? {}, first) ? whole.also[first] : undefined;
const command = part ?? whole;
const args = part ? words.slice(1) : words;

if (args.includes("--help") || args.includes("-h")) end(0, command.help ?? headOf(command.program));

const missing = command.needs.map(lack).filter((lacking) => lacking !== undefined);
if (missing.length > 0) {
  const lines = missing.map(({ line }) => line);
  const lacks = `npm run ${name} needs ${missing.map(({ what }) => what).join(", and ")}.`;
  if (!command.installs) end(1, `${lacks}\nInstall it with: ${lines.join(" && ")}`);
  console.log(`${lacks} Installing:`);
  for (const line of lines) {
    console.log(`\n== ${line}`);
    const { status } = spawnSync(line, { cwd: ROOT, shell: true, stdio: "inherit" });
    if (status !== 0) process.exit(1);
  }
}

const steps = command.steps(args);
const titles = steps.flatMap(({ title }) => title ?? []);
for (const { title, ...step } of steps) {
  const began = performance.now();
  if (title) console.log(`\n== ${titles.indexOf(title) + 1} of ${titles.length}: ${title}`);
  if (step.remove) rmSync(join(ROOT, step.remove), { recursive: true, force: true });
  if (step.readable) makeReadable();
  const status = step.run ? await run(step) : 0;
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  if (title) console.log(`== ${status === 0 ? "good" : "FAILED"}: ${title}, ${seconds} s`);
  if (status !== 0) process.exit(status);
}

/** Returns the missing part of a need and the line that installs it, or undefined. */
function lack({ folder, unless = true, what, programs = [], python, line }) {
  if (folder !== undefined && !existsSync(join(ROOT, folder, "node_modules"))) {
    return { what: `the packages of ${folder === "." ? "this folder" : folder}`, line };
  }
  if (!unless) return { what, line };
  const absent = programs.filter((program) => !isThere(program));
  if (absent.length === 0 && python !== undefined) {
    const { status } = spawnSync("/usr/bin/python3", ["-c", `import ${python}`]);
    if (status !== 0) absent.push(`Python's ${python}`);
  }
  if (absent.length === 0) return undefined;
  return { what: absent.join(", "), line: `apt-get install -y ${debian().join(" ")}` };
}

function isThere(program) {
  if (program === "chromium" && process.env.CHROMIUM) return existsSync(process.env.CHROMIUM);
  const folders = (process.env.PATH ?? "").split(delimiter);
  const names = process.platform === "win32" ? [`${program}.exe`] : [program];
  return folders.some((folder) => names.some((name) => existsSync(join(folder, name))));
}

/** The packages of Debian that `npm run ci` and `npm run interop` need. */
function debian() {
  return readFileSync(join(ROOT, ".ci/debian"), "utf8").trim().split("\n");
}

/** Gives packed files the usual modes: a tarball keeps modes, and a checkout's depend on the umask. */
function makeReadable() {
  const { files } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
  const tops = files.map((name) => name.split("/", 1)[0]);
  for (const top of new Set([...tops, "README.md", "LICENSE", "package.json"])) {
    const path = join(ROOT, top);
    const isFolder = statSync(path).isDirectory();
    const inside = isFolder ? readdirSync(path, { recursive: true, withFileTypes: true }) : [];
    chmodSync(path, isFolder ? 0o755 : 0o644);
    for (const entry of inside) {
      chmodSync(join(entry.parentPath, entry.name), entry.isDirectory() ? 0o755 : 0o644);
    }
  }
}

/** Runs a program to its end, and passes signals on to it. */
function run({ run: [program, ...args], cwd = ROOT }) {
  const child = spawn(program, args, { cwd, stdio: "inherit" });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"])
    process.on(signal, () => child.kill(signal));
  return new Promise((done) => {
    child.once("error", ({ message }) => {
      console.error(message);
      done(1);
    });
    child.once("exit", (code, signal) => done(code ?? 128 + (constants.signals[signal] ?? 0)));
  });
}

/** The comment at the head of a program. */
function headOf(file) {
  const [, head = ""] = /^\/\*\*([\s\S]*?)\*\//.exec(readFileSync(join(ROOT, file), "utf8")) ?? [];
  return head.replace(/^ \* ?/gm, "").trim();
}

function end(status, text) {
  (status === 0 ? console.log : console.error)(text);
  process.exit(status);
}
