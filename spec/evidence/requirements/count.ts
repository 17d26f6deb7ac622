/**
 * Counts the keywords of RFC 2119 in the text of a standard, as its editor publishes it, and compares with
 * clauses.json: `node spec/evidence/requirements/count.ts "RFC 7519" rfc7519.txt` (Node 22.18 or later). Prints
 * nothing but the differences.
 */

import { readFileSync } from "node:fs";
import { counts, extents, type Keywords } from "./table.ts";

const KEYWORD =
  /\b(?:MUST NOT|MUST|SHALL NOT|SHALL|SHOULD NOT|SHOULD|NOT RECOMMENDED|RECOMMENDED|REQUIRED)\b/g;
/** "4.1.11.  Title" at the start of a line. Not an indented step, and not an entry of the table of contents, which has dots. */
const HEADING = /^((?:\d+\.)+)\s+[A-Z"](?!.*\. ?\.)/;
/** The foot of a page and the head of the next one. */
const PAGE = /\[Page \d+\]$|^\s*RFC \d+ {2,}/;

export function keywordsOf(text: string): Keywords {
  const sections: Record<string, string> = {};
  let section = "";
  for (const line of text.split("\n")) {
    if (PAGE.test(line)) continue;
    const [, number] = HEADING.exec(line) ?? [];
    if (number !== undefined) section = number.slice(0, -1);
    sections[section] = `${sections[section] ?? ""} ${line.trim()}`;
  }
  const keywords: Keywords = {};
  for (const [section, words] of Object.entries(sections)) {
    for (const [keyword] of words.replace(/\s+/g, " ").matchAll(KEYWORD)) {
      const counts = (keywords[section] ??= {});
      counts[keyword] = (counts[keyword] ?? 0) + 1;
    }
  }
  return keywords;
}

if (import.meta.filename === process.argv[1]) {
  const [, , standard = "", file = ""] = process.argv;
  const found = keywordsOf(readFileSync(file, "utf8"));
  const listed = extents[standard]?.keywords ?? {};
  for (const section of new Set([...Object.keys(found), ...Object.keys(listed)])) {
    if (section === "" || !counts(standard, section)) continue;
    const [here = "{}", there = "{}"] = [found, listed].map((all) => sorted(all[section] ?? {}));
    if (here === there) continue;
    console.log(`${standard} section ${section}: the text has ${here}, the list ${there}`);
    process.exitCode = 1;
  }
}

function sorted(counts: Record<string, number>): string {
  return JSON.stringify(Object.fromEntries(Object.entries(counts).sort()));
}
