/** `bulla rotate`: Fernet tokens, one a line, under the first key; all or none. Many results wait in a file. */

import { closeSync, mkdtempSync, openSync, readSync, rmdirSync, unlinkSync } from "node:fs";
import { Fernet, type FernetDecryptOptions } from "../fernet.ts";
import { STREAMS } from "./args.ts";
import { Failure, failureOf, REFUSED, withFile } from "./failure.ts";
import { decryptOptions } from "./fernet.ts";
import { chunksOf, type Io, MOST_BYTES, Staged, writeAll } from "./io.ts";
import { keysOf, NO_WORDS } from "./jwt.ts";
import type { Command } from "./main.ts";

/** Keeps tokens until all are good. */
interface Aside {
  write(data: string): void;
  publish(): void;
  drop(): void;
}

/** Characters to write at a time. */
const BATCH = 1 << 18;
/** Characters to keep in memory before a file is made. */
const IN_MEMORY = 1 << 22;

export const rotate: Command = {
  options: { ...STREAMS, key: "texts", ttl: "seconds" },
  words: NO_WORDS,
  run(args, io) {
    const fernet = new Fernet(keysOf(args, io));
    const out = args.text("out");
    const aside = out === undefined ? new Spool(io) : new Staged(out);
    try {
      const lines = linesOf(io, args.text("in"));
      rotateAll(fernet, lines, decryptOptions(args), args.has("json"), aside);
      aside.publish();
    } finally {
      aside.drop();
    }
  },
};

function rotateAll(
  fernet: Fernet,
  lines: Iterable<string>,
  options: FernetDecryptOptions,
  asJson: boolean,
  aside: Aside,
): void {
  // A token needs no escape in JSON.
  const [start, before, between, after, end] = asJson
    ? ['{"tokens":[', '"', ",", '"', "]}\n"]
    : ["", "", "", "\n", ""];
  let batch = start;
  let line = 0;
  for (const token of lines) {
    line++;
    if (line > 1) batch += between;
    try {
      batch += before + fernet.rotate(token, options) + after;
    } catch (error) {
      throw failureOf(error, `line ${line}`);
    }
    if (batch.length > BATCH) {
      aside.write(batch);
      batch = "";
    }
  }
  aside.write(batch + end);
}

/** The lines of a file or of stdin; the last may have no newline. */
function* linesOf(io: Io, name: string | undefined): Generator<string> {
  let rest = "";
  for (const chunk of chunksOf(io, name, "the tokens")) {
    // Bytes that are not ASCII are not a token in any encoding.
    const text = chunk.toString("latin1");
    let at = 0;
    for (let end = text.indexOf("\n"); end >= 0; end = text.indexOf("\n", at)) {
      const line = rest + text.slice(at, end);
      yield line.endsWith("\r") ? line.slice(0, -1) : line;
      rest = "";
      at = end + 1;
    }
    // Only joined: looking into it would copy it, once a chunk.
    rest += text.slice(at);
    if (rest.length > MOST_BYTES) {
      throw new Failure(REFUSED, "ERR_TOKEN_TOO_LARGE", "a line is too long for a token");
    }
  }
  if (rest !== "") yield rest;
}

/** Keeps the output for stdout until all is good: in memory while small, then in a file without a name. */
class Spool implements Aside {
  readonly #io: Io;
  #batches: string[] = [];
  #waiting = 0;
  #fd: number | undefined;

  constructor(io: Io) {
    this.#io = io;
  }

  write(data: string): void {
    this.#batches.push(data);
    this.#waiting += data.length;
    if (this.#waiting > IN_MEMORY) this.#spill();
  }

  publish(): void {
    const { stdout } = this.#io;
    if (this.#fd !== undefined) {
      this.#spill();
      const buffer = Buffer.allocUnsafe(BATCH);
      for (let at = 0; ; ) {
        const length = readSync(this.#fd, buffer, 0, BATCH, at);
        if (length === 0) return;
        withFile("stdout", () => writeAll(stdout, buffer.subarray(0, length)));
        at += length;
      }
    }
    withFile("stdout", () => writeAll(stdout, this.#batches.join("")));
  }

  drop(): void {
    if (this.#fd !== undefined) closeSync(this.#fd);
  }

  #spill(): void {
    const fd = (this.#fd ??= withFile("a temporary file", () => unnamedFile(this.#io)));
    withFile("a temporary file", () => writeAll(fd, this.#batches.join("")));
    this.#batches = [];
    this.#waiting = 0;
  }
}

/** A file that only this process can reach, and that is gone when it ends, even by a crash. */
function unnamedFile({ env }: Io): number {
  const folder = mkdtempSync(`${env.TMPDIR ?? env.TEMP ?? "/tmp"}/bulla-`);
  const name = `${folder}/tokens`;
  const fd = openSync(name, "wx+", 0o600);
  unlinkSync(name);
  rmdirSync(folder);
  return fd;
}
