/** examples/fleet under load, while keys rotate, a process is killed, Redis is away, and old cookies are sent again. */

import { deepEqual, equal, ok } from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, test } from "node:test";
import { recordFigures } from "../helpers/figures.ts";
import { Jar } from "./helpers/clients.ts";
import { Fleet } from "./helpers/fleet.ts";
import { type Headers, Load } from "./helpers/fleet-load.ts";
import { until } from "./helpers/processes.ts";

const VISITORS = 40;
const REQUESTS = 20_000;

const secret = (): string => randomBytes(32).toString("base64url");
const [old, next] = [secret(), secret()];

let fleet: Fleet;
let load: Load;

before(async () => {
  fleet = await Fleet.start([old]);
  load = new Load(fleet);
});
after(async () => {
  load?.close();
  await fleet?.stop();
});

/** Logs in a visitor who then does nothing, so the cookie is not renewed. */
async function login(user: string): Promise<Headers> {
  const jar = new Jar();
  const reply = await load.ask("POST", `/login?user=${user}`, {});
  equal(reply.status, 200);
  jar.keep(reply);
  return jar.headers;
}

async function everybodyServed(): Promise<void> {
  await Promise.all(load.visitors.map((visitor) => visitor.served()));
}

/** (a) The new key opens, then it seals, then the old one is removed. */
async function rotate(): Promise<void> {
  load.phase = "keys rotate";
  const sleeper = await login("sleeper");
  await fleet.roll([old, next]);
  deepEqual(await load.everywhere("/whoami", sleeper), [200, 200, 200]);
  await fleet.roll([next, old]);
  deepEqual(await load.everywhere("/whoami", sleeper), [200, 200, 200]);
  await everybodyServed(); // and each has a cookie under the new key, as counting writes it
  await fleet.roll([next]);
  deepEqual(await load.everywhere("/whoami", sleeper), [401, 401, 401], "the old key has gone");
  await everybodyServed();
}

/** (b) A process dies in the middle of its requests, and the others go on. */
async function kill(): Promise<void> {
  load.phase = "a process is killed";
  for (const index of [0, 2]) {
    await fleet.end(index, "SIGKILL");
    await everybodyServed();
    await fleet.startAgain(index);
    load.seen.clear();
    await load.until(() => load.seen.has(fleet.ports[index] as number));
  }
}

/** (c) Redis dies. Nobody counts as logged in until it is back, and it has forgotten no logout. */
async function loseRedis(): Promise<void> {
  load.phase = "Redis is away";
  const loggedIn = await login("patient");
  const ended = [...load.ended];
  fleet.change({ redis: "changing" });
  await fleet.redis.kill();
  fleet.change({ redis: "down" });
  deepEqual(await load.everywhere("/whoami", loggedIn), [503, 503, 503]);
  deepEqual(await load.everywhere("/count", ended.at(-1) ?? {}), [503, 503, 503]);
  const { status, setCookie, text } = await load.ask("POST", "/logout", loggedIn);
  deepEqual({ status, setCookie, text }, { status: 503, setCookie: [], text: "" });
  const refusals = load.visitors.map(({ unavailable }) => unavailable);
  await load.until(() =>
    load.visitors.every(({ unavailable }, index) => unavailable > (refusals[index] as number)),
  );
  fleet.change({ redis: "changing" });
  await fleet.redis.start();
  const everywhere = async () => String(await load.everywhere("/whoami", loggedIn));
  await until(async () => (await everywhere()) === "200,200,200");
  fleet.change({ redis: "up" });
  load.phase = "Redis is back";
  await Promise.all(ended.map((copy) => load.replayed(copy)));
  await everybodyServed();
}

test("no session is lost or mixed up while keys rotate, a process dies and Redis is away", async (t) => {
  await load.run(VISITORS, async () => {
    await everybodyServed();
    await rotate();
    await kill();
    await loseRedis();
    load.phase = "the end";
    await load.until(() => load.answered >= REQUESTS);
  });
  const phases = [...load.figures].map(([phase, byStatus]) => {
    const figures = [...byStatus].map(([status, count]) => `${count} x ${status}`);
    return `${phase} ${figures.join(", ")}`;
  });
  t.diagnostic(`${load.answered} requests (${phases.join("; ")}), ${load.refused} replays refused`);
  if (process.env.RECORD) {
    const { answered: requests, refused: replays } = load;
    recordFigures("fleet", "load", { processes: fleet.ports.length, requests, replays });
  }
  const statuses = [...load.figures.values()].flatMap((byStatus) => [...byStatus.keys()]);
  ok(!statuses.includes(500));
});
