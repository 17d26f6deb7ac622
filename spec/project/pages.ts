/** Reads the pages of the documentation for their specs: programs, tables, prose. */

import { readdirSync, readFileSync } from "node:fs";

const ROOT = new URL("../../", import.meta.url);

export const read = (path: string): string => readFileSync(new URL(path, ROOT), "utf8");

/** Every page of the documentation, by its path. */
export const pages: ReadonlyMap<string, string> = new Map(
  [
    ...["README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md", "vectors/README.md"],
    ...readdirSync(new URL("docs/", ROOT), { recursive: true })
      .map((name) => `docs/${String(name).replaceAll("\\", "/")}`)
      .filter((name) => name.endsWith(".md")),
  ].map((path) => [path, read(path)]),
);

export const pageOf = (path: string): string => {
  const page = pages.get(path);
  if (page === undefined) throw new Error(`there is no ${path}`);
  return page;
};

/** The files of src/. */
export const sources: readonly string[] = readdirSync(new URL("src/", ROOT), { recursive: true })
  .map((name) => `src/${String(name).replaceAll("\\", "/")}`)
  .filter((name) => name.endsWith(".ts"));

/** A program on a page: a block that imports, and the blocks after it that do not. */
export interface Program {
  readonly page: string;
  readonly line: number;
  readonly extension: "js" | "ts";
  readonly code: string;
}

export function programsOf(page: string): Program[] {
  // A source file has its examples in docstrings.
  const text = page.endsWith(".ts") ? read(page).replace(/^ *\* ?/gm, "") : pageOf(page);
  const programs: Program[] = [];
  for (const { index, 1: kind, 2: code = "" } of text.matchAll(/^```(js|ts)\n([\s\S]*?)^```$/gm)) {
    const line = text.slice(0, index).split("\n").length;
    const extension = kind as Program["extension"];
    const last = programs.at(-1);
    if (last === undefined || /^import /m.test(code) || last.extension !== extension) {
      programs.push({ page, line, extension, code: isModule(code) ? code : `${code}export {};\n` });
    } else programs[programs.length - 1] = { ...last, code: `${last.code}\n${code}` };
  }
  return programs;
}

function isModule(code: string): boolean {
  return /^(?:import|export) /m.test(code);
}

/** The page without its blocks of code, comments and generated figures. */
export function proseOf(page: string): string {
  return pageOf(page)
    .replace(/^```[\s\S]*?^```$/gm, "")
    .replace(/<!--[\s\S]*?-->/g, "");
}

/** The cells of each row of the table after a mark. */
export function tableAfter(page: string, mark: string): string[][] {
  const text = pageOf(page);
  const from = text.indexOf(`\n${mark}\n`);
  if (from < 0) throw new Error(`${page} has no ${mark}`);
  const [, table = ""] = /^[^|]*?((?:\|.*\n)+)/.exec(text.slice(from + mark.length + 1)) ?? [];
  const rows = table.trimEnd().split("\n").slice(2);
  return rows.map((row) =>
    row
      .split(/(?<!\\)\|/)
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

/** The names in code at the start of a cell: "`path`, `domain`" has two. */
export function namesIn(cell: string): string[] {
  return [...cell.matchAll(/`([^`]+)`/g)].map(([, name = ""]) => name);
}
