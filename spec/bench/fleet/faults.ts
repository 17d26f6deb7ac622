/**
 * Restarts Redis, fails it over to a replica and fills it, while visitors log in, count and log out. The load
 * fails at a wrong answer: another visitor's data, a lost count, a cookie that opens after its logout.
 */

import { deepEqual, equal } from "node:assert/strict";
import { progress } from "../../helpers/command.ts";
import { Jar } from "../../interop/helpers/clients.ts";
import type { Weather } from "../../interop/helpers/fleet.ts";
import { type Headers, Load } from "../../interop/helpers/fleet-load.ts";
import { until } from "../../interop/helpers/processes.ts";
import { RedisServer } from "../../interop/helpers/redis.ts";
import { load as library } from "../http/app.ts";
import { type Part, startNginx, startSentinel, startServers, withParts } from "./parts.ts";

/** The effect of a fault on the load; times in milliseconds. */
export interface Fault {
  readonly fault: string;
  readonly requests: number;
  readonly unavailable: number;
  /** Copies of ended cookies that were sent to every process, during the fault and after it. */
  readonly replays: number;
  /** From Redis's return, or in a failover from the primary's death, until every process answered again. */
  readonly recovered: number;
  /** From the same moment until a logout was accepted again. */
  readonly logouts: number;
}

interface Times {
  readonly recovered: number;
  readonly logouts: number;
}

const CALM: Weather = { redis: "up", away: 0 };
const CHANGING: Weather = { redis: "changing", away: 0 };
const PROCESSES = 3;
const VISITORS = 40;
/** A fault with more answers than this never ends: Sentinel takes a quarter of a minute. */
const MOST_ANSWERS = 1_000_000;
/** Sentinel calls a primary dead after this silence, in milliseconds. */
const DOWN = 1000;
/** The primary sends its data to a replica at once, and waits for no other replica. */
const AT_ONCE = "repl-diskless-sync-delay 0";
const MIB = "x".repeat(2 ** 20);

interface Commands {
  set(key: string, value: string): Promise<unknown>;
  del(...keys: string[]): Promise<unknown>;
  wait(replicas: number, milliseconds: number): Promise<number>;
  on(event: "error", listener: () => void): void;
  disconnect(): void;
}

async function commandsOf({ url }: RedisServer): Promise<Commands & Part> {
  const { Redis } = await library<{ Redis: new (url: string) => Commands }>("ioredis");
  const commands = new Redis(url);
  commands.on("error", () => undefined); // this spec kills Redis
  return Object.assign(commands, { remove: async () => commands.disconnect() });
}

export const restarted = (): Promise<Fault> =>
  withParts(async (keep) => {
    const redis = keep(await RedisServer.start());
    return run("Redis killed and restarted", { REDIS: redis.url }, async (load) => {
      const loggedIn = await login(load);
      const ended = load.ended.at(-1) ?? {};
      load.fleet.weather = CHANGING;
      await redis.kill();
      load.fleet.weather = { redis: "down", away: 0 };
      deepEqual(await load.everywhere("/whoami", loggedIn), all(503));
      deepEqual(await load.everywhere("/count", ended), all(503));
      equal((await load.ask("POST", "/logout", loggedIn)).status, 503);
      const before = load.visitors.map(({ unavailable }) => unavailable);
      await load.until(() =>
        load.visitors.every(({ unavailable }, index) => unavailable > (before[index] as number)),
      );
      load.fleet.weather = CHANGING;
      await redis.start();
      return recovery(load, performance.now(), loggedIn);
    });
  });

export const failedOver = (): Promise<Fault> =>
  withParts(async (keep) => {
    const primary = keep(await RedisServer.start([AT_ONCE]));
    keep(await RedisServer.start([AT_ONCE, `replicaof 127.0.0.1 ${primary.port}`]));
    const commands = keep(await commandsOf(primary));
    await until(async () => {
      await commands.set("ready", "1");
      return (await commands.wait(1, DOWN)) === 1;
    });
    const sentinel = keep(await startSentinel(primary.port, DOWN));
    const list = { SENTINEL: String(sentinel.port) };
    return run("primary killed, its replica takes over", list, async (load) => {
      const loggedIn = await login(load);
      load.fleet.weather = CHANGING;
      const killed = performance.now();
      await primary.kill();
      deepEqual(await load.everywhere("/whoami", loggedIn), all(503));
      await untilAll(load, loggedIn);
      const recovered = performance.now() - killed;
      // Without a replica that has it too, a logout is not accepted.
      equal(await logOut(load), 503);
      await primary.start(); // Sentinel makes it a replica of the new primary
      const { logouts } = await recovery(load, killed, loggedIn);
      return { recovered, logouts };
    });
  });

