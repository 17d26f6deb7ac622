/** What the docs show of an example is the example. */

import { ok } from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { extname, join, resolve } from "node:path";
import { test } from "node:test";

const ROOT = resolve(import.meta.dirname, "../../../..");

/**
 * Tests that every file of examples/NAME, and these that stand beside the spec, are in
 * docs/frameworks/NAME.md as they are.
 */
export function shown(name: string, ...more: string[]): void {
  const page = `docs/frameworks/${name}.md`;
  const example = join(ROOT, "examples", name);
  const own = readdirSync(example, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(example.length + 1));
  for (const [folder, files] of [
    [example, own.sort()],
    [join(ROOT, "spec/interop/apps", name), more],
  ] as const) {
    for (const file of files) {
      test(`${page} shows ${file}`, () => {
        const path = file.replace(/^more\//, "");
        const text = readFileSync(join(folder, file), "utf8");
        const block = `\`${path}\`:\n\n\`\`\`${extname(path).slice(1)}\n${text}\`\`\`\n`;
        ok(readFileSync(join(ROOT, page), "utf8").includes(block), `not there:\n${block}`);
      });
    }
  }
}
