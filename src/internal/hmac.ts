/**
 * HMAC-SHA256 (RFC 2104, FIPS 198-1): H(K xor opad, H(K xor ipad, message)), as two one-shot hashes.
 *
 * createHmac builds an object for each MAC; `crypto.hash` does not, and is twice as fast for short
 * messages. So one page serves the module, where callers write a message and have it hashed as it
 * lies. The key's inner block is in front of the page, out of the callers' reach.
 *
 *     inner  | K xor ipad (64) | page: message (up to CAPACITY) |
 *     outer  | K xor opad (64) | H(inner) (32) |
 *
 * The page is shared, and that is sound because everything here is synchronous: between a caller's
 * first write and its last read no other code runs, as long as nothing foreign (a getter, toJSON) is
 * called in between. Callers serialise first. Every worker thread has a page of its own.
 *
 * Trusted base: node:crypto alone.
 */

import { createHmac, createSecretKey, hash, type KeyObject, timingSafeEqual } from "node:crypto";

const BLOCK = 64;
const DIGEST = 32;

/** The longest message that the page takes, in bytes; a longer one goes the plain way. */
export const CAPACITY = 16_384;

/*
 * Four bytes to spare: text that is longer in UTF-8 than in characters then always shows as a written
 * length other than its own, even at the very end.
 */
const inner = Buffer.allocUnsafeSlow(BLOCK + CAPACITY + 4);
export const page: Buffer = inner.subarray(BLOCK);
const outer = Buffer.allocUnsafeSlow(BLOCK + DIGEST);

/** Views of `inner`, kept by the length of the message: making one costs more than finding it. */
const views: (Buffer | undefined)[] = new Array(1024);

/** Where a caller puts the 32 bytes of the MAC that a token carries, to have them compared. */
export const givenMac: Buffer = Buffer.alloc(DIGEST);
const expectedMac = Buffer.alloc(DIGEST);

/** base64url, or latin1 (a character a byte) under the older name that the hash functions take. */
type MacEncoding = "binary" | "base64url";

/** Whose blocks lie in `inner` and `outer`. */
let current: HmacKey | undefined;

export class HmacKey {
  readonly #inner = Buffer.alloc(BLOCK);
  readonly #outer = Buffer.alloc(BLOCK);
  readonly #key: KeyObject;

  /** A key of any length; the callers set the least. */
  constructor(bytes: Uint8Array) {
    this.#key = createSecretKey(bytes);
    // RFC 2104 section 2: a key longer than a block is hashed first, a shorter one is zero-filled.
    const block = bytes.length > BLOCK ? hash("sha256", bytes, "buffer") : bytes;
    this.#inner.set(block);
    this.#outer.set(block);
    for (let index = 0; index < BLOCK; index++) {
      this.#inner[index] = (this.#inner[index] as number) ^ 0x36;
      this.#outer[index] = (this.#outer[index] as number) ^ 0x5c;
    }
  }

  /** The MAC of the page's message of that length. */
  ofPage(length: number, encoding: MacEncoding): string {
    if (current !== this) {
      inner.set(this.#inner, 0);
      outer.set(this.#outer, 0);
      current = this;
    }
    writeDigest(outer, BLOCK, hash("sha256", view(length), "binary"));
    return hash("sha256", outer, encoding);
  }

  /** The MAC of a message of any length, the plain way. */
  of(message: Uint8Array | string, encoding: MacEncoding): string {
    return createHmac("sha256", this.#key).update(message).digest(encoding);
  }
}

/** Whether `givenMac` is that MAC (binary), in constant time. */
export function isGivenMac(mac: string): boolean {
  writeDigest(expectedMac, 0, mac);
  return timingSafeEqual(expectedMac, givenMac);
}

/** The inner block and a message of that length. */
function view(length: number): Buffer {
  if (length >= views.length) return inner.subarray(0, BLOCK + length);
  return (views[length] ??= inner.subarray(0, BLOCK + length));
}

/** `Buffer.write` costs more than these 32 steps. */
function writeDigest(target: Buffer, at: number, digest: string): void {
  for (let index = 0; index < DIGEST; index++) target[at + index] = digest.charCodeAt(index);
}
