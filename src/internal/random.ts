/**
 * Random bytes of the runtime's CSPRNG. Each key and each id takes a call of its own; one call fills a pool
 * of 256 IVs.
 *
 * An IV is used once and wiped in the pool, so a memory dump shows no used one. A process whose memory is
 * cloned (a VM snapshot, a start-up snapshot of Node) repeats the IVs left in the pool, but never keys or
 * ids.
 */

import { randomFillSync } from "node:crypto";
import { encodeUpTo } from "./base64.ts";

const IV_BYTES = 16;
const KEY_BYTES = 32;
const ID_BYTES = 16;
const POOL: number = 256 * IV_BYTES;

const pool = Buffer.allocUnsafeSlow(POOL);
/** Where the next IV begins; POOL if none is left. */
let next: number = POOL;

/** Writes 16 random bytes to `target` at `at`. */
export function writeIv(target: Uint8Array, at: number): void {
  if (next === POOL) {
    randomFillSync(pool);
    // Only now: if the fill throws, the pool stays empty, and the next call fills it.
    next = 0;
  }
  for (let index = 0; index < IV_BYTES; index++) {
    target[at + index] = pool[next] as number;
    pool[next++] = 0;
  }
}

/** 256 random bits. */
export function randomKey(): Uint8Array {
  return randomBytes(KEY_BYTES);
}

/** 128 random bits as 22 base64url characters. */
export function randomId(): string {
  return encodeUpTo(randomBytes(ID_BYTES), ID_BYTES);
}

function randomBytes(length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  randomFillSync(bytes);
  return bytes;
}
