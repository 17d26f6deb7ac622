/**
 * Writes and reads Fernet tokens, version 0x80 (the Fernet spec's "Token Format"), as bytes in a frame:
 *
 *     version (1) | timestamp (8, big-endian) | IV (16) | ciphertext (16 n) | HMAC (32)
 *
 * A token is the frame in padded base64url. The ciphertext is AES-128-CBC with PKCS#7 padding (RFC 5652 section 6.3);
 * the HMAC covers all bytes in front of it. A short frame is built, encrypted and hashed in the page of hmac.ts, a long
 * one in a buffer of its own. No plaintext stays in either after a call.
 * Trusted base: errors.ts, base64.ts, bytes.ts, keys.ts, random.ts, hmac.ts and cbc.ts.
 */

import { decodedLength, decodeInto, encodeUpTo, MOST_BYTES, pad, wordsOf } from "./base64.ts";
import { CbcKey } from "./cbc.ts";
import { TokenError } from "./errors.ts";
import { CAPACITY, HmacKey, isMac, page, writeMac } from "./hmac.ts";
import { type FernetKey, fernetKey, keyList, toFront } from "./keys.ts";
import { writeIv } from "./random.ts";

const VERSION = 0x80;
const BLOCK = 16;
const TIMESTAMP = 1;
const IV = 9;
const CIPHERTEXT = 25;
const MAC = 32;
const OVERHEAD = CIPHERTEXT + MAC;

const pageWords = wordsOf(page);

/** The ciphertext of a frame, and the MAC after it. */
interface Views {
  readonly ciphertext: Buffer;
  readonly given: Buffer;
}

/** Views of frames in the page, by the number of blocks. */
const kept: (Views | undefined)[] = new Array(64);

/** Bytes to encode at once: whole groups of three, few enough for the cache. */
const PIECE = 24_576;

const LONGEST_MESSAGE = MOST_BYTES - OVERHEAD - BLOCK;

type IvSource = (target: Uint8Array, at: number) => void;

/** The two halves of a Fernet key: the first 16 bytes sign, the last 16 encrypt. */
class FrameKey {
  readonly hmac: HmacKey;
  readonly cbc: CbcKey;

  constructor(key: FernetKey) {
    const bytes = fernetKey(key);
    this.hmac = new HmacKey(bytes.subarray(0, 16));
    this.cbc = new CbcKey(bytes.subarray(16));
  }
}

/** A frame with a valid MAC, which is at `mac` in `buffer`; good until the page is used again. */
export interface Frame {
  readonly key: FrameKey;
  readonly buffer: Buffer;
  readonly mac: number;
}

export class Frames {
  readonly #keys: FrameKey[];
  readonly #first: FrameKey;
  readonly #iv: IvSource;

  /** The first key encrypts, all decrypt. Published vectors replace the random `iv`. @throws ConfigError ERR_KEY */
  constructor(keys: FernetKey | readonly FernetKey[], iv: IvSource = writeIv) {
    this.#keys = keyList(keys, "Fernet key").map((key) => new FrameKey(key));
    this.#first = this.#keys[0] as FrameKey;
    this.#iv = iv;
  }

