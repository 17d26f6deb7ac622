/**
 * Makes and opens the cookies of Python's asgi-sessions from their wire format with node:crypto alone, and
 * makes services that share them. No cookie here is made or opened by src/.
 */

import assert from "node:assert/strict";
import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createHmac,
  randomBytes,
  timingSafeEqual,
} from "node:crypto";
import { type AsgiSessionOptions, asgiSessions } from "../../src/asgi.ts";
import { NOW, type Type } from "./session-cookies.ts";
import type { Bag, Service } from "./session-visit.ts";

/** Like the base64 of 24 random bytes. */
export const FERNET_SECRET = "kZ7rS0mC/9yXw+Qe5TtHu2LbVn41GdPa";
export const JWT_SECRET = "a secret of 32 bytes or more, as text";
export const SECRETS: Record<Type, string | undefined> = {
  fernet: FERNET_SECRET,
  jwt: JWT_SECRET,
  base64: undefined,
};

export interface Made {
  secret?: string;
  /** The time in a Fernet token. */
  at?: number | bigint;
  /** The header of a JWT. */
  header?: object | string;
}

/** Returns the value of Python's cookie with this text. In a good cookie the text is a JSON object. */
export function pythonValue(type: Type, text: string | Uint8Array, made: Made = {}): string {
  const { secret = SECRETS[type] ?? "", at = NOW, header = { alg: "HS256", typ: "JWT" } } = made;
  const bytes = Buffer.from(text as string);
  if (type === "base64") return padded(bytes);
  if (type === "fernet") return fernet(Buffer.from(secret.padEnd(32, "=")), bytes, BigInt(at));
  const head = Buffer.from(typeof header === "string" ? header : JSON.stringify(header));
  const input = `${head.toString("base64url")}.${bytes.toString("base64url")}`;
  return `${input}.${createHmac("sha256", secret).update(input).digest("base64url")}`;
}

/** Returns the Cookie header with that value. */
export function pythonCookie(type: Type, text: string | Uint8Array, made: Made = {}): string {
  return `session=${pythonValue(type, text, made)}`;
}

/** Returns the text that Python would read from a cookie's value, after every check of the type. */
export function pythonText(
  type: Type,
  value: string,
  secret: string = SECRETS[type] ?? "",
): string {
  if (type === "jwt") {
    const [head = "", payload = ""] = value.split(".");
    const text = Buffer.from(payload, "base64url");
    assert.equal(head, "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9", "the header that PyJWT writes");
    assert.equal(value, pythonValue("jwt", text, { secret }));
    return text.toString();
  }
  const bytes = Buffer.from(value, "base64url");
  assert.equal(value, padded(bytes), "base64url with padding");
  return type === "base64"
    ? bytes.toString()
    : decrypted(Buffer.from(secret.padEnd(32, "=")), bytes);
}

/** Returns the time in a Fernet token. */
export function timestampOf(value: string): number {
  return Number(Buffer.from(value, "base64url").readBigUInt64BE(1));
}

/** Returns the id of a session with this cookie value. */
export function idOfValue(value: string): string {
  return createHash("sha256").update(value).digest().subarray(0, 16).toString("base64url");
}

/** Makes sessions of a type with a good secret and a clock at NOW; the options override both. */
export function shared(type: Type, options: Partial<AsgiSessionOptions> = {}): Service {
  const invalid: string[] = [];
  const errors: string[] = [];
  const secret = SECRETS[type];
  const made = asgiSessions<Bag>({
    type,
    ...(secret === undefined ? {} : { secret }),
    clock: () => NOW,
    onInvalid: ({ code }) => invalid.push(code),
    onError: ({ code }) => errors.push(code),
    ...options,
  });
  return { sessions: made, invalid, errors };
}

function padded(bytes: Buffer): string {
  return bytes.toString("base64").replaceAll("+", "-").replaceAll("/", "_");
}

function fernet(key: Buffer, message: Buffer, at: bigint): string {
  const head = Buffer.alloc(9, 0x80);
  head.writeBigUInt64BE(at, 1);
  const iv = randomBytes(16);
  const cipher = createCipheriv("aes-128-cbc", key.subarray(16), iv);
  const frame = Buffer.concat([head, iv, cipher.update(message), cipher.final()]);
  const mac = createHmac("sha256", key.subarray(0, 16)).update(frame).digest();
  return padded(Buffer.concat([frame, mac]));
}

function decrypted(key: Buffer, token: Buffer): string {
  const end = token.length - 32;
  const mac = createHmac("sha256", key.subarray(0, 16)).update(token.subarray(0, end)).digest();
  assert.ok(timingSafeEqual(mac, token.subarray(end)), "the MAC");
  const decipher = createDecipheriv("aes-128-cbc", key.subarray(16), token.subarray(9, 25));
  return Buffer.concat([decipher.update(token.subarray(25, end)), decipher.final()]).toString();
}
