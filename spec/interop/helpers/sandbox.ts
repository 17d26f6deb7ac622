/** Copies of src/ and spec/ as plain JavaScript, in which a mutant is placed and specs are run. */

import { spawn } from "node:child_process";
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { asJavaScript } from "./mutants.ts";

export type Outcome = "passed" | "failed" | "late";

/** Reports the first failure at once, since one failure ends the run. */
const REPORTER = `export default async function* (events) {
  for await (const { type } of events) if (type === "test:fail") yield "FAILED";
}`;
/** Writes down the mutants that each thread reached. */
const COVERAGE = `import { writeFileSync } from "node:fs";
import { threadId } from "node:worker_threads";
process.on("exit", () => {
  const { static: reached = {} } = globalThis.__stryker__?.mutantCoverage ?? {};
  const name = \`\${process.env.COVERED}/\${process.pid}-\${threadId}.json\`;
  writeFileSync(name, JSON.stringify(Object.keys(reached)));
});`;
const LEFT_OUT = /^spec\/(?:interop|bench|project)\b|^spec\/evidence\/(?:fuzz|soak|timing)\b/;

export class Sandbox {
  readonly folder: string = mkdtempSync(join(tmpdir(), "bulla-mutation-"));
  readonly #sources: Map<string, string> = new Map();
  /** A copy of the project, or of another sandbox if one is given. */
  constructor(root: string, other?: Sandbox) {
    if (other !== undefined) {
      cpSync(other.folder, this.folder, { recursive: true });
      this.#sources = other.#sources;
      return;
    }
    for (const name of ["src", "spec", "vectors"]) this.#copy(root, name);
    cpSync(join(root, "package.json"), join(this.folder, "package.json"));
    symlinkSync(join(root, "node_modules"), join(this.folder, "node_modules"));
    writeFileSync(join(this.folder, "reporter.js"), REPORTER);
    writeFileSync(join(this.folder, "coverage.js"), COVERAGE);
  }

  /** Replaces the code of a file of src/. */
  put(file: string, code: string): void {
    writeFileSync(this.#path(file), code);
  }

  restore(file: string): void {
    this.put(file, this.#sources.get(file) as string);
  }

  /** Runs a spec to its end or to its first failure. */
  run(spec: string, limit: number): Promise<Outcome> {
    return this.#run([`spec/${spec}.spec.js`], process.env, limit);
  }

  /** The mutants that a spec reaches, as the instrumented sources report; undefined where the spec fails. */
  async reached(spec: string, limit: number): Promise<Set<string> | undefined> {
    const folder = mkdtempSync(join(this.folder, "covered-"));
    const env = { ...process.env, COVERED: folder };
    const args = ["--import", "./coverage.js", `spec/${spec}.spec.js`];
    if ((await this.#run(args, env, limit)) !== "passed") return undefined;
    const ids = readdirSync(folder).flatMap((name) =>
      JSON.parse(readFileSync(join(folder, name), "utf8")),
    );
    return new Set(ids);
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  #run(args: readonly string[], env: NodeJS.ProcessEnv, limit: number): Promise<Outcome> {
    const child = spawn(process.execPath, ["--test-reporter=./reporter.js", ...args], {
      cwd: this.folder,
      env: { ...env, NODE_TEST_CONTEXT: undefined, NODE_OPTIONS: undefined },
      stdio: ["ignore", "pipe", "ignore"],
    });
    let late = false;
    let failed = false;
    const timer = setTimeout(() => {
      late = true;
      child.kill("SIGKILL");
    }, limit);
    child.stdout.on("data", (data) => {
      if (!String(data).includes("FAILED")) return;
      failed = true;
      child.kill("SIGKILL");
    });
    return new Promise((resolve) => {
      child.once("close", (code) => {
        clearTimeout(timer);
        resolve(failed ? "failed" : late ? "late" : code === 0 ? "passed" : "failed");
      });
    });
  }

  #path(file: string): string {
    return join(this.folder, "src", file.replace(/\.ts$/, ".js"));
  }

  #copy(root: string, name: string): void {
    if (LEFT_OUT.test(name)) return;
    for (const entry of readdirSync(join(root, name), { withFileTypes: true })) {
      const path = `${name}/${entry.name}`;
      if (entry.isDirectory()) this.#copy(root, path);
      else this.#copyFile(root, path);
    }
  }

  #copyFile(root: string, path: string): void {
    const target = join(this.folder, path.replace(/\.ts$/, ".js"));
    mkdirSync(dirname(target), { recursive: true });
    if (!path.endsWith(".ts")) {
      cpSync(join(root, path), target);
      return;
    }
    const code = asJavaScript(readFileSync(join(root, path), "utf8")) ?? "";
    writeFileSync(target, code);
    if (path.startsWith("src/")) this.#sources.set(path.slice("src/".length), code);
  }
}
