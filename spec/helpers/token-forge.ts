/** Makes tokens of any parts with valid MACs, with node:crypto alone and nothing of src/. */

import { createCipheriv, createHmac, createSecretKey, type KeyObject } from "node:crypto";

/** Encodes as base64url: text as UTF-8, bytes directly, other values as JSON. */
export function base64url(part: unknown): string {
  const isData = typeof part === "string" || part instanceof Uint8Array;
  return Buffer.from(isData ? part : JSON.stringify(part)).toString("base64url");
}

/** Returns `input`, whatever it is, with its MAC behind a dot. */
export function sealed(input: string, key: string | Uint8Array, hash = "sha256"): string {
  return `${input}.${createHmac(hash, key).update(input).digest("base64url")}`;
}

export function jws(header: unknown, payload: unknown, key: string | Uint8Array): string {
  return sealed(`${base64url(header)}.${base64url(payload)}`, key);
}

/** RFC 4648 table 2. */
export const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/**
 * Yields the text with each setting of the bits that the last character must leave zero (RFC 4648 section
 * 3.5).
 */
export function* trailing(text: string): Generator<string> {
  const last = ALPHABET.indexOf(text.at(-1) as string);
  const free = { 2: 16, 3: 4 }[text.length % 4] ?? 1;
  for (let bits = 1; bits < free; bits++) yield text.slice(0, -1) + ALPHABET[last | bits];
}

export interface FernetParts {
  version?: number;
  timestamp?: number | bigint;
  iv?: Uint8Array;
  /** `message` is padded by PKCS#7, `blocks` are encrypted without padding, `ciphertext` is not encrypted. */
  message?: string | Uint8Array;
  blocks?: Uint8Array;
  ciphertext?: Uint8Array;
  /** Replaces the valid MAC. */
  mac?: Uint8Array;
}

/** Makes a Fernet token of these parts under a key of 32 bytes. */
export function fernetToken(key: Uint8Array, parts: FernetParts = {}): string {
  return padded(fernetFrame(key, parts));
}

export function fernetFrame(key: Uint8Array, parts: FernetParts = {}): Buffer {
  const { version = 0x80, timestamp = 1_700_000_000, iv = Buffer.alloc(16, 7) } = parts;
  const { signing, encryption } = halvesOf(key);
  const head = Buffer.alloc(9);
  head[0] = version;
  head.writeBigUInt64BE(BigInt(timestamp), 1);
  const ciphertext =
    parts.ciphertext ??
    encrypted(encryption, iv, parts.blocks ?? parts.message ?? "", parts.blocks === undefined);
  const frame = Buffer.concat([head, iv, ciphertext]);
  const mac = parts.mac ?? createHmac("sha256", signing).update(frame).digest();
  return Buffer.concat([frame, mac]);
}

/** Encodes base64url with padding. */
export function padded(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("base64").replaceAll("+", "-").replaceAll("/", "_");
}

interface Halves {
  signing: KeyObject;
  encryption: KeyObject;
}

/** A cache: Node 24 takes four times as long for a key given as bytes. */
const halves = new WeakMap<Uint8Array, Halves>();

function halvesOf(key: Uint8Array): Halves {
  const known = halves.get(key) ?? {
    signing: createSecretKey(key.subarray(0, 16)),
    encryption: createSecretKey(key.subarray(16)),
  };
  halves.set(key, known);
  return known;
}

function encrypted(
  key: KeyObject,
  iv: Uint8Array,
  text: string | Uint8Array,
  padding: boolean,
): Buffer {
  const cipher = createCipheriv("aes-128-cbc", key, iv).setAutoPadding(padding);
  return Buffer.concat([cipher.update(Buffer.from(text)), cipher.final()]);
}
