/**
 * JSON Web Tokens (RFC 7519) signed with HS256, under the practices of RFC 8725.
 * Trusted base: errors.ts, internal/base64.ts, checks.ts and bytes.ts, claims.ts (claims and policies), keys.ts (keys
 * as bytes), jws.ts (the token and its MAC), hmac.ts (HMAC-SHA256 on node:crypto), random.ts (generateKey) and text.ts
 * (strict UTF-8 and JSON).
 */

import { toText } from "./internal/base64.ts";
import { checkNames, checkOption, optionError, seconds } from "./internal/checks.ts";
import {
  after,
  type Claims,
  checkAbsent,
  claimsText,
  type FixedClaim,
  fixedClaims,
  holds,
  IAT,
  isLacking,
  isOneOf,
  type JwtPolicy,
  type JwtSignOptions,
  type JwtVerifyOptions,
  readPolicy,
  readTimes,
  type SignTimes,
  typeOf,
  VERIFY_OPTIONS,
  wrongType,
} from "./internal/claims.ts";
import { TokenError } from "./internal/errors.ts";
import { Jws, type JwtHeader, openUnverified } from "./internal/jws.ts";
import type { JwtKey } from "./internal/keys.ts";
import { randomKey } from "./internal/random.ts";
import { parseObject } from "./internal/text.ts";

export type { Claims, JwtPolicy, JwtSignOptions, JwtVerifyOptions } from "./internal/claims.ts";
export {
  ConfigError,
  type ConfigErrorCode,
  TokenError,
  type TokenErrorCode,
} from "./internal/errors.ts";
export type { JwtHeader } from "./internal/jws.ts";
export type { JwtKey, OctetKey } from "./internal/keys.ts";

const MAX_TOKEN_LENGTH = 8192;

/**
 * Signs and verifies tokens of one policy. Make one when the program starts, and share it. `C` types the claims, and
 * checks nothing. Without `expiresIn` no `exp` is written, and none required.
 * @example
 * ```ts
 * import { decodeUnverified, Jwt } from "bulla/jwt";
 *
 * const policy = { issuer: "https://accounts.example", audience: "https://api.example", expiresIn: 600 };
 * const jwt = new Jwt<{ sub?: string }>(Jwt.generateKey(), policy);
 * const token = jwt.sign({ sub: "tom" });
 * console.log(jwt.verify(token).sub); // "tom"
 * ```
 */
export class Jwt<C extends Claims = Claims> {
  readonly #jws: Jws;
  readonly #fixed: readonly FixedClaim[];
  readonly #required: readonly string[];
  readonly #hasAudience: boolean;
  readonly #issuedAt: boolean;
  /** The times that a call without options sets. */
  readonly #times: SignTimes;
  readonly #tolerance: number;
  readonly #maxAge: number | undefined;
  readonly #maxLength: number;
  /** The members that the last call without options appended. */
  #last: { now: number; lacking: number; text: string } | undefined;

  /** Makes a random key of 256 bits, as 43 characters. Store it as you store a password. */
  static generateKey(): string {
    return toText(randomKey());
  }

  /**
   * The first key signs, all verify; 32 bytes or more each. A string is its UTF-8 bytes. To change a key, pass
   * `[next, old]` until the last old token has expired.
   * @throws ConfigError ERR_KEY, ERR_OPTION
   */
  constructor(keys: JwtKey | readonly JwtKey[], policy?: JwtPolicy) {
    const checked = readPolicy(policy);
    const { audience, typ, expiresIn, notBefore, issuedAt = true, clockTolerance = 0 } = checked;
    const { maxTokenAge, requiredClaims = [], maxTokenLength = MAX_TOKEN_LENGTH } = checked;
    this.#jws = new Jws(keys, typ);
    this.#fixed = fixedClaims(checked);
    const implied = this.#fixed.map(({ name }) => name);
    if (expiresIn !== undefined) implied.push("exp");
    if (maxTokenAge !== undefined) implied.push("iat");
    this.#required = [...implied, ...requiredClaims];
    this.#hasAudience = audience !== undefined;
    this.#issuedAt = issuedAt;
    this.#times = { now: undefined, expiresIn, notBefore };
    this.#tolerance = clockTolerance;
    this.#maxAge = maxTokenAge;
    this.#maxLength = maxTokenLength;
  }

