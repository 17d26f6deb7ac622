/**
 * Redis in memory, with clients like those in the READMEs of `redis` (4 to 6) and `ioredis` (5, 6): EXISTS
 * resolves with the number of keys, SETEX with "OK". A client that is not connected queues its commands, or
 * rejects them if its queue is off.
 */

import assert from "node:assert/strict";
import { NOW } from "./session-cookies.ts";

export class Redis {
  /** The server's clock, in seconds. */
  now = NOW;
  /** The keys with the times at which they expire. */
  readonly expires = new Map<string, number>();
  /** While set, every command fails with it. */
  failure: Error | undefined;
  /** While set, every command waits for it. */
  queue: Promise<unknown> | undefined;

  async exists(key: string): Promise<number> {
    await this.#connected();
    return (this.expires.get(key) ?? 0) > this.now ? 1 : 0;
  }

  async setex(key: string, seconds: number, value: string): Promise<"OK"> {
    await this.#connected();
    assert.deepEqual([Number.isSafeInteger(seconds), seconds > 0, value], [true, true, "1"]);
    this.expires.set(key, this.now + seconds);
    return "OK";
  }

  async #connected(): Promise<void> {
    await this.queue;
    if (this.failure !== undefined) throw this.failure;
  }
}

/** Only the commands that bulla uses. They need `this`, so they must be called as methods. */
export class NodeRedis {
  readonly #redis: Redis;
  constructor(redis: Redis) {
    this.#redis = redis;
  }
  exists(keys: string | string[]): Promise<number> {
    return this.#redis.exists(String(keys));
  }
  setEx(key: string, seconds: number, value: string): Promise<string> {
    return this.#redis.setex(key, seconds, value);
  }
  /** `redis` also has each command in upper case. */
  SETEX(): never {
    throw new Error("nobody calls it");
  }
}

export class IoRedis {
  readonly #redis: Redis;
  constructor(redis: Redis) {
    this.#redis = redis;
  }
  exists(...keys: string[]): Promise<number> {
    return this.#redis.exists(String(keys));
  }
  setex(key: string, seconds: number | string, value: string): Promise<"OK"> {
    return this.#redis.setex(key, Number(seconds), value);
  }
}

export const CLIENTS = { redis: NodeRedis, ioredis: IoRedis };
