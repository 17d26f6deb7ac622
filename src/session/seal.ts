/**
 * Seals a session's claims into a cookie's value: base64, jwt or fernet. envelope.ts checks the claims.
 * Trusted base: errors.ts, base64.ts, checks.ts, callbacks.ts and bytes.ts, keys.ts (HKDF), jws.ts and frame.ts (the
 * two formats), hmac.ts, cbc.ts, random.ts and text.ts.
 */

import { decodeInto, toText } from "../internal/base64.ts";
import { forget, isPromise, warnOnce } from "../internal/callbacks.ts";
import { seconds } from "../internal/checks.ts";
import { ConfigError, refusal } from "../internal/errors.ts";
import { decryptFrame, Frames } from "../internal/frame.ts";
import { Jws } from "../internal/jws.ts";
import { deriveKey, keyList, secretBytes } from "../internal/keys.ts";
import { parseObject, utf8Text } from "../internal/text.ts";

/** Your own way to seal a session: JSON text in and out, both synchronous. Alone protects the cookie from forgery. */
export interface Seal {
  /** Returns the cookie's value: cookie-octets, such as base64url and dots. A throw becomes an ERR_SESSION_DATA. */
  seal(payload: string): string;
  /** Returns the text that `seal` was given; refuses, or throws, for a value that `seal` cannot have made. */
  open(text: string): string | { readonly code: string };
}

/** Marks the seal of asgi.ts: only the last cookie of the name is opened, and its value checks `touch`'s options. */
export const SHARED: unique symbol = Symbol("bulla.shared");

export const SESSION_TYPE = "session+jwt";

/** How a session is written: "fernet" is encrypted, "jwt" signed but readable, "base64" neither. */
export type SealType = "fernet" | "jwt" | "base64";
/** Text (its UTF-8 bytes) or bytes, 32 or more; random, not a password. */
export type Secret = string | Uint8Array;
/** One secret, or several, newest first: the first seals, all open. */
export type Secrets = Secret | readonly Secret[];

/**
 * Makes the seal of a type for one cookie. A secret is never a key itself: HKDF-SHA256 derives one for the type and the
 * cookie's name, so no cookie can stand in for another. A function `secret` is called at first use, until it succeeds.
 * @throws ConfigError ERR_KEY: no secret, or one under 32 bytes.
 */
export function lazySeal(
  type: "fernet" | "jwt",
  secret: Secrets | (() => Secrets) | undefined,
  cookieName: string,
): () => Seal {
  const info = `bulla/session/${type}/${cookieName}`;
  const make = (secrets: Secrets): Seal => {
    const keys = keyList(secrets, "secret").map((one) =>
      deriveKey(secretBytes(one, "secret"), info),
    );
    return type === "jwt" ? jwtSeal(keys) : fernetSeal(keys);
  };
  let seal = typeof secret === "function" ? undefined : make(secret ?? []);
  return () => (seal ??= make(secretsOf(secret as () => Secrets)));
}

function secretsOf(secret: () => Secrets): Secrets {
  let secrets: Secrets | Promise<never> | undefined;
  try {
    secrets = secret() ?? [];
  } catch {
    // The function's error could hold a secret.
  }
  if (isPromise(secrets)) forget(secrets);
  else if (secrets !== undefined) return secrets;
  throw new ConfigError(
    "ERR_KEY",
    "the function secret must return secrets, not throw or return a Promise",
  );
}

/** Neither signed nor secret: only for data that anybody may read and forge. */
export function base64Seal(): Seal {
  warnOnce(
    "BULLA_BASE64",
    'sessions of type "base64" are neither signed nor secret: anybody can read and forge them',
  );
  return {
    seal: (payload) => toText(Buffer.from(payload)),
    open(text) {
      const bytes = Buffer.allocUnsafe(text.length + 4);
      const length = decodeInto(bytes, text, 0, text.length);
      if (length < 0) return refusal("ERR_ENCODING");
      const payload = utf8Text(bytes, 0, length);
      // Opens only text that `seal` writes: 1e20 would grow when written again, and 1e400 could not be written.
      const claims = payload === undefined ? undefined : parseObject(payload);
      const same = claims !== undefined && JSON.stringify(claims) === payload;
      return same ? payload : refusal("ERR_TOKEN_MALFORMED");
    },
  };
}

/** Makes JWTs whose own `typ` keeps them apart from every other kind (RFC 8725 section 3.11). */
function jwtSeal(keys: readonly Uint8Array[]): Seal {
  const jws = new Jws(keys, SESSION_TYPE);
  return { seal: (payload) => jws.sign(payload), open: (text) => jws.open(text) };
}

/** Leaves Fernet's padding off: some clients and frameworks percent-encode "=". */
function fernetSeal(keys: readonly Uint8Array[]): Seal {
  const frames = new Frames(keys);
  return {
    seal: (payload) => frames.encrypt(payload, seconds(undefined)),
    open(text) {
      const frame = frames.open(text, text.length);
      const plaintext = frame && decryptFrame(frame);
      if (plaintext === undefined) return refusal("ERR_TOKEN_INVALID");
      const payload = utf8Text(plaintext, 0, plaintext.length);
      plaintext.fill(0);
      return payload ?? refusal("ERR_TOKEN_MALFORMED");
    },
  };
}
