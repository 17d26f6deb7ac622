/** Two revocation lists: in the process's memory, and in Redis for a fleet of processes. */

import { checkSeconds, checkString, optionError, readOptions } from "../internal/checks.ts";
import { SessionError } from "../internal/errors.ts";
import { clockOf, type Revocation } from "./config.ts";

export interface MemoryRevocationOptions {
  /** So many ids are held at most: 100,000 by default, which take about 8 MB. */
  limit?: number;
  /** The current time in seconds since the epoch, as the sessions have it. */
  clock?: () => number;
}

/** A list that answers at once: `attach` and `read` do with it. */
export interface MemoryRevocation extends Revocation {
  isRevoked(id: string): boolean;
  revoke(id: string, until: number): void;
}

export interface RedisRevocationOptions {
  /** What a key is, before the id: "bulla:revoked:" by default. */
  prefix?: string;
  /** So many seconds a request waits for Redis: 1 by default, 60 at most, fractions allowed. */
  timeout?: number;
  /** The current time in seconds since the epoch, as the sessions have it. */
  clock?: () => number;
}

/** A list that makes wait: for `middleware`, `load` and `wrap`. */
export interface RedisRevocation extends Revocation {
  isRevoked(id: string): Promise<boolean>;
  revoke(id: string, until: number): Promise<void>;
}

/** What of a client is used, of a cluster's too: `redis` has setEx, `ioredis` has setex. */
export type RedisClient = { exists(key: string): PromiseLike<unknown> } & (
  | { setEx(key: string, seconds: number, value: string): PromiseLike<unknown> }
  | { setex(key: string, seconds: number, value: string): PromiseLike<unknown> }
);

const MEMORY_OPTIONS: ReadonlySet<string> = new Set(["limit", "clock"]);
const REDIS_OPTIONS: ReadonlySet<string> = new Set(["prefix", "timeout", "clock"]);

const LIMIT = 100_000;
/** So few entries are not worth a look for what has expired. */
const FIRST_SWEEP = 1024;

const LONGEST_TIMEOUT = 60;
/** The clocks of a fleet differ, and a request beside a logout may renew its cookie a little later. */
const SKEW = 60;

/**
 * The ids that this process revoked, until they expire: for a service of one process. It forgets them
 * when it ends.
 *
 * When it is full of ids that have not expired, it refuses more instead of forgetting any: a logout is
 * answered by 503, and its session stays. Whoever can begin and end sessions at will can fill it.
 *
 * @throws ConfigError ERR_OPTION
 */
export function memoryRevocation(options?: MemoryRevocationOptions): MemoryRevocation {
  const { limit = LIMIT, clock } = readOptions(options, MEMORY_OPTIONS, "memoryRevocation");
  if (!Number.isSafeInteger(limit) || limit < 1) {
    throw optionError("limit", "a whole number, 1 or more");
  }
  return new MemoryList(limit, clockOf(clock));
}

class MemoryList implements MemoryRevocation {
  readonly #limit: number;
  readonly #now: () => number;
  readonly #untils = new Map<string, number>();
  /** The size at which what has expired is looked for: twice what the last look left. */
  #sweepAt: number;
  /** Nothing expires earlier; a full list need not be looked through before. */
  #earliest = Infinity;

  constructor(limit: number, now: () => number) {
    this.#limit = limit;
    this.#now = now;
    this.#sweepAt = Math.min(FIRST_SWEEP, limit);
  }

  isRevoked(id: string): boolean {
    const until = this.#untils.get(id);
    return until !== undefined && this.#now() < until;
  }

  /** @throws SessionError ERR_SESSION_REVOCATION: the list is full. ConfigError ERR_OPTION */
  revoke(id: string, until: number): void {
    const now = this.#now();
    checkUntil(until, now);
    const before = this.#untils.get(id);
    if (before === undefined) this.#makeRoom(now);
    this.#untils.set(id, Math.max(until, before ?? until));
    this.#earliest = Math.min(this.#earliest, until);
  }

