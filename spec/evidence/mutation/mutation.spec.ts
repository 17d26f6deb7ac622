/** That mutation testing covers every source, and that what it takes for equivalent is still there. */

import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";

const read = (path: string): string => readFileSync(new URL(path, import.meta.url), "utf8");

const plan: Record<"first" | "then", Record<string, string[]>> = JSON.parse(read("plan.json"));
const equivalents: { file: string; line: string; was: string; now: string; reason: string }[] =
  JSON.parse(read("equivalent.json"));

/** They re-export what is judged in its own place. */
const RE_EXPORTS: readonly string[] = ["index.ts", "cookie.ts"];

test("every source has its specs, which are there, and each but once", () => {
  const sources = readdirSync(new URL("../../../src/", import.meta.url), { recursive: true })
    .map((name) => String(name).replaceAll("\\", "/"))
    .filter((name) => name.endsWith(".ts") && !RE_EXPORTS.includes(name));
  assert.deepEqual(Object.keys(plan.first).toSorted(), sources.toSorted());
  assert.deepEqual(Object.keys(plan.then).toSorted(), sources.toSorted());
  for (const source of sources) {
    const specs = [...(plan.first[source] ?? []), ...(plan.then[source] ?? [])];
    assert.equal(new Set(specs).size, specs.length, source);
    for (const name of specs) {
      assert.ok(
        existsSync(new URL(`../../${name}.spec.ts`, import.meta.url)),
        `${source}: ${name}`,
      );
    }
  }
});

test("of every source each survivor that was counted is listed, and no other", () => {
  const scores: Record<string, { mutants: number; killed: number; survived: number }> = JSON.parse(
    read("scores.json"),
  );
  assert.deepEqual(Object.keys(scores).toSorted(), Object.keys(plan.first).toSorted());
  for (const [source, { mutants, killed, survived }] of Object.entries(scores)) {
    assert.equal(killed + survived, mutants, source);
    assert.equal(survived, equivalents.filter(({ file }) => file === source).length, source);
  }
});

test("every mutant that is equivalent is of a line that is there, and has a reason", () => {
  for (const { file, line, was, now, reason } of equivalents) {
    const source = read(`../../../src/${file}`);
    const lines = source.split("\n").map((text) => text.trim());
    assert.ok(lines.includes(line), `${file}: ${line}`);
    assert.ok(source.includes(was), `${file}: ${was}`);
    assert.notEqual(was, now);
    assert.ok(reason.endsWith("."), `${file}: ${line}`);
  }
});
