// Checks docs/frameworks: its code comes from files that specs run, and no sentence is long.

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { extname, join } from "node:path";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));
const read = (path: string): string => readFileSync(join(root, path), "utf8");

const GUIDE = "docs/frameworks.md";
const names = readdirSync(join(root, "docs/frameworks")).map((file) => file.replace(/\.md$/, ""));
const pathOf = (name: string): string => `docs/frameworks/${name}.md`;

/** All files below a folder, except what is installed or built there. */
function filesOf(folder: string): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    if (["node_modules", "dist"].includes(entry.name)) return [];
    return entry.isDirectory() ? filesOf(path) : [path];
  });
}

const sources = [...filesOf("examples"), ...filesOf("spec/interop/apps")];
const bare = (text: string): string => text.replace(/\s/g, "");

/** A block of code, and the file that the page names for it. */
interface Block {
  readonly file: string | undefined;
  readonly text: string;
}

/** The path of a block starts at the root, at the example's folder, or at `more/`, which has the page's other code. */
function blocksOf(page: string): Block[] {
  const name = page.replace(/^.*\/|\.md$/g, "");
  const folders = ["", `examples/${name}/`, `spec/interop/apps/${name}/more/`];
  const found = read(page).matchAll(/(?:^`([^`\n]+)`:\n\n)?^```(\w*)\n(.*?)^```$/gms);
  return [...found].map(([, path, kind = "", text = ""]) => {
    if (path === undefined) return { file: undefined, text };
    const files = folders.map((folder) => folder + path).filter((file) => sources.includes(file));
    assert.equal(files.length, 1, `${page}: ${path} is ${files}`);
    assert.equal(kind, extname(path).slice(1), path);
    return { file: files[0], text };
  });
}

const shownBy = (...pages: string[]): (string | undefined)[] =>
  pages.flatMap(blocksOf).map(({ file }) => file);

/** The sentences of a page. A list item or a table cell always ends one; code counts as one word. */
function sentencesOf(page: string): string[] {
  const prose = read(page)
    .replace(/^```.*?^```$/gms, "\n")
    .replace(/`[^`]+`/g, "code")
    .replace(/\]\([^)]*\)/g, "]");
  const parts = prose.split(/\n\s*\n|\n(?=[-|#])|\|/);
  return parts.flatMap((part) => part.split(/[.!?]+(?=[\s*)]|$)/));
}

it(`${GUIDE} names every page, and no other`, () => {
  const links = [...read(GUIDE).matchAll(/\]\(frameworks\/([\w-]+)\.md\)/g)];
  assert.deepEqual(links.map(([, name]) => name).sort(), [...names].sort());
});

for (const page of [GUIDE, ...names.map(pathOf)]) {
  describe(page, () => {
    it("shows whole files as they are", () => {
      for (const { file, text } of blocksOf(page)) {
        if (file !== undefined) assert.equal(text, read(file), file);
      }
    });

    it("shows only code of files that specs run", () => {
      for (const { file, text } of blocksOf(page)) {
        const known = file ?? sources.find((source) => bare(read(source)).includes(bare(text)));
        assert.ok(known !== undefined, text);
      }
    });

    it("has no sentence over 30 words", () => {
      const long = sentencesOf(page).filter((text) => text.trim().split(/\s+/).length > 30);
      assert.deepEqual(long, []);
    });
  });
}

for (const name of names) {
  const example = sources.filter((file) => file.startsWith(`examples/${name}/`));
  if (example.length === 0) continue;
  it(`${pathOf(name)} has the whole example`, () => {
    const shown = shownBy(pathOf(name));
    assert.deepEqual(
      example.filter((file) => !shown.includes(file)),
      [],
    );
  });
}

it("no example on a page has a cast", () => {
  const shown = new Set(shownBy(GUIDE, ...names.map(pathOf)));
  for (const file of shown) {
    if (file === undefined || /\.(json|html)$/.test(file)) continue;
    const prose = /^import [^;]*;|\/\*\*.*?\*\/|\/\/.*|`[^`]*`|\{#each .*?\}/gm;
    assert.doesNotMatch(read(file).replace(prose, ""), /\bas\b|\bany\b|@ts-|[\w)\]]!(?!=)/, file);
  }
});

it("every file of examples/servers is on a page", () => {
  const shown = shownBy(GUIDE, ...names.map(pathOf));
  const servers = sources.filter((file) => file.startsWith("examples/servers/"));
  assert.deepEqual(
    servers.filter((file) => !shown.includes(file)),
    [],
  );
});
