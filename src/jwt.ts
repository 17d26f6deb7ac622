/**
 * JSON Web Tokens (RFC 7519) signed with HS256, under the practices of RFC 8725.
 *
 * Trusted base: errors.ts, internal/base64.ts, checks.ts and bytes.ts, claims.ts (what claims and a
 * policy may be), keys.ts (what a key may be), jws.ts (the token and its MAC), hmac.ts (HMAC-SHA256 on
 * node:crypto), random.ts (generateKey) and text.ts (strict UTF-8 and JSON). Nothing else runs.
 */

import { toText } from "./internal/base64.ts";
import { optionError, readOptions, seconds } from "./internal/checks.ts";
import {
  after,
  type Claims,
  claimsText,
  holds,
  type JwtPolicy,
  type JwtSignOptions,
  type JwtVerifyOptions,
  readPolicy,
  SIGN_OPTIONS,
  VERIFY_OPTIONS,
  wrongType,
} from "./internal/claims.ts";
import { ConfigError, TokenError } from "./internal/errors.ts";
import { Jws, type JwtHeader, openUnverified } from "./internal/jws.ts";
import type { JwtKey } from "./internal/keys.ts";
import { randomKey } from "./internal/random.ts";
import { parseObject } from "./internal/text.ts";

export type { Claims, JwtPolicy, JwtSignOptions, JwtVerifyOptions } from "./internal/claims.ts";
export { ConfigError, TokenError } from "./internal/errors.ts";
export type { JwtHeader } from "./internal/jws.ts";
export type { JwtKey } from "./internal/keys.ts";

/** A claim that the policy fixes. */
interface FixedClaim {
  readonly name: string;
  /** One of these has to be in the token. */
  readonly values: readonly string[];
  /** The member that is appended where it is lacking; undefined where the claims have to choose. */
  readonly member: string | undefined;
}

const MAX_TOKEN_LENGTH = 8192;

/**
 * Signs and verifies tokens of one policy. `C` is what the caller knows of the claims: no check. Without
 * `expiresIn` no `exp` is written, and none required.
 */
export class Jwt<C extends Claims = Claims> {
  readonly #jws: Jws;
  readonly #fixed: readonly FixedClaim[];
  readonly #required: readonly string[];
  readonly #hasAudience: boolean;
  readonly #issuedAt: boolean;
  readonly #expiresIn: number | undefined;
  readonly #notBefore: number | undefined;
  readonly #tolerance: number;
  readonly #maxAge: number | undefined;
  readonly #maxLength: number;

  /** A fresh random key of 256 bits, as 43 characters. */
  static generateKey(): string {
    return toText(randomKey());
  }

