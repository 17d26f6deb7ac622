/** The table of `npm run bench fleet`, and what 100,000 requests a second would need. */

import { readResults } from "../results.ts";
import type { Fault } from "./faults.ts";
import type { Row } from "./throughput.ts";

/** The goal, in requests a second. */
const GOAL = 100_000;
const PARTS = ["servers", "nginx", "redis"] as const;

/** Cores that do nothing else, in the row that needs the fewest and in the one that needs the most. */
type Cores = readonly [least: number, most: number];

export interface Need {
  readonly list: boolean;
  readonly cores: Readonly<Record<(typeof PARTS)[number] | "all", Cores>>;
}

/** The CPU of a request times the goal. It is a range: processes that wait for a core take more CPU each. */
export function needs(rows: readonly Row[]): Need[] {
  return [false, true].map((list) => {
    const cores = (cpu: (row: Row) => number): Cores => {
      const all = rows.filter((row) => row.list === list).map((row) => (cpu(row) * GOAL) / 1e6);
      return [Math.min(...all), Math.max(...all)];
    };
    const [servers, nginx, redis] = PARTS.map((part) => cores((row) => row[part])) as [
      Cores,
      Cores,
      Cores,
    ];
    const all = cores((row) => row.servers + row.nginx + row.redis);
    return { list, cores: { servers, nginx, redis, all } };
  });
}

export function needLine({ list, cores }: Need): string {
  const of = ([least, most]: Cores): string =>
    least.toFixed(1) === most.toFixed(1)
      ? least.toFixed(1)
      : `${least.toFixed(1)} to ${most.toFixed(1)}`;
  const parts = [`${of(cores.servers)} for the servers`, `${of(cores.nginx)} for nginx`];
  if (list) parts.push(`${of(cores.redis)} for Redis`);
  const goal = GOAL.toLocaleString("en");
  return `${goal} requests a second ${list ? "with" : "without"} a list need ${of(cores.all)} cores: ${parts.join(", ")}`;
}

export function fleetTable(): string {
  const [report] = readResults<{ rows: readonly Row[]; faults: readonly Fault[] }>("fleet");
  if (report === undefined) return "Not measured yet.";
  const { node, rows, faults } = report;
  return [
    `| processes, on Node ${node} | list | requests a second | µs of CPU a request: servers | nginx | Redis |`,
    "| --- | --- | ---: | ---: | ---: | ---: |",
    ...rows.map(
      ({ processes, list, perSecond, servers, nginx, redis }) =>
        `| ${processes} | ${list ? "in Redis" : "none"} | ${perSecond.toFixed(0)} | ` +
        `${servers.toFixed(1)} | ${nginx.toFixed(1)} | ${list ? redis.toFixed(1) : ""} |`,
    ),
    "",
    ...needs(rows).map((need) => `- ${needLine(need)}.`),
    "",
    "| under load | answered | of them 503 | replays, all refused | answers again after | logouts again after |",
    "| --- | ---: | ---: | ---: | ---: | ---: |",
    ...faults.map(
      ({ fault, requests, unavailable, replays, recovered, logouts }) =>
        `| ${fault} | ${requests + unavailable} | ${unavailable} | ${replays} | ` +
        `${seconds(recovered)} | ${seconds(logouts)} |`,
    ),
  ].join("\n");
}

export function seconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(2)} s`;
}
