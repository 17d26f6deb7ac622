/** No figure is typed by hand: generating the pages anew changes nothing. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { TABLES } from "../bench/tables.ts";
import { readFigures } from "../helpers/figures.ts";
import { PAGES } from "./figures.ts";

const PART = /<!-- (?:figures|bench): \w+ -->\n([\s\S]*?)<!-- (?:figures|bench) -->/g;

for (const [path, generate] of Object.entries(PAGES)) {
  const page = readFileSync(new URL(`../../${path}`, import.meta.url), "utf8");

  describe(path, () => {
    test("its figures agree with the committed data (npm run figures writes them)", () => {
      assert.equal(generate(page), page);
    });

    test("a change of any single number is found", () => {
      let changed = 0;
      for (const { index, 0: part } of page.matchAll(PART)) {
        for (const { index: at, 0: digits } of part.matchAll(/\d+/g)) {
          if (isOfWords(part, at)) continue;
          const place = index + at;
          const other = String(BigInt(digits) + 1n);
          const wrong = page.slice(0, place) + other + page.slice(place + digits.length);
          assert.notEqual(generate(wrong), wrong, part.slice(at - 40, at + 40));
          changed++;
        }
      }
      assert.ok(changed >= 3, `${changed}`);
    });
  });
}

/** Tells if a number stands in the words of the provenance of vectors: only their last column is generated. */
function isOfWords(part: string, at: number): boolean {
  if (!part.startsWith("<!-- figures: cases -->")) return false;
  const rest = part.slice(at, part.indexOf("\n", at));
  return rest.includes(" | ");
}

test("each table of the benchmarks is on exactly one page", () => {
  const pages = Object.keys(PAGES).map((path) =>
    readFileSync(new URL(`../../${path}`, import.meta.url), "utf8"),
  );
  const marks = pages.flatMap((page) => [...page.matchAll(/<!-- bench: (\w+) -->/g)]);
  assert.deepEqual(marks.map(([, name]) => name).toSorted(), Object.keys(TABLES).toSorted());
});

test("the numbers of SECURITY.md on what was tested are generated", () => {
  const page = readFileSync(new URL("../../SECURITY.md", import.meta.url), "utf8");
  const [, section = ""] = page.split("## What was tested");
  const [own = ""] = section.replace(PART, "").split("\n## ");
  assert.deepEqual(
    own.match(/\d[\d,]*/g) ?? [],
    ["800"],
    "only the message of 800 MiB is written by hand",
  );
});

test("the figures support what the pages claim: no disagreement, |t| under 4.5, every survivor listed", () => {
  for (const { disagreements } of Object.values(readFigures<{ disagreements: number }>("fuzz"))) {
    assert.equal(disagreements, 0);
  }
  for (const { t, leak } of Object.values(readFigures<{ t: number; leak: number }>("timing"))) {
    assert.ok(Math.abs(t) < 4.5 && leak > 4.5);
  }
  const read = (name: string): object =>
    JSON.parse(readFileSync(new URL(`../evidence/mutation/${name}.json`, import.meta.url), "utf8"));
  const scores = read("scores") as Record<string, { survived: number }>;
  const survived = Object.values(scores).reduce((all, one) => all + one.survived, 0);
  const listed = (read("equivalent") as { file: string }[]).filter(({ file }) => file in scores);
  assert.equal(survived, listed.length);
});
