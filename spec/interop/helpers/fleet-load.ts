/** Visitors of the fleet, all at once: each logs in, counts and logs out, and accepts no answer but the right one. */

import { deepEqual, equal, ok } from "node:assert/strict";
import { setTimeout as wait } from "node:timers/promises";
import { CLEARING } from "../../helpers/session-cookies.ts";
import { type Client, httpClient, Jar, type Reply } from "./clients.ts";
import type { Fleet } from "./fleet.ts";
import { until } from "./processes.ts";

export type Headers = Record<string, string>;

/** How long a client waits before it asks a failed server again, in milliseconds. */
const PAUSE = 25;
/** A load without an answer for this long has stalled, in milliseconds. A busy machine is slow, but it answers. */
const STALLED = 60_000;
/** A phase with more answers than this waits in vain: the whole story takes about 27,000. */
const MOST_ANSWERS = 150_000;

/** The part of a fleet that a load needs. */
export type Loaded = Pick<Fleet, "ports" | "site" | "weather"> & { tls: { cert?: string } };

export class Load {
  readonly fleet: Loaded;
  readonly visitors: Visitor[] = [];
  /** Copies of cookies of ended sessions. */
  readonly ended: Headers[] = [];
  /** The number of responses by phase and by status. */
  readonly figures = new Map<string, Map<number, number>>();
  readonly seen = new Set<number>();
  ending = false;
  answered = 0;
  refused = 0;
  readonly #most: number;
  readonly #site: Client;
  readonly #direct: Client[];
  readonly #replays: Promise<void>[] = [];
  #replies = 0;
  #repliesOfPhase = 0;
  #phase = "start";
  #closed = false;
  #fail: (error: unknown) => void = () => undefined;
  readonly #failure = new Promise<never>((_, reject) => {
    this.#fail = reject;
  });

  constructor(fleet: Loaded, most = MOST_ANSWERS) {
    this.fleet = fleet;
    this.#most = most;
    this.#site = httpClient(fleet.site, fleet.tls.cert);
    this.#direct = fleet.ports.map((port) => httpClient(`http://127.0.0.1:${port}`));
  }

  get phase(): string {
    return this.#phase;
  }

  set phase(phase: string) {
    this.#phase = phase;
    this.#repliesOfPhase = 0;
  }

  /** Runs so many visitors until `story` is over; fails with the first one who got a wrong answer. */
  async run(count: number, story: () => Promise<void>): Promise<void> {
    for (let index = 0; index < count; index++) this.visitors.push(new Visitor(this, index));
    const visits = Promise.all(this.visitors.map((visitor) => visitor.run()));
    visits.catch(this.#fail);
    const watch = this.#watch();
    try {
      await Promise.race([story(), this.#failure]);
      this.ending = true;
      await Promise.race([visits, this.#failure]);
      await Promise.race([Promise.all(this.#replays), this.#failure]);
    } finally {
      clearInterval(watch);
    }
  }

  /** Fails a load that gets no answers any more. A time limit would say nothing on a busy machine. */
  #watch(): NodeJS.Timeout {
    let seen = -1;
    return setInterval(() => {
      if (seen === this.#replies) this.#fail(new Error(`no answer for a minute: ${this.#phase}`));
      seen = this.#replies;
    }, STALLED);
  }

  /** Waits for a condition that the visitors bring about. */
  until(condition: () => boolean): Promise<void> {
    return until(() => this.#open() && condition());
  }

  close(): void {
    this.#closed = true;
    for (const client of [this.#site, ...this.#direct]) client.close();
  }

  /** Asks through nginx, which always answers. The weather says which statuses are allowed. */
  async ask(method: string, path: string, headers: Headers): Promise<Reply> {
    this.#open();
    const before = this.fleet.weather;
    const reply = await this.#site.ask(path, { method, headers });
    const calm = before === this.fleet.weather;
    const asked = `${method} ${path}: ${reply.status} ${reply.text}, ${JSON.stringify(before)}`;
    this.#count(reply.status);
    if (reply.status === 503) ok(!calm || before.redis !== "up", asked);
    else if (reply.status === 502) ok(!calm || before.away > 0, asked);
    else equal(reply.status, 200, asked);
    if (calm && before.redis === "down" && "cookie" in headers) equal(reply.status, 503, asked);
    return reply;
  }

  /** Asks one process; returns undefined while it is down. */
  async direct(index: number, path: string, headers: Headers): Promise<Reply | undefined> {
    this.#open();
    const reply = await this.#direct[index]?.ask(path, { headers }).catch(() => undefined);
    if (reply !== undefined) this.#count(reply.status);
    return reply;
  }

  /** The answer of each process to these cookies. */
  async everywhere(path: string, headers: Headers): Promise<(number | undefined)[]> {
    const { ports } = this.fleet;
    const asked = ports.map((_, index) => this.direct(index, path, headers));
    return (await Promise.all(asked)).map((reply) => reply?.status);
  }

  /** Sends copies of an ended session's cookies to each process, until each has refused them. */
  replay(...copies: Headers[]): void {
    this.ended.push(...copies);
    for (const copy of copies) {
      const replayed = this.replayed(copy);
      replayed.catch(this.#fail);
      this.#replays.push(replayed);
    }
  }

  async replayed(copy: Headers): Promise<void> {
    for (const index of this.fleet.ports.keys()) await this.#refusal(index, copy);
  }

  /** A refused copy counts from 1, as a stranger. An accepted one would have a user, or count on. */
  async #refusal(index: number, copy: Headers): Promise<void> {
    for (;;) {
      const reply = await this.direct(index, "/count", copy);
      if (reply?.status === 200) {
        deepEqual(JSON.parse(reply.text), { count: 1, process: this.fleet.ports[index] });
        this.refused++;
        return;
      }
      ok(reply === undefined || reply.status === 503, `a replay: ${reply?.status}`);
      await wait(PAUSE);
    }
  }

  /** Throws once the load is over, so that requests begun before a failure come to an end. */
  #open(): true {
    ok(!this.#closed, "it is over");
    return true;
  }

  #count(status: number): void {
    this.#replies++;
    if (++this.#repliesOfPhase > this.#most) {
      this.#fail(new Error(`too many answers: ${this.#phase}`));
    }
    const figures = this.figures.get(this.phase) ?? new Map<number, number>();
    this.figures.set(this.phase, figures.set(status, (figures.get(status) ?? 0) + 1));
    if (status < 500) this.answered++;
  }
}

export class Visitor {
  readonly name: string;
  readonly jar = new Jar();
  /** How many of its requests were answered by 503. */
  unavailable = 0;
  readonly #load: Load;
  /** How many times a session counts. Some visitors stay logged in from the first to the last phase. */
  readonly #counts: number;
  #sessions = 0;
  readonly #waiting: (() => void)[] = [];

  constructor(load: Load, index: number) {
    this.#load = load;
    this.name = `visitor ${index}`;
    this.#counts = index % 4 === 0 ? Infinity : 5 * (index % 4);
  }

  async run(): Promise<void> {
    while (!this.#load.ending) await this.#session();
  }

  /** Resolves when a count that begins after this call has been answered. */
  served(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  async #session(): Promise<void> {
    const load = this.#load;
    await this.#count(undefined, 1);
    const stranger = this.jar.headers;
    const user = `${this.name}, session ${++this.#sessions}`;
    deepEqual(await this.#until200("POST", `/login?user=${encodeURIComponent(user)}`), { user });
    load.replay(stranger);
    const first = this.jar.headers;
    for (let count = 1; count <= this.#counts && !load.ending; count++) {
      await this.#count(user, count);
    }
    const last = this.jar.headers;
    deepEqual(await this.#until200("POST", "/logout"), {});
    deepEqual(this.jar.headers, {});
    load.replay(last, first);
  }

  async #count(user: string | undefined, count: number): Promise<void> {
    const waiting = this.#waiting.splice(0);
    const expected = user === undefined ? { count } : { user, count };
    deepEqual(await this.#until200("GET", "/count"), expected);
    for (const resolve of waiting) resolve();
  }

  /** Repeats a request with the same cookie until a server can answer. */
  async #until200(method: string, path: string): Promise<object> {
    for (;;) {
      const reply = await this.#load.ask(method, path, this.jar.headers);
      if (reply.status === 200) {
        this.jar.keep(reply);
        const { process, ...data } = JSON.parse(reply.text);
        this.#load.seen.add(process);
        return data;
      }
      // A logout that Redis did not hear deletes the cookie too. This client keeps the cookie, and asks again.
      const ends = method === "POST" && reply.status === 503;
      const others = reply.setCookie.filter((cookie) => !ends || cookie !== CLEARING);
      deepEqual(others, [], `${reply.status} with a cookie`);
      if (reply.status === 503) this.unavailable++;
      await wait(PAUSE);
    }
  }
}
