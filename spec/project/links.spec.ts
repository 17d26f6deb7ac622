/** Links of the documentation lead to files and headings that exist. */

import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { pageOf, pages, proseOf } from "./pages.ts";

const ROOT = new URL("../../", import.meta.url);

/** The anchors that GitHub gives the headings of a page. */
export function anchorsOf(page: string): Set<string> {
  const anchors = new Set<string>();
  for (const [, heading = ""] of pageOf(page)
    .replace(/^```[\s\S]*?^```$/gm, "")
    .matchAll(/^#+ (.+)$/gm)) {
    const slug = heading
      .toLowerCase()
      .replace(/\[([^\]]*)\]\([^)]*\)/g, "$1")
      .replace(/[^\p{L}\p{N}_ -]/gu, "")
      .replaceAll(" ", "-");
    let anchor = slug;
    for (let count = 1; anchors.has(anchor); count++) anchor = `${slug}-${count}`;
    anchors.add(anchor);
  }
  return anchors;
}

function linksOf(page: string): { path: string; anchor: string | undefined }[] {
  return [...proseOf(page).matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target = ""]) => target)
    .filter((target) => !/^[a-z]+:/.test(target))
    .map((target) => {
      const [file = "", anchor] = target.split("#");
      const base = new URL(page, ROOT);
      const path = file === "" ? page : new URL(file, base).href.slice(ROOT.href.length);
      return { path: decodeURI(path), anchor };
    });
}

describe("Links", () => {
  for (const page of pages.keys()) {
    it(`of ${page} lead to files and headings that exist`, () => {
      for (const { path, anchor } of linksOf(page)) {
        assert.ok(existsSync(fileURLToPath(new URL(path, ROOT))), `there is no ${path}`);
        if (anchor === undefined) continue;
        assert.ok(pages.has(path) && anchorsOf(path).has(anchor), `${path} has no #${anchor}`);
      }
    });
  }

  it("lead from README.md to every page", () => {
    const reached = new Set<string>();
    const visit = (page: string): void => {
      if (reached.has(page)) return;
      reached.add(page);
      for (const { path } of linksOf(page)) if (pages.has(path)) visit(path);
    };
    visit("README.md");
    assert.deepEqual(
      [...pages.keys()].filter((page) => !reached.has(page)),
      [],
    );
  });
});
