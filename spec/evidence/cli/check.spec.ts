/** `bulla check` runs the published vectors as a self-test of the installed package. */

import assert from "node:assert/strict";
import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { AT_ONCE, bulla, ended, fresh, json } from "../../helpers/cli-process.ts";
import { builtPackage } from "../../helpers/cli-program.ts";

/** Faults that a machine, a mirror or a person could cause, with the part of the library that each one breaks. */
const FAULTS: [file: string, from: RegExp, to: string][] = [
  ["internal/hmac.js", /0x36|\b54\b/, "0x37"],
  ["internal/hmac.js", /"sha256"/g, '"sha512"'],
  ["internal/cbc.js", /aes-128-cbc/g, "aes-128-ofb"],
  ["internal/frame.js", /0x80|\b128\b/g, "0x81"],
  ["internal/base64.js", /0-?9|"0123456789|789/, "798"],
];

test("the installed library passes", async () => {
  const run = ended(await bulla("check"), 0);
  assert.notEqual(run.stdout, "");
  assert.equal(run.stderr, "");
  json(ended(await bulla("check --json"), 0));
});

describe("a broken library fails", { concurrency: AT_ONCE }, () => {
  const folder = builtPackage();
  if (folder === undefined) {
    test("nothing was broken", (t) =>
      t.diagnostic("TypeScript is not installed: no package to break"));
    return;
  }
  for (const [file, from, to] of FAULTS) {
    test(`${file}: ${from} as ${to}`, async (t) => {
      const copy = fresh();
      cpSync(folder, copy, { recursive: true });
      const path = join(copy, "dist", file);
      const text = readFileSync(path, "utf8");
      const broken = text.replace(from, to);
      assert.notEqual(broken, text);
      writeFileSync(path, broken);
      const run = await bulla("check", { program: [join(copy, "dist/bin.js")] });
      assert.notEqual(run.status, 0, t.name);
      assert.doesNotMatch(run.stderr, /^ +at /m);
    });
  }
});
