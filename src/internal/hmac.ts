/**
 * HMAC-SHA256 (RFC 2104, FIPS 198-1): H(K xor opad, H(K xor ipad, message)), as two one-shot hashes.
 *
 * createHmac makes an object for each MAC; `crypto.hash` does not, and is twice as fast for short messages. So the
 * module has one page: callers write a message there, and it is hashed in place. The key's inner block is in front of
 * the page, out of the callers' reach.
 *
 *     inner  | K xor ipad (64) | page: message (up to CAPACITY) |
 *     outer  | K xor opad (64) | H(inner) (32) |
 *
 * All callers share the page. This is safe because everything is synchronous: between a caller's first write and its
 * last read no other code runs, as long as the caller calls no foreign code (a getter, toJSON) in between. So callers
 * serialise first. Every worker thread has its own page.
 * Trusted base: node:crypto alone.
 */

import { createHmac, createSecretKey, hash, type KeyObject, timingSafeEqual } from "node:crypto";

const BLOCK = 64;
const DIGEST = 32;
export const MAC_CHARACTERS = 43;

/** The longest message that the page holds, in bytes; longer ones use createHmac. */
export const CAPACITY = 16_384;

// Four bytes to spare: text that is not ASCII then always writes more bytes than it has characters, even at the end.
const inner = Buffer.allocUnsafeSlow(BLOCK + CAPACITY + 4);
export const page: Buffer = inner.subarray(BLOCK);
const outer = Buffer.allocUnsafeSlow(BLOCK + DIGEST);

/** Views of `inner` by message length, and of MACs in the page by place: making one costs more than finding it. */
const views: (Buffer | undefined)[] = new Array(1024);
const texts: (Buffer | undefined)[] = new Array(1024);

const expectedMac = Buffer.alloc(DIGEST);
const expectedText = Buffer.alloc(MAC_CHARACTERS);

/**
 * base64url; or UTF-16LE: 16 code units of two octets, the lower first, whatever their value. `hash` and `digest` are
 * documented to take any encoding of Buffer; their types list only some.
 */
export type MacEncoding = "utf16le" | "base64url";

const UNITS = "utf16le" as "binary";

/** The key whose blocks are in `inner` and `outer`. */
let current: HmacKey | undefined;

export class HmacKey {
  readonly #inner = Buffer.alloc(BLOCK);
  readonly #outer = Buffer.alloc(BLOCK);
  readonly #key: KeyObject;

  /** Takes any length; callers check the least. */
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

  /** The MAC of the first `length` bytes of the page. */
  ofPage(length: number, encoding: MacEncoding): string {
    if (current !== this) {
      inner.set(this.#inner, 0);
      outer.set(this.#outer, 0);
      current = this;
    }
    writeMac(outer, BLOCK, hash("sha256", view(length), UNITS));
    return hash("sha256", outer, encoding as "base64url");
  }

  of(message: Uint8Array | string, encoding: MacEncoding): string {
    return createHmac("sha256", this.#key)
      .update(message)
      .digest(encoding as "base64url");
  }
}

/** Compares a token's 32 bytes with a MAC (utf16le) in constant time. */
export function isMac(given: Buffer, mac: string): boolean {
  writeMac(expectedMac, 0, mac);
  return timingSafeEqual(expectedMac, given);
}

/**
 * Compares the text in the page at `at` with a MAC (base64url) in constant time. A MAC has exactly one text (its two
 * unused bits must be zero), so the token's need not be decoded.
 */
export function isMacText(at: number, mac: string): boolean {
  for (let index = 0; index < MAC_CHARACTERS; index++) {
    expectedText[index] = mac.charCodeAt(index);
  }
  return timingSafeEqual(expectedText, givenText(at));
}

function view(length: number): Buffer {
  if (length >= views.length) return inner.subarray(0, BLOCK + length);
  return (views[length] ??= inner.subarray(0, BLOCK + length));
}

function givenText(at: number): Buffer {
  if (at >= texts.length) return page.subarray(at, at + MAC_CHARACTERS);
  return (texts[at] ??= page.subarray(at, at + MAC_CHARACTERS));
}

/** Writes a MAC (utf16le) to `target` at `at`. `Buffer.write` costs more than these 16 steps. */
export function writeMac(target: Buffer, at: number, mac: string): void {
  for (let index = 0; index < DIGEST / 2; index++) {
    const unit = mac.charCodeAt(index);
    target[at + 2 * index] = unit;
    target[at + 2 * index + 1] = unit >> 8;
  }
}
