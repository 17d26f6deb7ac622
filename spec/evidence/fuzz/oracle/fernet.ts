/** The Fernet spec's "Verifying", but with the MAC before all else. */

import { createDecipheriv, createHmac, type KeyObject } from "node:crypto";
import { base64urlBytes } from "./base64url.ts";
import { refuse, type Verdict } from "./verdict.ts";

/** "Key Format": the first half signs, the second encrypts. */
export interface FernetKeys {
  readonly signing: KeyObject;
  readonly encryption: KeyObject;
}

/** "Token Format": the fields of a frame. */
export interface Opened {
  readonly key: FernetKeys;
  readonly timestamp: bigint;
  readonly iv: readonly number[];
  readonly ciphertext: readonly number[];
}

export interface Times {
  readonly ttl?: number | undefined;
  readonly now: number;
}

const INVALID = refuse("ERR_TOKEN_INVALID");

/** The frame of a token, once its MAC holds and its time is good. */
export function openFernet(
  keys: readonly FernetKeys[],
  token: string,
  { ttl, now }: Times,
): Verdict<Opened> {
  const bytes = base64urlBytes(token, true);
  if (bytes === undefined || bytes[0] !== 0x80) return INVALID;
  const ciphertext = bytes.slice(25, -32);
  // Version, timestamp, IV and MAC are 57 bytes; the ciphertext is whole blocks, one or more.
  if (bytes.length < 57 + 16 || ciphertext.length % 16 !== 0) return INVALID;
  const input = Uint8Array.from(bytes.slice(0, -32));
  const mac = bytes.slice(-32);
  const key = keys.find(({ signing }) => {
    const right = createHmac("sha256", signing).update(input).digest();
    return right.every((byte, at) => byte === mac[at]);
  });
  if (key === undefined) return INVALID;
  const timestamp = bytes.slice(1, 9).reduce((high, byte) => high * 256n + BigInt(byte), 0n);
  if (ttl !== undefined) {
    const age = quarters(now) - 4n * timestamp;
    if (age > quarters(ttl)) return refuse("ERR_TOKEN_EXPIRED");
    if (age < -4n * 60n) return refuse("ERR_TOKEN_NOT_ACTIVE");
  }
  return { value: { key, timestamp, iv: bytes.slice(9, 25), ciphertext } };
}

/** The message of a token. */
export function decryptFernet(
  keys: readonly FernetKeys[],
  token: string,
  times: Times,
): Verdict<{ message: number[]; timestamp: bigint }> {
  const opened = openFernet(keys, token, times);
  if ("faults" in opened) return opened;
  const { key, iv, ciphertext, timestamp } = opened.value;
  const decipher = createDecipheriv("aes-128-cbc", key.encryption, Uint8Array.from(iv));
  decipher.setAutoPadding(false);
  const plaintext = [...decipher.update(Uint8Array.from(ciphertext))];
  // RFC 5652 section 6.3: one to sixteen bytes, each of which says how many they are.
  const count = plaintext.at(-1) ?? 0;
  const padding = plaintext.slice(-count);
  if (count < 1 || count > 16 || padding.some((byte) => byte !== count)) return INVALID;
  return { value: { message: plaintext.slice(0, -count), timestamp } };
}

/** Converts seconds to whole quarters: the generators make no smaller fraction. */
function quarters(seconds: number): bigint {
  return BigInt(seconds * 4);
}
