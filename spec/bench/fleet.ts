/**
 * npm run bench fleet: measures processes behind nginx, with and without a revocation list in Redis: requests a second,
 * the CPU of each part, and the cores for 100,000 requests a second. Then Redis restarts, fails over to a replica and
 * runs full, under load: every answer must be right or 503, no logout may be lost, and all must recover by itself.
 * Needs Linux, nginx and redis-server; three minutes.
 *
 *     --quick   a minute, writes nothing
 *
 * Exits with 1 where an answer was wrong, or a cookie opened after its logout.
 */

import { availableParallelism } from "node:os";
import { optionsOf } from "../helpers/command.ts";
import { failedOver, full, restarted } from "./fleet/faults.ts";
import { needLine, needs, seconds } from "./fleet/tables.ts";
import { throughput } from "./fleet/throughput.ts";
import { writeResults } from "./results.ts";

const flags = optionsOf("bench fleet", { quick: { type: "boolean", default: false } });
const EFFORT = flags.quick
  ? { rounds: 4, requests: 2000, warmUp: 3000 }
  : { rounds: 30, requests: 6000, warmUp: 12_000 };

const cores = availableParallelism();
console.log(
  `Node ${process.versions.node}; client, nginx, Redis and servers share ${cores} cores,`,
);
console.log(
  "so more processes than cores answer no more requests. Compare the CPU of a request instead.\n",
);

const rows = await throughput(EFFORT);
console.log("processes  list      requests a second       us of CPU a request");
console.log("                     median   quartiles      servers    nginx    Redis");
for (const { processes, list, perSecond, from, to, servers, nginx, redis } of rows) {
  const rate = perSecond.toFixed(0).padStart(8);
  const quartiles = `${from.toFixed(0)}-${to.toFixed(0)}`.padStart(14);
  const cells = [servers, nginx, redis].map((cell) => cell.toFixed(1).padStart(9)).join("");
  console.log(
    `${String(processes).padEnd(11)}${(list ? "Redis" : "none").padEnd(8)}${rate}${quartiles}   ${cells}`,
  );
}
console.log("\nThe list costs one round trip for each request that opens a session:");
for (const row of rows.filter(({ list }) => list)) {
  const bare = rows.find((one) => !one.list && one.processes === row.processes) ?? row;
  const [servers, all] = [row.servers - bare.servers, sum(row) - sum(bare)];
  console.log(
    `  ${row.processes} processes: ${servers.toFixed(1)} us of the servers, ${all.toFixed(1)} us in all, ` +
      `${(100 * (row.perSecond / bare.perSecond - 1)).toFixed(0)} % requests a second`,
  );
}
console.log("");
for (const need of needs(rows)) console.log(needLine(need));

const faults = [];
for (const fault of [restarted, full, failedOver]) {
  const found = await fault();
  faults.push(found);
  console.log(
    `\n${found.fault}: ${found.requests} requests answered, ${found.unavailable} times 503, ` +
      `${found.replays} replays refused,\n  no wrong answer; answers again after ${seconds(found.recovered)}, ` +
      `logouts again after ${seconds(found.logouts)}`,
  );
}
if (!flags.quick) writeResults("fleet", { cores, rows, faults });

function sum({ servers, nginx, redis }: (typeof rows)[number]): number {
  return servers + nginx + redis;
}
