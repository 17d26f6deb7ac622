/** Lists of revoked sessions: what they are asked and told, and two of them, in memory and in Redis. */

import {
  type Checks,
  checkFunction,
  checkSeconds,
  checkString,
  clockOf,
  optionError,
  readOptions,
} from "./checks.ts";
import { revocationError } from "./errors.ts";
import { IdTable } from "./ids.ts";
import { type RedisClient, RedisTable } from "./redis.ts";

/** A session as the list sees it: a frozen copy. Times in seconds since the epoch. */
export interface ListedSession {
  readonly createdAt: number;
  readonly expiresAt: number;
  /** Parsed when it is first asked for; changing it changes no session. */
  readonly data: Record<string, unknown>;
}

/** A list of sessions that are no longer honoured, though their cookies still open. */
export interface Revocation {
  /**
   * Is this session revoked? Asked before a handler has the session: by its id, or by what is in it (all
   * sessions of a user). A failure, or an answer that is not a boolean, refuses the request with a 503.
   */
  isRevoked(id: string, session: ListedSession): boolean | Promise<boolean>;
  /**
   * Revoke this session: called by `destroy` and `regenerate`. From `until` on, in seconds since the epoch,
   * no cookie of that id opens, and it can be forgotten.
   */
  revoke(id: string, until: number, session: ListedSession): void | Promise<void>;
}

export interface MemoryRevocationOptions {
  /** How many ids are held at most? 1,000,000 by default, which take 64 MB at most. */
  limit?: number;
  /**
   * Is this session worth remembering? Give `({ data }) => data.user !== undefined`: without it, anybody who
   * begins and ends sessions without logging in fills the list. All are, by default.
   */
  only?: (session: ListedSession) => boolean;
  /** The current time in seconds since the epoch, as the sessions have it. */
  clock?: () => number;
}

/** A list that answers at once: `attach` and `read` can use it. */
export interface MemoryRevocation extends Revocation {
  isRevoked(id: string, session?: ListedSession): boolean;
  revoke(id: string, until: number, session?: ListedSession): void;
}

const MEMORY: Checks<MemoryRevocationOptions> = {
  limit: checkLimit,
  only: checkFunction,
  clock: checkFunction,
};

/**
 * The ids that this process revoked, until they expire: for a service of one process. It forgets them
 * when it ends.
 *
 * A list full of ids that have not expired refuses more instead of forgetting any: `destroy` and
 * `regenerate` fail with ERR_SESSION_REVOCATION. Set `only`, or strangers can fill it.
 *
 * @throws ConfigError ERR_OPTION
 */
export function memoryRevocation(options?: MemoryRevocationOptions): MemoryRevocation {
  const { limit = 1_000_000, only, clock } = readOptions(options, MEMORY, "memoryRevocation");
  const table = new IdTable(limit);
  const moment = clockOf(clock);
  // An answer that is not a boolean is a mistake, and would leave sessions unrevoked.
  const isWorth = (session: ListedSession): boolean => {
    const answer = only === undefined || only(session);
    if (typeof answer !== "boolean") throw optionError("the answer of only", "true or false");
    return answer;
  };
  return {
    isRevoked: (id) => table.has(id, moment()),
    revoke(id, until, session) {
      const now = moment();
      checkUntil(until, now);
      if (session !== undefined && !isWorth(session)) return;
      const result = table.add(id, until, now);
      if (result === "not an id") throw optionError("id", "the id of a session");
      if (result === "full") throw revocationError(new Error(`the list is full: ${limit} ids`));
    },
  };
}

export interface RedisRevocationOptions {
  /** What stands in front of the id in a key? "bulla:revoked:" by default. */
  prefix?: string;
  /** How many seconds does a request wait for Redis? 1 by default, 60 at most; fractions are allowed. */
  timeout?: number;
  /** The current time in seconds since the epoch, as the sessions have it. */
  clock?: () => number;
}

/** An asynchronous list: for `middleware`, `load`, `wrap` and `edit`. */
export interface RedisRevocation extends Revocation {
  isRevoked(id: string, session?: ListedSession): Promise<boolean>;
  revoke(id: string, until: number, session?: ListedSession): Promise<void>;
}

const REDIS: Checks<RedisRevocationOptions> = {
  prefix: checkString,
  timeout: checkTimeout,
  clock: checkFunction,
};

const LONGEST_TIMEOUT = 60;
/** The clocks of a fleet differ. */
const SKEW = 60;

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
  } = readOptions(options, REDIS, "redisRevocation");
  const now = clockOf(clock);
  const table = new RedisTable(client, timeout);
  return {
    isRevoked: (id) => table.has(prefix + id),
    async revoke(id, until) {
      const moment = now();
      checkUntil(until, moment);
      await table.add(prefix + id, Math.ceil(until - moment) + SKEW);
    },
  };
}

/** An `until` that is over would be forgotten at once: the list's clock is not the sessions'. */
function checkUntil(until: number, now: number): void {
  checkSeconds(until, "until");
  if (until <= now) throw optionError("until", "later than the revocation list's clock");
}

function checkLimit(limit: unknown): void {
  if (!Number.isSafeInteger(limit) || (limit as number) < 1) {
    throw optionError("limit", "a whole number, 1 or more");
  }
}

function checkTimeout(timeout: unknown): void {
  if (
    !Number.isFinite(timeout) ||
    (timeout as number) <= 0 ||
    (timeout as number) > LONGEST_TIMEOUT
  ) {
    throw optionError("timeout", `seconds above 0, ${LONGEST_TIMEOUT} at most`);
  }
}
