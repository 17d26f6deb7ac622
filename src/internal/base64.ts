/**
 * Encodes and decodes base64url (RFC 4648 section 5), strictly: a text is accepted only if encoding its bytes gives
 * that text back, so every byte sequence has one spelling.
 * Trusted base: errors.ts and bytes.ts; past the lengths below, the runtime's codec, held to the same rule.
 */

import { bufferOver, lengthOf } from "./bytes.ts";
import { TokenError } from "./errors.ts";

/** RFC 4648 table 2: the character of each 6-bit value. */
const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/** The two characters of each 12-bit value, side by side in memory. */
const PAIRS: Uint16Array = new Uint16Array(4096);
const pairBytes = new Uint8Array(PAIRS.buffer);
for (let bits = 0; bits < 4096; bits++) {
  pairBytes[2 * bits] = ALPHABET.charCodeAt(bits >> 6);
  pairBytes[2 * bits + 1] = ALPHABET.charCodeAt(bits & 63);
}

/** Three bytes, the first one lowest, for a character in each place of a group of four; -1 for other octets. */
const PLACES = [18, 12, 6, 0].map((shift) => {
  const places = new Int32Array(256).fill(-1);
  for (let value = 0; value < 64; value++) {
    const bits = value << shift;
    places[ALPHABET.charCodeAt(value)] = (bits >> 16) | (bits & 0xff00) | ((bits & 0xff) << 16);
  }
  return places;
});
const [FIRST, SECOND, THIRD, FOURTH] = PLACES as [Int32Array, Int32Array, Int32Array, Int32Array];

// Past these lengths the runtime's codec is faster (npm run bench). It is lenient: its result is encoded and compared.
const BYTES_BY_HAND = 24;
const CHARACTERS_BY_HAND = 192;
/** The same limit for a target that is written in words of four bytes. */
export const CHARACTERS_BY_WORDS = 512;

/** Characters that the runtime's codec decodes at once: whole groups of four. */
const PIECE = 65_536;

/** Leaves room for the rest of a token in V8's longest string, 2^29 - 24 characters. */
export const MOST_BYTES = 400_000_000;

/** A Buffer's memory as words of four bytes, for decodeBytes; false if it cannot use them. */
export type Words = Int32Array | false;

/** Shared by all calls. Four bytes to spare, so that text that is not ASCII shows by its length. */
const scratch: Buffer = Buffer.allocUnsafeSlow(CHARACTERS_BY_HAND + 4);
const scratchPairs = new Uint16Array(scratch.buffer);

/** Encodes bytes, with padding if `padded`. @throws TokenError ERR_TOKEN_TOO_LARGE: more than 400,000,000 bytes. */
export function toText(bytes: Uint8Array, padded: boolean = false): string {
  const length = lengthOf(bytes);
  const asTheyAre = length <= BYTES_BY_HAND || Buffer.isBuffer(bytes);
  const text = encodeUpTo(asTheyAre ? bytes : bufferOver(bytes), length);
  return padded ? pad(text) : text;
}

