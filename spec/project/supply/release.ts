/** Whether a tag may be published: `v` and the package's version, which the changelog has with its date. */

import { readFileSync } from "node:fs";

const [tag] = process.argv.slice(2);
const { version } = JSON.parse(readFileSync("package.json", "utf8")) as { version: string };
const heads = readFileSync("CHANGELOG.md", "utf8").matchAll(/^## \[(.+)\] - \d{4}-\d\d-\d\d$/gm);
const dated = [...heads].some(([, name]) => name === version);

if (tag !== `v${version}`) fail(`the tag ${tag} is not v${version}`);
if (!dated) fail(`CHANGELOG.md has no date for ${version}`);

function fail(reason: string): void {
  console.error(reason);
  process.exitCode = 1;
}
