/**
 * Signs and verifies JWS compact serialisations (RFC 7515 section 7.1) with HS256 alone (RFC 7518 section 3.2). The
 * payload is any text. A bad token is a returned refusal, not a throw: an Error costs more than the check.
 * Trusted base: errors.ts, base64.ts, bytes.ts, keys.ts, hmac.ts and text.ts.
 */

import {
  CHARACTERS_BY_WORDS,
  decodeBytes,
  decodeInto,
  encodeUpTo,
  toText,
  wordsOf,
} from "./base64.ts";
import { type Refusal, refusal, type TokenErrorCode } from "./errors.ts";
import { CAPACITY, HmacKey, isMacText, MAC_CHARACTERS, page } from "./hmac.ts";
import { type JwtKey, jwtKey, keyList, toFront } from "./keys.ts";
import { parseObject, utf8Text } from "./text.ts";

const ALGORITHM = "HS256";
const DOT = ".";
const MALFORMED = "ERR_TOKEN_MALFORMED";

const pageWords = wordsOf(page);

/** A token's header (RFC 7515 section 4), as it came: nothing in it is checked. */
export interface JwtHeader {
  /** The algorithm that the token names. */
  alg?: unknown;
  /** The kind of token. */
  typ?: unknown;
  /** The name of the key. */
  kid?: unknown;
  /** Extensions that must be understood: `verify` refuses them. */
  crit?: unknown;
  [member: string]: unknown;
}

interface Key {
  readonly hmac: HmacKey;
  readonly kid: string | undefined;
  /** The encoded header and its dot, as text and as bytes. */
  readonly header: string;
  readonly headerBytes: Buffer;
}

export class Jws {
  readonly #keys: Key[];
  readonly #signing: Key;
  readonly #choosing: boolean;
  readonly #typ: string | undefined;

  /** The first key signs, all verify. `typ` is written in place of `JWT`, and required. @throws ConfigError ERR_KEY */
  constructor(keys: JwtKey | readonly JwtKey[], typ?: string) {
    this.#keys = keyList(keys, "JWT key").map((key) => {
      const { bytes, kid } = jwtKey(key);
      const header = encodeText(JSON.stringify({ alg: ALGORITHM, typ: typ ?? "JWT", kid })) + DOT;
      return { hmac: new HmacKey(bytes), kid, header, headerBytes: Buffer.from(header) };
    });
    this.#signing = this.#keys[0] as Key;
    this.#choosing = this.#keys.length > 1 && this.#keys.some(({ kid }) => kid !== undefined);
    this.#typ = typ;
  }

  /** Makes a token; `members` replace the last brace, without a copy. @throws TokenError ERR_TOKEN_TOO_LARGE */
  sign(payload: string, members: string = ""): string {
    const { header, headerBytes, hmac } = this.#signing;
    const encoded = encodeText(payload, members);
    const length = header.length + encoded.length;
    const input = header + encoded;
    if (length > CAPACITY) return input + DOT + hmac.of(input, "base64url");
    // Written in two pieces: joining them first would copy both.
    page.set(headerBytes);
    page.write(encoded, headerBytes.length);
    return input + DOT + hmac.ofPage(length, "base64url");
  }

  /** Returns the payload if a key's MAC and the header are right. */
  open(token: string): string | Refusal {
    // Three parts (section 7.1), the last of 43 characters; a further dot is not base64url.
    const first = token.indexOf(DOT);
    const last = token.length - MAC_CHARACTERS - 1;
    if (first >= last || token[last] !== DOT) return this.#refuse(token);
    const keys = this.#choosing ? this.#chosen(token, first) : this.#keys;
    const short = token.length <= CAPACITY;
    const key = short ? holder(keys, token, last) : holderOfLong(keys, token, last);
    if (key === undefined) return this.#refuse(token);
    const payload = short ? textInPage(token, first + 1, last) : decodeText(token, first + 1, last);
    if (isHeaderOf(key, token)) return payload ?? this.#refuse(token, MALFORMED);
    if (payload === undefined && !hasThreeParts(token)) return refusal(MALFORMED);
    return this.#checkHeader(token, first) ?? payload ?? this.#refuse(token, MALFORMED);
  }

  /** The keys that the token's `kid` names, or all if it names none. `kid` only chooses; it proves nothing. */
  #chosen(token: string, first: number): Key[] {
    const kid = parseHeader(token, first)?.kid;
    const named = this.#keys.filter((key) => typeof kid === "string" && key.kid === kid);
    return named.length > 0 ? named : this.#keys;
  }

  /** Picks the error for wrong parts, a wrong encoding or a wrong MAC. Of the unproven header it reads `alg` alone. */
  #refuse(token: string, otherwise: TokenErrorCode = "ERR_TOKEN_SIGNATURE"): Refusal {
    if (!hasThreeParts(token)) return refusal(MALFORMED);
    const first = token.indexOf(DOT);
    const last = token.lastIndexOf(DOT);
    const encoded =
      isEncoded(token, 0, first) &&
      isEncoded(token, first + 1, last) &&
      isEncoded(token, last + 1, token.length);
    if (!encoded) return refusal("ERR_ENCODING");
    if (this.#keys.some((key) => isHeaderOf(key, token))) return refusal(otherwise);
    const header: JwtHeader = parseHeader(token, first) ?? {};
    const other = Object.hasOwn(header, "alg") && header.alg !== ALGORITHM;
    return refusal(other ? "ERR_TOKEN_ALGORITHM" : otherwise);
  }

  #checkHeader(token: string, first: number): Refusal | undefined {
    const header = parseHeader(token, first);
    if (header === undefined) return refusalOf(token, 0, first);
    if (header.alg !== ALGORITHM) return refusal("ERR_TOKEN_ALGORITHM");
    // No extension is supported (section 4.1.11), and b64 is not for JWTs (RFC 7797 section 7).
    if (Object.hasOwn(header, "crit") || Object.hasOwn(header, "b64")) {
      return refusal("ERR_TOKEN_CRITICAL");
    }
    if (this.#typ === undefined || hasType(header, this.#typ)) return undefined;
    return { code: "ERR_TOKEN_CLAIM", claim: "typ" };
  }
}

