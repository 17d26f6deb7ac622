/**
 * Reads the cookies of one name and writes one Set-Cookie (RFC 6265bis sections 4.1 and 4.2).
 *
 * Trusted base: errors.ts, internal/cookies.ts (the grammar) and checks.ts.
 */

export {
  type CookieAttributes,
  type Priority,
  readCookies,
  type SameSite,
  serializeCookie,
} from "./internal/cookies.ts";
export { ConfigError, type ConfigErrorCode } from "./internal/errors.ts";
