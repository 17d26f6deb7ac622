/**
 * Starts the command `bulla` for specs. A Node that strips types runs src/bin.ts directly. For an older Node
 * tsx would take 0.4 s at each start, too much for hundreds of processes: TypeScript builds a package once
 * for the current sources, under node_modules/.cache.
 *
 * BULLA_BIN names another build of the command to test: `BULLA_BIN=.../node_modules/bulla/dist/bin.js`.
 */

import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
} from "node:fs";
import { join, resolve } from "node:path";

export const ROOT: string = resolve(import.meta.dirname, "../..");
const TSC = join(ROOT, "node_modules/typescript/bin/tsc");
const DAY = 24 * 3600 * 1000;
const STRIPS = "typescript" in process.features && Boolean(process.features.typescript);

/** The version that the command must print. */
export const { version: VERSION } = JSON.parse(
  readFileSync(join(ROOT, "package.json"), "utf8"),
) as { version: string };

/** Node's arguments to run src/bin.ts here. */
export const SOURCE: readonly string[] = [
  ...(STRIPS ? [] : ["--import", "tsx"]),
  "--conditions=bulla-source",
  join(ROOT, "src/bin.ts"),
];

/** Returns the folder of a package with dist/, or undefined where TypeScript is not installed. */
export function builtPackage(): string | undefined {
  const { BULLA_BIN } = process.env;
  if (BULLA_BIN !== undefined) return resolve(BULLA_BIN, "../..");
  return existsSync(TSC) ? (built ??= build()) : undefined;
}

let built: string | undefined;

/** Returns Node's arguments for the fastest way to run the command. */
export function program(): readonly string[] {
  const { BULLA_BIN } = process.env;
  if (BULLA_BIN !== undefined) return [resolve(BULLA_BIN)];
  if (STRIPS) return SOURCE;
  const folder = builtPackage();
  if (folder === undefined) throw new Error("Node 20 needs TypeScript to run bulla: npm ci");
  return [join(folder, "dist/bin.js")];
}

/** Builds in a folder of its own, since several specs may build at once; the first one to finish is kept. */
function build(): string {
  const cache = join(ROOT, "node_modules/.cache/bulla");
  const folder = join(cache, sourcesHash());
  if (existsSync(folder)) return folder;
  mkdirSync(cache, { recursive: true });
  const fresh = mkdtempSync(join(cache, "new-"));
  for (const name of ["package.json", "LICENSE", "README.md", "src", "tsconfig.json", "vectors"]) {
    cpSync(join(ROOT, name), join(fresh, name), { recursive: true });
  }
  try {
    execFileSync(process.execPath, [TSC, "-p", fresh], { stdio: ["ignore", "pipe", "inherit"] });
    for (const old of readdirSync(cache).map((name) => join(cache, name))) {
      // Keeps today's builds: a copy of this checkout with the same node_modules may use them.
      if (statSync(old).mtimeMs < Date.now() - DAY) rmSync(old, { recursive: true, force: true });
    }
    renameSync(fresh, folder);
  } catch (error) {
    rmSync(fresh, { recursive: true, force: true });
    if (!existsSync(folder)) throw error;
  }
  return folder;
}

function sourcesHash(): string {
  const hash = createHash("sha256");
  const names = readdirSync(join(ROOT, "src"), { recursive: true }).map(String);
  const sources = names.filter((name) => name.endsWith(".ts")).map((name) => join("src", name));
  const vectors = readdirSync(join(ROOT, "vectors")).filter((name) => name.endsWith(".json"));
  const rest = [...vectors.map((name) => join("vectors", name)), "package.json", "tsconfig.json"];
  for (const name of [...sources.sort(), ...rest]) {
    hash
      .update(`${name}\0`)
      .update(readFileSync(join(ROOT, name)))
      .update("\0");
  }
  return hash.digest("hex").slice(0, 32);
}
