/** Reads and writes cookies (RFC 6265bis section 4). Trusted base: errors.ts, internal/cookies.ts and checks.ts. */

export {
  type CookieAttributes,
  type Priority,
  readCookies,
  type SameSite,
  serializeCookie,
} from "./internal/cookies.ts";
export { ConfigError, type ConfigErrorCode } from "./internal/errors.ts";
