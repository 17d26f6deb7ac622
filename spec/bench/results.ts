/** The figures that are committed: spec/bench/results, a file for each program and Node version. */

import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";

export const RESULTS: URL = new URL("results/", import.meta.url);

const { node } = process.versions;

/** Writes what a program found under this Node. */
export function writeResults(program: string, found: object): void {
  mkdirSync(RESULTS, { recursive: true });
  const text = JSON.stringify({ node, ...found }, undefined, 2);
  writeFileSync(new URL(`${program}-${node.split(".")[0]}.json`, RESULTS), `${text}\n`);
}

/** The results of a program, by Node version. */
export function readResults<T>(program: string): (T & { readonly node: string })[] {
  return readdirSync(RESULTS)
    .filter((name) => name.startsWith(`${program}-`))
    .toSorted()
    .map((name) => JSON.parse(readFileSync(new URL(name, RESULTS), "utf8")));
}
