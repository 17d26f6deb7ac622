/**
 * A home-made session: a cookie with an HS256 JWT of jose or jsonwebtoken. The data are its claims.
 *
 * bulla/jwt takes no secret under 32 bytes. For a shorter one give `Buffer.concat([Buffer.from(secret)], 32)`, which
 * is the same key: HMAC fills a key with zeros (RFC 2104 section 2).
 */

import { Jwt, type JwtKey, type JwtPolicy } from "bulla/jwt";
import { firstOf, type Opener, valuesOf } from "./migrate.ts";

export interface JwtCookieOptions {
  name: string;
  keys: JwtKey | readonly JwtKey[];
  /** The checks of the old service: issuer, audience, maxTokenAge. */
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
