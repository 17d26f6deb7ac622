/** One server in a process of its own. It tells its parent the port and, when asked, its CPU time and its collections. */

import { GCProfiler } from "node:v8";
import { answer, serve, USER } from "./app.ts";
import type { Collected, Kind, Question, Ready, Used } from "./kinds.ts";
import { bulla, floor, hono } from "./ours.ts";
import { connect, fastify, iron } from "./peers.ts";

/** The heap counts after this many of the last scavenges. */
const LAST = 10;

let profiler: GCProfiler | undefined;
const ANSWERS: Record<Question, () => object> = {
  used(): Used {
    const { user, system } = process.cpuUsage();
    return { microseconds: user + system };
  },
  watch() {
    profiler = new GCProfiler();
    profiler.start();
    return {};
  },
  collected(): Collected {
    const { statistics } = profiler?.stop() ?? { statistics: [] };
    const scavenges = statistics.filter(({ gcType }) => gcType === "Scavenge");
    return {
      scavenges: scavenges.length,
      others: statistics.length - scavenges.length,
      microseconds: statistics.reduce((all, { cost }) => all + cost, 0),
      after: scavenges.slice(-LAST).map(({ afterGC }) => afterGC.heapStatistics.usedHeapSize),
    };
  },
};

process.on("message", (question: Question) => process.send?.(ANSWERS[question]()));
process.once("disconnect", () => process.exit());
process.send?.({ port: await start(process.argv[2] as Kind) } satisfies Ready);

function start(kind: Kind): Promise<number> {
  const [library = "", ...ways] = kind.split(", ");
  const action = ways.at(-1);
  if (library === "bare") return serve((_req, res) => answer(res, USER));
  if (library === "floor") return floor(action);
  if (library === "bulla") return bulla(ways, action);
  if (library === "hono") return hono(ways, action);
  if (library === "fastify") return fastify(ways);
  if (library === "iron-session") return iron();
  return connect(library, action);
}
