/** Requests a second of 1, 2 and 4 processes behind nginx, with and without a list, and the CPU of each part. */

import { progress } from "../../helpers/command.ts";
import { RedisServer } from "../../interop/helpers/redis.ts";
import { median } from "../harness.ts";
import { Client, logIn } from "../http/client.ts";
import { cpuOf, startNginx, startServers, withParts } from "./parts.ts";

export interface Effort {
  readonly rounds: number;
  readonly requests: number;
  /** Requests for each process before it counts. */
  readonly warmUp: number;
}

/** Medians over the rounds; CPU in microseconds a request. */
export interface Row {
  readonly processes: number;
  readonly list: boolean;
  readonly perSecond: number;
  /** The quartiles of `perSecond`. */
  readonly from: number;
  readonly to: number;
  readonly servers: number;
  readonly nginx: number;
  readonly redis: number;
}

type Sample = Pick<Row, "perSecond" | "servers" | "nginx" | "redis">;

const COUNTS = [1, 2, 4];

export function throughput(effort: Effort): Promise<Row[]> {
  return withParts(async (keep) => {
    const redis = keep(await RedisServer.start());
    const most = Math.max(...COUNTS);
    const without = keep(await startServers(most));
    const withList = keep(await startServers(most, { REDIS: redis.url }));
    const subjects = COUNTS.flatMap((processes) =>
      [false, true].map((list) => ({ processes, list, ports: (list ? withList : without).ports })),
    );
    const upstreams = subjects.map(({ processes, ports }) => ports.slice(0, processes));
    const nginx = keep(await startNginx(upstreams));
    const pids = {
      servers: [...without.pids, ...withList.pids],
      nginx: [nginx.pid],
      redis: [redis.pid],
    };
    const clients: Client[] = [];
    for (const site of nginx.sites) clients.push(new Client(site, await logIn(site)));
    keep({ remove: async () => void (await Promise.all(clients.map((client) => client.close()))) });
    const samples = await inTurns(
      clients,
      effort,
      pids,
      subjects.map(({ processes }) => processes),
    );
    return subjects.map(({ processes, list }, index) => ({
      processes,
      list,
      ...summary(samples[index] as Sample[]),
    }));
  });
}

type Name = "servers" | "nginx" | "redis";
type Pids = Readonly<Record<Name, readonly number[]>>;

async function inTurns(
  clients: readonly Client[],
  { rounds, requests, warmUp }: Effort,
  pids: Pids,
  counts: readonly number[],
): Promise<Sample[][]> {
  for (const [index, client] of clients.entries()) {
    progress(() => "warming up");
    await client.load(warmUp * (counts[index] as number), (answered) => answered);
  }
  const samples = clients.map((): Sample[] => []);
  for (let round = 0; round < rounds; round++) {
    progress(() => `round ${round + 1} of ${rounds}`);
    for (let place = 0; place < clients.length; place++) {
      const index = (round + place) % clients.length;
      samples[index]?.push(await sample(clients[index] as Client, requests, pids));
    }
  }
  return samples;
}

async function sample(client: Client, requests: number, pids: Pids): Promise<Sample> {
  const used = (name: Name): number => pids[name].reduce((all, pid) => all + cpuOf(pid), 0);
  const before = { servers: used("servers"), nginx: used("nginx"), redis: used("redis") };
  // The client sleeps while it waits, since it shares the cores with the others.
  const milliseconds = await client.load(requests, (answered) => answered);
  const spent = (name: Name): number => (used(name) - before[name]) / requests;
  return {
    perSecond: (requests * 1000) / milliseconds,
    servers: spent("servers"),
    nginx: spent("nginx"),
    redis: spent("redis"),
  };
}

function summary(samples: readonly Sample[]): Omit<Row, "processes" | "list"> {
  const all = (name: keyof Sample): number[] => samples.map((one) => one[name]);
  const sorted = all("perSecond").toSorted((a, b) => a - b);
  const quartile = (part: number): number => sorted[Math.floor(sorted.length * part)] as number;
  return {
    perSecond: median(sorted),
    from: quartile(0.25),
    to: quartile(0.75),
    servers: median(all("servers")),
    nginx: median(all("nginx")),
    redis: median(all("redis")),
  };
}
