/**
 * Types in frameworks: TypeScript accepts the good uses in `types/` and refuses those marked as bad. Runs the newest
 * compiler, and the last one that was written in JavaScript.
 */

import { deepEqual } from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { test } from "node:test";

const TYPES = join(import.meta.dirname, "types");

for (const compiler of ["typescript", "typescript5"]) {
  test(`${compiler}: SessionData type req.session, sessions<T>() its T`, () => {
    const tsc = join(import.meta.dirname, "node_modules", compiler, "bin/tsc");
    const args = [tsc, "-p", TYPES, "--pretty", "false"];
    const { status, stdout } = spawnSync(process.execPath, args, { encoding: "utf8" });
    deepEqual({ status, stdout }, { status: 0, stdout: "" });
  });
}
