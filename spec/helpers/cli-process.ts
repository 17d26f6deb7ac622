/**
 * Runs `bulla` as a process of its own and checks every run: it ends by itself with status 0, 1 or 2. No run
 * prints a stack or characters that could control a terminal. No failure prints a key, a token or a message.
 */

import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable, Writable } from "node:stream";
import { program } from "./cli-program.ts";

/** How many processes run at once: a little more than a small machine's cores. */
export const AT_ONCE = 4;
const LONGEST = 30_000;

export interface How {
  /** The command's stdin, nothing by default. A list is written in pieces, 60 ms apart. */
  in?: string | Uint8Array | readonly string[];
  env?: Record<string, string>;
  /** The scratch folder by default. */
  cwd?: string;
  /** Descriptors or modes instead of the pipes. */
  stdio?: [stdin: Stdio, stdout: Stdio, stderr: Stdio];
  /** Runs once the process has started. */
  also?: (child: ChildProcess) => void;
  /** Node's arguments before those of the command; the fastest program by default. */
  program?: readonly string[];
  /** Allows any bytes on stdout: `decrypt` prints the message unchanged. */
  raw?: boolean;
}
type Stdio = "pipe" | "ignore" | number;

export interface Run {
  status: number;
  stdout: string;
  stderr: string;
  /** The bytes of stdout. */
  bytes: Buffer;
}

/** A temporary folder that is deleted when the spec's process ends. */
export const scratch: string = realpathSync(mkdtempSync(join(tmpdir(), "bulla-cli-")));
process.on("exit", () => rmSync(scratch, { recursive: true, force: true }));

let count = 0;

/** Returns a path that is not in use. */
export function fresh(suffix = ""): string {
  return join(scratch, `${(count += 1)}${suffix}`);
}

/** Writes a new file with these contents. */
export function file(contents: string | Uint8Array, suffix = ""): string {
  const path = fresh(suffix);
  writeFileSync(path, contents, { mode: 0o600 });
  return path;
}

const hidden = new Set<string>();

/** Registers texts that no failure may print. */
export function hide(...texts: string[]): void {
  for (const text of texts) {
    // A shorter text could be in a message by chance.
    if (text.length >= 8) hidden.add(text);
  }
}

/** Writes a key to a file with the newline that editors add, and returns `file:PATH`. */
export function keyOf(text: string): string {
  hide(text);
  return `file:${file(`${text}\n`)}`;
}

/** Runs `bulla` with these arguments; a text is split at its spaces. */
export async function bulla(args: string | readonly string[], how: How = {}): Promise<Run> {
  const list = typeof args === "string" ? args.split(" ") : args;
  const child = spawn(process.execPath, [...(how.program ?? program()), ...list], {
    cwd: how.cwd ?? scratch,
    env: environment(how.env ?? {}),
    stdio: how.stdio ?? ["pipe", "pipe", "pipe"],
    // A new process group without a terminal.
    detached: true,
    timeout: LONGEST,
    killSignal: "SIGKILL",
  });
  // A command that refuses early does not read its input.
  child.stdin?.on("error", () => {});
  if (child.stdin !== null) feed(child.stdin, how.in ?? "");
  const ending = Promise.all([
    all(child.stdout),
    all(child.stderr),
    new Promise<number | string | null>((done, fail) => {
      child.once("error", fail);
      child.once("exit", (code, signal) => done(code ?? signal));
    }),
  ]);
  how.also?.(child);
  const [bytes, errors, status] = await ending;
  const what = `bulla ${list.map((one) => (one.length > 60 ? `${one.slice(0, 60)}...` : one)).join(" ")}`;
  const run = { status, bytes, stdout: bytes.toString(), stderr: errors.toString() } as Run;
  judge(run, how, what);
  return run;
}

/** Checks the status, and that the output contains `words`. */
export function ended(run: Run, status: number, ...words: (string | RegExp)[]): Run {
  const said = `${run.stdout}${run.stderr}`;
  assert.equal(run.status, status, said.slice(0, 2000));
  for (const word of words) {
    if (typeof word === "string") assert.ok(said.includes(word), `${word} in: ${said}`);
    else assert.match(said, word);
  }
  return run;
}

/** Checks that the run failed with this status, with a reason on stderr and nothing on stdout. */
export function failed(run: Run, status: 1 | 2, ...words: (string | RegExp)[]): Run {
  ended(run, status, ...words);
  assert.equal(run.stdout, "", "stdout of a failure");
  assert.match(run.stderr, /^bulla: \S/, "stderr of a failure");
  return run;
}

/** Parses the one line of JSON that `--json` prints. */
export function json<T = Record<string, unknown>>(run: Run): T {
  const text = run.stdout === "" ? run.stderr : run.stdout;
  assert.match(text, /^[^\n]+\n$/, "one line");
  return JSON.parse(text) as T;
}

/** Tells whether parsed JSON contains a value at any depth. */
export function holds(json: unknown, value: unknown): boolean {
  try {
    assert.deepStrictEqual(json, value);
    return true;
  } catch {
    const inner = json !== null && typeof json === "object" ? Object.values(json) : [];
    return inner.some((one) => holds(one, value));
  }
}

/** Control characters except tab and line feed, C1, and characters that change the text direction. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: it finds control characters
export const UNSAFE = /[\0-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/;

function judge({ status, stdout, stderr }: Run, how: How, what: string): void {
  assert.ok([0, 1, 2].includes(status), `${what}: ended with ${status}: ${stderr.slice(0, 2000)}`);
  assert.doesNotMatch(stderr, /^ +at \S|node:internal|\bFATAL\b/m, `${what}: a stack`);
  assert.doesNotMatch(stderr, UNSAFE, what);
  if (!how.raw) assert.doesNotMatch(stdout, UNSAFE, what);
  const said = status === 0 ? stderr : `${stdout}\n${stderr}`;
  const given = typeof how.in === "string" ? (how.in.slice(0, 1e5).match(/[\w-]{24,}/g) ?? []) : [];
  for (const text of [...hidden, ...given]) {
    assert.ok(!said.includes(text), `${what}: told a key, a token or a message`);
  }
}

/** The environment without the variables of npm and the test runner, which would change the child. */
function environment(more: Record<string, string>): NodeJS.ProcessEnv {
  const own = Object.entries(process.env).filter(
    ([name]) =>
      !/^npm_|^(?:NODE_OPTIONS|NODE_TEST_CONTEXT|NODE_V8_COVERAGE|FORCE_COLOR|NO_COLOR)$/.test(
        name,
      ),
  );
  return { ...Object.fromEntries(own), ...more };
}

function feed(stdin: Writable, given: string | Uint8Array | readonly string[]): void {
  if (typeof given === "string" || given instanceof Uint8Array) {
    stdin.end(given);
    return;
  }
  const [piece, ...rest] = given;
  if (piece === undefined) {
    stdin.end();
    return;
  }
  stdin.write(piece);
  setTimeout(() => feed(stdin, rest), 60);
}

/** Collects a stream until it closes; the spec may close it early. */
function all(stream: Readable | null): Promise<Buffer> {
  const chunks: Buffer[] = [];
  stream?.on("data", (chunk: Buffer) => chunks.push(chunk));
  return new Promise((done) => {
    if (stream === null) done(Buffer.alloc(0));
    else stream.once("close", () => done(Buffer.concat(chunks)));
  });
}
