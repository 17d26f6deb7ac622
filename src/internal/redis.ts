/** Keeps ids in Redis until they expire, through the package `redis` or `ioredis`. */

import { optionError } from "./checks.ts";
import { SessionError } from "./errors.ts";

/** The methods used of a connected client, or cluster: the package `redis` has `setEx`, `ioredis` has `setex`. */
export type RedisClient = { exists(key: string): PromiseLike<unknown> } & (
  | { setEx(key: string, seconds: number, value: string): PromiseLike<unknown> }
  | { setex(key: string, seconds: number, value: string): PromiseLike<unknown> }
);

type SetEx = (key: string, seconds: number, value: string) => PromiseLike<unknown>;

/** Its methods reject with ERR_SESSION_REVOCATION if Redis refuses, or does not answer in time. */
export class RedisTable {
  readonly #client: RedisClient;
  readonly #setEx: SetEx;
  readonly #timeout: number;

  /** @throws ConfigError ERR_OPTION: not a client. */
  constructor(client: RedisClient, timeout: number) {
    const { exists, setEx, setex } = (client ?? {}) as Record<string, unknown>;
    const set = setEx ?? setex;
    if (typeof exists !== "function" || typeof set !== "function") {
      throw optionError(
        "the client of redisRevocation",
        "a client of the package redis or ioredis",
      );
    }
    this.#client = client;
    this.#setEx = set as SetEx;
    this.#timeout = timeout;
  }

  async has(key: string): Promise<boolean> {
    // RESP3, or a client's type mapping, may give 0 as another type. Any other answer means revoked.
    return String(await this.#inTime(() => this.#client.exists(key))) !== "0";
  }

  async add(key: string, seconds: number): Promise<void> {
    await this.#inTime(() => this.#setEx.call(this.#client, key, seconds, "1"));
  }

  #inTime<V>(ask: () => PromiseLike<V>): Promise<V> {
    return new Promise((resolve, reject) => {
      const fail = (cause: unknown): void => {
        clearTimeout(timer);
        reject(new SessionError("ERR_SESSION_REVOCATION", { cause }));
      };
      const refuse = (): void => fail(new Error(`no answer within ${this.#timeout} s`));
      const timer = setTimeout(refuse, this.#timeout * 1000);
      const answer = (reply: V): void => {
        clearTimeout(timer);
        resolve(reply);
      };
      // Async, so that a synchronous throw becomes a rejection.
      (async () => await ask())().then(answer, fail);
    });
  }
}
