/**
 * Random bytes of the runtime's CSPRNG: one call for each key and each id, and one for a pool of 256 IVs. A used IV is
 * wiped in the pool, so a memory dump shows none. A process whose memory is cloned (a VM snapshot, a start-up snapshot
 * of Node) repeats the IVs left in the pool, but never keys or ids.
 */

import { randomFillSync } from "node:crypto";
import { encodeUpTo } from "./base64.ts";

const IV_BYTES = 16;
const KEY_BYTES = 32;
const ID_BYTES = 16;
const POOL: number = 256 * IV_BYTES;

const pool = Buffer.allocUnsafeSlow(POOL);
let next: number = POOL;

export function writeIv(target: Uint8Array, at: number): void {
  if (next === POOL) {
    randomFillSync(pool);
    // Set after the fill: if that throws, the pool stays empty, and the next call fills it.
    next = 0;
  }
  for (let index = 0; index < IV_BYTES; index++) {
    target[at + index] = pool[next] as number;
    pool[next++] = 0;
  }
}

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
