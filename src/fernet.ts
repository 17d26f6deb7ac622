/**
 * Fernet (the Fernet spec, version 0x80): authenticated encryption of messages, with a timestamp.
 * Trusted base: errors.ts, internal/base64.ts, checks.ts and bytes.ts, keys.ts (keys as bytes), frame.ts (the format),
 * hmac.ts and cbc.ts (HMAC-SHA256 and AES-128-CBC on node:crypto), random.ts (the IVs), text.ts (strict UTF-8).
 */

import { toText, unpaddedLength } from "./internal/base64.ts";
import { isBytes, plainView } from "./internal/bytes.ts";
import {
  type Checks,
  checkDuration,
  checkNames,
  checkOption,
  checkSeconds,
  optionError,
  readOptions,
  seconds,
} from "./internal/checks.ts";
import { TokenError } from "./internal/errors.ts";
import {
  decryptPadded,
  exactTimestampOf,
  type Frame,
  Frames,
  type Padded,
  timestampOf,
} from "./internal/frame.ts";
import type { FernetKey } from "./internal/keys.ts";
import { randomKey } from "./internal/random.ts";
import { utf8Text } from "./internal/text.ts";

export {
  ConfigError,
  type ConfigErrorCode,
  TokenError,
  type TokenErrorCode,
} from "./internal/errors.ts";
export type { FernetKey } from "./internal/keys.ts";

/** Options for every call of a `Fernet`. */
export interface FernetPolicy {
  /** How old may a token be, in seconds, if the call has no `ttl`? 3600 is an hour; without one, no token expires. */
  ttl?: number;
}

/** Options of one `encrypt`. */
export interface FernetEncryptOptions {
  /** Which time does the token carry? Seconds since the epoch, the fraction dropped; the current time by default. */
  now?: number;
}

/** Options of one `decrypt`, `decryptText` or `rotate`. */
export interface FernetDecryptOptions {
  /** How old may the token be? Seconds, 0 or more; replaces the policy's. 0 means 0. */
  ttl?: number;
  /** To which time is its age counted? Seconds since the epoch; the current time by default. */
  now?: number;
}

const BLOCK = 16;
/** How far another machine's clock may be ahead, in seconds: as pyca/cryptography has it; the spec is silent. */
const MAX_CLOCK_SKEW = 60;

const POLICY: Checks<FernetPolicy> = { ttl: checkDuration };
const ENCRYPT_OPTIONS: Checks<FernetEncryptOptions> = { now: checkSeconds };
const DECRYPT_OPTIONS: Checks<FernetDecryptOptions> = { ttl: checkDuration, now: checkSeconds };

/**
 * Encrypts and decrypts under its keys. Make one when the program starts, and share it: its methods are synchronous.
 * @example
 * ```ts
 * import { Fernet } from "bulla/fernet";
 *
 * const fernet = new Fernet(Fernet.generateKey(), { ttl: 3600 });
 * const token = fernet.encrypt("a secret");
 * console.log(fernet.decryptText(token)); // "a secret", for an hour
 * ```
 */
export class Fernet {
  readonly #frames: Frames;
  readonly #ttl: number | undefined;

  /** Makes a random key: 32 bytes as 44 characters of padded base64url. Store it as you store a password. */
  static generateKey(): string {
    return toText(randomKey(), true);
  }

  /**
   * The first key encrypts, all decrypt. To change a key, pass `[next, old]` and `rotate` stored tokens. A key in
   * use holds an open cipher and decipher, 6 to 8 KiB.
   * @throws ConfigError ERR_KEY: no key, or one that is not exactly 44 characters or 32 bytes. ERR_OPTION
   */
  constructor(keys: FernetKey | readonly FernetKey[], policy?: FernetPolicy) {
    this.#ttl = readOptions(policy, POLICY, "Fernet", "all").ttl;
    this.#frames = new Frames(keys);
  }

