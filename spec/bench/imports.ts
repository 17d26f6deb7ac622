/** Measures the cost of loading a module, in processes that do nothing else. */

import { execFileSync } from "node:child_process";
import { median } from "./harness.ts";
import { pathOf } from "./rivals.ts";

export interface Load {
  readonly name: string;
  readonly milliseconds: number;
  readonly heapKiB: number;
}

const SUBPATHS = ["base64url", "cookie", "jwt", "fernet", "session"];
const RIVALS = ["fast-jwt", "jsonwebtoken", "jose", "fernet", "cookie-session", "iron-session"];

/** Loads the module that its argument names, and prints the milliseconds and bytes of heap. */
const PROGRAM = `
  const heap = () => (gc(), process.memoryUsage().heapUsed);
  const before = heap();
  const start = performance.now();
  await import(process.argv[1]);
  console.log(JSON.stringify([performance.now() - start, heap() - before]));
`;

const FLAGS = ["--expose-gc", "--no-warnings", "--input-type=module", "-e", PROGRAM];

export function measureImports(times: number): Load[] {
  const urls = new Map([
    ["nothing", "data:text/javascript,"],
    ["node:crypto", "node:crypto"],
    ...SUBPATHS.map((name) => [`bulla/${name}`, import.meta.resolve(`bulla/${name}`)] as const),
    ["bulla", import.meta.resolve("bulla")],
    ...RIVALS.map((name) => [name, pathOf(name)] as const),
  ]);
  const samples = new Map<string, [number, number][]>();
  for (let time = 0; time < times; time++) {
    for (const [name, url] of urls) samples.set(name, [...(samples.get(name) ?? []), load(url)]);
  }
  return [...samples].map(([name, pairs]) => ({
    name,
    milliseconds: median(pairs.map(([milliseconds]) => milliseconds)),
    heapKiB: median(pairs.map(([, bytes]) => bytes)) / 1024,
  }));
}

function load(url: string): [number, number] {
  const env = { ...process.env, NODE_OPTIONS: "" };
  const output = execFileSync(process.execPath, [...FLAGS, url], { env, encoding: "utf8" });
  return JSON.parse(output) as [number, number];
}
