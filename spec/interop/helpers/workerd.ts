/** Runs compiled modules in workerd, from one configuration (workerd.capnp of its sources). */

import { equal } from "node:assert/strict";
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { readdirSync, writeFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import type { Readable } from "node:stream";

const INTEROP = resolve(import.meta.dirname, "..");
const ROOT = resolve(INTEROP, "../..");

export interface Worker {
  /** Its first module, which imports the others. */
  main: string;
  bindings?: { name: string; text?: string; json?: string }[];
  flags?: string[];
}

/** Compiles these files and their imports into a folder of ES modules. */
export function compile(folder: string, files: string[]): void {
  const tsconfig = {
    extends: join(INTEROP, "tsconfig.json"),
    compilerOptions: {
      ...{
        rootDir: ROOT,
        outDir: join(folder, "out"),
        noEmit: false,
        declaration: false,
        sourceMap: false,
      },
      ...{ declarationMap: false, customConditions: ["bulla-source"] },
      typeRoots: [join(INTEROP, "node_modules/@types")],
    },
    include: files.map((file) => join(ROOT, file)),
  };
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(tsconfig));
  const compiler = join(INTEROP, "node_modules/typescript/bin/tsc");
  const { status, stdout } = spawnSync(process.execPath, [compiler, "-p", folder], {
    encoding: "utf8",
  });
  equal(status, 0, stdout);
}

/** Starts workers with the compiled modules of a folder, each on a port of its own. */
export async function startWorkers(
  folder: string,
  workers: Record<string, Worker>,
): Promise<{ child: ChildProcess; addresses: Record<string, string> }> {
  const config = join(folder, "config.capnp");
  writeFileSync(config, configOf(folder, workers));
  const child = spawn(
    join(INTEROP, "node_modules/.bin/workerd"),
    ["serve", config, "--control-fd=3"],
    {
      stdio: ["ignore", "ignore", "pipe", "pipe"],
    },
  );
  let errors = "";
  child.stderr?.on("data", (chunk) => {
    errors += chunk;
  });
  const addresses: Record<string, string> = {};
  let text = "";
  for await (const chunk of child.stdio[3] as Readable) {
    text += chunk;
    const events = text
      .split("\n")
      .slice(0, -1)
      .map((line) => JSON.parse(line));
    for (const { event, socket, port } of events) {
      if (event === "listen") addresses[socket] = `http://127.0.0.1:${port}`;
    }
    if (Object.keys(addresses).length === Object.keys(workers).length) return { child, addresses };
  }
  throw new Error(`workerd ended: ${errors}`);
}

function configOf(folder: string, workers: Record<string, Worker>): string {
  const out = join(folder, "out");
  const modules = readdirSync(out, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".js"))
    .map((entry) => relative(out, join(entry.parentPath, entry.name)));
  const embed = (path: string) => `(name = "${path}", esModule = embed "out/${path}")`;
  const services = Object.entries(workers).map(([name, { main, bindings = [], flags = [] }]) => {
    const listed = [main, ...modules.filter((module) => module !== main)].map(embed);
    const bound = bindings.map(({ name, text, json }) =>
      text === undefined
        ? `(name = "${name}", json = embed "${json}")`
        : `(name = "${name}", text = "${text}")`,
    );
    return `(name = "${name}", worker = (
      modules = [${[...listed, ...aliases(modules)].join(",\n")}],
      compatibilityDate = "2026-01-01",
      compatibilityFlags = ${JSON.stringify(flags)},
      bindings = [${bound.join(", ")}]))`;
  });
  const sockets = Object.keys(workers).map(
    (name) => `(name = "${name}", address = "127.0.0.1:0", http = (), service = "${name}")`,
  );
  return `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (services = [${services.join(",\n")}], sockets = [${sockets.join(", ")}]);
`;
}

/** The package's own name as a module, which a bundler would have resolved. */
function aliases(modules: string[]): string[] {
  if (!modules.includes("src/session.js")) return [];
  return [`(name = "examples/bulla/session", esModule = "export * from '../../src/session.js';")`];
}
