/**
 * Inputs and outputs of a command, as file descriptors: a run is synchronous, and a spec gives it files.
 * Whatever goes to `--out` is there as a whole, or not at all, and never in the place of another file.
 */

import {
  closeSync,
  constants,
  existsSync,
  linkSync,
  openSync,
  readFileSync,
  readSync,
  unlinkSync,
  writeSync,
} from "node:fs";
import { randomId } from "../internal/random.ts";
import { Failure, failureOf, fileFailure, REFUSED, withFile } from "./failure.ts";

export interface Io {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** File descriptors. */
  readonly stdin: number;
  readonly stdout: number;
  readonly stderr: number;
  /** The package's folder. */
  readonly root: URL;
  /** True if stdout is a terminal. */
  isTerminal(): boolean;
}

/** The version of the package in that folder. */
export function versionOf(root: URL): string {
  return JSON.parse(readFileSync(new URL("package.json", root), "utf8")).version;
}

/** Fernet's MAC comes last, so all of a token is in memory before any of it is believed. */
export const MOST_BYTES = 100_000_000;
const CHUNK = 65_536;
const OWNER_ONLY = 0o600;
const nap = new Int32Array(new SharedArrayBuffer(4));

/** All bytes of a file, or of stdin where there is no name. @throws Failure: more than `most` bytes. */
export function readAll(io: Io, name: string | undefined, what: string, most: number): Buffer {
  const chunks: Buffer[] = [];
  let length = 0;
  for (const chunk of chunksOf(io, name, what)) {
    length += chunk.length;
    if (length > most) {
      throw new Failure(REFUSED, "ERR_TOKEN_TOO_LARGE", `${what}: more than ${most} bytes`);
    }
    chunks.push(Buffer.from(chunk));
  }
  return Buffer.concat(chunks, length);
}

/** The bytes of a file or of stdin, in pieces that are good until the next. */
export function* chunksOf(io: Io, name: string | undefined, what: string): Generator<Buffer> {
  const fd = name === undefined ? io.stdin : withFile(what, () => openSync(name, "r"));
  const buffer = Buffer.allocUnsafe(CHUNK);
  try {
    for (;;) {
      const length = withFile(what, () => readSome(fd, buffer));
      if (length === 0) return;
      yield buffer.subarray(0, length);
    }
  } finally {
    if (name !== undefined) closeSync(fd);
  }
}

/** Another process can have made stdin non-blocking; Windows ends a pipe with an error. */
function readSome(fd: number, buffer: Buffer): number {
  for (;;) {
    try {
      return readSync(fd, buffer);
    } catch (error) {
      const { code } = error as { code?: unknown };
      if (code === "EOF") return 0;
      if (code !== "EAGAIN") throw error;
      Atomics.wait(nap, 0, 0, 5);
    }
  }
}

/** Writes all of it, however little is taken at a time. */
export function writeAll(fd: number, data: string | Uint8Array): void {
  const bytes = typeof data === "string" ? Buffer.from(data) : data;
  let at = 0;
  while (at < bytes.length) {
    try {
      at += writeSync(fd, bytes, at);
    } catch (error) {
      if ((error as { code?: unknown }).code !== "EAGAIN") throw error;
      Atomics.wait(nap, 0, 0, 5);
    }
  }
}

/** Writes a command's result to the file of `--out`, or to stdout. */
export function emit(io: Io, out: string | undefined, data: string | Uint8Array): void {
  if (out === undefined) {
    withFile("stdout", () => writeAll(io.stdout, data));
    return;
  }
  const staged = new Staged(out);
  try {
    staged.write(data);
    staged.publish();
  } finally {
    staged.drop();
  }
}

/** A file in the making, beside the name that it gets once it is whole. */
export class Staged {
  readonly #name: string;
  readonly #temporary: string;
  readonly #fd: number;

  /** @throws Failure EEXIST: that name is taken. */
  constructor(name: string) {
    this.#name = name;
    this.#temporary = `${name}.${randomId()}.part`;
    if (existsSync(name)) throw fileFailure({ code: "EEXIST" }, "--out");
    const { O_RDWR, O_CREAT, O_EXCL } = constants;
    const flags = O_RDWR | O_CREAT | O_EXCL;
    this.#fd = withFile("--out", () => openSync(this.#temporary, flags, OWNER_ONLY));
  }

  write(data: string | Uint8Array): void {
    withFile("--out", () => writeAll(this.#fd, data));
  }

  /** Gives it its name; a link, unlike a renaming, fails where that has been taken meanwhile. */
  publish(): void {
    withFile("--out", () => linkSync(this.#temporary, this.#name));
  }

  /** Removes the temporary name, whatever happened. */
  drop(): void {
    closeSync(this.#fd);
    unlinkSync(this.#temporary);
  }
}

/** Says on a file descriptor why a command failed, on one line, and gives the status. */
export function tell(error: unknown, asJson: boolean, stderr: number): number {
  const { code, message, claim, status } = failureOf(error);
  const line = asJson ? JSON.stringify({ code, message, claim }) : `bulla: ${code}: ${message}`;
  try {
    writeAll(stderr, `${line}\n`);
  } catch {
    // Nobody reads that either; the status says it.
  }
  return status;
}
