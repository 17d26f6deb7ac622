/**
 * What seals a session's claims into a cookie's value: base64, jwt and fernet behind one interface.
 * A seal only seals; session/open.ts checks shapes and times of what it opens, for every type alike.
 *
 * Trusted base: errors.ts, base64.ts, checks.ts and bytes.ts, keys.ts (HKDF), jws.ts and
 * frame.ts (the two formats), hmac.ts, cbc.ts, random.ts and text.ts.
 */

import { decodeInto, toText } from "../internal/base64.ts";
import { seconds } from "../internal/checks.ts";
import { refusal } from "../internal/errors.ts";
import { decryptFrame, Frames } from "../internal/frame.ts";
import { Jws } from "../internal/jws.ts";
import { deriveKey, keyList, secretBytes } from "../internal/keys.ts";
import { utf8Text } from "../internal/text.ts";

/** JSON text in and out. `open` returns a refusal or throws for what `seal` cannot have made. */
export interface Seal {
  seal(payload: string): string;
  open(text: string): string | { readonly code: string };
}

export type SealType = "fernet" | "jwt" | "base64";
export type Secret = string | Uint8Array;

/**
 * The seal of a type for one cookie. A secret is never a key itself: HKDF-SHA256 derives one for the
 * type and the cookie's name, so that no cookie can stand in for another.
 *
 * @throws ConfigError ERR_KEY: no secret, or one under 32 bytes.
 */
export function createSeal(
  type: SealType,
  secrets: Secret | readonly Secret[] | undefined,
  cookieName: string,
): Seal {
  if (type === "base64") return base64Seal();
  const keys = keyList(secrets ?? [], "secret").map((secret) =>
    deriveKey(secretBytes(secret, "secret"), `bulla/session/${type}/${cookieName}`),
  );
  return type === "jwt" ? jwtSeal(keys) : fernetSeal(keys);
}

/** Anybody can read and write it: for what is neither secret nor believed. */
function base64Seal(): Seal {
  return {
    seal: (payload) => toText(Buffer.from(payload)),
    open(text) {
      const bytes = Buffer.allocUnsafe(text.length + 4);
      const length = decodeInto(bytes, text, 0, text.length);
      if (length < 0) return refusal("ERR_ENCODING");
      return utf8Text(bytes, 0, length) ?? refusal("ERR_TOKEN_MALFORMED");
    },
  };
}

/** A JWT whose explicit `typ` keeps it apart from every other kind (RFC 8725 section 3.11). */
function jwtSeal(keys: readonly Uint8Array[]): Seal {
  const jws = new Jws(keys, "session+jwt");
  return { seal: (payload) => jws.sign(payload), open: (text) => jws.open(text) };
}

function fernetSeal(keys: readonly Uint8Array[]): Seal {
  const frames = new Frames(keys);
  return {
    seal: (payload) => frames.encrypt(payload, seconds(undefined)),
    open(text) {
      const frame = frames.open(text);
      const plaintext = frame && decryptFrame(frame);
      if (plaintext === undefined) return refusal("ERR_TOKEN_INVALID");
      const payload = utf8Text(plaintext, 0, plaintext.length);
      plaintext.fill(0);
      return payload ?? refusal("ERR_TOKEN_MALFORMED");
    },
  };
}