  /**
   * Makes a token of the claims and of those that they lack and the policy or the options set, such as `iat` and `exp`.
   * @throws ConfigError ERR_OPTION: claims that JSON cannot hold, of the wrong type or against the policy; an `exp`
   *   beside `expiresIn`; an `nbf` beside `notBefore`; no `iss` under a policy of several issuers; a wrong option.
   * @throws TokenError ERR_TOKEN_TOO_LARGE
   */
  sign(claims: C, options?: JwtSignOptions): string {
    const times = options === undefined ? this.#times : readTimes(options, this.#times);
    const text = claimsText(claims);
    // A toJSON decides what is signed: then the claims to check are in the text.
    const own = typeof claims.toJSON === "function" ? (JSON.parse(text) as Claims) : claims;
    const wrong = wrongType(own);
    if (wrong !== undefined) throw optionError(`the claim ${wrong}`, typeOf(wrong));
    const members = this.#members(own, times);
    // Encoding makes text longer: a token that is far too long must not be built first.
    if (text.length >= this.#maxLength) throw new TokenError("ERR_TOKEN_TOO_LARGE");
    const token =
      members === "" || text !== "{}"
        ? this.#jws.sign(text, members)
        : this.#jws.sign(`{${members.slice(1)}`);
    if (token.length > this.#maxLength) throw new TokenError("ERR_TOKEN_TOO_LARGE");
    return token;
  }

  /**
   * Returns the claims of a token whose MAC, then header, then claims are right.
   * @throws TokenError ERR_TOKEN_MALFORMED, ERR_ENCODING, ERR_TOKEN_TOO_LARGE, ERR_TOKEN_SIGNATURE,
   *   ERR_TOKEN_ALGORITHM, ERR_TOKEN_CRITICAL, ERR_TOKEN_CLAIM (see `claim`), ERR_TOKEN_EXPIRED, ERR_TOKEN_NOT_ACTIVE
   * @throws ConfigError ERR_OPTION
   */
  verify(token: string, options?: JwtVerifyOptions): C {
    checkNames(options, VERIFY_OPTIONS, "verify");
    const now = options && checkOption(options, "now", options.now, VERIFY_OPTIONS.now);
    if (typeof token !== "string") throw new TokenError("ERR_TOKEN_MALFORMED");
    if (token.length > this.#maxLength) throw new TokenError("ERR_TOKEN_TOO_LARGE");
    const payload = this.#jws.open(token);
    if (typeof payload !== "string") throw new TokenError(payload.code, payload.claim);
    const claims = parseObject(payload) as C | undefined;
    if (claims === undefined) throw new TokenError("ERR_TOKEN_MALFORMED");
    this.#checkClaims(claims);
    this.#checkTimes(claims, now);
    return claims;
  }

  /** Returns the JSON members that the claims lack, and the closing brace; or "". */
  #members(claims: Claims, times: SignTimes): string {
    const { expiresIn, notBefore } = times;
    if (expiresIn !== undefined) checkAbsent(claims, "exp", "expiresIn");
    if (notBefore !== undefined) checkAbsent(claims, "nbf", "notBefore");
    let lacking = this.#issuedAt && !holds(claims, "iat") ? IAT : 0;
    for (const fixed of this.#fixed) if (isLacking(claims, fixed)) lacking |= fixed.bit;
    const timed = lacking & IAT || expiresIn !== undefined || notBefore !== undefined;
    const now = timed ? Math.floor(seconds(times.now)) : 0;
    // Most claims lack the same members, and many tokens are signed in one second.
    const last = this.#last;
    const usual = times === this.#times;
    if (usual && now === last?.now && lacking === last.lacking) return last.text;
    let text = lacking & IAT ? `,"iat":${now}` : "";
    if (expiresIn !== undefined) text += `,"exp":${after(now, expiresIn, "expiresIn")}`;
    if (notBefore !== undefined) text += `,"nbf":${after(now, notBefore, "notBefore")}`;
    for (const { bit, member } of this.#fixed) if (lacking & bit) text += member;
    if (text !== "") text += "}";
    if (usual) this.#last = { now, lacking, text };
    return text;
  }

  #checkClaims(claims: Claims): void {
    const wrong = wrongType(claims);
    if (wrong !== undefined) throw new TokenError("ERR_TOKEN_CLAIM", wrong);
    for (const name of this.#required) {
      if (!Object.hasOwn(claims, name)) throw new TokenError("ERR_TOKEN_CLAIM", name);
    }
    for (const { name, values } of this.#fixed) {
      if (!isOneOf(claims[name], values)) throw new TokenError("ERR_TOKEN_CLAIM", name);
    }
    // Section 4.1.3: a token with an audience is refused by anyone who is not in it.
    if (claims.aud !== undefined && !this.#hasAudience)
      throw new TokenError("ERR_TOKEN_CLAIM", "aud");
  }

  #checkTimes(claims: Claims, given: number | undefined): void {
    const { exp = Infinity, nbf = -Infinity, iat } = claims;
    const tolerance = this.#tolerance;
    const maxTokenAge = this.#maxAge;
    const now = given ?? Date.now() / 1000;
    // Section 4.1.4: "on or after" the expiration time is too late; 4.1.5: at `nbf` is soon enough.
    if (now >= exp + tolerance) throw new TokenError("ERR_TOKEN_EXPIRED");
    if (now < nbf - tolerance) throw new TokenError("ERR_TOKEN_NOT_ACTIVE");
    if (maxTokenAge === undefined) return;
    const issued = iat as number; // required with maxTokenAge
    if (now - issued > maxTokenAge + tolerance) throw new TokenError("ERR_TOKEN_EXPIRED");
    if (issued > now + tolerance) throw new TokenError("ERR_TOKEN_NOT_ACTIVE");
  }
}

/** A token as `decodeUnverified` found it. */
export interface UnverifiedJwt {
  /** The header, unchecked. */
  header: JwtHeader;
  /** The claims, unchecked. */
  claims: Claims;
}

/**
 * Decodes a token without checking it: for logs, and for choosing a key.
 * @example
 * ```ts
 * console.log(decodeUnverified(token).header.alg); // "HS256"
 * ```
 * @throws TokenError ERR_TOKEN_MALFORMED, ERR_ENCODING
 */
export function decodeUnverified(token: string): UnverifiedJwt {
  if (typeof token !== "string") throw new TokenError("ERR_TOKEN_MALFORMED");
  const opened = openUnverified(token);
  if (!("payload" in opened)) throw new TokenError(opened.code);
  const claims = parseObject(opened.payload);
  if (claims === undefined) throw new TokenError("ERR_TOKEN_MALFORMED");
  return { header: opened.header, claims };
}
