/**
 * The Fernet token, version 0x80 (the Fernet spec's section "Token Format"), as bytes in a frame:
 *
 *     version (1) | timestamp (8, big-endian) | IV (16) | ciphertext (16 n) | HMAC (32)
 *
 * Base64url with padding outside, AES-128-CBC with PKCS#7 padding (RFC 5652 section 6.3) inside; the
 * HMAC covers all in front of it. A short frame is built, hashed and encrypted where it lies in the
 * page of hmac.ts; a long one has a buffer of its own. Plaintext never outlives a call in either.
 *
 * Trusted base: errors.ts, base64.ts, bytes.ts, keys.ts, random.ts, hmac.ts and cbc.ts.
 */

import { decodedLength, decodeInto, encodeUpTo, MOST_BYTES } from "./base64.ts";
import { CbcKey } from "./cbc.ts";
import { TokenError } from "./errors.ts";
import { CAPACITY, givenMac, HmacKey, isGivenMac, page } from "./hmac.ts";
import { type FernetKey, fernetKey, keyList } from "./keys.ts";
import { writeIv } from "./random.ts";

const VERSION = 0x80;
const BLOCK = 16;
const TIMESTAMP = 1;
const IV = 9;
const CIPHERTEXT = 25;
const MAC = 32;
const OVERHEAD = CIPHERTEXT + MAC;

const LONGEST_MESSAGE = MOST_BYTES - OVERHEAD - BLOCK;

/** Writes the 16 bytes of an IV to `target` at `at`. */
type IvSource = (target: Uint8Array, at: number) => void;

/** A Fernet key's two halves: the first 16 bytes sign, the last 16 encrypt. */
class FrameKey {
  readonly hmac: HmacKey;
  readonly cbc: CbcKey;

  constructor(key: FernetKey) {
    const bytes = fernetKey(key);
    this.hmac = new HmacKey(bytes.subarray(0, 16));
    this.cbc = new CbcKey(bytes.subarray(16));
  }
}

/** A frame whose MAC, at `mac` in `buffer`, holds; good until the page is used again. */
export interface Frame {
  readonly key: FrameKey;
  readonly buffer: Buffer;
  readonly mac: number;
}

export class Frames {
  readonly #keys: readonly FrameKey[];
  readonly #first: FrameKey;
  readonly #iv: IvSource;

  /**
   * The first key encrypts, all decrypt. `iv` stands in for the random source where published vectors
   * have to be met.
   *
   * @throws ConfigError ERR_KEY
   */
  constructor(keys: FernetKey | readonly FernetKey[], iv: IvSource = writeIv) {
    this.#keys = keyList(keys, "Fernet key").map((key) => new FrameKey(key));
    this.#first = this.#keys[0] as FrameKey;
    this.#iv = iv;
  }

  /**
   * The token of a message and a timestamp in seconds, without padding.
   *
   * @throws TokenError ERR_TOKEN_TOO_LARGE
   */
  encrypt(message: string | Uint8Array, timestamp: number | bigint): string {
    const most = typeof message === "string" ? message.length * 3 : message.length;
    if (OVERHEAD + most + BLOCK <= CAPACITY) return this.#build(page, message, timestamp);
    const length = Buffer.byteLength(message);
    if (length > LONGEST_MESSAGE) throw new TokenError("ERR_TOKEN_TOO_LARGE");
    return this.#build(Buffer.allocUnsafeSlow(OVERHEAD + length + BLOCK), message, timestamp);
  }

  /** The frame of a token if its shape is right and a key's MAC holds; at `end` its padding begins. */
  open(token: string, end: number): Frame | undefined {
    const length = decodedLength(end);
    const ciphertext = length - OVERHEAD;
    if (ciphertext < BLOCK || ciphertext % BLOCK !== 0) return undefined;
    const buffer = length <= CAPACITY ? page : Buffer.allocUnsafeSlow(length);
    if (decodeInto(buffer, token, 0, end) !== length || buffer[0] !== VERSION) return undefined;
    const mac = length - MAC;
    buffer.copy(givenMac, 0, mac, length);
    for (const key of this.#keys) {
      if (isGivenMac(macOf(key, buffer, mac))) return { key, buffer, mac };
    }
    return undefined;
  }

  #build(buffer: Buffer, message: string | Uint8Array, timestamp: number | bigint): string {
    this.#iv(buffer, IV);
    buffer[0] = VERSION;
    writeTimestamp(buffer, timestamp);
    let mac: number;
    try {
      mac = writePadded(buffer, message);
      this.#first.cbc.encrypt(buffer, CIPHERTEXT, mac);
    } catch (error) {
      buffer.fill(0, CIPHERTEXT);
      throw error;
    }
    buffer.write(macOf(this.#first, buffer, mac), mac, MAC, "latin1");
    return encodeUpTo(buffer, mac + MAC);
  }
}

/** When a frame was made, in seconds; beyond 2^53 rounded, which no comparison minds. */
export function timestampOf({ buffer }: Frame): number {
  return buffer.readUInt32BE(TIMESTAMP) * 2 ** 32 + buffer.readUInt32BE(TIMESTAMP + 4);
}

/** The same to the bit. */
export function exactTimestampOf({ buffer }: Frame): bigint {
  return buffer.readBigUInt64BE(TIMESTAMP);
}

/** The message of a frame, in memory of its own; undefined if its padding is not PKCS#7. */
export function decryptFrame({ key, buffer, mac }: Frame): Buffer | undefined {
  const plaintext = key.cbc.decrypt(buffer, CIPHERTEXT, mac);
  const { length } = plaintext;
  const padding = plaintext[length - 1] as number;
  if (padding < 1 || padding > BLOCK) return undefined;
  for (let index = length - padding; index < length; index++) {
    if (plaintext[index] !== padding) return undefined;
  }
  return plaintext.subarray(0, length - padding);
}

/** The MAC of what is in front of `mac`. */
function macOf({ hmac }: FrameKey, buffer: Buffer, mac: number): string {
  return buffer === page ? hmac.ofPage(mac, "binary") : hmac.of(buffer.subarray(0, mac), "binary");
}

/** Writes a message and its PKCS#7 padding, one to sixteen bytes that say how many; returns the end. */
function writePadded(buffer: Buffer, message: string | Uint8Array): number {
  let length = message.length;
  if (typeof message === "string") length = buffer.write(message, CIPHERTEXT);
  else buffer.set(message, CIPHERTEXT);
  const padding = BLOCK - (length % BLOCK);
  const end = CIPHERTEXT + length + padding;
  for (let index = end - padding; index < end; index++) buffer[index] = padding;
  return end;
}

function writeTimestamp(buffer: Buffer, timestamp: number | bigint): void {
  if (typeof timestamp === "bigint") {
    buffer.writeBigUInt64BE(timestamp, TIMESTAMP);
    return;
  }
  buffer.writeUInt32BE(Math.floor(timestamp / 2 ** 32), TIMESTAMP);
  buffer.writeUInt32BE(timestamp % 2 ** 32, TIMESTAMP + 4);
}
