/** Reads and writes the committed figures of long runs: `figures.json` beside the program. */

import { existsSync, readFileSync, writeFileSync } from "node:fs";

/** Returns what each part of a program found, and under which Node. */
export function readFigures<T>(program: string): Record<string, T & { readonly node: string }> {
  const file = fileOf(program);
  return existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : {};
}

/** Writes the figures of one part under this Node, and keeps those of the other parts. */
export function recordFigures(program: string, part: string, found: object): void {
  const figures = {
    ...readFigures<object>(program),
    [part]: { node: process.versions.node, ...found },
  };
  writeFileSync(fileOf(program), `${JSON.stringify(figures, null, 2)}\n`);
}

function fileOf(program: string): URL {
  return new URL(`../evidence/${program}/figures.json`, import.meta.url);
}
