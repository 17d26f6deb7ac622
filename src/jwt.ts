/**
 * JSON Web Tokens (RFC 7519) signed with HS256, under the practices of RFC 8725.
 *
 * Trusted base: errors.ts, internal/base64.ts, checks.ts and bytes.ts, claims.ts (what claims and a
 * policy may be), keys.ts (what a key may be), jws.ts (the token and its MAC), hmac.ts (HMAC-SHA256 on
 * node:crypto), random.ts (generateKey) and text.ts (strict UTF-8 and JSON). Nothing else runs.
 */

import { toText } from "./internal/base64.ts";
import { checkNames, checkSeconds, optionError, seconds } from "./internal/checks.ts";
import {
  after,
  type Claims,
  claimsText,
  holds,
  type JwtPolicy,
  type JwtSignOptions,
  type JwtVerifyOptions,
  readPolicy,
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

/** How long after now, in seconds, `exp` and `nbf` are set. */
type Durations = { readonly [Name in "expiresIn" | "notBefore"]?: number | undefined };

const MAX_TOKEN_LENGTH = 8192;

/** Bits for the claims that are lacking and to be set; those that the policy fixes follow. */
const IAT = 1;
const EXP = 2;
const NBF = 4;
const TIMES: number = IAT | EXP | NBF;
const FIRST_FIXED = 8;

const SIGN_OPTIONS: ReadonlySet<string> = new Set(["now", "expiresIn", "notBefore"]);
const VERIFY_OPTIONS: ReadonlySet<string> = new Set(["now"]);

/**
 * Signs and verifies tokens of one policy. `C` is what the caller knows of the claims: no check. Without
 * `expiresIn` no `exp` is written, and none required.
 */
export class Jwt<C extends Claims = Claims> {
  readonly #jws: Jws;
  readonly #policy: JwtPolicy;
  /** The claims that the policy fixes, as name, value and the text to append. */
  readonly #fixed: readonly (readonly [name: string, value: unknown, text: string])[];
  readonly #audience: readonly string[];
  readonly #required: readonly string[];
  readonly #tolerance: number;
  readonly #maxAge: number | undefined;
  readonly #maxLength: number;
  /** The times that the policy sets where the caller does not, as bits. */
  readonly #times: number;
  /** What a second's tokens get, by the bits of the claims that they lack. */
  #usual: { second: number; members: string[] } = { second: Number.NaN, members: [] };

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
    this.#policy = readPolicy(policy);
    const { issuer, audience, subject, jwtId, typ, issuedAt, expiresIn } = this.#policy;
    const { requiredClaims, maxTokenAge, maxTokenLength } = this.#policy;
    this.#jws = new Jws(keys, typ);
    this.#audience = typeof audience === "string" ? [audience] : [...(audience ?? [])];
    this.#fixed = Object.entries({ iss: issuer, aud: audience, sub: subject, jti: jwtId })
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => [name, value, `,"${name}":${JSON.stringify(value)}`] as const);
    const implied = this.#fixed.map(([name]) => name);
    if (expiresIn !== undefined) implied.push("exp");
    if (maxTokenAge !== undefined) implied.push("iat");
    this.#required = [...implied, ...(requiredClaims ?? [])];
    this.#times = (issuedAt === false ? 0 : IAT) | timesOf(this.#policy);
    this.#tolerance = this.#policy.clockTolerance ?? 0;
    this.#maxAge = maxTokenAge;
    this.#maxLength = maxTokenLength ?? MAX_TOKEN_LENGTH;
  }

  /**
   * The token of some claims, with those that the policy sets and they lack.
   *
   * @throws ConfigError ERR_OPTION: claims that JSON cannot hold, that are of the wrong type, or that
   *   contradict the policy; a wrong option.
   * @throws TokenError ERR_TOKEN_TOO_LARGE
   */
  sign(claims: C, options?: JwtSignOptions): string {
    checkNames(options, SIGN_OPTIONS, "sign");
    const text = claimsText(claims);
    // A toJSON decides what is signed: then the text is what has to be looked at.
    const own = typeof claims.toJSON === "function" ? (JSON.parse(text) as Claims) : claims;
    const wrong = wrongType(own);
    if (wrong !== undefined)
      throw optionError(`the claim ${wrong}`, "of the type RFC 7519 gives it");
    const members = this.#members(own, options);
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
    checkNames(options, VERIFY_OPTIONS, "verify");
    const now = options?.now;
    checkSeconds(now, "now");
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

  /**
   * What is to follow the claims' own members: those that the policy sets and they lack, so that no name
   * comes twice, and a brace; or nothing.
   */
  #members(claims: Claims, options: JwtSignOptions | undefined): string {
    if (options !== undefined) {
      const { expiresIn = this.#policy.expiresIn, notBefore = this.#policy.notBefore } = options;
      checkSeconds(expiresIn, "expiresIn");
      checkSeconds(notBefore, "notBefore");
      const durations = { expiresIn, notBefore };
      const lacking = this.#lacking(claims, (this.#times & IAT) | timesOf(durations));
      return this.#build(lacking, seconds(options.now), durations);
    }
    const lacking = this.#lacking(claims, this.#times);
    // Times are the same for a whole second; the policy's other claims always.
    const second = (lacking & TIMES) === 0 ? this.#usual.second : seconds(undefined);
    if (second !== this.#usual.second) this.#usual = { second, members: [] };
    return (this.#usual.members[lacking] ??= this.#build(lacking, second, this.#policy));
  }

  /** What is to be set and these claims lack, as bits: some times, and all that the policy fixes. */
  #lacking(claims: Claims, times: number): number {
    let lacking = 0;
    if (times & IAT && !holds(claims, "iat")) lacking |= IAT;
    if (times & EXP && !holds(claims, "exp")) lacking |= EXP;
    if (times & NBF && !holds(claims, "nbf")) lacking |= NBF;
    let bit = FIRST_FIXED;
    for (const [name, value] of this.#fixed) {
      if (!holds(claims, name)) lacking |= bit;
      else if (!this.#matches(name, claims[name], value)) {
        throw new ConfigError("ERR_OPTION", `the claim ${name} contradicts the policy`);
      }
      bit <<= 1;
    }
    return lacking;
  }

  /** The lacking claims as JSON members and a brace. */
  #build(lacking: number, at: number, { expiresIn, notBefore }: Durations): string {
    const now = Math.floor(at);
    let text = "";
    if (lacking & IAT) text += `,"iat":${now}`;
    if (lacking & EXP) text += `,"exp":${after(now, expiresIn as number, "expiresIn")}`;
    if (lacking & NBF) text += `,"nbf":${after(now, notBefore as number, "notBefore")}`;
    for (const [index, [, , member]] of this.#fixed.entries()) {
      if (lacking & (FIRST_FIXED << index)) text += member;
    }
    return text === "" ? "" : `${text}}`;
  }

  #checkClaims(claims: Claims): void {
    const wrong = wrongType(claims);
    if (wrong !== undefined) throw new TokenError("ERR_TOKEN_CLAIM", wrong);
    for (const name of this.#required) {
      if (!Object.hasOwn(claims, name)) throw new TokenError("ERR_TOKEN_CLAIM", name);
    }
    for (const [name, value] of this.#fixed) {
      if (!this.#matches(name, claims[name], value)) throw new TokenError("ERR_TOKEN_CLAIM", name);
    }
    // Section 4.1.3: who is no audience of a token that has one must refuse it.
    if (claims.aud !== undefined && this.#audience.length === 0) {
      throw new TokenError("ERR_TOKEN_CLAIM", "aud");
    }
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

  #matches(name: string, given: unknown, fixed: unknown): boolean {
    if (name !== "aud") return given === fixed;
    if (typeof given === "string") return this.#audience.includes(given);
    return (given as string[]).some((audience) => this.#audience.includes(audience));
  }
}

/** Which times those set, as bits. */
function timesOf({ expiresIn, notBefore }: Durations): number {
  return (expiresIn === undefined ? 0 : EXP) | (notBefore === undefined ? 0 : NBF);
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