  /**
   * Makes the token of a message: its bytes, or the UTF-8 of its text.
   * @throws ConfigError ERR_OPTION: a message that is neither bytes nor well-formed text, or a wrong option.
   * @throws TokenError ERR_TOKEN_TOO_LARGE: the token would have more than 400,000,000 bytes.
   */
  encrypt(message: string | Uint8Array, options?: FernetEncryptOptions): string {
    checkNames(options, ENCRYPT_OPTIONS, "encrypt");
    const now = options && checkOption(options, "now", options.now, ENCRYPT_OPTIONS.now);
    const timestamp = Math.floor(seconds(now));
    if (timestamp < 0 || timestamp > Number.MAX_SAFE_INTEGER) throw optionError("now", "0 or more");
    if (typeof message === "string") {
      // A lone surrogate has no UTF-8; U+FFFD in its place would alter the message.
      if (!message.isWellFormed()) throw optionError("the message", "well-formed text");
      return this.#frames.encrypt(message, timestamp, true);
    }
    if (!isBytes(message)) throw optionError("the message", "a string or a Uint8Array");
    return this.#frames.encrypt(plainView(message), timestamp, true);
  }

  /**
   * Returns the message in new memory (whose `buffer` holds the padding too).
   * @throws TokenError ERR_TOKEN_INVALID, whatever is wrong; only after the MAC held ERR_TOKEN_EXPIRED (timestamp + ttl
   *   < now) and ERR_TOKEN_NOT_ACTIVE (under a ttl, a timestamp more than 60 s ahead). ConfigError ERR_OPTION
   */
  decrypt(token: string, options?: FernetDecryptOptions): Uint8Array {
    // A view, since a copy would cost half as much again as the decryption; behind it lies only the padding. Some
    // runtimes' update() gives a view into more memory, which is not handed out.
    const { bytes, length } = this.#decrypt(this.#open(token, options));
    const { buffer, byteOffset } = bytes;
    const message = new Uint8Array(buffer, byteOffset, length);
    return buffer.byteLength - length > BLOCK ? message.slice() : message;
  }

  /** Returns the message as text. @throws as `decrypt`; TokenError ERR_TOKEN_MALFORMED: the message is not UTF-8. */
  decryptText(token: string, options?: FernetDecryptOptions): string {
    const { bytes, length } = this.#decrypt(this.#open(token, options));
    const text = utf8Text(bytes, 0, length);
    bytes.fill(0);
    if (text === undefined) throw new TokenError("ERR_TOKEN_MALFORMED");
    return text;
  }

  /** Moves a token under the first key, with its timestamp: rotation renews no token. @throws as `decrypt`. */
  rotate(token: string, options?: FernetDecryptOptions): string {
    const frame = this.#open(token, options);
    const timestamp = exactTimestampOf(frame);
    const { bytes, length } = this.#decrypt(frame);
    try {
      return this.#frames.encrypt(bytes.subarray(0, length), timestamp, true);
    } finally {
      bytes.fill(0);
    }
  }

  /**
   * Reads when a token was made, in seconds since the epoch (rounded past 2^53), without decrypting it.
   * @throws TokenError ERR_TOKEN_INVALID, also if no key's MAC holds.
   */
  timestamp(token: string): number {
    return timestampOf(this.#frame(token));
  }

  #open(token: string, options: FernetDecryptOptions | undefined): Frame {
    checkNames(options, DECRYPT_OPTIONS, "decrypt");
    const given = options && checkOption(options, "ttl", options.ttl, DECRYPT_OPTIONS.ttl);
    const now = options && checkOption(options, "now", options.now, DECRYPT_OPTIONS.now);
    const ttl = given ?? this.#ttl;
    if (ttl === undefined) return this.#frame(token);
    // Before the frame is in the page: the clock may be code that itself encrypts or decrypts.
    const time = seconds(now);
    const frame = this.#frame(token);
    const timestamp = timestampOf(frame);
    if (timestamp + ttl < time) throw new TokenError("ERR_TOKEN_EXPIRED");
    if (timestamp > time + MAX_CLOCK_SKEW) throw new TokenError("ERR_TOKEN_NOT_ACTIVE");
    return frame;
  }

  #frame(token: string): Frame {
    const isText = typeof token === "string";
    const frame = isText ? this.#frames.open(token, unpaddedLength(token)) : undefined;
    if (frame === undefined) throw new TokenError("ERR_TOKEN_INVALID");
    return frame;
  }

  #decrypt(frame: Frame): Padded {
    const plaintext = decryptPadded(frame);
    if (plaintext === undefined) throw new TokenError("ERR_TOKEN_INVALID");
    return plaintext;
  }
}
