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
/** Of a MAC in base64url. */
export const MAC_CHARACTERS = 43;

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
/** Views of MACs in the page, by their place. */
const texts: (Buffer | undefined)[] = new Array(1024);

const expectedMac = Buffer.alloc(DIGEST);
const expectedText = Buffer.alloc(MAC_CHARACTERS);

/**
 * base64url, or UTF-16: 16 code units of two bytes each, the lower one first, whatever their value. So
 * half as many characters are read as latin1 has. (The documentation of `hash` and `digest` takes any
 * encoding of Buffer; the types list some.)
 */
export type MacEncoding = "utf16le" | "base64url";

const UNITS = "utf16le" as "binary";

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
    writeMac(outer, BLOCK, hash("sha256", view(length), UNITS));
    return hash("sha256", outer, encoding as "base64url");
  }

  /** The MAC of a message of any length, the plain way. */
  of(message: Uint8Array | string, encoding: MacEncoding): string {
    return createHmac("sha256", this.#key)
      .update(message)
      .digest(encoding as "base64url");
  }
}

/** Whether the 32 bytes that a token carries are that MAC (utf16le), in constant time. */
export function isMac(given: Buffer, mac: string): boolean {
  writeMac(expectedMac, 0, mac);
  return timingSafeEqual(expectedMac, given);
}

/**
 * Whether that MAC (base64url) lies in the page at `at`, in constant time. MACs have one text each (32
 * bytes leave two bits of the last character, which must be zero), so a token's need not be decoded.
 */
export function isMacText(at: number, mac: string): boolean {
  for (let index = 0; index < MAC_CHARACTERS; index++) {
    expectedText[index] = mac.charCodeAt(index);
  }
  return timingSafeEqual(expectedText, givenText(at));
}

/** The inner block and a message of that length. */
function view(length: number): Buffer {
  if (length >= views.length) return inner.subarray(0, BLOCK + length);
  return (views[length] ??= inner.subarray(0, BLOCK + length));
}

/** The text of a MAC in the page. */
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
