/**
 * Random bytes from a pool that the runtime's CSPRNG refills: one call into it for 256 IVs.
 *
 * A byte is handed out once and wiped in the pool at once, so what a memory dump shows of the pool
 * is only the future. A process whose memory is cloned (a VM snapshot) repeats that future, as it
 * repeats the state of any userland generator.
 */

import { randomFillSync } from "node:crypto";
import { encodeUpTo } from "./base64.ts";

const POOL = 4096;
const pool = Buffer.allocUnsafeSlow(POOL);
let next = POOL;

const KEY_BYTES = 32;
const ID_BYTES = 16;
const id = Buffer.allocUnsafeSlow(ID_BYTES);

/** Writes `length` random bytes (up to 4096) to `target` at `at`. */
export function fillRandom(target: Uint8Array, at: number, length: number): void {
  if (next + length > POOL) {
    // Should this throw for want of entropy, the pool still counts as spent and the next call retries.
    next = POOL;
    randomFillSync(pool);
    next = 0;
  }
  for (let index = 0; index < length; index++) {
    target[at + index] = pool[next] as number;
    pool[next++] = 0;
  }
}

/** 256 random bits. */
export function randomKey(): Uint8Array {
  const key = new Uint8Array(KEY_BYTES);
  fillRandom(key, 0, KEY_BYTES);
  return key;
}

/** 128 random bits as 22 base64url characters. */
export function randomId(): string {
  fillRandom(id, 0, ID_BYTES);
  return encodeUpTo(id, ID_BYTES);
}
