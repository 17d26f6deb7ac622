/**
 * Finds the specs that judge a source, by rules without an entry for each file: first the spec that mirrors it and the
 * extras of plan.json, then every spec of its layer.
 */

import { existsSync, readdirSync, readFileSync } from "node:fs";

interface Plan {
  /** The first entry whose pattern matches a source counts. The patterns of specs match names without ".spec.ts". */
  readonly layers: readonly { readonly sources: string; readonly specs: string }[];
  readonly extras: Readonly<Record<string, readonly string[]>>;
}

const SPECS = new URL("../../", import.meta.url);
const SOURCES = new URL("../../../src/", import.meta.url);

export const plan: Plan = JSON.parse(readFileSync(new URL("plan.json", import.meta.url), "utf8"));

/** Every file of src/ except those that only re-export. */
export const sources: readonly string[] = readdirSync(SOURCES, { recursive: true })
  .map((name) => String(name).replaceAll("\\", "/"))
  .filter((name) => name.endsWith(".ts") && doesSomething(name))
  .toSorted();

/** The specs of src/, as "jwt" or "session/fetch". */
const specs: readonly string[] = [".", ...new Set(sources.map(folderOf))]
  .filter((folder, index, all) => all.indexOf(folder) === index)
  .filter((folder) => existsSync(new URL(`${folder}/`, SPECS)))
  .flatMap((folder) =>
    readdirSync(new URL(`${folder}/`, SPECS))
      .filter((name) => name.endsWith(".spec.ts"))
      .map((name) => `${folder}/${name.replace(".spec.ts", "")}`.replace("./", "")),
  );

export function specsOf(source: string): { first: readonly string[]; rest: readonly string[] } {
  const mirror = source.replace(/\.ts$/, "");
  const wanted = [mirror, ...(plan.extras[source] ?? [])];
  const first = wanted.filter((name) => specs.includes(name));
  const layer = plan.layers.find((one) => new RegExp(one.sources).test(source));
  const pattern = new RegExp(layer?.specs ?? "^");
  return { first, rest: specs.filter((name) => pattern.test(name) && !first.includes(name)) };
}

function folderOf(source: string): string {
  return source.includes("/") ? source.slice(0, source.lastIndexOf("/")) : ".";
}

function doesSomething(name: string): boolean {
  const text = readFileSync(new URL(name, SOURCES), "utf8");
  const statements = text
    .replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, "")
    .replace(/^(?:import|export) [^;]*? from "[^"]+";$/gm, "");
  return statements.trim() !== "";
}
