/**
 * npm run bench http: loads servers with and without sessions in turns on loopback, each in a process of its own.
 * The cost of a session is the CPU time of a request compared with that of the same server without one.
 * Measures the Node version that runs it; four minutes.
 *
 *     --quick   a minute in all, writes nothing
 *     --check   exits with 1 if a threshold does not hold
 */

import { optionsOf, progress } from "../helpers/command.ts";
import { median } from "./harness.ts";
import { type Collected, KINDS, type Kind } from "./http/kinds.ts";
import { ALL, type Sample, Servers } from "./http/servers.ts";
import { printVerdicts } from "./report.ts";
import { writeResults } from "./results.ts";
import { judgeServers, type Served } from "./thresholds.ts";

const flags = optionsOf("bench http", {
  quick: { type: "boolean", default: false },
  check: { type: "boolean", default: false },
});

/** Two processes of one program differ by more than a session costs, so they are started many times. */
const GENERATIONS = flags.quick ? 2 : 6;
const ROUNDS = flags.quick ? 4 : 6;
/** Rounds of the servers that differ little: bare, the same again, untouched. */
const CLOSE_ROUNDS = flags.quick ? 16 : 40;
const REQUESTS = 1000;
const WARM_UP = flags.quick ? 4000 : 12_000;
/** Requests of the last generation, in which the garbage collector is watched. */
const WATCHED = flags.quick ? 6000 : 30_000;
const CLOSE: readonly Kind[] = ["bare", "bare, again", "bulla, untouched"];

/** The garbage collector's time for a request of a kind, and the swing of its heap. */
interface Garbage {
  readonly kind: Kind;
  /** How long the program stood still, in microseconds a request. */
  readonly microseconds: number;
  readonly scavenges: number;
  readonly others: number;
  /** The largest heap after the last scavenges minus the smallest. */
  readonly swingKiB: number;
}

/** The samples of each round, by server. */
const rounds: Map<Kind, Sample>[] = [];
const garbage: Garbage[] = [];
for (let generation = 1; generation <= GENERATIONS; generation++) {
  console.log(`generation ${generation} of ${GENERATIONS}: ${ALL.length} processes`);
  const servers = await Servers.start();
  for (const kind of ALL) {
    progress(() => "warming up");
    await servers.sample(kind, WARM_UP);
  }
  for (let round = 0; round < ROUNDS; round++) {
    progress(() => `round ${round + 1} of ${ROUNDS}`);
    await runRound(servers, ALL, round);
  }
  for (let round = 0; round < CLOSE_ROUNDS; round++) {
    progress(() => `close round ${round + 1} of ${CLOSE_ROUNDS}`);
    await runRound(servers, CLOSE, round);
  }
  for (const kind of generation === GENERATIONS ? ALL : []) {
    progress(() => `the garbage of ${kind}`);
    garbage.push(garbageOf(kind, await servers.collected(kind, WATCHED)));
  }
  await servers.stop();
}

const rows = ALL.map(summary);
print();
const verdicts = judgeServers(rows);
const held = printVerdicts(verdicts);
if (!flags.quick) writeResults("http", { rows, garbage, verdicts });
if (flags.check && !held) process.exitCode = 1;

async function runRound(servers: Servers, kinds: readonly Kind[], round: number): Promise<void> {
  const samples = new Map<Kind, Sample>();
  for (let place = 0; place < kinds.length; place++) {
    const kind = kinds[(round + place) % kinds.length] as Kind;
    samples.set(kind, await servers.sample(kind, REQUESTS));
  }
  rounds.push(samples);
}

/** Medians of a kind; `over` of the ratios to its bare server within a round, with standard error. */
function summary(kind: Kind): Served & Sample & { kind: Kind; error: number } {
  const pairs = rounds.flatMap((samples) => {
    const [own, base] = [samples.get(kind), samples.get(KINDS[kind])];
    return own && base ? [{ own, ratio: own.microseconds / base.microseconds }] : [];
  });
  const ratios = pairs.map(({ ratio }) => ratio);
  const over = median(ratios);
  const deviation = 1.4826 * median(ratios.map((ratio) => Math.abs(ratio - over)));
  return {
    kind,
    microseconds: median(pairs.map(({ own }) => own.microseconds)),
    perSecond: median(pairs.map(({ own }) => own.perSecond)),
    over,
    error: (1.2533 * deviation) / Math.sqrt(ratios.length),
  };
}

function garbageOf(kind: Kind, collected: Collected): Garbage {
  const { scavenges, others, microseconds, after } = collected;
  const swingKiB = after.length === 0 ? 0 : (Math.max(...after) - Math.min(...after)) / 1024;
  return { kind, microseconds: microseconds / WATCHED, scavenges, others, swingKiB };
}

function print(): void {
  console.log(`Node ${process.versions.node}, ${GENERATIONS} times ${ALL.length} processes\n`);
  const heads = [
    "us of CPU",
    "requests",
    "over its",
    "+-",
    "us of GC",
    "scavenges",
    "other",
    "heap +-",
  ];
  const units = ["a request", "a second", "bare", "", "a request", "", "", "KiB"];
  for (const line of [heads, units]) console.log(lineOf("", line));
  for (const [index, { kind, microseconds, perSecond, over, error }] of rows.entries()) {
    const { scavenges, others, ...own } = garbage[index] as Garbage;
    const session = [
      microseconds.toFixed(1),
      perSecond.toFixed(0),
      percent(over - 1),
      percent(error),
    ];
    const collector = [own.microseconds.toFixed(2), scavenges, others, own.swingKiB.toFixed(0)];
    console.log(lineOf(kind, [...session, ...collector]));
  }
  console.log(
    `\nGC: time that the program stood still, a part of the CPU time, over ${WATCHED} requests.`,
  );
  console.log("heap +-: the largest heap after the last ten scavenges minus the smallest.");
}

function lineOf(name: string, cells: readonly (string | number)[]): string {
  return `  ${name.padEnd(34)}${cells.map((cell) => String(cell).padStart(11)).join("")}`;
}

function percent(ratio: number): string {
  return `${(ratio * 100).toFixed(1)} %`;
}