export const full = (): Promise<Fault> =>
  withParts(async (keep) => {
    const redis = keep(await RedisServer.start());
    const commands = keep(await commandsOf(redis));
    return run("Redis full (noeviction)", { REDIS: redis.url }, async (load) => {
      const loggedIn = await login(load);
      load.fleet.weather = CHANGING;
      const filled = await fill(commands);
      equal(await logOut(load), 503, "a logout that Redis cannot keep");
      const before = load.answered;
      await load.until(() => load.answered > before + 1000);
      // Visitors stay logged in: a question to the list needs no memory.
      deepEqual(await load.everywhere("/whoami", loggedIn), all(200));
      equal(await logOut(load), 503, "and it stays full");
      await commands.del(...filled);
      return recovery(load, performance.now(), loggedIn);
    });
  });

/** Fills Redis to the last of its memory; returns the keys that it wrote. */
async function fill(commands: Commands): Promise<string[]> {
  const keys: string[] = [];
  for (const size of [MIB.length, 1000, 10]) {
    for (let refusals = 0; refusals < 5; ) {
      const key = `filled:${keys.length}`;
      const outcome = await commands.set(key, MIB.slice(0, size)).catch(() => undefined);
      if (outcome === undefined) refusals++;
      else keys.push(key);
    }
  }
  return keys;
}

function run(
  fault: string,
  list: { REDIS?: string; SENTINEL?: string },
  story: (load: Load) => Promise<Times>,
): Promise<Fault> {
  return withParts(async (keep) => {
    const { ports } = keep(await startServers(PROCESSES, list));
    const { sites } = keep(await startNginx([ports]));
    const fleet = { ports, site: `http://localhost:${sites[0]}`, weather: CALM, tls: {} };
    const load = new Load(fleet, MOST_ANSWERS);
    keep({ remove: async () => load.close() });
    const watch = setInterval(() => progress(() => `${fault}: ${load.answered} requests`), 1000);
    keep({ remove: async () => clearInterval(watch) });
    let times: Times = { recovered: 0, logouts: 0 };
    await load.run(VISITORS, async () => {
      await load.until(() => load.answered > 1000 && load.ended.length > 100);
      load.phase = fault;
      times = await story(load);
      load.fleet.weather = CALM;
      load.phase = "after it";
      await Promise.all(load.visitors.map((visitor) => visitor.served()));
      await Promise.all(load.ended.map((copy) => load.replayed(copy)));
    });
    const statuses = [...load.figures.values()].flatMap((phase) => [...phase]);
    const bad = statuses.filter(([status]) => status >= 500 && status !== 503);
    deepEqual(bad, [], `${fault}: neither 500 nor 502`);
    const unavailable = statuses.reduce((sum, [status, n]) => sum + (status === 503 ? n : 0), 0);
    return { fault, requests: load.answered, unavailable, replays: load.refused, ...times };
  });
}

/** Waits until everything works again, without touching the servers; times count from `since`. */
async function recovery(load: Load, since: number, loggedIn: Headers): Promise<Times> {
  await untilAll(load, loggedIn);
  const recovered = performance.now() - since;
  await until(async () => (await logOut(load)) === 200);
  return { recovered, logouts: performance.now() - since };
}

async function untilAll(load: Load, loggedIn: Headers): Promise<void> {
  const right = String(all(200));
  await until(async () => String(await load.everywhere("/whoami", loggedIn)) === right);
}

/** Logs in a visitor who then does nothing, so the cookie is not renewed. */
async function login(load: Load): Promise<Headers> {
  const jar = new Jar();
  const reply = await load.ask("POST", "/login?user=patient", {});
  equal(reply.status, 200);
  jar.keep(reply);
  return jar.headers;
}

/** Logs in and out. A logout answered by 503 may be half done, so it is not tried again. */
async function logOut(load: Load): Promise<number> {
  const headers = await login(load);
  const { status } = await load.ask("POST", "/logout", headers);
  if (status === 200) load.replay(headers);
  return status;
}

function all(status: number): number[] {
  return Array.from({ length: PROCESSES }, () => status);
}
