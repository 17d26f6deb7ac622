/**
 * The cookies of iron-session 8 and 9 (Fe26.2 seals): AES-256-CBC, and an HMAC-SHA256 over everything before it.
 * Their keys are PBKDF2-SHA1 of the password, with one round.
 *
 *     Fe26.2 * password id * salt * IV * ciphertext * expiry in ms * salt * MAC ~2
 */

import { createDecipheriv, createHmac, pbkdf2Sync, timingSafeEqual } from "node:crypto";
import { type Data, firstOf, type Opener, objectOf, valuesOf } from "./migrate.ts";

export interface IronSessionOptions {
  cookieName: string;
  password: string | Record<string, string>;
}

const SEAL =
  /^(Fe26\.2\*(\w+)\*([0-9a-f]{64})\*([\w-]{22})\*([\w-]+)\*(\d*))\*([0-9a-f]{64})\*([\w-]{43})~2$/;
/** Seconds for which a seal is good beyond its expiry. */
const SKEW = 60;
/** Version 9 splits a long seal into name.0 to name.3. */
const PARTS = [0, 1, 2, 3];

export function ironSession({ cookieName, password }: IronSessionOptions): Opener {
  const passwords = typeof password === "string" ? { 1: password } : password;
  const parts = PARTS.map((part) => `${cookieName}.${part}`);
  return {
    names: [cookieName, ...parts],
    open(cookies, now = Date.now() / 1000) {
      const whole = valuesOf(cookies, cookieName);
      const split = parts.map((name) => valuesOf(cookies, name)[0] ?? "").join("");
      return firstOf([...whole, split], (seal) => unseal(seal, passwords, now));
    },
  };
}

function unseal(
  seal: string,
  passwords: Readonly<Record<string, string>>,
  now: number,
): Data | undefined {
  const [, signed, id = "", salt = "", iv = "", ciphertext = "", expiry, macSalt = "", mac = ""] =
    SEAL.exec(seal) ?? [];
  const password = Object.hasOwn(passwords, id) ? passwords[id] : undefined;
  if (signed === undefined || password === undefined) return undefined;
  const expected = createHmac("sha256", keyOf(password, macSalt)).update(signed).digest();
  if (!timingSafeEqual(expected, Buffer.from(mac, "base64url"))) return undefined;
  if (expiry !== "" && Number(expiry) / 1000 + SKEW <= now) return undefined;
  const initial = Buffer.from(iv, "base64url");
  const decipher = createDecipheriv("aes-256-cbc", keyOf(password, salt), initial);
  const start = decipher.update(ciphertext, "base64url", "utf8");
  return objectOf(start + decipher.final("utf8"));
}

/** The salt is the text of its hexadecimal digits. */
function keyOf(password: string, salt: string): Buffer {
  return pbkdf2Sync(password, salt, 1, 32, "sha1");
}
