/**
 * npm run size: prints the size of each built module with all that it imports, and of the tarball. Fails
 * where a size is above its budget (budget.json, or the file named as the first argument), or has no budget.
 */

import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

interface Weight {
  readonly bytes: number;
  readonly gzip: number;
}

const [file = new URL("budget.json", import.meta.url)] = process.argv.slice(2);
const budget: Record<string, Weight> = JSON.parse(readFileSync(file, "utf8"));
const { exports } = JSON.parse(readFileSync("package.json", "utf8")) as {
  exports: Record<string, string | { default: string }>;
};

const weights: Record<string, Weight> = {};
for (const [name, target] of Object.entries(exports)) {
  if (typeof target !== "string") weights[`bulla${name.slice(1)}`] = weigh(target.default);
}
weights.tarball = weighTarball();

let wrong = false;
console.log("| module | bytes | of | gzip | of |\n|---|---|---|---|---|");
for (const name of new Set([...Object.keys(weights), ...Object.keys(budget)])) {
  const [weight, most] = [weights[name], budget[name]];
  const good = weight && most && weight.bytes <= most.bytes && weight.gzip <= most.gzip;
  if (!good) wrong = true;
  const cells = [weight?.bytes, most?.bytes, weight?.gzip, most?.gzip].map(
    (cell) => cell ?? "none",
  );
  console.log(`| ${name} | ${cells.join(" | ")} |${good ? "" : " TOO MUCH"}`);
}
if (wrong) process.exitCode = 1;

/** The size of a built module with all that it imports of the package. */
function weigh(entry: string): Weight {
  const seen = new Set<string>();
  const visit = (path: string): void => {
    if (seen.has(path)) return;
    seen.add(path);
    const text = readFileSync(path, "utf8");
    for (const [, from = ""] of text.matchAll(/ from "(\.[^"]+)";$/gm))
      visit(join(path, "..", from));
  };
  visit(join(entry));
  const text = [...seen].map((path) => readFileSync(path, "utf8")).join("");
  return { bytes: Buffer.byteLength(text), gzip: gzipSync(text).length };
}

/** The size of the whole package, unpacked and packed. */
function weighTarball(): Weight {
  const pack = ["pack", "--dry-run", "--json", "--ignore-scripts"];
  // Runs npm's own script with this Node: on Windows the command `npm` is a shell script.
  const { npm_execpath: cli } = process.env;
  const [npm, ...first] = cli === undefined ? ["npm"] : [process.execPath, cli];
  const packed = execFileSync(npm as string, [...first, ...pack], { encoding: "utf8" });
  const [{ unpackedSize, size }] = JSON.parse(packed);
  return { bytes: unpackedSize, gzip: size };
}
