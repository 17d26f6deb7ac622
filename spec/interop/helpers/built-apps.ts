/** Applications built for production: put together, built, and served as processes. */

import { equal, ok } from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import { type Process, serve, until } from "./processes.ts";

/** Switches off the telemetry of frameworks. */
const PRODUCTION = {
  NODE_ENV: "production",
  CI: "1",
  NO_COLOR: "1",
  DO_NOT_TRACK: "1",
  ASTRO_TELEMETRY_DISABLED: "1",
  NEXT_TELEMETRY_DISABLED: "1",
  NUXT_TELEMETRY_DISABLED: "1",
  // The programs of node_modules/.bin start others as `node`.
  PATH: `${dirname(process.execPath)}:${process.env.PATH}`,
};

/** Makes a folder anew from these, later ones over earlier ones. */
export function compose(folder: string, ...parts: readonly string[]): string {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const part of parts) cpSync(part, folder, { recursive: true });
  return folder;
}

/** Runs a Node program to its end, and shows its output if it fails. */
export function run(cwd: string, program: string, ...args: readonly string[]): void {
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...args], {
    cwd,
    encoding: "utf8",
    env: { ...process.env, ...PRODUCTION },
  });
  equal(status, 0, `${program} ${args.join(" ")}\n${stdout}\n${stderr}`);
}

/** A server as a process of its own, and its warnings. */
export class Site {
  readonly base: string;
  readonly #process: Process;
  #text = "";

  private constructor(base: string, started: Process) {
    this.base = base;
    this.#process = started;
    for (const stream of [started.child.stdout, started.child.stderr]) {
      stream?.on("data", (chunk) => {
        this.#text += chunk;
      });
    }
  }

  /** Both `args` and the variable PORT get the port. */
  static async start(
    cwd: string,
    args: readonly string[] | ((port: string) => readonly string[]),
    variables: Record<string, string> = {},
  ): Promise<Site> {
    const env = { ...PRODUCTION, HOST: "127.0.0.1", ...variables };
    const { server, address } = await serve(process.execPath, args, { cwd, env });
    return new Site(address, server);
  }

  get port(): number {
    return Number(new URL(this.base).port);
  }

  /** The output since the last reset. */
  get output(): string {
    return this.#text;
  }

  forget(): void {
    this.#text = "";
  }

  /** Waits until it has printed this. */
  async printed(text: string): Promise<void> {
    let late = false;
    const timer = setTimeout(() => {
      late = true;
    }, 20_000);
    await until(() => late || this.#text.includes(text));
    clearTimeout(timer);
    ok(!late, `not printed: ${text}, but ${this.#text}`);
  }

  async end(): Promise<void> {
    await this.#process.end();
  }
}
