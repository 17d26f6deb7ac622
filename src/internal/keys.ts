/** Reads keys as bytes: JWT keys (RFC 7518 section 3.2), Fernet keys, and session secrets with HKDF (RFC 5869). */

import { hkdfSync, KeyObject } from "node:crypto";
import { fromText } from "./base64.ts";
import { isBytes, plainView } from "./bytes.ts";
import { ConfigError } from "./errors.ts";

/**
 * A string (its UTF-8 bytes, not decoded), bytes, a secret KeyObject, or a JWK of type "oct" (RFC 7518 section 6.4),
 * whose `k` is decoded; 32 bytes or more. `Jwt.generateKey()` makes one.
 */
export type JwtKey = string | Uint8Array | KeyObject | OctetKey;

/** A JWK of a secret key. */
export interface OctetKey {
  /** The kind of key. */
  kty: "oct";
  /** Its bytes, as base64url. */
  k: string;
  /** Its name, which goes into the header of the tokens it signs. */
  kid?: string;
  /** HS256, if present. */
  alg?: string;
}

/** 44 characters of padded base64url, or 32 bytes: `Fernet.generateKey()`, or `Fernet.generate_key()` in Python. */
export type FernetKey = string | Uint8Array;

const LEAST_BYTES = 32;
const FERNET_BYTES = 32;
const FERNET_CHARACTERS = 44;

const KINDS =
  'a JWT key must be a string, bytes, a secret KeyObject or a JWK of kty "oct": use Jwt.generateKey()';

const PEM = /---- ?BEGIN /;
const SSH_KEY = /^\s*(?:ssh-|ecdsa-sha2-|sk-ssh-|sk-ecdsa-)\S+\s/;
const JWK = /^\s*\{[\s\S]*"kty"/;

/** Returns one key as a list of one. @throws ConfigError ERR_KEY: an empty list. */
export function keyList<K>(keys: K | readonly K[], what: string): readonly K[] {
  // Spread, so that the holes of a sparse list become undefined, and are refused as keys.
  const list: readonly K[] = Array.isArray(keys) ? [...keys] : [keys as K];
  if (list.length === 0)
    throw keyError(`no ${what} was given: make one with randomBytes(32), once, and keep it`);
  return list;
}

/**
 * Moves the key whose MAC was right to the front and returns it: the next token likely has the same key. Timing shows
 * only which key matched last: a forged token is compared with all keys, in any order.
 */
export function toFront<K>(keys: K[], index: number): K {
  const key = keys[index] as K;
  if (index > 0) {
    keys.copyWithin(1, 0, index);
    keys[0] = key;
  }
  return key;
}

export function jwtKey(key: JwtKey): { bytes: Uint8Array; kid?: string } {
  if (typeof key === "string" || isBytes(key)) return { bytes: secretBytes(key, "JWT key") };
  if (key instanceof KeyObject) return { bytes: secretBytes(exported(key), "JWT key") };
  return jwk(key);
}

export function fernetKey(key: FernetKey): Uint8Array {
  const bytes = typeof key === "string" ? fernetText(key) : isBytes(key) && plainView(key);
  if (!bytes || bytes.length !== FERNET_BYTES) {
    throw keyError(
      "a Fernet key must be 44 characters of padded base64url, or 32 bytes: use Fernet.generateKey()",
    );
  }
  return bytes;
}

/** Reads 32 bytes or more. Refuses a PEM (RFC 8725 section 2.1: everybody knows a public key) and the JSON of a JWK. */
export function secretBytes(secret: string | Uint8Array, what: string): Uint8Array {
  if (typeof secret !== "string" && !isBytes(secret)) {
    throw keyError(`a ${what} must be a string or bytes, such as randomBytes(32)`);
  }
  if (typeof secret === "string" && !secret.isWellFormed()) {
    throw keyError(`a ${what} must be well-formed text, or bytes such as randomBytes(32)`);
  }
  const bytes = Buffer.from(typeof secret === "string" ? secret : (plainView(secret) as never));
  if (bytes.length < LEAST_BYTES) {
    const hint = bytes.length === 0 ? "; this one is empty: is its environment variable set?" : "";
    throw keyError(`a ${what} must be 32 bytes or more, such as randomBytes(32)${hint}`);
  }
  const text = bytes.toString();
  if (PEM.test(text) || SSH_KEY.test(text) || JWK.test(text)) {
    throw keyError(
      `a ${what} must be secret bytes such as randomBytes(32), not the text of a PEM, an SSH key or a JWK`,
    );
  }
  return bytes;
}

/** Derives 32 bytes for one use of a secret: HKDF-SHA256 (RFC 5869) without salt; `info` names the use. */
export function deriveKey(secret: Uint8Array, info: string): Uint8Array {
  return new Uint8Array(hkdfSync("sha256", secret, "", info, FERNET_BYTES));
}

function keyError(message: string): ConfigError {
  return new ConfigError("ERR_KEY", message);
}

function exported(key: KeyObject): Uint8Array {
  try {
    if (key.type === "secret") return key.export();
  } catch {
    // The object only inherits from a KeyObject.
  }
  throw keyError(
    "a JWT key must be a secret KeyObject, not a key pair's: use createSecretKey(randomBytes(32))",
  );
}

function jwk(key: Exclude<JwtKey, string | Uint8Array | KeyObject>): {
  bytes: Uint8Array;
  kid?: string;
} {
  if (key === null || typeof key !== "object" || key.kty !== "oct") {
    throw keyError(KINDS);
  }
  const { kid, alg, use } = key as { kid?: unknown; alg?: unknown; use?: unknown };
  if (alg !== undefined && alg !== "HS256") throw keyError('the "alg" of a JWK must be HS256');
  if (use !== undefined && use !== "sig") throw keyError('the "use" of a JWK must be sig');
  if (kid !== undefined && typeof kid !== "string")
    throw keyError('the "kid" of a JWK must be a string');
  const bytes = secretBytes(decodeKey(key.k, false), "JWT key");
  return kid === undefined ? { bytes } : { bytes, kid };
}

function fernetText(key: string): Uint8Array {
  return key.length === FERNET_CHARACTERS ? decodeKey(key, true) : new Uint8Array();
}

function decodeKey(text: string, padding: boolean): Uint8Array {
  try {
    return fromText(text, padding);
  } catch {
    throw keyError("a key's text must be strict base64url, as generateKey() writes it");
  }
}