export function openUnverified(token: string): { header: JwtHeader; payload: string } | Refusal {
  if (!hasThreeParts(token)) return refusal(MALFORMED);
  const first = token.indexOf(DOT);
  const last = token.lastIndexOf(DOT);
  const header = parseHeader(token, first);
  if (header === undefined) return refusalOf(token, 0, first);
  const payload = decodeText(token, first + 1, last);
  if (payload === undefined) return refusalOf(token, first + 1, last);
  return isEncoded(token, last + 1, token.length) ? { header, payload } : refusal("ERR_ENCODING");
}

/** Finds the key that made the token's MAC, over all in front of `last`. Leaves the token in the page. */
function holder(keys: Key[], token: string, last: number): Key | undefined {
  // Text that is not ASCII is longer in UTF-8, and not a token; latin1 would fold U+0141 to "A".
  if (page.write(token) !== token.length) return undefined;
  for (let index = 0; index < keys.length; index++) {
    const { hmac } = keys[index] as Key;
    if (isMacText(last + 1, hmac.ofPage(last, "base64url"))) return toFront(keys, index);
  }
  return undefined;
}

/** Does the same for a token too long for the page; decoding finds characters that are not ASCII. */
function holderOfLong(keys: Key[], token: string, last: number): Key | undefined {
  page.write(token.slice(last + 1));
  const input = token.slice(0, last);
  const index = keys.findIndex(({ hmac }) => isMacText(0, hmac.of(input, "base64url")));
  return index < 0 ? undefined : toFront(keys, index);
}

function hasThreeParts(token: string): boolean {
  const first = token.indexOf(DOT);
  const last = token.lastIndexOf(DOT);
  // A third dot would lie between these two.
  return first !== last && token.indexOf(DOT, first + 1) === last;
}

function isHeaderOf(key: Key, token: string): boolean {
  // startsWith() made verify 4 % slower.
  return token.slice(0, key.header.length) === key.header;
}

function parseHeader(token: string, first: number): JwtHeader | undefined {
  const text = decodeText(token, 0, first);
  return text === undefined ? undefined : parseObject(text);
}

/** Encodes the UTF-8 of a text; `tail`, if any, replaces its last character. */
function encodeText(text: string, tail: string = ""): string {
  // A UTF-16 code unit is three bytes of UTF-8 at most.
  if ((text.length + tail.length) * 3 > CAPACITY) {
    return toText(Buffer.from(tail === "" ? text : text.slice(0, -1) + tail));
  }
  let length = page.write(text);
  if (tail !== "") length += page.write(tail, length - 1) - 1;
  return encodeUpTo(page, length);
}

function decodeText(token: string, start: number, end: number): string | undefined {
  const buffer = roomFor(end - start);
  const length = decodeInto(buffer, token, start, end);
  return length < 0 ? undefined : utf8Text(buffer, 0, length);
}

/** Decodes a part of a token in the page; short text in place. */
function textInPage(token: string, start: number, end: number): string | undefined {
  if (end - start > CHARACTERS_BY_WORDS) return decodeText(token, start, end);
  const length = decodeBytes(page, start, end, page, pageWords);
  return length < 0 ? undefined : utf8Text(page, 0, length);
}

function refusalOf(token: string, start: number, end: number): Refusal {
  return refusal(isEncoded(token, start, end) ? MALFORMED : "ERR_ENCODING");
}

function isEncoded(token: string, start: number, end: number): boolean {
  return decodeInto(roomFor(end - start), token, start, end) >= 0;
}

function roomFor(characters: number): Buffer {
  return characters <= CAPACITY ? page : Buffer.allocUnsafeSlow(characters);
}

export function hasType({ typ }: JwtHeader, wanted: string): boolean {
  return typeof typ === "string" && mediaType(typ) === mediaType(wanted);
}

/** `x` stands for `application/x` (section 4.1.9); only ASCII letters lose their case. */
function mediaType(typ: string): string {
  const lower = typ.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
  return lower.includes("/") ? lower : `application/${lower}`;
}
