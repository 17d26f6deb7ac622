/**
 * A Redis of one process, and clients of it as the READMEs of `redis` (4 to 6) and `ioredis` (5, 6) have
 * them: EXISTS answers the number of keys, SETEX "OK", each through a Promise; a client that is not
 * connected queues its commands, or refuses them where its queue is switched off.
 */

import assert from "node:assert/strict";
import { NOW } from "./session-cookies.ts";

export class Redis {
  /** The server's own clock, in seconds. */
  now = NOW;
  /** Each key with the moment at which it is gone. */
  readonly expires = new Map<string, number>();
  /** What commands fail with, while it is there. */
  failure: Error | undefined;
  /** What commands wait for, while it is there. */
  queue: Promise<unknown> | undefined;

  async exists(key: string): Promise<number> {
    await this.#connected();
    return (this.expires.get(key) ?? 0) > this.now ? 1 : 0;
  }

  async setex(key: string, seconds: number, value: string): Promise<"OK"> {
    await this.#connected();
    assert.deepEqual(
      [Number.isSafeInteger(seconds), seconds > 0, typeof value],
      [true, true, "string"],
    );
    this.expires.set(key, this.now + seconds);
    return "OK";
  }

  async #connected(): Promise<void> {
    await this.queue;
    if (this.failure !== undefined) throw this.failure;
  }
}

/** What a client has besides is of no matter; that methods are called on it is. */
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
  /** `redis` has each command under its upper-case name too. */
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
