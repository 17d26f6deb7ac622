/**
 * `bulla` at a terminal, made by Python's pty: `decrypt` does not write binary to it, and colours can be switched off.
 * PYTHON names a python3 other than Debian's.
 */

import { deepEqual, doesNotMatch, equal, match, notEqual } from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { describe, test } from "node:test";
import { Fernet } from "../../src/fernet.ts";
import { Jwt } from "../../src/jwt.ts";
import { file, fresh, UNSAFE } from "../helpers/cli-process.ts";
import { program } from "../helpers/cli-program.ts";

const PYTHON = process.env.PYTHON ?? "/usr/bin/python3";
/** Runs argv with all three streams at a terminal; its output and status become ours. */
const PTY = `
import os, pty, sys
pid, fd = pty.fork()
if pid == 0: os.execvp(sys.argv[1], sys.argv[1:])
out = b""
while True:
    try: chunk = os.read(fd, 65536)
    except OSError: break
    if not chunk: break
    out += chunk
sys.stdout.buffer.write(out)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
`;

const KEY = Fernet.generateKey();
const JWT = Jwt.generateKey();
const fernet = new Fernet(KEY);

/** The exit status, and the text on the terminal. */
function atTerminal(args: string[], more: Record<string, string> = {}) {
  const { FORCE_COLOR, NO_COLOR, NODE_OPTIONS, NODE_TEST_CONTEXT, ...own } = process.env;
  const env = { ...own, TERM: "xterm-256color", KEY, JWT, ...more };
  const argv = ["-c", PTY, process.execPath, ...program(), ...args];
  const { status, stdout } = spawnSync(PYTHON, argv, { env, timeout: 30_000 });
  // The terminal writes a newline as CR LF.
  return { status, text: stdout.toString().replaceAll("\r\n", "\n") };
}

const decrypt = (message: Uint8Array | string) =>
  atTerminal(["decrypt", "--key", "env:KEY", "--in", file(fernet.encrypt(message))]);

describe("decrypt at a terminal", () => {
  const binary: [what: string, message: Uint8Array | string, refused: boolean][] = [
    ["bytes that are no UTF-8", Buffer.from([0xff, 0xfe, 1, 2]), true],
    ["UTF-8 that is cut", Buffer.from("é").subarray(0, 1), true],
    ["a NUL", "a\0b", true],
    ["an escape", "a\u001b[2Jb", false],
    ["a C1 control", "a\u009b31mb", false],
    ["a bidi control", "a\u202eb", false],
  ];
  for (const [what, message, refused] of binary) {
    test(`${what}: not written unchanged`, () => {
      const { status, text } = decrypt(message);
      doesNotMatch(text, UNSAFE);
      doesNotMatch(text, /\ufffd/);
      if (!refused) return;
      notEqual(status, 0);
      match(text, /^bulla: /m);
    });
  }
  test("text is written", () => {
    const { status, text } = decrypt("a line\nand another\n");
    deepEqual({ status, text }, { status: 0, text: "a line\nand another\n" });
  });
  test("--out accepts what a terminal does not", () => {
    const token = file(fernet.encrypt(Buffer.from([0xff])));
    const args = ["decrypt", "--key", "env:KEY", "--in", token, "--out", fresh()];
    equal(atTerminal(args).status, 0);
  });
});

test("keygen prints its key at a terminal", () => {
  const { status, text } = atTerminal(["keygen", "fernet"]);
  equal(status, 0);
  match(text, /^[\w-]{43}=\n/);
});

test("NO_COLOR and --no-color switch off escape sequences", () => {
  const token = file(new Jwt(JWT).sign({ sub: "tom" }));
  for (const args of [["inspect", "--in", token], ["--help"], ["verfy"], ["check"]]) {
    doesNotMatch(atTerminal(args, { NO_COLOR: "1" }).text, UNSAFE);
  }
  doesNotMatch(atTerminal(["inspect", "--no-color", "--in", token]).text, UNSAFE);
});

test("the content of a token cannot control a terminal", () => {
  const token = file(new Jwt(JWT).sign({ sub: "\u001b]0;x\u0007\u009b\u202e" }));
  for (const args of [["inspect"], ["verify", "--key", "env:JWT"]]) {
    const { status, text } = atTerminal([...args, "--in", token], { NO_COLOR: "1" });
    equal(status, 0);
    doesNotMatch(text, UNSAFE);
  }
});
