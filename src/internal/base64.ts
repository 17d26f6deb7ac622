/**
 * The base64url codec (RFC 4648 section 5), strict: a text is accepted exactly when encoding its bytes
 * gives that text back, so every byte sequence has one spelling and no other character passes.
 *
 * Trusted base: errors.ts and bytes.ts. No other module and no dependency moves the bits, save the
 * runtime's own codec past the lengths below, held to the same rule.
 */

import { bufferOver, lengthOf } from "./bytes.ts";
import { TokenError } from "./errors.ts";

/** RFC 4648 table 2: the character of each 6-bit value. */
const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/** The two characters of each 12-bit value, side by side in memory: half a group of 24 bits at once. */
const PAIRS: Uint16Array = new Uint16Array(4096);
const pairBytes = new Uint8Array(PAIRS.buffer);
for (let bits = 0; bits < 4096; bits++) {
  pairBytes[2 * bits] = ALPHABET.charCodeAt(bits >> 6);
  pairBytes[2 * bits + 1] = ALPHABET.charCodeAt(bits & 63);
}

/** The 6-bit value of each octet as an ASCII character, -1 where the alphabet has none. */
const VALUES: Int8Array = new Int8Array(256).fill(-1);
for (let value = 0; value < 64; value++) VALUES[ALPHABET.charCodeAt(value)] = value;

/*
 * Past these lengths the runtime's vectorised codec outweighs the calls into it (npm run bench).
 * It is lenient when it decodes; comparing with what it encodes again makes it strict.
 */
const BYTES_BY_HAND = 24;
export const CHARACTERS_BY_HAND = 192;

/** Characters that the runtime's codec decodes at once: whole groups of four. */
const PIECE = 65_536;

/**
 * The longest string of V8, 2^29 - 24 characters, encodes some more; the rest is room for what
 * stands around them in a token.
 */
export const MOST_BYTES = 400_000_000;

/** Where text passes between strings and bytes; room for four characters that are no ASCII, too. */
const scratch: Buffer = Buffer.allocUnsafeSlow(CHARACTERS_BY_HAND + 4);
const scratchPairs = new Uint16Array(scratch.buffer);

/**
 * Bytes as text, with padding where `padded`.
 *
 * @throws TokenError ERR_TOKEN_TOO_LARGE: more than 400,000,000 bytes.
 */
export function toText(bytes: Uint8Array, padded: boolean = false): string {
  const length = lengthOf(bytes);
  const asTheyAre = length <= BYTES_BY_HAND || Buffer.isBuffer(bytes);
  const text = encodeUpTo(asTheyAre ? bytes : bufferOver(bytes), length);
  return padded ? pad(text) : text;
}

/**
 * The bytes of a text, in memory of their own; the text has its padding exactly where `padded`.
 *
 * @throws TokenError ERR_ENCODING, also where it is not a string.
 */
export function fromText(text: string, padded: boolean = false): Uint8Array {
  if (typeof text !== "string") throw new TokenError("ERR_ENCODING");
  const end = padded ? unpaddedLength(text) : text.length;
  const length = decodedLength(end);
  if (length < 0) throw new TokenError("ERR_ENCODING");
  const bytes = new Uint8Array(length);
  const decoded =
    end <= CHARACTERS_BY_HAND
      ? writeAscii(scratch, text, 0, end) && decodeBytes(scratch, 0, end, bytes) === length
      : decodeByRuntime(Buffer.from(bytes.buffer), text, 0, end) === length;
  if (!decoded) throw new TokenError("ERR_ENCODING");
  return bytes;
}

/** `text` with the "=" that its length lacks of a multiple of four (RFC 4648 section 4). */
export function pad(text: string): string {
  const over = text.length & 3;
  return over === 0 ? text : over === 3 ? `${text}=` : `${text}==`;
}

/** The length of `text` without its padding; -1 when the padding is not just what it has to be. */
export function unpaddedLength(text: string): number {
  const { length } = text;
  if ((length & 3) !== 0) return -1;
  if (text.charCodeAt(length - 1) !== 0x3d) return length;
  return text.charCodeAt(length - 2) === 0x3d ? length - 2 : length - 1;
}

/**
 * How many bytes that many characters are; -1 when no bytes are (one character left over),
 * and for -1.
 */
export function decodedLength(characters: number): number {
  return (characters & 3) === 1 ? -1 : Math.floor((characters * 3) / 4);
}

/**
 * The first `length` of `bytes` as text; more than 24 of them in a Buffer.
 *
 * @throws TokenError ERR_TOKEN_TOO_LARGE
 */
