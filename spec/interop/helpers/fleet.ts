/** examples/fleet, process by process: nginx in front, three servers that stop and start, and Redis. */

import { ok } from "node:assert/strict";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { type Certificate, certificate } from "./certificate.ts";
import { freePorts, listens, Process } from "./processes.ts";
import { project } from "./programs.ts";
import { RedisServer } from "./redis.ts";

const FOLDER = resolve(import.meta.dirname, "../../../examples/fleet");
/** The ports in its files; the last one is Redis's. */
const PORTS = [8443, 3001, 3002, 3003, 6390];
const FLAGS = ["--import", "tsx", "--conditions=bulla-source"];

/** How long its processes wait for Redis: longer than the default, since a busy machine may need a second. */
const PATIENCE = "redisRevocation(redis, { timeout: 60 })";

/** Copies the example to a folder where it can run, with free ports. */
export async function fleetProject(): Promise<{
  folder: string;
  remove: () => void;
  ports: number[];
}> {
  const ports = await freePorts(PORTS.length);
  const files: Record<string, string> = {};
  for (const name of readdirSync(FOLDER)) {
    const text = readFileSync(join(FOLDER, name), "utf8");
    files[name] = text.replace(/\d{4}/g, (digits) => {
      const index = PORTS.indexOf(Number(digits));
      return index === -1 ? digits : String(ports[index]);
    });
  }
  const server = (files["server.ts"] ?? "").replace("redisRevocation(redis)", PATIENCE);
  ok(server.includes(PATIENCE));
  return { ...project({ ...files, "server.ts": server }), ports };
}

/** The conditions that the answers depend on; a new object after each change. */
export interface Weather {
  /** "changing" while it stops, and from its start until every process is connected. */
  readonly redis: "up" | "changing" | "down";
  /** How many processes are stopping or starting. */
  readonly away: number;
}

export class Fleet {
  readonly ports: readonly number[];
  readonly site: string;
  readonly redis: RedisServer;
  readonly tls: Certificate = certificate();
  weather: Weather = { redis: "up", away: 0 };
  readonly #folder: string;
  readonly #remove: () => void;
  readonly #servers: Process[] = [];
  #nginx: Process | undefined;
  #stopped = false;

  private constructor(folder: string, remove: () => void, ports: number[], redis: RedisServer) {
    this.#folder = folder;
    this.#remove = remove;
    this.site = `https://localhost:${ports[0]}`;
    this.ports = ports.slice(1, 4);
    this.redis = redis;
    mkdirSync(join(folder, "temp"));
    writeFileSync(join(folder, "key.pem"), this.tls.key);
    writeFileSync(join(folder, "cert.pem"), this.tls.cert);
  }

  static async start(keys: readonly string[]): Promise<Fleet> {
    const { folder, remove, ports } = await fleetProject();
    const fleet = new Fleet(folder, remove, ports, await RedisServer.start());
    fleet.keys(keys);
    try {
      await Promise.all(fleet.ports.map((_, index) => fleet.start(index)));
      const nginx = new Process("nginx", ["-p", ".", "-c", "nginx.conf"], { cwd: folder });
      fleet.#nginx = nginx;
      await nginx.ready(() => listens(ports[0] as number));
    } catch (error) {
      await fleet.stop();
      throw error;
    }
    return fleet;
  }

  /** The keys that processes use from their next start on. */
  keys(keys: readonly string[]): void {
    writeFileSync(join(this.#folder, "keys.json"), JSON.stringify(keys));
  }

  change(change: Partial<Weather>): void {
    this.weather = { ...this.weather, ...change };
  }

  async start(index: number): Promise<void> {
    if (this.#stopped) throw new Error("the fleet has been stopped");
    const server = new Process(process.execPath, [...FLAGS, "server.ts"], {
      cwd: this.#folder,
      env: { ...process.env, PORT: String(this.ports[index]), REDIS: this.redis.url },
      stdio: ["ignore", "pipe", "pipe", "ipc"],
    });
    this.#servers[index] = server;
    let told = false;
    server.child.once("message", () => {
      told = true;
    });
    await server.ready(() => told);
  }

  async end(index: number, signal: NodeJS.Signals): Promise<void> {
    this.change({ away: this.weather.away + 1 });
    await this.#servers[index]?.end(signal);
  }

  async startAgain(index: number): Promise<void> {
    await this.start(index);
    this.change({ away: this.weather.away - 1 });
  }

  /** Restarts the processes with these keys, one after the other. */
  async roll(keys: readonly string[]): Promise<void> {
    this.keys(keys);
    for (const index of this.ports.keys()) {
      await this.end(index, "SIGTERM");
      await this.startAgain(index);
    }
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#servers.map((server) => server.end("SIGKILL")));
    await this.#nginx?.end("SIGTERM"); // its workers end too
    await this.redis.remove();
    this.#remove();
  }
}