  #makeRoom(now: number): void {
    const untils = this.#untils;
    if (untils.size < this.#sweepAt) return;
    if (this.#earliest <= now) {
      this.#earliest = Infinity;
      for (const [id, until] of untils) {
        if (until <= now) untils.delete(id);
        else if (until < this.#earliest) this.#earliest = until;
      }
    }
    if (untils.size >= this.#limit) throw failure(`the list is full: ${this.#limit} ids`);
    this.#sweepAt = Math.min(Math.max(2 * untils.size, FIRST_SWEEP), this.#limit);
  }
}

/**
 * The ids that any process of a fleet revoked, in the Redis that they share: one key for each, which
 * expires a minute after the last cookie of its session does. The client is connected, and told of
 * errors, by who owns it.
 *
 * A request fails closed (503) when Redis refuses, or does not answer within `timeout`. Both clients
 * queue commands while they are not connected: `disableOfflineQueue: true` for `redis` and
 * `enableOfflineQueue: false, maxRetriesPerRequest: 0` for `ioredis` make it fail at once, and keep a
 * queue from growing. Redis must keep what it is told (`maxmemory-policy noeviction`, `appendonly yes`),
 * and be asked itself: no replica, no client-side cache.
 *
 * @throws ConfigError ERR_OPTION
 */
export function redisRevocation(
  client: RedisClient,
  options?: RedisRevocationOptions,
): RedisRevocation {
  const {
    prefix = "bulla:revoked:",
    timeout = 1,
    clock,
  } = readOptions(options, REDIS_OPTIONS, "redisRevocation");
  checkString(prefix, "prefix");
  if (!Number.isFinite(timeout) || timeout <= 0 || timeout > LONGEST_TIMEOUT) {
    throw optionError("timeout", `seconds above 0, ${LONGEST_TIMEOUT} at most`);
  }
  const now = clockOf(clock);
  const setEx = setExOf(client);
  return {
    isRevoked: async (id) =>
      // RESP3, or a client's own type mapping, can make another 0 of it; whatever else it is revokes.
      String(await within(timeout, () => client.exists(prefix + id))) !== "0",
    async revoke(id, until) {
      const moment = now();
      checkUntil(until, moment);
      const expiry = Math.ceil(until - moment) + SKEW;
      await within(timeout, () => setEx.call(client, prefix + id, expiry, "1"));
    },
  };
}

type SetEx = (key: string, seconds: number, value: string) => PromiseLike<unknown>;

function setExOf(client: RedisClient): SetEx {
  const { exists, setEx, setex } = (client ?? {}) as Record<string, unknown>;
  const set = setEx ?? setex;
  if (typeof exists !== "function" || typeof set !== "function") {
    throw optionError("the client of redisRevocation", "one of the packages redis or ioredis");
  }
  return set as SetEx;
}

/** What Redis answers, if it does so in time. */
function within<V>(timeout: number, ask: () => PromiseLike<V>): Promise<V> {
  return new Promise((resolve, reject) => {
    const fail = (cause: unknown): void => {
      clearTimeout(timer);
      reject(new SessionError("ERR_SESSION_REVOCATION", { cause }));
    };
    const refuse = (): void => fail(new Error(`no answer within ${timeout} s`));
    const timer = setTimeout(refuse, timeout * 1000);
    const answer = (reply: V): void => {
      clearTimeout(timer);
      resolve(reply);
    };
    // A client that throws at once is no different.
    (async () => await ask())().then(answer, fail);
  });
}

/** What is over already would be forgotten at once: the clock is not the one that `until` is from. */
function checkUntil(until: number, now: number): void {
  checkSeconds(until, "until");
  if (until <= now) throw optionError("until", "later than the revocation list's clock");
}

function failure(reason: string): SessionError {
  return new SessionError("ERR_SESSION_REVOCATION", { cause: new Error(reason) });
}
