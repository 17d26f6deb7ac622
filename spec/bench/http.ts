/**
 * npm run bench http: servers with and without sessions, each a process, loaded in turns on loopback.
 * What a session costs is the CPU time of a request over that of the same server without one.
 *
 *     --quick   a minute in all, writes nothing
 *     --check   exits with 1 if a threshold does not hold
 */

import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { optionsOf, progress } from "../helpers/command.ts";
import { median } from "./harness.ts";
import { Client, logIn } from "./http/client.ts";
import { KINDS, type Kind, type Ready, type Used } from "./http/kinds.ts";
import { printVerdicts } from "./report.ts";
import { writeResults } from "./results.ts";
import { verdict } from "./thresholds.ts";

const flags = optionsOf("bench http", {
  quick: { type: "boolean", default: false },
  check: { type: "boolean", default: false },
});

/** Two processes of one program differ by more than a session costs: they are started many times. */
const GENERATIONS = flags.quick ? 2 : 8;
const ROUNDS = flags.quick ? 4 : 8;
/** Rounds of the servers whose difference is small: bare, the same again, untouched. */
const CLOSE_ROUNDS = flags.quick ? 16 : 40;
const REQUESTS = 1000;
const WARM_UP = flags.quick ? 6000 : 30_000;
const CLOSE: readonly Kind[] = ["bare", "bare, again", "bulla, untouched"];
const MOST_OVER_BARE = 1.03;

interface Sample {
  readonly microseconds: number;
  readonly perSecond: number;
}

interface Server {
  readonly process: ChildProcess;
  readonly client: Client;
}

/** Of every round, what each of its servers took. */
const rounds: Map<Kind, Sample>[] = [];
for (let generation = 0; generation < GENERATIONS; generation++) {
  console.log(`generation ${generation + 1} of ${GENERATIONS}: ${KINDS.length} processes`);
  const servers = await start();
  for (const server of servers.values()) {
    progress(() => "warming up");
    await sample(server, WARM_UP);
  }
  for (let round = 0; round < ROUNDS; round++) {
    progress(() => `round ${round + 1} of ${ROUNDS}`);
    await runRound(servers, KINDS, round);
  }
  for (let round = 0; round < CLOSE_ROUNDS; round++) {
    progress(() => `close round ${round + 1} of ${CLOSE_ROUNDS}`);
    await runRound(servers, CLOSE, round);
  }
  await stop(servers);
}

const rows = KINDS.map(summary);
console.log(`Node ${process.versions.node}, ${GENERATIONS} times ${KINDS.length} processes\n`);
console.log("                                  us of CPU     requests   over its      +-");
console.log("                                  a request     a second       bare");
for (const { kind, microseconds, perSecond, over, error } of rows) {
  const figures = microseconds.toFixed(1).padStart(12) + perSecond.toFixed(0).padStart(13);
  console.log(`  ${kind.padEnd(32)}${figures}${percent(over - 1)}${percent(error)}`);
}
const { over } = rows.find(({ kind }) => kind === "bulla, untouched") as { over: number };
const verdicts = [verdict("untouched session: CPU of a request", over, MOST_OVER_BARE)];
const held = printVerdicts(verdicts);
if (!flags.quick) writeResults("http", { rows, verdicts });
if (flags.check && !held) process.exitCode = 1;

async function runRound(
  servers: ReadonlyMap<Kind, Server>,
  kinds: readonly Kind[],
  round: number,
): Promise<void> {
  const samples = new Map<Kind, Sample>();
  for (let place = 0; place < kinds.length; place++) {
    const kind = kinds[(round + place) % kinds.length] as Kind;
    samples.set(kind, await sample(servers.get(kind) as Server, REQUESTS));
  }
  rounds.push(samples);
}

async function sample({ process, client }: Server, requests: number): Promise<Sample> {
  const before = await used(process);
  const milliseconds = await client.load(requests);
  const microseconds = (await used(process)) - before;
  return { microseconds: microseconds / requests, perSecond: (requests * 1000) / milliseconds };
}

/** Medians of a kind; `over` of the ratios to its bare server within a round, with standard error. */
function summary(kind: Kind): { kind: Kind; over: number; error: number } & Sample {
  const bare = bareOf(kind);
  const pairs = rounds.flatMap((samples) => {
    const [own, base] = [samples.get(kind), samples.get(bare)];
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

async function start(): Promise<Map<Kind, Server>> {
  const servers = new Map<Kind, Server>();
  const cookies = new Map<Kind, string>();
  // The bare servers come last: they get the cookie of the one that they are compared with.
  for (const kind of [...KINDS].sort((a, b) => Number(isBare(a)) - Number(isBare(b)))) {
    const child = fork(new URL("http/server.ts", import.meta.url), [kind]);
    const [{ port }] = (await once(child, "message")) as [Ready];
    const cookie = isBare(kind) ? cookies.get(ofBare(kind)) : await logIn(port);
    if (!cookie) throw new Error(`${kind} sets no cookie`);
    cookies.set(kind, cookie);
    servers.set(kind, { process: child, client: new Client(port, cookie) });
  }
  return servers;
}

async function stop(servers: ReadonlyMap<Kind, Server>): Promise<void> {
  for (const { process, client } of servers.values()) {
    await client.close();
    process.disconnect();
    await once(process, "exit");
  }
}

async function used(child: ChildProcess): Promise<number> {
  child.send("used");
  const [{ microseconds }] = (await once(child, "message")) as [Used];
  return microseconds;
}

function isBare(kind: Kind): boolean {
  return kind.includes("bare");
}

function bareOf(kind: Kind): Kind {
  return kind.startsWith("fastify") || kind.startsWith("secure") ? "fastify, bare" : "bare";
}

function ofBare(bare: Kind): Kind {
  return bare.startsWith("fastify") ? "secure-session, read" : "bulla, untouched";
}

function percent(ratio: number): string {
  return `${(ratio * 100).toFixed(1)} %`.padStart(11);
}
