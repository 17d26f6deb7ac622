/** Mutation testing covers every source, and every mutant listed as equivalent is still in the source. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { plan, sources, specsOf } from "./plan.ts";

const read = (path: string): string => readFileSync(new URL(path, import.meta.url), "utf8");

const equivalents: { file: string; line: string; was: string; now: string; reason: string }[] =
  JSON.parse(read("equivalent.json"));

test("every source has specs, its own first", () => {
  assert.ok(sources.includes("internal/hmac.ts"));
  assert.ok(!sources.includes("index.ts"), "it only re-exports");
  for (const source of sources) {
    const { first, rest } = specsOf(source);
    assert.ok(first.length + rest.length > 0, source);
    assert.equal(new Set([...first, ...rest]).size, first.length + rest.length, source);
  }
  assert.equal(specsOf("internal/hmac.ts").first[0], "internal/hmac");
  assert.ok(specsOf("internal/hmac.ts").rest.includes("vectors"));
  assert.ok(specsOf("jwt.ts").rest.includes("internal/jws"));
  assert.ok(!specsOf("jwt.ts").rest.some((name) => name.startsWith("session")));
});

test("an extra names a source and a spec that exist", () => {
  for (const [source, extras] of Object.entries(plan.extras)) {
    assert.ok(sources.includes(source), source);
    for (const extra of extras) assert.ok(specsOf(source).first.includes(extra), extra);
  }
});

test("a score names a source that exists, and its survivors are listed", () => {
  const scores: Record<string, { mutants: number; killed: number; survived: number }> = JSON.parse(
    read("scores.json"),
  );
  for (const [source, { mutants, killed, survived }] of Object.entries(scores)) {
    assert.ok(sources.includes(source), source);
    assert.equal(killed + survived, mutants, source);
    assert.equal(survived, equivalents.filter(({ file }) => file === source).length, source);
  }
});

test("an equivalent mutant names a line that exists, and has a reason", () => {
  for (const { file, line, was, now, reason } of equivalents) {
    const source = read(`../../../src/${file}`);
    const lines = source.split("\n").map((text) => text.trim());
    assert.ok(lines.includes(line), `${file}: ${line}`);
    assert.ok(source.includes(was), `${file}: ${was}`);
    assert.notEqual(was, now);
    assert.ok(reason.endsWith("."), `${file}: ${line}`);
  }
});

test("a planted fault names code that stands there once, and a spec that exists", () => {
  const planted: { file: string; was: string; now: string; spec: string }[] = JSON.parse(
    read("planted.json"),
  );
  for (const { file, was, now, spec } of planted) {
    assert.equal(read(`../../../src/${file}`).split(was).length, 2, `${file}: ${was}`);
    assert.notEqual(was, now);
    assert.ok(read(`../../${spec}.spec.ts`).length > 0);
  }
});
