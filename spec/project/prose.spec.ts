/** The pages are easy to read: no sentence has more than 30 words. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { pages, proseOf } from "./pages.ts";

const MOST_WORDS = 30;

/** The sentences of a page, those of its lists and tables too. */
function sentencesOf(page: string): string[] {
  return proseOf(page)
    .replace(/(?<=\S)\n(?=[^\s|#\-\d]| {2,}\S)/g, " ") // a line that goes on
    .split("\n")
    .flatMap((line) => (/^\|/.test(line) ? line.split(" | ") : [line]))
    .map((line) => line.replace(/\[([^\]]*)\]\([^)]*\)/g, "$1").replace(/`[^`]*`/g, "code"))
    .flatMap((line) => line.split(/(?<=[.!?])(?:\*\*)?\s+/));
}

const wordsOf = (sentence: string): number =>
  sentence.split(/\s+/).filter((word) => /[\p{L}\p{N}]/u.test(word)).length;

describe("Sentences", () => {
  for (const page of pages.keys()) {
    if (page.startsWith("docs/frameworks") || page === "vectors/README.md") continue;
    it(`of ${page} have ${MOST_WORDS} words at most`, () => {
      const sentences = sentencesOf(page);
      assert.ok(sentences.length > 5);
      assert.deepEqual(
        sentences.filter((sentence) => wordsOf(sentence) > MOST_WORDS),
        [],
      );
    });
  }
});
