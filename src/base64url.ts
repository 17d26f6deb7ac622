/**
 * Strict base64url (RFC 4648 section 5): a text is accepted exactly when encoding its bytes gives
 * that text back, so every byte sequence has one spelling and no other character passes.
 *
 * Trusted base: errors.ts, internal/options.ts. No other module and no dependency moves the bits,
 * save the runtime's own codec past the lengths below, held to the same rule.
 */

import { TokenError } from "./errors.ts";
import { checkBoolean, checkNames, optionError } from "./internal/options.ts";

export { ConfigError, TokenError } from "./errors.ts";

/** RFC 4648 table 2: the character of each 6-bit value. */
const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/** Two characters for each 12-bit value: half a group of 24 bits in one look-up. */
const PAIRS: readonly string[] = Array.from(
  { length: 4096 },
  (_, bits) => `${ALPHABET[bits >> 6]}${ALPHABET[bits & 63]}`,
);

/** The 6-bit value of each ASCII character, -1 where the alphabet has none. */
const VALUES: Int8Array = new Int8Array(128).fill(-1);
for (let value = 0; value < 64; value++) VALUES[ALPHABET.charCodeAt(value)] = value;

/*
 * Past these lengths the runtime's vectorised codec outweighs the call into it (npm run bench).
 * It is lenient when it decodes; comparing with what it encodes again makes it strict.
 */
const BYTES_BY_HAND = 48;
const CHARACTERS_BY_HAND = 192;

export interface Base64urlOptions {
  /** false (the default): "=" is refused and never written; true: it is required and written. */
  padding?: boolean;
}

const OPTIONS: ReadonlySet<string> = new Set(["padding"]);

/**
 * Bytes as base64url text.
 *
 * @throws ConfigError ERR_OPTION: not bytes, or a wrong option.
 * @throws TokenError ERR_TOKEN_TOO_LARGE: longer than a string of this runtime can be.
 */
export function encode(bytes: Uint8Array, options?: Base64urlOptions): string {
  if (!(bytes instanceof Uint8Array)) throw optionError("bytes", "a Uint8Array");
  const padding = wantsPadding(options);
  const text =
    bytes.length <= BYTES_BY_HAND
      ? encodeByHand(bytes, 0, bytes.length)
      : encodeRange(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length), 0, bytes.length);
  return padding ? pad(text) : text;
}

/**
 * The bytes of a base64url text, in memory of their own.
 *
 * @throws TokenError ERR_ENCODING: a character outside the alphabet, an impossible length, padding
 *   that is there or missing against `options`, or trailing bits that are not zero.
 * @throws ConfigError ERR_OPTION: a wrong option.
 */
export function decode(text: string, options?: Base64urlOptions): Uint8Array {
  const padding = wantsPadding(options);
  if (typeof text !== "string") throw new TokenError("ERR_ENCODING");
  const end = padding ? unpaddedLength(text) : text.length;
  const length = decodedLength(end);
  const bytes = new Uint8Array(Math.max(length, 0));
  const target = end > CHARACTERS_BY_HAND ? Buffer.from(bytes.buffer) : bytes;
  if (decodeInto(target, 0, text, 0, end) < 0) throw new TokenError("ERR_ENCODING");
  return bytes;
}

/** @internal `text` with the "=" that its length lacks of a multiple of four (RFC 4648 section 4). */
export function pad(text: string): string {
  const over = text.length & 3;
  return over === 0 ? text : over === 3 ? `${text}=` : `${text}==`;
}

/** @internal The length of `text` without its padding; -1 when the padding is not just what it has to be. */
export function unpaddedLength(text: string): number {
  const { length } = text;
  if (length === 0) return 0;
  if ((length & 3) !== 0) return -1;
  if (text.charCodeAt(length - 1) !== 0x3d) return length;
  return text.charCodeAt(length - 2) === 0x3d ? length - 2 : length - 1;
}

