/** Runs every case of vectors/*.json in one loop, and compares vectors/README.md with the files. */

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { type Case, type Given, hold, runner } from "./helpers/vectors.ts";

const MEMBERS = "name source section made test in out error claim refused".split(" ");

const FOLDER = new URL("../vectors/", import.meta.url);
const README = readFileSync(new URL("README.md", FOLDER), "utf8");
const FILES = new Map<string, Case[]>(
  readdirSync(FOLDER)
    .filter((name) => name.endsWith(".json"))
    .map((name) => [name, JSON.parse(readFileSync(new URL(name, FOLDER), "utf8"))]),
);
const ALL = [...FILES.values()].flat();

for (const [file, cases] of FILES) {
  describe(`vectors/${file}`, () => {
    for (const vector of cases) {
      test(`${vector.source}: ${vector.name}`, () => hold(vector));
    }
  });
}

test("every case gives the same result in reverse order, on the same keys", () => {
  for (const vector of ALL.toReversed()) hold(vector);
});

test("every case follows the schema and has a unique name", () => {
  assert.equal(new Set(ALL.map(({ source, name }) => `${source}: ${name}`)).size, ALL.length);
  for (const vector of ALL) {
    const { name } = vector;
    for (const member of ["name", "source", "section", "test"] as const) {
      assert.ok(typeof vector[member] === "string" && vector[member] !== "", `${name}: ${member}`);
    }
    for (const member in vector) assert.ok(MEMBERS.includes(member), `${name}: ${member}`);
    assert.notEqual("out" in vector, "error" in vector, `${name}: out or error, and one of them`);
    assert.equal("made" in vector, vector.source === "bulla", `${name}: made, where it is ours`);
    // A session reports only the code of a refused cookie.
    const claimed = vector.error === "ERR_TOKEN_CLAIM" && !vector.test.startsWith("asgi.");
    assert.equal("claim" in vector, claimed, `${name}: claim`);
    const { needs, takes } = runner(vector);
    for (const member of needs) assert.ok(member in vector.in, `${name}: in.${member}`);
    for (const member in vector.in) {
      assert.ok([...needs, ...takes].includes(member as keyof Given), `${name}: in.${member}`);
    }
  }
});

test("vectors/README.md counts every case, by file and source", () => {
  const rows = README.matchAll(/^\| `([\w.-]+\.json)` \| ([^|]+?) \|.*\| (\d+) \|$/gm);
  const counted = [...rows].map(([, file, source, count]) => `${file} ${source} ${count}`);
  const there = [...FILES].flatMap(([file, cases]) =>
    [...new Set(cases.map(({ source }) => source))].map((source) => {
      const count = cases.filter((vector) => vector.source === source).length;
      return `${file} ${source} ${count}`;
    }),
  );
  assert.deepEqual(counted.toSorted(), there.toSorted());
  assert.match(README, new RegExp(`^${ALL.length} cases in all`, "m"));
});

test("vectors/README.md lists every case that is refused on purpose, with the reason", () => {
  const [, table = ""] = README.match(/^## Deliberately refused$(.*?)^## /ms) ?? [];
  const rows = [...table.matchAll(/^\| ([^|]+) \| ([^|]+) \| ([^|]+) \|$/gm)].slice(2);
  const refused = ALL.filter((vector) => vector.refused !== undefined);
  assert.deepEqual(
    rows.map(([, ...columns]) => columns.join(" | ")).toSorted(),
    refused.map(({ source, name, refused }) => `${source} | ${name} | ${refused}`).toSorted(),
  );
});
