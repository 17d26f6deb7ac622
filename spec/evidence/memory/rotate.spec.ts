/** `bulla rotate` takes no more memory for many tokens than for few: results wait in a file. */

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { closeSync, openSync, readFileSync, rmSync, statSync, writeSync } from "node:fs";
import { test } from "node:test";
import { Fernet } from "../../../src/fernet.ts";
import { file, fresh, keyOf } from "../../helpers/cli-process.ts";
import { program } from "../../helpers/cli-program.ts";

const COUNT = 300_000;
/** The limit of the heap, in MB. The tokens alone are more. */
const MOST = 24;

test(`${COUNT} tokens, more than fit into the heap, are rotated to a file and to stdout`, () => {
  const [old, next] = [Fernet.generateKey(), Fernet.generateKey()];
  const fernet = new Fernet(old);
  const tokens = file("");
  const fd = openSync(tokens, "w");
  for (let batch = 0; batch < COUNT; batch += 1000) {
    const lines = Array.from({ length: 1000 }, (_, at) => fernet.encrypt(`${batch + at}`));
    writeSync(fd, `${lines.join("\n")}\n`);
  }
  closeSync(fd);
  assert.ok(statSync(tokens).size > MOST * 1024 * 1024);
  const args = [`--max-old-space-size=${MOST}`, ...program(), "rotate", "--in", tokens];
  const keys = ["--key", keyOf(next), "--key", keyOf(old)];
  const rotated = fresh();
  execFileSync(process.execPath, [...args, ...keys, "--out", rotated], { stdio: "pipe" });
  const copy = openSync(fresh(), "w+");
  execFileSync(process.execPath, [...args, ...keys], { stdio: ["ignore", copy, "pipe"] });
  closeSync(copy);
  const lines = readFileSync(rotated, "utf8").trimEnd().split("\n");
  assert.equal(lines.length, COUNT);
  for (const at of [0, 1, COUNT - 1]) {
    assert.equal(new Fernet(next).decryptText(lines[at] as string), `${at}`);
  }
  for (const path of [tokens, rotated]) rmSync(path);
});