  /**
   * The first key signs, all verify; each has 32 bytes or more. A string is its UTF-8 bytes.
   *
   * @throws ConfigError ERR_KEY, ERR_OPTION
   */
  constructor(keys: JwtKey | readonly JwtKey[], policy?: JwtPolicy) {
    const { issuer, audience, subject, jwtId, ...rest } = readPolicy(policy);
    this.#jws = new Jws(keys, rest.typ);
    this.#fixed = Object.entries({ iss: issuer, aud: audience, sub: subject, jti: jwtId }).flatMap(
      ([name, value]) => (value === undefined ? [] : fixedClaim(name, value)),
    );
    const implied = this.#fixed.map(({ name }) => name);
    if (rest.expiresIn !== undefined) implied.push("exp");
    if (rest.maxTokenAge !== undefined) implied.push("iat");
    this.#required = [...implied, ...(rest.requiredClaims ?? [])];
    this.#hasAudience = audience !== undefined;
    this.#issuedAt = rest.issuedAt ?? true;
    this.#expiresIn = rest.expiresIn;
    this.#notBefore = rest.notBefore;
    this.#tolerance = rest.clockTolerance ?? 0;
    this.#maxAge = rest.maxTokenAge;
    this.#maxLength = rest.maxTokenLength ?? MAX_TOKEN_LENGTH;
  }

  /**
   * The token of some claims, with those that the policy and the options set and they lack.
   *
   * @throws ConfigError ERR_OPTION: claims that JSON cannot hold, that are of the wrong type, or that
   *   contradict the policy; an `exp` beside `expiresIn`, an `nbf` beside `notBefore`, no `iss` where the
   *   policy has several issuers; a wrong option.
   * @throws TokenError ERR_TOKEN_TOO_LARGE
   */
  sign(claims: C, options?: JwtSignOptions): string {
    const settings = readOptions(options, SIGN_OPTIONS, "sign", "all");
    const text = claimsText(claims);
    // A toJSON decides what is signed: then the text is what has to be looked at.
    const own = typeof claims.toJSON === "function" ? (JSON.parse(text) as Claims) : claims;
    const wrong = wrongType(own);
    if (wrong !== undefined)
      throw optionError(`the claim ${wrong}`, "of the type RFC 7519 gives it");
    const members = this.#members(own, settings);
    // No encoding makes it shorter, and what is far too long must not be made first.
    if (text.length >= this.#maxLength) throw new TokenError("ERR_TOKEN_TOO_LARGE");
    const token =
      members === "" || text !== "{}"
        ? this.#jws.sign(text, members)
        : this.#jws.sign(`{${members.slice(1)}`);
    if (token.length > this.#maxLength) throw new TokenError("ERR_TOKEN_TOO_LARGE");
    return token;
  }

  /**
   * The claims of a token, once its MAC and then header and claims have been found right.
   *
   * @throws TokenError ERR_TOKEN_MALFORMED, ERR_ENCODING, ERR_TOKEN_TOO_LARGE, ERR_TOKEN_SIGNATURE,
   *   ERR_TOKEN_ALGORITHM, ERR_TOKEN_CRITICAL, ERR_TOKEN_CLAIM (see `claim`), ERR_TOKEN_EXPIRED,
   *   ERR_TOKEN_NOT_ACTIVE
   * @throws ConfigError ERR_OPTION
   */
  verify(token: string, options?: JwtVerifyOptions): C {
    const { now } = readOptions(options, VERIFY_OPTIONS, "verify", "all");
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

  /** The members to append, so that no name comes twice, and a brace; or nothing. */
  #members(claims: Claims, options: JwtSignOptions): string {
    const { expiresIn = this.#expiresIn, notBefore = this.#notBefore } = options;
    const issuedAt = this.#issuedAt && !holds(claims, "iat");
    let text = "";
    if (issuedAt || expiresIn !== undefined || notBefore !== undefined) {
      const now = Math.floor(seconds(options.now));
      if (issuedAt) text = `,"iat":${now}`;
      if (expiresIn !== undefined) text += timeMember(claims, "exp", now, expiresIn, "expiresIn");
      if (notBefore !== undefined) text += timeMember(claims, "nbf", now, notBefore, "notBefore");
    }
    for (const { name, values, member } of this.#fixed) {
      if (!holds(claims, name)) {
        if (member === undefined) throw optionError(name, "among the claims: the issuers are several");
        text += member;
      } else if (!isOneOf(claims[name], values)) {
        throw new ConfigError("ERR_OPTION", `the claim ${name} contradicts the policy`);
      }
    }
    return text === "" ? "" : `${text}}`;
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
    // Section 4.1.3: who is no audience of a token that has one must refuse it.
    if (claims.aud !== undefined && !this.#hasAudience) throw new TokenError("ERR_TOKEN_CLAIM", "aud");
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
    const issued = iat as number; // which is required then
    if (now - issued > maxTokenAge + tolerance) throw new TokenError("ERR_TOKEN_EXPIRED");
    if (issued > now + tolerance) throw new TokenError("ERR_TOKEN_NOT_ACTIVE");
  }
}

function fixedClaim(name: string, value: string | readonly string[]): FixedClaim {
  const values = typeof value === "string" ? [value] : [...value];
  if (name === "iss" && values.length > 1) return { name, values, member: undefined };
  const written = name === "iss" ? values[0] : value;
  return { name, values, member: `,"${name}":${JSON.stringify(written)}` };
}

/** Whether the claim, or a member of a claim that is a list, is one of the values. */
function isOneOf(claim: unknown, values: readonly string[]): boolean {
  if (typeof claim === "string") return values.includes(claim);
  return (claim as readonly string[]).some((one) => values.includes(one));
}

/** The member of a time that is `duration` after now. */
function timeMember(claims: Claims, name: string, now: number, duration: number, option: string): string {
  if (holds(claims, name)) throw optionError(`the claim ${name}`, `absent where ${option} sets it`);
  return `,"${name}":${after(now, duration, option)}`;
}

/**
 * What a token says of itself. Nothing of it is proven: for logs and for choosing a key.
 *
 * @throws TokenError ERR_TOKEN_MALFORMED, ERR_ENCODING
 */
export function decodeUnverified(token: string): { header: JwtHeader; claims: Claims } {
  if (typeof token !== "string") throw new TokenError("ERR_TOKEN_MALFORMED");
  const opened = openUnverified(token);
  if (!("payload" in opened)) throw new TokenError(opened.code);
  const claims = parseObject(opened.payload);
  if (claims === undefined) throw new TokenError("ERR_TOKEN_MALFORMED");
  return { header: opened.header, claims };
}
