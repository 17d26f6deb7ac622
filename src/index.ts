/** All of bulla. Each module is also a subpath of its own, which loads no more than it needs. */

export { type AsgiSessionOptions, asgiSessions } from "./asgi.ts";
export { type Base64urlOptions, decode, encode } from "./base64url.ts";
export {
  type CookieAttributes,
  type Priority,
  readCookies,
  type SameSite,
  serializeCookie,
} from "./cookie.ts";
export {
  Fernet,
  type FernetDecryptOptions,
  type FernetEncryptOptions,
  type FernetKey,
  type FernetPolicy,
} from "./fernet.ts";
export {
  ConfigError,
  type ConfigErrorCode,
  SessionError,
  type SessionErrorCode,
  TokenError,
  type TokenErrorCode,
} from "./internal/errors.ts";
export {
  type Claims,
  decodeUnverified,
  Jwt,
  type JwtHeader,
  type JwtKey,
  type JwtPolicy,
  type JwtSignOptions,
  type JwtVerifyOptions,
  type OctetKey,
  type UnverifiedJwt,
} from "./jwt.ts";
export * from "./session.ts";