/** @internal How many bytes that many characters are; -1 when no bytes are (one character left over). */
export function decodedLength(characters: number): number {
  return (characters & 3) === 1 || characters < 0 ? -1 : Math.floor((characters * 3) / 4);
}

/**
 * @internal `bytes` from `start` to `end` as text.
 *
 * @throws TokenError ERR_TOKEN_TOO_LARGE
 */
export function encodeRange(bytes: Buffer, start: number, end: number): string {
  if (end - start <= BYTES_BY_HAND) return encodeByHand(bytes, start, end);
  try {
    return bytes.toString("base64url", start, end);
  } catch (error) {
    if ((error as { code?: unknown }).code !== "ERR_STRING_TOO_LONG") throw error;
    throw new TokenError("ERR_TOKEN_TOO_LARGE");
  }
}

/**
 * @internal Decodes `text` from `start` to `end` into `target` at `at`, which has to have the room; returns the
 * number of bytes, or -1 and an unspecified target where the text is not strict base64url. More than
 * 192 characters need a Buffer.
 */
export function decodeInto(
  target: Uint8Array,
  at: number,
  text: string,
  start: number,
  end: number,
): number {
  const length = decodedLength(end - start);
  if (length < 0) return -1;
  if (end - start <= CHARACTERS_BY_HAND) return decodeByHand(target, at, text, start, end);
  const slice = text.slice(start, end);
  const buffer = target as Buffer;
  buffer.write(slice, at, length, "base64url");
  return buffer.toString("base64url", at, at + length) === slice ? length : -1;
}

function encodeByHand(bytes: Uint8Array, start: number, end: number): string {
  let text = "";
  let at = start;
  for (; at + 2 < end; at += 3) {
    const bits = (byte(bytes, at) << 16) | (byte(bytes, at + 1) << 8) | byte(bytes, at + 2);
    text += (PAIRS[bits >> 12] as string) + PAIRS[bits & 0xfff];
  }
  if (end - at === 1) return text + PAIRS[byte(bytes, at) << 4];
  if (end - at === 2) {
    const bits = (byte(bytes, at) << 10) | (byte(bytes, at + 1) << 2);
    return text + PAIRS[bits >> 6] + ALPHABET[bits & 63];
  }
  return text;
}

function decodeByHand(
  target: Uint8Array,
  at: number,
  text: string,
  start: number,
  end: number,
): number {
  let to = at;
  let from = start;
  // A value of -1 shifted and or-ed stays negative: one look at the sign, at the end, sees them all.
  let all = 0;
  for (; from + 3 < end; from += 4) {
    const bits =
      (value(text, from) << 18) |
      (value(text, from + 1) << 12) |
      (value(text, from + 2) << 6) |
      value(text, from + 3);
    all |= bits;
    target[to++] = bits >> 16;
    target[to++] = bits >> 8;
    target[to++] = bits;
  }
  // Section 3.5: the bits of the last character that no byte takes must be zero.
  let trailing = 0;
  if (end - from === 2) {
    const bits = (value(text, from) << 6) | value(text, from + 1);
    all |= bits;
    trailing = bits & 0b1111;
    target[to++] = bits >> 4;
  } else if (end - from === 3) {
    const bits = (value(text, from) << 12) | (value(text, from + 1) << 6) | value(text, from + 2);
    all |= bits;
    trailing = bits & 0b11;
    target[to++] = bits >> 10;
    target[to++] = bits >> 2;
  }
  return all < 0 || trailing !== 0 ? -1 : to - at;
}

/** The 6 bits of a character; -1 outside the alphabet, U+0080 and above included. */
function value(text: string, index: number): number {
  const code = text.charCodeAt(index);
  return code < 128 ? (VALUES[code] as number) : -1;
}

function byte(bytes: Uint8Array, index: number): number {
  return bytes[index] as number;
}

function wantsPadding(options: Base64urlOptions | undefined): boolean {
  if (options === undefined) return false;
  checkNames(options, OPTIONS, "base64url");
  checkBoolean(options.padding, "padding");
  return options.padding === true;
}
