/**
 * The cookies of cookie-session, and of koa-session without a store: JSON in base64, and beside it NAME.sig, an
 * HMAC-SHA1 of `NAME=VALUE`. A cookie of cookie-session holds no time: only `until` ends it.
 */

import { createHmac, timingSafeEqual } from "node:crypto";
import { firstOf, type Opener, objectOf, valuesOf } from "./migrate.ts";

export interface CookieSessionOptions {
  /** "session" by default. The default of koa-session is "koa.sess". */
  name?: string;
  /** The `keys` of cookie-session, or `app.keys` of Koa. */
  keys: readonly string[];
}

export function cookieSession({ name = "session", keys }: CookieSessionOptions): Opener {
  const signature = `${name}.sig`;
  return {
    names: [name, signature],
    open(cookies, now = Date.now() / 1000) {
      const macs = valuesOf(cookies, signature).map((mac) => Buffer.from(mac, "base64url"));
      return firstOf(valuesOf(cookies, name), (value) => {
        const expected = keys.map((key) =>
          createHmac("sha1", key).update(`${name}=${value}`).digest(),
        );
        const isSigned = macs.some((mac) =>
          expected.some((one) => mac.length === one.length && timingSafeEqual(mac, one)),
        );
        const data = isSigned ? objectOf(Buffer.from(value, "base64").toString()) : undefined;
        // The expiry of koa-session, in milliseconds.
        return Number(data?._expire ?? Infinity) / 1000 < now ? undefined : data;
      });
    },
  };
}
