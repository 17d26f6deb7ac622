/**
 * node:crypto with functions that are looked up at each call, as on Node after syncBuiltinESMExports(). Without it
 * specs cannot replace a function on other runtimes. It has the names that src/ and the specs import; a missing one
 * fails at import.
 */

import crypto from "node:crypto";

export default crypto;
export const { KeyObject, createSecretKey, createDecipheriv, hkdfSync, randomBytes } = crypto;

type Call = (...args: unknown[]) => unknown;

function live(name: keyof typeof crypto): Call {
  return (...args) => (crypto[name] as Call)(...args);
}

export const createCipheriv = live("createCipheriv");
export const createHmac = live("createHmac");
export const hash = live("hash");
export const randomFillSync = live("randomFillSync");
export const timingSafeEqual = live("timingSafeEqual");
