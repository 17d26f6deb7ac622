/** Planted leaks: verifiers that are right except for their timing, to show that the test finds leaks. */

import { createDecipheriv, createHmac, type KeyObject } from "node:crypto";
import { TokenError } from "../../../src/internal/errors.ts";

/** Compares byte by byte, and stops at the first difference. */
function equalUntilWrong(a: Uint8Array, b: Uint8Array): boolean {
  for (let index = 0; index < a.length; index++) {
    if (a[index] !== b[index]) return false;
  }
  return a.length === b.length;
}

/** A JWT's MAC, compared with an early exit. */
export function leakyJwt(key: KeyObject): (token: string) => unknown {
  return (token) => {
    const last = token.lastIndexOf(".");
    const mac = createHmac("sha256", key).update(token.slice(0, last)).digest();
    if (!equalUntilWrong(mac, Buffer.from(token.slice(last + 1), "base64url"))) {
      throw new TokenError("ERR_TOKEN_SIGNATURE");
    }
    return JSON.parse(Buffer.from(token.split(".")[1] as string, "base64url").toString());
  };
}

/** A Fernet token's MAC, compared with an early exit. */
export function leakyFernet(signing: KeyObject): (token: string) => unknown {
  return (token) => {
    const frame = Buffer.from(token, "base64url");
    const mac = createHmac("sha256", signing).update(frame.subarray(0, -32)).digest();
    if (!equalUntilWrong(mac, frame.subarray(-32))) throw new TokenError("ERR_TOKEN_INVALID");
    return frame;
  };
}

/** A Fernet token's padding, checked before the MAC. */
export function leakyPadding(
  signing: KeyObject,
  encryption: KeyObject,
): (token: string) => unknown {
  return (token) => {
    const frame = Buffer.from(token, "base64url");
    const decipher = createDecipheriv("aes-128-cbc", encryption, frame.subarray(9, 25));
    const plaintext = decipher.setAutoPadding(false).update(frame.subarray(25, -32));
    const count = plaintext.at(-1) as number;
    if (count < 1 || count > 16) throw new TokenError("ERR_TOKEN_INVALID");
    const mac = createHmac("sha256", signing).update(frame.subarray(0, -32)).digest();
    if (!equalUntilWrong(mac, frame.subarray(-32))) throw new TokenError("ERR_TOKEN_INVALID");
    return plaintext.subarray(0, -count);
  };
}
