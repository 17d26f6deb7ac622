/** Revocation lists: their interface, and two of them, in memory and in Redis. */

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

/** A session as a list sees it: a frozen copy. Times are seconds since the epoch. */
export interface ListedSession {
  /** When it began. */
  readonly createdAt: number;
  /** When its cookie stops opening. */
  readonly expiresAt: number;
  /** Parsed at first access. Changing it changes no session. */
  readonly data: Record<string, unknown>;
}

/** A list of sessions to refuse although their cookies still open: `memoryRevocation`, `redisRevocation` or yours. */
export interface Revocation {
  /** Is this session revoked? Decide by its id or data. A failure, or an answer that is not a boolean, gives a 503. */
  isRevoked(id: string, session: ListedSession): boolean | Promise<boolean>;
  /** Revokes this session. The list can forget it at `until`, in seconds since the epoch: no cookie opens then. */
  revoke(id: string, until: number, session: ListedSession): void | Promise<void>;
}

/** Options of `memoryRevocation`. */
export interface MemoryRevocationOptions {
  /** How many ids can the list hold? 1,000,000 by default, which take 64 MB at most. */
  limit?: number;
  /** Which sessions are remembered? All by default; `({ data }) => data.user !== undefined` leaves out strangers. */
  only?: (session: ListedSession) => boolean;
  /** The current time in seconds since the epoch: the clock of the sessions. */
  clock?: () => number;
}

/** A synchronous list: `attach` and `read` can use it too. */
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
 * Remembers revoked ids until they expire, in this process: for a service of one process. A restart forgets them.
 * @example
 * ```ts
 * import { memoryRevocation, redisRevocation, sessions } from "bulla/session";
 * import { createClient } from "redis";
 *
 * sessions<{ user?: string }>({
 *   secret: process.env.SESSION_SECRET ?? "",
 *   revocation: memoryRevocation({ only: ({ data }) => data.user !== undefined }),
 * });
 * ```
 * A full list forgets no id that has not expired: `destroy` and `regenerate` then fail with ERR_SESSION_REVOCATION. Set
 * `only`: without it, anybody can fill the list by starting and ending sessions.
 * @throws ConfigError ERR_OPTION
 */
export function memoryRevocation(options?: MemoryRevocationOptions): MemoryRevocation {
  const { limit = 1_000_000, only, clock } = readOptions(options, MEMORY, "memoryRevocation");
  const table = new IdTable(limit);
  const moment = clockOf(clock);
  // Any other answer is a mistake, and would leave sessions unrevoked.
  const isWorth = (session: ListedSession): boolean => {
    const answer = only === undefined || only(session);
    if (typeof answer !== "boolean") throw optionError("the result of only", "true or false");
    return answer;
  };
  return {
    isRevoked: (id) => table.has(id, moment()),
    revoke(id, until, session) {
      const now = moment();
      checkUntil(until, now);
      if (session !== undefined && !isWorth(session)) return;
      const refused = table.add(id, until, now);
      if (refused === "not an id")
        throw optionError("id", "a session's id, 22 characters of base64url");
      if (refused === "full")
        throw revocationError(
          new Error(`the list is full at ${limit} ids: set only, or raise limit`),
        );
    },
  };
}

/** Options of `redisRevocation`. */
export interface RedisRevocationOptions {
  /** How does each key begin? "bulla:revoked:" by default. */
  prefix?: string;
  /** How many seconds does a request wait for Redis? 1 by default, 60 at most; fractions are allowed. */
  timeout?: number;
  /** The current time in seconds since the epoch: the clock of the sessions. */
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
/** How far the clocks of a fleet may differ, in seconds. */
const SKEW = 60;

/**
 * Keeps revoked ids in the Redis that all processes of a fleet share: one key for each id, which expires a minute after
 * the last cookie of its session. Connect the client, and handle its errors, yourself.
 * @example
 * ```ts
 * const redis = createClient({ disableOfflineQueue: true });
 * redis.on("error", console.error);
 *
 * sessions({ secret: process.env.SESSION_SECRET ?? "", revocation: redisRevocation(redis) });
 * ```
 * A request fails closed (503) if Redis refuses, or does not answer within `timeout`. Without a connection let the
 * client fail, not queue: `disableOfflineQueue: true` for `redis`; `enableOfflineQueue: false, maxRetriesPerRequest: 0`
 * for `ioredis`. Redis must keep every key (`maxmemory-policy noeviction`, `appendonly yes`). Ask it directly: a
 * replica or a client-side cache can lag behind.
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

/** Refuses a past `until`: the list and the sessions have different clocks. */
function checkUntil(until: number, now: number): void {
  checkSeconds(until, "until");
  if (until <= now)
    throw optionError("until", "later than the list's clock: give it the clock of the sessions");
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
