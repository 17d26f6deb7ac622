/**
 * The command `bulla` as specs start it. Node that strips types runs src/bin.ts as it is. tsx takes 0.4 s to start,
 * which hundreds of processes cannot afford: older Node runs a package that TypeScript builds once for the
 * sources as they are, under node_modules/.cache.
 *
 * BULLA_BIN names another build of the command to judge: `BULLA_BIN=.../node_modules/bulla/dist/bin.js`.
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

/** What the version must be. */
export const { version: VERSION } = JSON.parse(
  readFileSync(join(ROOT, "package.json"), "utf8"),
) as { version: string };

/** The arguments with which Node runs src/bin.ts here. */
export const SOURCE: readonly string[] = [
  ...(STRIPS ? [] : ["--import", "tsx"]),
  "--conditions=bulla-source",
  join(ROOT, "src/bin.ts"),
];

/** The folder of a package with dist/, or undefined where TypeScript is not installed and none can be built. */
export function builtPackage(): string | undefined {
  const { BULLA_BIN } = process.env;
  if (BULLA_BIN !== undefined) return resolve(BULLA_BIN, "../..");
  return existsSync(TSC) ? (built ??= build()) : undefined;
}

let built: string | undefined;

/** The arguments with which Node runs the command: the quickest way there is. */
export function program(): readonly string[] {
  const { BULLA_BIN } = process.env;
  if (BULLA_BIN !== undefined) return [resolve(BULLA_BIN)];
  if (STRIPS) return SOURCE;
  const folder = builtPackage();
  if (folder === undefined) throw new Error("Node 20 needs TypeScript to run bulla: npm ci");
  return [join(folder, "dist/bin.js")];
}

/** Several spec files may build at once: each beside the others, and the first that is ready stays. */
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
      // A build of today may be in use: by a copy of this checkout that shares its node_modules.
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
