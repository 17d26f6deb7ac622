/**
 * `bulla encrypt`, `decrypt` and `rotate` do what the class Fernet does. These specs rely on: `encrypt` prints the token,
 * `rotate` prints a token a line, in the order of its input.
 */

import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { describe, test } from "node:test";
import { Fernet } from "../../../src/fernet.ts";
import {
  AT_ONCE,
  bulla,
  ended,
  failed,
  file,
  fresh,
  hide,
  keyOf,
} from "../../helpers/cli-process.ts";
import { fernetToken } from "../../helpers/token-forge.ts";

const NOW = 1_700_000_000;
const [NEW, OLD, OLDER] = [Fernet.generateKey(), Fernet.generateKey(), Fernet.generateKey()];
const [newKey, oldKey, olderKey] = [keyOf(NEW), keyOf(OLD), keyOf(OLDER)];
const at = (seconds: number) => ["--now", `${seconds}`];
const MESSAGE = "a message that nobody else may read";
hide(MESSAGE);

function token(key: string, message = MESSAGE, now = NOW): string {
  const made = new Fernet(key).encrypt(message, { now });
  hide(made);
  return made;
}

const decrypt = (text: string, ...args: string[]) =>
  bulla(["decrypt", "--key", newKey, ...args], { in: text, raw: true });

describe("decrypt refuses with status 1, and says the code", { concurrency: AT_ONCE }, () => {
  const good = token(NEW);
  const bytes = Buffer.from(NEW, "base64url");
  const rows: [what: string, code: string, token: string, ...args: string[]][] = [
    ["another key", "ERR_TOKEN_INVALID", token(OLD)],
    ["another version", "ERR_TOKEN_INVALID", fernetToken(bytes, { version: 0x81 })],
    ["bad padding", "ERR_TOKEN_INVALID", fernetToken(bytes, { blocks: Buffer.alloc(16) })],
    ["no base64 padding", "ERR_TOKEN_INVALID", token(NEW, "hello").replaceAll("=", "")],
    ["a character fewer", "ERR_TOKEN_INVALID", good.slice(1)],
    ["two tokens", "ERR_TOKEN_INVALID", `${good}\n${good}\n`],
    ["a space before", "ERR_TOKEN_INVALID", ` ${good}`],
    ["a JWT", "ERR_TOKEN_INVALID", "e30.e30.e30"],
    ["too old", "ERR_TOKEN_EXPIRED", good, "--ttl", "60", ...at(NOW + 61)],
    ["too old by a ttl of 0", "ERR_TOKEN_EXPIRED", good, "--ttl", "0", ...at(NOW + 1)],
    ["from the future", "ERR_TOKEN_NOT_ACTIVE", good, "--ttl", "60", ...at(NOW - 61)],
  ];
  for (const [what, code, text, ...args] of rows) {
    test(what, async () => {
      // Nothing of a message is printed before its MAC has been verified.
      failed(await decrypt(text, ...args), 1, new RegExp(`^bulla: ${code}: `));
    });
  }
});

describe("encrypt and decrypt agree with the class", { concurrency: AT_ONCE }, () => {
  test("a token of the class is decrypted, to the byte", async () => {
    assert.equal(ended(await decrypt(token(NEW)), 0).stdout, MESSAGE);
    const bytes = Buffer.from([0, 255, 27, 155, 10]);
    const made = new Fernet(NEW).encrypt(bytes);
    assert.deepEqual(ended(await decrypt(made), 0).bytes, bytes);
  });
  test("the class decrypts what encrypt prints, with the time of --now", async () => {
    const run = await bulla(["encrypt", "--key", newKey, ...at(NOW)], { in: MESSAGE });
    assert.match(ended(run, 0).stdout, /^[\w-]+={0,2}\n$/);
    const fernet = new Fernet(NEW);
    const text = run.stdout.trimEnd();
    assert.equal(fernet.decryptText(text, { ttl: 0, now: NOW }), MESSAGE);
    assert.equal(fernet.timestamp(text), NOW);
  });
  test("the same message gives another token each time", async () => {
    const args = ["encrypt", "--key", newKey, ...at(NOW)];
    const runs = await Promise.all([bulla(args, { in: "x" }), bulla(args, { in: "x" })]);
    assert.notEqual(runs[0].stdout, runs[1].stdout);
  });
  test("the first key encrypts, all decrypt", async () => {
    const keys = ["--key", newKey, "--key", oldKey];
    const run = ended(await bulla(["encrypt", ...keys], { in: MESSAGE }), 0);
    assert.equal(new Fernet(NEW).decryptText(run.stdout.trimEnd()), MESSAGE);
    const old = await bulla(["decrypt", ...keys], { in: token(OLD), raw: true });
    assert.equal(ended(old, 0).stdout, MESSAGE);
  });
  test("a token opens until its ttl ends, and without a ttl for ever", async () => {
    ended(await decrypt(token(NEW), "--ttl", "60", ...at(NOW + 60)), 0);
    ended(await decrypt(token(NEW), "--ttl", "60", ...at(NOW - 60)), 0);
    ended(await decrypt(token(NEW)), 0);
    ended(await decrypt(token(NEW, MESSAGE, NOW + 1e9)), 0);
  });
});

