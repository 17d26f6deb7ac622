/**
 * Inputs and outputs of a command, as file descriptors. `--out` gets the whole output or nothing, and replaces no file.
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
  readonly stdin: number;
  readonly stdout: number;
  readonly stderr: number;
  readonly root: URL;
  isTerminal(): boolean;
}

export function versionOf(root: URL): string {
  return JSON.parse(readFileSync(new URL("package.json", root), "utf8")).version;
}

/** Fernet's MAC comes last, so a whole token is in memory before any of it is believed. */
export const MOST_BYTES = 100_000_000;
const CHUNK = 65_536;
const OWNER_ONLY = 0o600;
const nap = new Int32Array(new SharedArrayBuffer(4));

/** Reads a file, or stdin if there is no name. @throws Failure: more than `most` bytes. */
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

/** Reads a file or stdin in pieces; each is good until the next. */
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

/** A write can take less than all. */
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

/** A file under a temporary name, until it is whole. */
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

  /** Names the file. A link, unlike a rename, fails if the name has been taken meanwhile. */
  publish(): void {
    withFile("--out", () => linkSync(this.#temporary, this.#name));
  }

  drop(): void {
    closeSync(this.#fd);
    unlinkSync(this.#temporary);
  }
}

/** Prints on one line why a command failed; returns its status. */
export function tell(error: unknown, asJson: boolean, stderr: number): number {
  const { code, message, claim, status } = failureOf(error);
  const line = asJson ? JSON.stringify({ code, message, claim }) : `bulla: ${code}: ${message}`;
  try {
    writeAll(stderr, `${line}\n`);
  } catch {
    // Nobody reads stderr either: the status says it.
  }
  return status;
}
