/** The processes of a fleet: servers, nginx in front of them, Sentinel beside Redis; and the CPU time of each. */

import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { freePorts, listens, Process } from "../../interop/helpers/processes.ts";

const PROGRAM = fileURLToPath(new URL("server.ts", import.meta.url));
/** More requests than a connection gets, so nginx closes none for their number. */
const MANY = 1_000_000_000;
const SECRET = "a secret of the benchmark, of 32 bytes or more";

/** A part of the fleet, which runs until it is removed. */
export interface Part {
  remove(): Promise<void>;
}

/** Calls `run`, and then removes the parts that it kept, the last one first, also after a failure. */
export async function withParts<V>(
  run: (keep: <P extends Part>(part: P) => P) => Promise<V>,
): Promise<V> {
  const parts: Part[] = [];
  const keep = <P extends Part>(part: P): P => {
    parts.unshift(part);
    return part;
  };
  try {
    return await run(keep);
  } finally {
    for (const part of parts) await part.remove();
  }
}

export interface Servers extends Part {
  readonly ports: readonly number[];
  readonly pids: readonly number[];
}

/** Starts servers: with a list in Redis, with one behind Sentinel, or without a list. */
export async function startServers(
  count: number,
  list: { REDIS?: string; SENTINEL?: string } = {},
): Promise<Servers> {
  const ports = await freePorts(count);
  const processes = await Promise.all(
    ports.map((port) => {
      const env = { ...process.env, ...list, SECRET, PORT: String(port) };
      const args = [...process.execArgv, PROGRAM];
      // The "ipc" channel tells a server that its parent has gone.
      const server = new Process(process.execPath, args, {
        env,
        stdio: ["ignore", "pipe", "pipe", "ipc"],
      });
      return server.ready(() => listens(port));
    }),
  );
  return {
    ports,
    pids: processes.map(({ child }) => child.pid as number),
    async remove() {
      for (const one of processes) await one.end();
    },
  };
}

/** A program of Debian with its files in a folder of its own. */
class Program implements Part {
  readonly process: Process;
  readonly #folder = mkdtempSync(join(tmpdir(), "bulla-bench-"));

  constructor(command: string, words: readonly string[], file: string, text: string) {
    mkdirSync(join(this.#folder, "temp"));
    writeFileSync(join(this.#folder, file), text);
    this.process = new Process(command, words, { cwd: this.#folder });
  }

  /** Waits until the condition holds. Removes the program if it ends before. */
  async ready(condition: Parameters<Process["ready"]>[0]): Promise<void> {
    try {
      await this.process.ready(condition);
    } catch (error) {
      await this.remove();
      throw error;
    }
  }

  async remove(): Promise<void> {
    await this.process.end("SIGKILL");
    rmSync(this.#folder, { recursive: true });
  }
}

/** Runs nginx as one process, so that its CPU time is one figure, with a site for each list of servers' ports. */
export async function startNginx(
  upstreams: readonly (readonly number[])[],
): Promise<Part & { sites: number[]; pid: number }> {
  const sites = await freePorts(upstreams.length);
  const temps = ["client_body", "proxy", "fastcgi", "scgi", "uwsgi"].map(
    (name) => `  ${name}_temp_path temp/${name};`,
  );
  const text = [
    ...["daemon off;", "master_process off;", "pid nginx.pid;", "error_log stderr crit;"],
    ...[
      "events { worker_connections 4096; }",
      "http {",
      "  access_log off;",
      "  keepalive_timeout 1h;",
      `  keepalive_requests ${MANY};`,
      ...temps,
    ],
    ...upstreams.map((ports, index) => siteOf(index, sites[index] as number, ports)),
    "}\n",
  ].join("\n");
  const program = new Program("nginx", ["-p", ".", "-c", "nginx.conf"], "nginx.conf", text);
  await program.ready(async () => (await Promise.all(sites.map(listens))).every(Boolean));
  return { sites, pid: program.process.child.pid as number, remove: () => program.remove() };
}

/** The site of examples/fleet/nginx.conf, without TLS. */
function siteOf(index: number, site: number, ports: readonly number[]): string {
  const servers = ports.map((port) => `server 127.0.0.1:${port} fail_timeout=1s;`);
  return `upstream fleet${index} { ${servers.join(" ")} keepalive 64; keepalive_requests ${MANY}; }
server {
  listen 127.0.0.1:${site};
  location / {
    proxy_pass http://fleet${index};
    proxy_http_version 1.1;
    proxy_set_header Connection "";
    proxy_buffer_size 16k;
    proxy_buffers 8 16k;
    proxy_next_upstream error timeout;
  }
}`;
}

/** Starts Sentinel, which watches a primary and promotes its replica when the primary has died. */
export async function startSentinel(
  primary: number,
  down: number,
): Promise<Part & { port: number }> {
  const [port] = (await freePorts(1)) as [number];
  const lines = [
    `port ${port}`,
    "bind 127.0.0.1",
    `sentinel monitor fleet 127.0.0.1 ${primary} 1`,
    `sentinel down-after-milliseconds fleet ${down}`,
    "sentinel failover-timeout fleet 10000",
    "",
  ];
  const words = ["sentinel.conf", "--sentinel"];
  const program = new Program("redis-server", words, "sentinel.conf", lines.join("\n"));
  await program.ready(() => program.process.output.includes("+slave slave"));
  return { port, remove: () => program.remove() };
}

/** Microseconds of CPU of a process, all threads: nanoseconds in the first field of each thread's schedstat. */
export function cpuOf(pid: number): number {
  const threads = readdirSync(`/proc/${pid}/task`);
  return threads.reduce((all, thread) => all + nanoseconds(pid, thread) / 1000, 0);
}

function nanoseconds(pid: number, thread: string): number {
  try {
    const [field = ""] = readFileSync(`/proc/${pid}/task/${thread}/schedstat`, "utf8").split(" ");
    return Number(field);
  } catch {
    return 0; // a thread that has ended meanwhile
  }
}
