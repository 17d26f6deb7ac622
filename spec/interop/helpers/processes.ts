/** Servers as processes of their own, on free ports: ready after await, and stopped at the end. */

import { type ChildProcess, type SpawnOptions, spawn } from "node:child_process";
import { once } from "node:events";
import { connect, createServer, type Server } from "node:net";
import { setTimeout as wait } from "node:timers/promises";

/** Returns that many free ports. */
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
  /** Its output, shown if it fails to start. */
  output = "";
  readonly #exit: Promise<unknown>;
  #ended = false;

  constructor(command: string, args: readonly string[], options: SpawnOptions = {}) {
    const { stdio = ["ignore", "pipe", "pipe"] } = options;
    this.child = spawn(command, args, { ...options, stdio });
    const { stdout, stderr } = this.child;
    for (const stream of [stdout, stderr]) stream?.on("data", (chunk) => this.#hear(chunk));
    this.#exit = new Promise((resolve) => {
      this.child.once("exit", resolve);
      this.child.once("error", (error) => resolve(this.#hear(`${command}: ${error.message}`)));
    }).then(() => {
      this.#ended = true;
    });
  }

  /** Waits until the condition holds; fails when the process ends before. */
  async ready(condition: Condition): Promise<this> {
    await until(async () => this.#ended || (await condition()));
    if (this.#ended) throw new Error(`it ended before it was ready: ${this.output}`);
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

/** Starts a server on a free port, given by PORT; waits until it has printed its address and listens. */
export async function serve(
  command: string,
  args: readonly string[] | ((port: string) => readonly string[]),
  options: SpawnOptions = {},
): Promise<{ server: Process; address: string }> {
  const [port] = (await freePorts(1)) as [number];
  const told = typeof args === "function" ? args(String(port)) : args;
  const env = { ...process.env, ...options.env, PORT: String(port) };
  const server = new Process(command, told, { ...options, env });
  let scheme = "";
  await server.ready(async () => {
    [, scheme = ""] = new RegExp(`(https?)://[^\\s/]*:${port}\\b`).exec(server.output) ?? [];
    return scheme !== "" && (await listens(port));
  });
  return { server, address: `${scheme}://localhost:${port}` };
}

type Condition = () => boolean | Promise<boolean>;

/** Resolves when the condition holds. It polls, since connections and servers give no notice. */
export async function until(condition: Condition): Promise<void> {
  while (!(await condition())) await wait(10);
}

/** Tells if connections to a port are accepted. */
export function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => resolve(socket.destroy().destroyed));
    socket.once("error", () => resolve(false));
  });
}
