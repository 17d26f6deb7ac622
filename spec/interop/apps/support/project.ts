/** An example as a project of its own: assembled, built for production, type-checked, and started. */

import { equal } from "node:assert/strict";
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { dirname, join, resolve } from "node:path";
import { PassThrough } from "node:stream";
import { after } from "node:test";

const ROOT = resolve(import.meta.dirname, "../../../..");

/** Frameworks that tell their makers who builds what are told not to. */
const QUIET = {
  ASTRO_TELEMETRY_DISABLED: "1",
  NUXT_TELEMETRY_DISABLED: "1",
  DO_NOT_TRACK: "1",
  CI: "1",
  NODE_ENV: "production",
  // The programs of node_modules/.bin start other programs by the name of node.
  PATH: `${dirname(process.execPath)}:${process.env.PATH}`,
};

/** What the examples have as their secret. */
export const SECRET = "a secret of some more than 32 bytes";

export interface Project {
  readonly folder: string;
  /** Runs a program of node_modules/.bin, which must end with status 0. */
  run(program: string, ...args: string[]): void;
  /** Starts what was built, and returns the port on which it listens when it says so. */
  start(entry: string, variables?: Record<string, string>): Promise<number>;
  /** Waits until a server has printed this as an error, or a warning. */
  hears(words: string): Promise<void>;
}

/**
 * The files of examples/NAME, and over them those of the folder `more` beside the spec, in its folder
 * `dist`, with bulla as npm would install it: a copy of what is published and not a link.
 */
export function assemble(name: string): Project {
  const beside = resolve(import.meta.dirname, "..", name);
  const folder = join(beside, "dist");
  rmSync(folder, { recursive: true, force: true });
  cpSync(join(ROOT, "examples", name), folder, { recursive: true });
  if (existsSync(join(beside, "more"))) {
    cpSync(join(beside, "more"), folder, { recursive: true });
  }
  install(join(folder, "node_modules/bulla"));
  const { devDependencies } = JSON.parse(readFileSync(join(beside, "package.json"), "utf8"));
  const own = {
    name: `example-${name}`,
    private: true,
    type: "module",
    dependencies: { bulla: "*" },
    devDependencies: { ...devDependencies, bulla: undefined },
  };
  writeFileSync(join(folder, "package.json"), JSON.stringify(own));
  const children: ChildProcess[] = [];
  const heard = new PassThrough({ encoding: "utf8" });
  let said = "";
  heard.on("data", (chunk: string) => {
    said += chunk;
  });
  after(() => Promise.all(children.map(ended)));
  return {
    folder,
    run(program, ...args) {
      const found = join(beside, "node_modules/.bin", program);
      const options = { cwd: folder, env: { ...process.env, ...QUIET }, encoding: "utf8" } as const;
      const { status, stdout, stderr } = spawnSync(process.execPath, [found, ...args], options);
      equal(status, 0, `${program} ${args.join(" ")}\n${stdout}${stderr}`);
    },
    async start(entry, variables = {}) {
      const env = {
        ...process.env,
        ...QUIET,
        HOST: "127.0.0.1",
        SESSION_SECRET: SECRET,
        NUXT_SESSION_SECRET: SECRET,
        ...variables,
      };
      const child = spawn(process.execPath, [entry], {
        cwd: folder,
        env: { ...env, PORT: String(await freePort()) },
        stdio: ["ignore", "pipe", "pipe"],
      });
      children.push(child);
      child.stderr.pipe(heard, { end: false });
      let text = "";
      return await new Promise((resolve, reject) => {
        // It is read to the end: a server that cannot print ends.
        child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
          text += chunk;
          const [, port] = /https?:\/\/[^\s/]*:(\d+)/.exec(text) ?? [];
          if (port !== undefined) resolve(Number(port));
        });
        child.once("exit", () =>
          reject(new Error(`${entry} ended and had printed: ${text}${said}`)),
        );
      });
    },
    async hears(words) {
      while (!said.includes(words)) await once(heard, "data");
    },
  };
}

function install(folder: string): void {
  mkdirSync(folder, { recursive: true });
  const { files } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
  for (const name of ["package.json", ...files]) {
    cpSync(join(ROOT, name), join(folder, name), { recursive: true });
  }
}

async function ended(child: ChildProcess): Promise<void> {
  child.kill();
  if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0);
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, "close");
  return port;
}
