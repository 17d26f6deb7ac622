/**
 * Checks that a tag may be published: it is `v` and the package's version, and the changelog has that version with a
 * date. Prints the changelog's text of that version.
 */

import { readFileSync } from "node:fs";

const [tag] = process.argv.slice(2);
const { version } = JSON.parse(readFileSync("package.json", "utf8")) as { version: string };
const parts = readFileSync("CHANGELOG.md", "utf8").split(/^## /m);
const part = parts.find((text) => text.startsWith(`[${version}] - `));
const [head = "", ...lines] = part?.split("\n") ?? [];

if (tag !== `v${version}`) fail(`the tag ${tag} is not v${version}`);
if (!/ - \d{4}-\d\d-\d\d$/.test(head)) {
  fail(`CHANGELOG.md has no date for ${version}: ## [${version}] - YYYY-MM-DD`);
}
if (process.exitCode === undefined) console.log(lines.join("\n").trim());

function fail(reason: string): void {
  console.error(reason);
  process.exitCode = 1;
}
