/** Plants faults that an attacker would wish for in a copy of the sources, and checks that the specs find each. */

import { equal } from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { after, before, test } from "node:test";

const ROOT = resolve(import.meta.dirname, "../..");

interface Planted {
  readonly fault: string;
  readonly file: string;
  readonly was: string;
  readonly now: string;
  readonly spec: string;
}

const planted: Planted[] = JSON.parse(
  readFileSync(join(ROOT, "spec/evidence/mutation/planted.json"), "utf8"),
);

let copy: string;
before(() => {
  copy = mkdtempSync(join(tmpdir(), "bulla-planted-"));
  for (const name of ["package.json", "tsconfig.json", "src", "vectors"]) {
    cpSync(join(ROOT, name), join(copy, name), { recursive: true });
  }
  const filter = (path: string): boolean => !path.includes("interop");
  cpSync(join(ROOT, "spec"), join(copy, "spec"), { recursive: true, filter });
  symlinkSync(join(ROOT, "node_modules"), join(copy, "node_modules"));
});
after(() => rmSync(copy, { recursive: true, force: true }));

test("without a fault the specs pass", () => {
  for (const name of new Set(planted.map(({ spec }) => spec))) equal(statusOf(name), 0, name);
});

for (const { fault, file, was, now, spec } of planted) {
  test(`${fault}: the specs find it`, () => {
    const path = join(copy, "src", file);
    const source = readFileSync(path, "utf8");
    equal(source.split(was).length, 2, `once in ${file}: ${was}`);
    try {
      writeFileSync(
        path,
        source.replace(was, () => now),
      );
      equal(statusOf(spec), 1);
    } finally {
      writeFileSync(path, source);
    }
  });
}

function statusOf(name: string): number | null {
  const args = ["--import", "tsx", "--test", `spec/${name}.spec.ts`];
  const env = { ...process.env, NODE_TEST_CONTEXT: undefined };
  return spawnSync(process.execPath, args, { cwd: copy, env, timeout: 60_000 }).status;
}