  /** Makes a token; `timestamp` is in seconds. Pads it if `padded`. @throws TokenError ERR_TOKEN_TOO_LARGE */
  encrypt(message: string | Uint8Array, timestamp: number | bigint, padded = false): string {
    const most = typeof message === "string" ? message.length * 3 : message.length;
    if (OVERHEAD + most + BLOCK <= CAPACITY) {
      const text = encodeUpTo(page, this.#build(page, message, timestamp));
      return padded ? pad(text) : text;
    }
    const length = Buffer.byteLength(message);
    if (length > LONGEST_MESSAGE) throw new TokenError("ERR_TOKEN_TOO_LARGE");
    const frame = OVERHEAD + length - (length % BLOCK) + BLOCK;
    const whole = Buffer.allocUnsafeSlow(Math.ceil(frame / 3) * 4);
    this.#build(whole.subarray(whole.length - frame), message, timestamp);
    return encodeWithin(whole, whole.length - frame, padded);
  }

  /** Returns the frame if the token's shape and a key's MAC are right; `end` is where the token's padding begins. */
  open(token: string, end: number): Frame | undefined {
    const length = decodedLength(end);
    if (!isFrameLength(length)) return undefined;
    const short = length <= CAPACITY;
    const buffer = short ? page : Buffer.allocUnsafeSlow(length);
    const decoded = decodeInto(buffer, token, 0, end, short && pageWords);
    if (decoded !== length || !hasVersion(buffer)) return undefined;
    const mac = length - MAC;
    const { given } = viewsOf(buffer, mac);
    const keys = this.#keys;
    for (let index = 0; index < keys.length; index++) {
      if (isMac(given, macOf(keys[index] as FrameKey, buffer, mac))) {
        return { key: toFront(keys, index), buffer, mac };
      }
    }
    return undefined;
  }

  /** Writes the frame to the start of `buffer` and returns its end. */
  #build(buffer: Buffer, message: string | Uint8Array, timestamp: number | bigint): number {
    this.#iv(buffer, IV);
    buffer[0] = VERSION;
    writeTimestamp(buffer, timestamp);
    let mac: number;
    try {
      mac = writePadded(buffer, message);
      this.#first.cbc.encrypt(viewsOf(buffer, mac).ciphertext, buffer, IV);
    } catch (error) {
      buffer.fill(0, CIPHERTEXT);
      throw error;
    }
    writeMac(buffer, mac, macOf(this.#first, buffer, mac));
    return mac + MAC;
  }
}

/** True if so many bytes hold whole blocks of ciphertext, one at least. */
export function isFrameLength(length: number): boolean {
  const ciphertext = length - OVERHEAD;
  return ciphertext >= BLOCK && ciphertext % BLOCK === 0;
}

export function hasVersion(buffer: Buffer): boolean {
  return buffer[0] === VERSION;
}

/** The timestamp in seconds; rounded beyond 2^53, where no comparison needs more. */
export function timestampOf({ buffer }: Pick<Frame, "buffer">): number {
  return buffer.readUInt32BE(TIMESTAMP) * 2 ** 32 + buffer.readUInt32BE(TIMESTAMP + 4);
}

export function exactTimestampOf({ buffer }: Frame): bigint {
  return buffer.readBigUInt64BE(TIMESTAMP);
}

/** A message of `length` bytes in its own memory, with its padding after it. */
export interface Padded {
  readonly bytes: Buffer;
  readonly length: number;
}

export function decryptFrame(frame: Frame): Buffer | undefined {
  const padded = decryptPadded(frame);
  return padded?.bytes.subarray(0, padded.length);
}

/** Decrypts without a view of the message, which would cost as much as the check. */
export function decryptPadded({ key, buffer, mac }: Frame): Padded | undefined {
  const bytes = key.cbc.decrypt(viewsOf(buffer, mac).ciphertext, buffer, IV);
  const padding = bytes[bytes.length - 1] as number;
  if (padding < 1 || padding > BLOCK) return undefined;
  const length = bytes.length - padding;
  for (let index = length; index < bytes.length; index++) {
    if (bytes[index] !== padding) return undefined;
  }
  return { bytes, length };
}

function viewsOf(buffer: Buffer, mac: number): Views {
  const blocks = (mac - CIPHERTEXT) / BLOCK;
  if (buffer !== page || blocks >= kept.length) return makeViews(buffer, mac);
  return (kept[blocks] ??= makeViews(buffer, mac));
}

function makeViews(buffer: Buffer, mac: number): Views {
  return {
    ciphertext: buffer.subarray(CIPHERTEXT, mac),
    given: buffer.subarray(mac, mac + MAC),
  };
}

/**
 * Encodes the n bytes from `start` on over themselves, so a long token takes only twice its memory; `whole` fits the
 * text. Writing never overtakes reading: after r bytes 4r/3 characters are written, and `start` is n/3 or more.
 */
function encodeWithin(whole: Buffer, start: number, padded: boolean): string {
  let to = 0;
  for (let from = start; from < whole.length; from += PIECE) {
    const end = Math.min(from + PIECE, whole.length);
    to += whole.write(whole.toString("base64url", from, end), to, "latin1");
  }
  whole.fill("=", to);
  return whole.toString("latin1", 0, padded ? whole.length : to);
}

function macOf({ hmac }: FrameKey, buffer: Buffer, mac: number): string {
  return buffer === page
    ? hmac.ofPage(mac, "utf16le")
    : hmac.of(buffer.subarray(0, mac), "utf16le");
}

/** Writes a message and its PKCS#7 padding, 1 to 16 bytes that each say how many; returns the end. */
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
