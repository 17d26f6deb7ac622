/** Tokens of whatever parts under MACs that hold, made with node:crypto and nothing of src. */

import { createCipheriv, createHmac, createSecretKey, type KeyObject } from "node:crypto";

/** A text is its UTF-8, bytes are themselves, anything else is its JSON. */
export function base64url(part: unknown): string {
  const isData = typeof part === "string" || part instanceof Uint8Array;
  return Buffer.from(isData ? part : JSON.stringify(part)).toString("base64url");
}

/** `input` with its MAC behind a dot, whatever `input` is. */
export function sealed(input: string, key: string | Uint8Array, hash = "sha256"): string {
  return `${input}.${createHmac(hash, key).update(input).digest("base64url")}`;
}

export function jws(header: unknown, payload: unknown, key: string | Uint8Array): string {
  return sealed(`${base64url(header)}.${base64url(payload)}`, key);
}

/** RFC 4648 table 2. */
export const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/** The text with the bits set that its last character must leave at zero (RFC 4648 section 3.5). */
export function* trailing(text: string): Generator<string> {
  const last = ALPHABET.indexOf(text.at(-1) as string);
  const free = { 2: 16, 3: 4 }[text.length % 4] ?? 1;
  for (let bits = 1; bits < free; bits++) yield text.slice(0, -1) + ALPHABET[last | bits];
}

export interface FernetParts {
  version?: number;
  timestamp?: number | bigint;
  iv?: Uint8Array;
  /** Padded by PKCS#7; `blocks` are encrypted as they are, `ciphertext` is taken as it is. */
  message?: string | Uint8Array;
  blocks?: Uint8Array;
  ciphertext?: Uint8Array;
  /** In place of the MAC that holds. */
  mac?: Uint8Array;
}

/** The Fernet token of some parts under a key of 32 bytes, and a MAC that holds. */
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

/** Base64url with its padding. */
export function padded(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("base64").replaceAll("+", "-").replaceAll("/", "_");
}

interface Halves {
  signing: KeyObject;
  encryption: KeyObject;
}

/** Kept, since Node 24 takes four times as long for a key that is bytes. */
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