const KEYS = ["--key", newKey, "--key", oldKey, "--key", olderKey];
const rotate = (text: string, ...args: string[]) =>
  bulla(["rotate", ...KEYS, ...args], { in: text });

describe("rotate is all or nothing", { concurrency: AT_ONCE }, () => {
  const good = [token(OLD, "one"), token(OLDER, "two"), token(NEW, "three"), token(OLD, "four")];
  const foreign = token(Fernet.generateKey());
  const bad: [what: string, line: string][] = [
    ["of another key", foreign],
    ["that is not a token", "neither-a-token-nor-anything"],
    ["that is cut", (good[0] as string).slice(0, 50)],
    ["of two tokens", `${good[0]} ${good[1]}`],
  ];
  for (const [what, line] of bad) {
    test(`one line ${what}: nothing is written, and the error has the line's number`, async () => {
      hide(line);
      const lines = [...good.slice(0, 2), line, ...good.slice(2)];
      failed(await rotate(`${lines.join("\n")}\n`), 1, /\b3\b/);
      const path = fresh();
      failed(await rotate(lines.join("\n"), "--out", path), 1, /\b3\b/);
      assert.ok(!existsSync(path));
    });
  }
  test("a bad last line is refused too, with its code", async () => {
    const run = await rotate([...good, foreign].join("\n"));
    failed(run, 1, /\b5\b/, "ERR_TOKEN_INVALID");
  });
  test("one expired token refuses all", async () => {
    const lines = [token(OLD), token(OLD, MESSAGE, NOW - 100)].join("\n");
    failed(await rotate(lines, "--ttl", "60", ...at(NOW)), 1, /\b2\b/, "ERR_TOKEN_EXPIRED");
    ended(await rotate(lines, "--ttl", "100", ...at(NOW)), 0);
  });
  test("a bad key is reported before any line", async () => {
    const run = await bulla(["rotate", "--key", newKey, "--key", "env:NO_SUCH"], { in: "x" });
    failed(run, 2);
  });

  /** The messages and times of rotated tokens, which the new key alone opens. */
  function rotated(text: string): string[] {
    assert.ok(text.endsWith("\n"));
    const fernet = new Fernet(NEW);
    const lines = text.slice(0, -1).split("\n");
    for (const line of lines) assert.equal(fernet.timestamp(line), NOW);
    return lines.map((line) => fernet.decryptText(line));
  }
  const messages = ["one", "two", "three", "four"];

  for (const [what, text] of [
    ["lines", `${good.join("\n")}\n`],
    ["no newline at the end", good.join("\n")],
    ["CR LF", `${good.join("\r\n")}\r\n`],
  ] as const) {
    test(`the same messages and times, line by line, under the first key: ${what}`, async () => {
      assert.deepEqual(rotated(ended(await rotate(text), 0).stdout), messages);
    });
  }
  test("from a file to a file", async () => {
    const [source, path] = [file(`${good.join("\n")}\n`), fresh()];
    ended(await bulla(["rotate", ...KEYS, "--in", source, "--out", path]), 0);
    const run = await bulla(["rotate", "--key", newKey, "--key", oldKey, "--in", path]);
    assert.deepEqual(rotated(ended(run, 0).stdout), messages);
  });
  test("2000 tokens", async () => {
    const fernet = new Fernet(OLD);
    const many = Array.from({ length: 2000 }, (_, at) => fernet.encrypt(`${at}`, { now: NOW }));
    const run = ended(await rotate(`${many.join("\n")}\n`), 0);
    assert.deepEqual(rotated(run.stdout), Array.from(many.keys(), String));
  });
});
