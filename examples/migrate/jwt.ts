/**
 * A home-made session: a cookie with an HS256 JWT of jose or jsonwebtoken. The data are its claims.
 *
 * bulla/jwt takes no secret under 32 bytes. Of a shorter one `Buffer.concat([Buffer.from(secret)], 32)` is the
 * same key, since HMAC fills a key with zeros (RFC 2104 section 2).
 */

import { Jwt, type JwtKey, type JwtPolicy } from "bulla/jwt";
import { firstOf, type Opener, valuesOf } from "./migrate.ts";

export interface JwtCookieOptions {
  name: string;
  keys: JwtKey | readonly JwtKey[];
  /** What the old service demanded: issuer, audience, maxTokenAge. */
  policy?: JwtPolicy;
}

export function jwtCookie({ name, keys, policy = {} }: JwtCookieOptions): Opener {
  const jwt = new Jwt(keys, policy);
  return {
    names: [name],
    open: (cookies, now = Date.now() / 1000) =>
      firstOf(valuesOf(cookies, name), (token) => {
        try {
          return jwt.verify(token, { now });
        } catch {
          return undefined;
        }
      }),
  };
}
