/** Types: the examples compile as they are, strict and without a cast; types/ holds good uses and bad ones. */

import { deepEqual, doesNotMatch, match } from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { project, ROOT } from "./project.ts";

const EXAMPLES = join(ROOT, "examples/servers");

function tsc(folder: string): { status: number | null; stdout: string } {
  const compiler = join(import.meta.dirname, "node_modules/typescript/bin/tsc");
  const args = [compiler, "-p", folder, "--pretty", "false"];
  const { status, stdout } = spawnSync(process.execPath, args, { encoding: "utf8" });
  return { status, stdout };
}

test("the examples and types/good.ts compile, and no use in types/bad.ts that is marked does", () => {
  const files = Object.fromEntries(
    ["good.ts", "bad.ts"].map((name) => [
      name,
      readFileSync(join(import.meta.dirname, "types", name), "utf8"),
    ]),
  );
  deepEqual(tsc(project(files)), { status: 0, stdout: "" });
});

test("the specs compile", () => {
  deepEqual(tsc(import.meta.dirname), { status: 0, stdout: "" });
});

test("no example has a cast", () => {
  for (const name of readdirSync(EXAMPLES)) {
    const text = readFileSync(join(EXAMPLES, name), "utf8");
    const code = text.replace(/^import [^;]*;|\/\*\*.*\*\/|\/\/.*|`[^`]*`/gm, "");
    doesNotMatch(code, /\bas\b|\bany\b|@ts-|[\w)\]]!/, name);
    match(text, /^\/\*\* /, name);
  }
});
