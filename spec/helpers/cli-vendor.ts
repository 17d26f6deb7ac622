/**
 * Works out what `bulla vendor` must write, from the imports of src/ alone, and runs it. It relies on the
 * layout: a module's file has the same path in the folder as in src/ or dist/.
 */

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { lstatSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, posix } from "node:path";
import { bulla, ended, fresh, type Run } from "./cli-process.ts";
import { builtPackage, ROOT } from "./cli-program.ts";

export const MODULES = ["base64url", "jwt", "fernet", "cookie", "session", "asgi"] as const;
export type Module = (typeof MODULES)[number];

/** JavaScript with types, or TypeScript. JavaScript can be built only where TypeScript is installed. */
export type Kind = "js" | "ts";
export const KINDS: readonly Kind[] = builtPackage() === undefined ? ["ts"] : ["js", "ts"];

/** The program of the built package, which finds its JavaScript. */
function packaged(): { program?: readonly string[] } {
  const folder = builtPackage();
  return folder === undefined ? {} : { program: [join(folder, "dist/bin.js")] };
}

/** Runs `bulla vendor` with these arguments. */
export function vendor(...args: string[]): Promise<Run> {
  return bulla(["vendor", ...args], packaged());
}

export const check = (folder: string): Promise<Run> => vendor("--check", folder);

const kindArgs = (kind: Kind): string[] => (kind === "ts" ? ["--ts"] : []);

/** Writes these modules to a new folder. */
export async function vendored(kind: Kind, ...modules: Module[]): Promise<string> {
  const folder = fresh(`-${kind}`);
  ended(await vendor(...kindArgs(kind), ...modules, folder), 0);
  return folder;
}

/** Writes modules to an existing folder. */
export function into(folder: string, kind: Kind, ...modules: string[]): Promise<Run> {
  return vendor(...kindArgs(kind), ...modules, folder);
}

/** Lists the files in a folder, with `/`. */
export function filesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true })
    .map((name) => String(name).replaceAll("\\", "/"))
    .filter((name) => !lstatSync(join(folder, name)).isDirectory())
    .sort();
}

/**
 * Returns the sources that modules import, directly or not; with `types`, also those imported only for types.
 */
export function baseOf(modules: readonly string[], types: boolean): Set<string> {
  const base = new Set<string>();
  const visit = (file: string): void => {
    if (base.has(file)) return;
    base.add(file);
    for (const from of importsOf(readFileSync(join(ROOT, "src", file), "utf8"), types)) {
      visit(posix.join(posix.dirname(file), from));
    }
  };
  for (const name of modules) visit(`${name}.ts`);
  return base;
}

/** Returns the relative paths that a text imports or exports from. */
export function importsOf(text: string, types: boolean): string[] {
  const found = text.matchAll(
    /^(?:import|export) (type )?([\w*\s{},]*?) from "(\.[^"]+)";$|^import "(\.[^"]+)";$/gm,
  );
  return [...found].flatMap(([, type, names = "", from, bare]) => {
    const isType = type !== undefined || /^\{(?:\s*type [\w ]+,?)+\s*\}$/.test(names);
    return isType && !types ? [] : [from ?? (bare as string)];
  });
}

export interface Manifest {
  bulla: string;
  modules: string[];
  kind: string;
  files: Record<string, string>;
}

const manifestPath = (folder: string): string => join(folder, "bulla.json");

export function manifestOf(folder: string): Manifest {
  return JSON.parse(readFileSync(manifestPath(folder), "utf8")) as Manifest;
}

/** Edits the manifest in place. */
export function editManifest(folder: string, edit: (manifest: Manifest) => void): void {
  const manifest = manifestOf(folder);
  edit(manifest);
  writeFileSync(manifestPath(folder), JSON.stringify(manifest, undefined, 2));
}

/** Tells whether a hash of the manifest matches the file, in any encoding. */
export function isHash(hash: string, contents: Uint8Array): boolean {
  const digest = createHash("sha256").update(contents).digest();
  return (["hex", "base64", "base64url"] as const).some((form) =>
    hash.endsWith(digest.toString(form)),
  );
}

/** Replaces the hash of a file, in the manifest's encoding. */
export function rehash(manifest: Manifest, path: string, before: Buffer, after: Buffer): void {
  const digest = (bytes: Buffer, form: "hex" | "base64") =>
    createHash("sha256").update(bytes).digest(form);
  const old = manifest.files[path] ?? "";
  manifest.files[path] = old
    .replace(digest(before, "hex"), digest(after, "hex"))
    .replace(digest(before, "base64"), digest(after, "base64"));
  assert.notEqual(manifest.files[path], old);
}

/** Returns the path of a module's file, or of one below internal/. */
export const fileOf = (kind: Kind, name: string): string => `${name}.${kind}`;