/** Decodes into new memory; padding is required if `padded`, else refused. @throws TokenError ERR_ENCODING */
export function fromText(text: string, padded: boolean): Uint8Array {
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

/** Pads `text` with "=" to a multiple of four characters (RFC 4648 section 4). */
export function pad(text: string): string {
  const over = text.length & 3;
  return over === 0 ? text : over === 3 ? `${text}=` : `${text}==`;
}

export function unpaddedLength(text: string): number {
  const { length } = text;
  if ((length & 3) !== 0) return -1;
  if (text.charCodeAt(length - 1) !== 0x3d) return length;
  return text.charCodeAt(length - 2) === 0x3d ? length - 2 : length - 1;
}

/** The number of bytes in so many characters; -1 if there is none (one character left over), and for -1. */
export function decodedLength(characters: number): number {
  return (characters & 3) === 1 ? -1 : Math.floor((characters * 3) / 4);
}

/** Encodes the first `length` bytes; more than 24 must be in a Buffer. @throws TokenError ERR_TOKEN_TOO_LARGE */
export function encodeUpTo(bytes: Uint8Array, length: number): string {
  if (length <= BYTES_BY_HAND) return encodeByHand(bytes, length);
  // Checked first: the runtime would throw an error of its own.
  if (length > MOST_BYTES) throw new TokenError("ERR_TOKEN_TOO_LARGE");
  return (bytes as Buffer).toString("base64url", 0, length);
}

export function wordsOf({ buffer, byteOffset, length }: Buffer): Words {
  // Only on a little-endian machine: the lowest byte has to come first.
  const isOfUse = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;
  return isOfUse && new Int32Array(buffer, byteOffset, length >> 2);
}

/**
 * Decodes `text` from `start` to `end` to the start of `target`, with room for the bytes; up to 512 characters, for
 * these and their padding. Returns the number of bytes; or -1, with any bytes in the target, if `text` is not strict.
 */
export function decodeInto(
  target: Buffer,
  text: string,
  start: number,
  end: number,
  words: Words = false,
): number {
  const length = end - start;
  const most = words ? CHARACTERS_BY_WORDS : CHARACTERS_BY_HAND;
  if (length > most) return decodeByRuntime(target, text, start, end);
  return writeAscii(target, text, start, end) ? decodeBytes(target, 0, length, target, words) : -1;
}

/** Decodes characters in `source`; returns as decodeInto. Works in place: writing never overtakes reading. */
export function decodeBytes(
  source: Uint8Array,
  start: number,
  end: number,
  target: Uint8Array,
  words: Words = false,
): number {
  const byWords = words ? (end - start) & ~15 : 0;
  // Becomes negative at an octet that is not a character: the sign is checked once, at the end.
  let all = words ? decodeWords(source, start, start + byWords, words) : 0;
  let from = start + byWords;
  let to = (byWords / 4) * 3;
  for (; from + 4 <= end; from += 4, to += 3) {
    const bits = group(source, from);
    all |= bits;
    target[to] = bits;
    target[to + 1] = bits >> 8;
    target[to + 2] = bits >> 16;
  }
  const left = end - from;
  if (left < 2) return all < 0 || left === 1 ? -1 : to;
  let rest = bitsOf(FIRST, source, from) | bitsOf(SECOND, source, from + 1);
  if (left === 3) rest |= bitsOf(THIRD, source, from + 2);
  target[to++] = rest;
  if (left === 3) target[to++] = rest >> 8;
  // Section 3.5: the trailing bits must be zero. (For an octet that is not a character they are ones.)
  return all < 0 || rest >> (8 * (left - 1)) !== 0 ? -1 : to;
}

/** Decodes sixteen characters at a time, in three writes; negative if an octet is not a character. */
function decodeWords(source: Uint8Array, start: number, end: number, words: Int32Array): number {
  let all = 0;
  let to = 0;
  for (let from = start; from < end; from += 16) {
    const a = group(source, from);
    const b = group(source, from + 4);
    const c = group(source, from + 8);
    const d = group(source, from + 12);
    all |= a | b | c | d;
    words[to++] = a | (b << 24);
    words[to++] = (b >>> 8) | (c << 16);
    words[to++] = (c >>> 16) | (d << 8);
  }
  return all;
}

function group(source: Uint8Array, from: number): number {
  const front = bitsOf(FIRST, source, from) | bitsOf(SECOND, source, from + 1);
  return front | bitsOf(THIRD, source, from + 2) | bitsOf(FOURTH, source, from + 3);
}

function bitsOf(place: Int32Array, source: Uint8Array, index: number): number {
  return place[source[index] as number] as number;
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

/** Decodes in pieces that fit the cache, so the text to compare stays short. */
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

/** Writes ASCII; false for other text, which is longer in UTF-8. (latin1 would fold U+0141 to "A".) */
function writeAscii(target: Buffer, text: string, start: number, end: number): boolean {
  // A slice costs more than a whole string with its padding.
  const piece = start === 0 && text.length - end <= 2 ? text : text.slice(start, end);
  return target.write(piece) === piece.length;
}

function byte(bytes: Uint8Array, index: number): number {
  return bytes[index] as number;
}
