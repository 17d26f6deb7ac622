/**
 * The cookies of cookie-session: JSON in base64, and beside it NAME.sig, an HMAC-SHA1 of `NAME=VALUE`. They say
 * nothing of when they were written: of their age only `until` takes care.
 */

import { createHmac, timingSafeEqual } from "node:crypto";
import { firstOf, type Opener, objectOf, valuesOf } from "./migrate.ts";

export interface CookieSessionOptions {
  /** "session" by default, as there. */
  name?: string;
  keys: readonly string[];
}

export function cookieSession({ name = "session", keys }: CookieSessionOptions): Opener {
  const signature = `${name}.sig`;
  return {
    names: [name, signature],
    open(cookies) {
      const macs = valuesOf(cookies, signature).map((mac) => Buffer.from(mac, "base64url"));
      return firstOf(valuesOf(cookies, name), (value) => {
        const expected = keys.map((key) =>
          createHmac("sha1", key).update(`${name}=${value}`).digest(),
        );
        const isSigned = macs.some((mac) =>
          expected.some((one) => mac.length === one.length && timingSafeEqual(mac, one)),
        );
        return isSigned ? objectOf(Buffer.from(value, "base64").toString()) : undefined;
      });
    },
  };
}
