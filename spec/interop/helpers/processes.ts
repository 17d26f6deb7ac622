/** Servers as processes of their own: on ports that are free, ready when awaited, and gone in the end. */

import { type ChildProcess, type SpawnOptions, spawn } from "node:child_process";
import { once } from "node:events";
import { connect, createServer, type Server } from "node:net";
import { setTimeout as wait } from "node:timers/promises";

/** So many ports that nobody listens on. */
export async function freePorts(count: number): Promise<number[]> {
  const servers: Server[] = [];
  for (let index = 0; index < count; index++) {
    servers.push(createServer().listen(0, "127.0.0.1"));
    await once(servers[index] as Server, "listening");
  }
  const ports = servers.map((server) => (server.address() as { port: number }).port);
  for (const server of servers) server.close();
  await Promise.all(servers.map((server) => once(server, "close")));
  return ports;
}

export class Process {
  readonly child: ChildProcess;
  /** What it wrote: shown where it failed to start. */
  output = "";
  readonly #exit: Promise<unknown>;

  constructor(command: string, args: readonly string[], options: SpawnOptions = {}) {
    const { stdio = ["ignore", "pipe", "pipe"] } = options;
    this.child = spawn(command, args, { ...options, stdio });
    const { stdout, stderr } = this.child;
    for (const stream of [stdout, stderr]) stream?.on("data", (chunk) => this.#hear(chunk));
    this.#exit = new Promise((resolve) => {
      this.child.once("exit", resolve);
      this.child.once("error", (error) => resolve(this.#hear(`${command}: ${error.message}`)));
    });
  }

  /** Waits for what tells that it is ready; fails when the process ends before. */
  async ready(sign: Promise<unknown>): Promise<this> {
    const ended = this.#exit.then(() => {
      throw new Error(`it ended before it was ready: ${this.output}`);
    });
    await Promise.race([sign, ended]);
    return this;
  }

  async end(signal: NodeJS.Signals = "SIGKILL"): Promise<void> {
    this.child.kill(signal);
    await this.#exit;
  }

  #hear(text: unknown): void {
    this.output = (this.output + text).slice(-10_000);
  }
}

/** Resolves when `condition` holds; a connection or a server gives no other notice of it. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await wait(10);
}

export function listening(port: number): Promise<void> {
  return until(
    () =>
      new Promise((resolve) => {
        const socket = connect(port, "127.0.0.1");
        socket.once("connect", () => resolve(socket.destroy().destroyed));
        socket.once("error", () => resolve(false));
      }),
  );
}
