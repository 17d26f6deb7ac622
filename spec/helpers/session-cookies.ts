/**
 * Makes and opens session cookies from their specification, with node:crypto alone: reads what src/ writes
 * and writes what src/ reads. It uses nothing of src/.
 */

import assert from "node:assert/strict";
import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createHmac,
  hkdfSync,
  randomBytes,
} from "node:crypto";

export const TYPES = ["fernet", "jwt", "base64"] as const;
export type Type = (typeof TYPES)[number];

export const NAME = "__Host-session";
export const SECRET = "a secret of some more than 32 bytes";
/** The time of the frozen clock. */
export const NOW = 1_700_000_000;
export const FOURTEEN_DAYS = 14 * 24 * 3600;
/** The id in the envelopes of this file: canonical base64url of 16 bytes, like every id. */
export const OLD_ID = "an-old-id-of-16-bytesA";
/** The envelopes of this file are written at BEGAN and end at ENDS; at NOW no renewal is due. */
export const BEGAN = NOW - 10;
export const ENDS = BEGAN + FOURTEEN_DAYS;
export const ATTRIBUTES = "; Path=/; HttpOnly; Secure; SameSite=Lax";
export const CLEARING = `${NAME}=; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT${ATTRIBUTES}`;

export interface Envelope {
  jti: string;
  /** When this cookie was written. */
  iat: number;
  exp: number;
  /** When the session began, where earlier than iat. */
  begun?: number;
  /** The lifetime that `touch` set, in seconds. */
  age?: number;
  /** The `persistent` that `touch` set. */
  keep?: boolean;
  data: Record<string, unknown>;
}

/** The name, type and secret of a cookie; with any other it must not open. */
export interface SealedFor {
  name?: string;
  secret?: string | Uint8Array;
  /** The type in HKDF's info, where it is not the token's. */
  info?: string;
  /** The `typ` header of a JWT. */
  typ?: string;
  /** false: a Fernet message is encrypted without padding, and must be whole blocks. */
  padded?: boolean;
}

/** The claims of a good envelope; `differing` replaces some, and undefined removes one. */
export function envelope(data: object, differing: object = {}): string {
  const { data: held, ...claims } = { data, ...differing };
  return JSON.stringify({ jti: OLD_ID, iat: BEGAN, exp: ENDS, ...claims, data: held });
}

/** Derives an id from a text: canonical base64url of 16 bytes. */
export function idOf(text: string): string {
  return createHash("sha256").update(text).digest().subarray(0, 16).toString("base64url");
}

/** Returns the value of a cookie with this text. In a good cookie the text is an envelope. */
export function seal(type: Type, text: string | Uint8Array, sealedFor: SealedFor = {}): string {
  const bytes = Buffer.from(text);
  if (type === "base64") return bytes.toString("base64url");
  const key = derive(type, sealedFor);
  if (type === "jwt") return jwt(key, bytes, sealedFor.typ ?? "session+jwt");
  return fernet(key, bytes, sealedFor.padded ?? true);
}

/** Returns the Cookie header of a session with these data. */
export function cookieOf(type: Type, data: object, differing: object = {}): string {
  return `${NAME}=${seal(type, envelope(data, differing))}`;
}

/** Returns the envelope in a cookie's value, after every check of the type. */
export function unseal(type: Type, value: string, sealedFor: SealedFor = {}): Envelope {
  return JSON.parse(unsealed(type, value, sealedFor).toString()) as Envelope;
}

/** Returns the exact text of the envelope. */
export function unsealText(type: Type, value: string, sealedFor: SealedFor = {}): string {
  return unsealed(type, value, sealedFor).toString();
}

/** Returns the cookie's value in a Set-Cookie. */
export function cookieValue(setCookie: string | undefined): string {
  const [, value] = /^[^=]+=([^;]*)/.exec(setCookie ?? "") ?? [];
  assert.ok(value !== undefined, `a Set-Cookie: ${setCookie}`);
  return value;
}

/** Returns the Max-Age in a Set-Cookie. */
export function maxAgeOf(setCookie: string | undefined): number | undefined {
  const [, seconds] = /; Max-Age=(\d+)/.exec(setCookie ?? "") ?? [];
  return seconds === undefined ? undefined : Number(seconds);
}

function derive(type: Type, { name = NAME, secret = SECRET, info = type }: SealedFor): Buffer {
  return Buffer.from(hkdfSync("sha256", secret, "", `bulla/session/${info}/${name}`, 32));
}

function jwt(key: Buffer, payload: Buffer, typ: string): string {
  const header = Buffer.from(JSON.stringify({ alg: "HS256", typ }));
  const input = `${header.toString("base64url")}.${payload.toString("base64url")}`;
  return `${input}.${createHmac("sha256", key).update(input).digest("base64url")}`;
}

function fernet(key: Buffer, message: Buffer, padded: boolean): string {
  const head = Buffer.alloc(9, 0x80);
  head.writeBigUInt64BE(BigInt(NOW), 1);
  const iv = randomBytes(16);
  const cipher = createCipheriv("aes-128-cbc", key.subarray(16), iv).setAutoPadding(padded);
  const frame = Buffer.concat([head, iv, cipher.update(message), cipher.final()]);
  const mac = createHmac("sha256", key.subarray(0, 16)).update(frame).digest();
  return Buffer.concat([frame, mac]).toString("base64url");
}

function unsealed(type: Type, value: string, sealedFor: SealedFor): Buffer {
  assert.match(value, /^[\w.-]*$/, "base64url and dots alone");
  if (type === "base64") return Buffer.from(value, "base64url");
  const key = derive(type, sealedFor);
  if (type === "jwt") {
    const payload = Buffer.from(value.split(".")[1] ?? "", "base64url");
    assert.equal(value, jwt(key, payload, sealedFor.typ ?? "session+jwt"));
    return payload;
  }
  const frame = Buffer.from(value, "base64url");
  const end = frame.length - 32;
  assert.equal(frame[0], 0x80);
  const mac = createHmac("sha256", key.subarray(0, 16)).update(frame.subarray(0, end)).digest();
  assert.deepEqual(frame.subarray(end), mac);
  const decipher = createDecipheriv("aes-128-cbc", key.subarray(16), frame.subarray(9, 25));
  return Buffer.concat([decipher.update(frame.subarray(25, end)), decipher.final()]);
}