export function encodeUpTo(bytes: Uint8Array, length: number): string {
  if (length <= BYTES_BY_HAND) return encodeByHand(bytes, length);
  // Asked beforehand, since runtimes throw errors of their own for it.
  if (length > MOST_BYTES) throw new TokenError("ERR_TOKEN_TOO_LARGE");
  return (bytes as Buffer).toString("base64url", 0, length);
}

/**
 * Decodes `text` from `start` to `end` to the start of `target`, which has to have room for
 * the bytes, and for the characters of up to 192. Returns the number of bytes, or -1, and an
 * unspecified target, where the text is not strict base64url.
 */
export function decodeInto(target: Buffer, text: string, start: number, end: number): number {
  const length = end - start;
  if (length > CHARACTERS_BY_HAND) return decodeByRuntime(target, text, start, end);
  return writeAscii(target, text, start, end) ? decodeBytes(target, 0, length, target) : -1;
}

/**
 * Decodes the characters that lie in `source` from `start` to `end` to the start of `target`;
 * in place too, since writing never overtakes reading. Returns as decodeInto does.
 */
export function decodeBytes(
  source: Uint8Array,
  start: number,
  end: number,
  target: Uint8Array,
): number {
  let to = 0;
  let from = start;
  // A value of -1 shifted and or-ed stays negative: one look at the sign, at the end, sees them all.
  let all = 0;
  for (; from + 3 < end; from += 4) {
    const bits =
      (value(source, from) << 18) |
      (value(source, from + 1) << 12) |
      (value(source, from + 2) << 6) |
      value(source, from + 3);
    all |= bits;
    target[to++] = bits >> 16;
    target[to++] = bits >> 8;
    target[to++] = bits;
  }
  // Section 3.5: the bits of the last character that no byte takes must be zero.
  const left = end - from;
  let trailing = 0;
  if (left === 2) {
    const bits = (value(source, from) << 6) | value(source, from + 1);
    all |= bits;
    trailing = bits & 0b1111;
    target[to++] = bits >> 4;
  } else if (left === 3) {
    const bits =
      (value(source, from) << 12) | (value(source, from + 1) << 6) | value(source, from + 2);
    all |= bits;
    trailing = bits & 0b11;
    target[to++] = bits >> 10;
    target[to++] = bits >> 2;
  }
  return all < 0 || trailing !== 0 || left === 1 ? -1 : to;
}

function encodeByHand(bytes: Uint8Array, length: number): string {
  let pairs = 0;
  let at = 0;
  for (; at + 2 < length; at += 3) {
    const bits = (byte(bytes, at) << 16) | (byte(bytes, at + 1) << 8) | byte(bytes, at + 2);
    scratchPairs[pairs++] = PAIRS[bits >> 12] as number;
    scratchPairs[pairs++] = PAIRS[bits & 0xfff] as number;
  }
  const left = length - at;
  if (left === 1) scratchPairs[pairs] = PAIRS[byte(bytes, at) << 4] as number;
  if (left === 2) {
    const bits = (byte(bytes, at) << 10) | (byte(bytes, at + 1) << 2);
    scratchPairs[pairs] = PAIRS[bits >> 6] as number;
    scratch[2 * pairs + 2] = ALPHABET.charCodeAt(bits & 63);
  }
  return scratch.toString("latin1", 0, 2 * pairs + (left === 0 ? 0 : left + 1));
}

/** In pieces that the cache holds: the text to compare with is then never as long as the whole. */
function decodeByRuntime(target: Buffer, text: string, start: number, end: number): number {
  const room = decodedLength(end - start);
  if (room < 0) return -1;
  let length = 0;
  for (let from = start; from < end; from += PIECE) {
    const piece = text.slice(from, Math.min(from + PIECE, end));
    const upTo = length + target.write(piece, length, room - length, "base64url");
    if (target.toString("base64url", length, upTo) !== piece) return -1;
    length = upTo;
  }
  return length;
}

/**
 * Writes characters to the start of `target`, which has four bytes more; false if they are not all
 * ASCII: then they are longer in UTF-8. (latin1 would fold U+0141 to "A".)
 */
function writeAscii(target: Buffer, text: string, start: number, end: number): boolean {
  return target.write(text.slice(start, end)) === end - start;
}

function value(source: Uint8Array, index: number): number {
  return VALUES[source[index] as number] as number;
}

function byte(bytes: Uint8Array, index: number): number {
  return bytes[index] as number;
}
