/** A folder of vendored modules: reads it, compares it with a plan, and writes it. */

import {
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { sha256Hex } from "../internal/digest.ts";
import { isObject, parseObject } from "../internal/text.ts";
import { type Kind, MANIFEST, MODULES, type Plan } from "./vendor-plan.ts";

export interface Manifest {
  readonly bulla: string;
  readonly modules: readonly string[];
  readonly kind: Kind;
  readonly files: Readonly<Record<string, unknown>>;
}

export interface Difference {
  readonly what: "edited" | "missing" | "extra" | "foreign" | "link";
  readonly file: string;
}

/** The bytes of each file by its path; undefined for a link, or anything else that is neither file nor folder. */
export type Found = ReadonlyMap<string, Buffer | undefined>;

const STAGED = ".bulla-new";

/** Reads all of a folder of ours, or only the names in any other; undefined if there is no folder. */
export function contentsOf(folder: string): Found | undefined {
  if (lstatSync(folder, { throwIfNoEntry: false }) === undefined) return undefined;
  const names = readdirSync(folder);
  if (!names.includes(MANIFEST)) return new Map(names.map((name) => [name, undefined]));
  const found = new Map<string, Buffer | undefined>();
  const visit = (below: string): void => {
    for (const entry of readdirSync(`${folder}/${below}`, { withFileTypes: true })) {
      const path = below + entry.name;
      if (entry.isDirectory()) visit(`${path}/`);
      else found.set(path, entry.isFile() ? readFileSync(`${folder}/${path}`) : undefined);
    }
  };
  visit("");
  return found;
}

/** Reads a folder's manifest. It can say anything, but names only our files. */
export function manifestOf(found: Found): Manifest | undefined {
  const bytes = found.get(MANIFEST);
  const manifest = bytes === undefined ? undefined : parseObject(bytes.toString());
  if (manifest === undefined) return undefined;
  const { bulla, modules, kind, files } = manifest;
  const areKnown =
    Array.isArray(modules) && modules.length > 0 && modules.every((one) => MODULES.includes(one));
  const isManifest =
    typeof bulla === "string" && areKnown && (kind === "js" || kind === "ts") && isObject(files);
  return isManifest ? { bulla, modules, kind, files } : undefined;
}

/** Compares a folder with a plan. `known` are the paths of all possible plans. */
export function compare(found: Found, plan: Plan, known: ReadonlySet<string>): Difference[] {
  const differences: Difference[] = [];
  for (const [file, bytes] of plan) {
    if (!found.has(file)) differences.push({ what: "missing", file });
    else if (found.get(file)?.equals(bytes) === false) differences.push({ what: "edited", file });
  }
  for (const [file, bytes] of found) {
    if (bytes === undefined) differences.push({ what: "link", file });
    else if (!plan.has(file)) {
      differences.push({ what: known.has(file) ? "extra" : "foreign", file });
    }
  }
  return differences;
}

/** Lists the files that writing anew would lose: those that the folder's manifest lacks, or has otherwise. */
export function editsOf(found: Found): string[] {
  const manifest = manifestOf(found);
  if (manifest === undefined) return [...found.keys()];
  const { files } = manifest;
  const isEdited = ([path, bytes]: readonly [string, Buffer | undefined]): boolean => {
    if (path === MANIFEST) return false;
    const hash = Object.hasOwn(files, path) ? files[path] : undefined;
    return bytes === undefined || sha256Hex(bytes) !== hash;
  };
  return [...found].filter(isEdited).map(([path]) => path);
}

/** Writes temporary files, renames all, then removes old files. If the writing fails, nothing has changed. */
export function write(folder: string, plan: Plan, found: Found | undefined): void {
  const made: string[] = [];
  const staged: string[] = [];
  try {
    for (const path of foldersOf(folder, plan.keys())) {
      if (lstatSync(path, { throwIfNoEntry: false }) !== undefined) continue;
      mkdirSync(path);
      made.push(path);
    }
    for (const [path, bytes] of plan) {
      const name = `${folder}/${path}${STAGED}`;
      writeFileSync(name, bytes, { flag: "wx" });
      staged.push(name);
    }
  } catch (error) {
    for (const name of staged) unlinkSync(name);
    for (const path of made.reverse()) rmdirSync(path);
    throw error;
  }
  for (const name of staged) renameSync(name, name.slice(0, -STAGED.length));
  const old = [...(found?.keys() ?? [])].filter((path) => !plan.has(path));
  for (const path of old) unlinkSync(`${folder}/${path}`);
  for (const path of foldersOf(folder, old).reverse()) {
    if (readdirSync(path).length === 0) rmdirSync(path);
  }
}

/** The folder, those above it and those within, outermost first. */
function foldersOf(folder: string, files: Iterable<string>): string[] {
  const folders = Array.from(files, (path) => `${folder}/${path}`).flatMap((path) =>
    [...path.matchAll(/[^/]\//g)].map(({ index }) => path.slice(0, index + 1)),
  );
  return [...new Set(folders)];
}
