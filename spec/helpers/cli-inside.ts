/**
 * Runs `bulla` inside the spec's own process, with files as stdin, stdout and stderr. Here a test can choose
 * the terminal and the package and replace system calls, and coverage is measured.
 */

import assert from "node:assert/strict";
import { closeSync, openSync, readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import type { Io } from "../../src/cli/io.ts";
import { main } from "../../src/cli/main.ts";
import { file } from "./cli-process.ts";
import { ROOT } from "./cli-program.ts";

export interface Given {
  in?: string | Uint8Array;
  env?: Record<string, string>;
  /** The package's folder; this one by default. */
  root?: string;
  /** Says that stdout is a terminal. */
  terminal?: boolean;
  /** Descriptors instead of the files. */
  stdout?: number;
  stderr?: number;
  /** Runs the command while something is replaced. */
  during?: (run: () => Promise<number>) => Promise<number>;
}

export interface Ran {
  status: number;
  stdout: string;
  stderr: string;
}

/** Runs `bulla` with these arguments; a text is split at its spaces. */
export async function inside(args: string | readonly string[], given: Given = {}): Promise<Ran> {
  const paths = [file(given.in ?? ""), file(""), file("")] as const;
  const [stdin, out, err] = paths.map((path, at) => openSync(path, at === 0 ? "r" : "w")) as [
    number,
    number,
    number,
  ];
  const io: Io = {
    env: given.env ?? {},
    stdin,
    stdout: given.stdout ?? out,
    stderr: given.stderr ?? err,
    root: pathToFileURL(`${given.root ?? ROOT}/`),
    isTerminal: () => given.terminal === true,
  };
  try {
    const run = () => main(typeof args === "string" ? args.split(" ") : args, io);
    const status = await (given.during?.(run) ?? run());
    const [stdout, stderr] = paths.slice(1).map((path) => readFileSync(path, "utf8"));
    return { status, stdout: stdout as string, stderr: stderr as string };
  } finally {
    for (const fd of [stdin, out, err]) closeSync(fd);
  }
}

/** Checks that the run succeeded, and returns its output. */
export function good({ status, stdout, stderr }: Ran): string {
  assert.deepEqual([status, stderr], [0, ""]);
  return stdout;
}

/** Checks that the run failed with this status and message and wrote nothing else. */
export function bad(ran: Ran, status: 1 | 2, message: string | RegExp): void {
  assert.equal(ran.stdout, "");
  assert.equal(ran.status, status, ran.stderr);
  if (typeof message === "string") assert.equal(ran.stderr, `bulla: ${message}\n`);
  else assert.match(ran.stderr, message);
}
