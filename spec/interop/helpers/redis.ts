/** A real redis-server with examples/fleet's configuration; it keeps its data on disk. */

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { freePorts, Process } from "./processes.ts";

const CONFIGURATION = resolve(import.meta.dirname, "../../../examples/fleet/redis.conf");

export class RedisServer {
  readonly port: number;
  readonly #folder = mkdtempSync(join(tmpdir(), "bulla-redis-"));
  #process: Process | undefined;

  private constructor(port: number, lines: readonly string[]) {
    this.port = port;
    const text = readFileSync(CONFIGURATION, "utf8").replace(/^port .*$/m, `port ${port}`);
    writeFileSync(join(this.#folder, "redis.conf"), [text, ...lines, ""].join("\n"));
  }

  /** Starts it with these lines added to the configuration. */
  static async start(lines: readonly string[] = []): Promise<RedisServer> {
    const [port] = (await freePorts(1)) as [number];
    const redis = new RedisServer(port, lines);
    await redis.start();
    return redis;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  get pid(): number {
    return this.#process?.child.pid as number;
  }

  async start(): Promise<void> {
    const started = new Process("redis-server", ["redis.conf"], { cwd: this.#folder });
    this.#process = started;
    await started.ready(() => started.output.includes("Ready to accept connections"));
  }

  /** It stays in memory and keeps its connections, but answers nothing. */
  pause(): void {
    this.#process?.child.kill("SIGSTOP");
  }

  resume(): void {
    this.#process?.child.kill("SIGCONT");
  }

  /** Ends it like a crash: nothing more is written. */
  async kill(): Promise<void> {
    await this.#process?.end("SIGKILL");
  }

  async remove(): Promise<void> {
    await this.kill();
    rmSync(this.#folder, { recursive: true });
  }
}
