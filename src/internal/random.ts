/**
 * Random bytes of the runtime's CSPRNG. Each key and each id is drawn from it by a call of its own; IVs
 * come from a pool, of which one call fills 256.
 *
 * An IV is handed out once and wiped in the pool, so a memory dump shows none that was used. A process
 * whose memory is cloned (a VM snapshot, a start-up snapshot of Node) repeats the IVs that were left in
 * the pool; keys and ids it never repeats.
 */

import { randomFillSync } from "node:crypto";
import { encodeUpTo } from "./base64.ts";

const IV_BYTES = 16;
const KEY_BYTES = 32;
const ID_BYTES = 16;
const POOL: number = 256 * IV_BYTES;

const pool = Buffer.allocUnsafeSlow(POOL);
/** Where the next IV lies; at the end there is none. */
let next: number = POOL;

/** Writes 16 random bytes to `target` at `at`. */
export function writeIv(target: Uint8Array, at: number): void {
  if (next === POOL) {
    randomFillSync(pool);
    // Not before: where that throws the pool stays empty, and the next call asks again.
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
