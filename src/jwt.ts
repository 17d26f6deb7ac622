/**
 * JSON Web Tokens (RFC 7519) signed with HS256, under the practices of RFC 8725.
 *
 * Trusted base: errors.ts, base64url.ts, internal/options.ts, keys.ts (what a key may be), jws.ts (the
 * token and its MAC), hmac.ts (HMAC-SHA256 on node:crypto), random.ts (generateKey) and text.ts (strict
 * UTF-8 and JSON). Nothing else runs.
 */

import { encode } from "./base64url.ts";
import { ConfigError, TokenError } from "./errors.ts";
import { type JwtHeader, Jws, openUnverified } from "./internal/jws.ts";
import type { JwtKey } from "./internal/keys.ts";
import {
  checkBoolean,
  checkNames,
  checkSeconds,
  checkString,
  optionError,
  seconds,
} from "./internal/options.ts";
import { fillRandom } from "./internal/random.ts";
import { parseObject } from "./internal/text.ts";

export { ConfigError, TokenError } from "./errors.ts";
export type { JwtHeader } from "./internal/jws.ts";
export type { JwtKey } from "./internal/keys.ts";

/** The registered claims of RFC 7519 section 4.1 and any others; times in seconds since the epoch. */
export interface Claims {
  iss?: string;
  sub?: string;
  aud?: string | string[];
  exp?: number;
  nbf?: number;
  iat?: number;
  jti?: string;
  [claim: string]: unknown;
}

/** What signing sets and verifying requires. All times are seconds; fractions are legal. */
export interface JwtPolicy {
  /** `iss`. */
  issuer?: string;
  /** `aud`: one of these has to be among the token's. */
  audience?: string | readonly string[];
  /** `sub`. */
  subject?: string;
  /** `jti`. */
  jwtId?: string;
  /** The `typ` header, compared without regard to case, `application/` implied; "JWT" is written. */
  typ?: string;
  /** Sets `exp` that long after now, and requires one. */
  expiresIn?: number;
  /** Sets `nbf` that long after now. */
  notBefore?: number;
  /** Sets `iat` (the default). */
  issuedAt?: boolean;
  /** How far the clocks may differ, 0 or more. */
  clockTolerance?: number;
  /** The greatest age since `iat`, which it requires. */
  maxTokenAge?: number;
  /** Names of claims that have to be there. */
  requiredClaims?: readonly string[];
  /** In characters; 8192 by default. */
  maxTokenLength?: number;
}

export interface JwtSignOptions {
  /** Seconds since the epoch; the fraction is dropped. The current time by default. */
  now?: number;
  /** In place of the policy's. */
  expiresIn?: number;
  /** In place of the policy's. */
  notBefore?: number;
}

export interface JwtVerifyOptions {
  /** Seconds since the epoch. The current time by default. */
  now?: number;
}

const KEY_BYTES = 32;
const MAX_TOKEN_LENGTH = 8192;

const SIGN_OPTIONS: ReadonlySet<string> = new Set(["now", "expiresIn", "notBefore"]);
const VERIFY_OPTIONS: ReadonlySet<string> = new Set(["now"]);
const POLICY_OPTIONS: ReadonlySet<string> = new Set([
  "issuer",
  "audience",
  "subject",
  "jwtId",
  "typ",
  "expiresIn",
  "notBefore",
  "issuedAt",
  "clockTolerance",
  "maxTokenAge",
  "requiredClaims",
  "maxTokenLength",
]);

const STRINGS = ["iss", "sub", "jti"] as const;
const TIMES = ["exp", "nbf", "iat"] as const;

/** Signs and verifies tokens of one policy. `C` is what the caller knows of the claims: no check. */
export class Jwt<C extends Claims = Claims> {
  readonly #jws: Jws;
  readonly #policy: JwtPolicy;
  /** The claims that the policy fixes, as name, value and the text to append. */
  readonly #fixed: readonly (readonly [name: string, value: unknown, text: string])[];
  readonly #audience: readonly string[];
  readonly #required: readonly string[];
  readonly #tolerance: number;
  readonly #maxLength: number;

  /** A fresh random key of 256 bits, as 43 characters. */
  static generateKey(): string {
    const key = new Uint8Array(KEY_BYTES);
    fillRandom(key, 0, KEY_BYTES);
    return encode(key);
  }

  /**
   * The first key signs, all verify; each has 32 bytes or more. A string is its UTF-8 bytes.
   *
   * @throws ConfigError ERR_KEY, ERR_OPTION
   */
  constructor(keys: JwtKey | readonly JwtKey[], policy: JwtPolicy = {}) {
    checkPolicy(policy);
    const { issuer, audience, subject, jwtId, expiresIn, requiredClaims, maxTokenAge } = policy;
    this.#jws = new Jws(keys, policy.typ);
    this.#policy = { ...policy };
    this.#audience = typeof audience === "string" ? [audience] : [...(audience ?? [])];
    this.#fixed = Object.entries({ iss: issuer, aud: audience, sub: subject, jti: jwtId })
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => [name, value, `,"${name}":${JSON.stringify(value)}`] as const);
    const implied = [...this.#fixed.map(([name]) => name)];
    if (expiresIn !== undefined) implied.push("exp");
    if (maxTokenAge !== undefined) implied.push("iat");
    this.#required = [...implied, ...(requiredClaims ?? [])];
    this.#tolerance = policy.clockTolerance ?? 0;
    this.#maxLength = policy.maxTokenLength ?? MAX_TOKEN_LENGTH;
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
    const own = typeof claims["toJSON"] === "function" ? (JSON.parse(text) as Claims) : claims;
    const wrong = wrongType(own);
    if (wrong !== undefined) throw optionError(`the claim ${wrong}`, "of the type RFC 7519 gives it");
    const added = this.#times(own, options) + this.#missing(own);
    const payload =
      added === "" ? text : text === "{}" ? `{${added.slice(1)}}` : `${text.slice(0, -1)}${added}}`;
    const token = this.#jws.sign(payload);
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
    checkSeconds(options?.now, "now");
    if (typeof token !== "string") throw new TokenError("ERR_TOKEN_MALFORMED");
    if (token.length > this.#maxLength) throw new TokenError("ERR_TOKEN_TOO_LARGE");
    const payload = this.#jws.open(token);
    if (typeof payload !== "string") throw new TokenError(payload.code, payload.claim);
    const claims = parseObject(payload) as C | undefined;
    if (claims === undefined) throw new TokenError("ERR_TOKEN_MALFORMED");
    this.#checkClaims(claims);
    this.#checkTimes(claims, options?.now ?? Date.now() / 1000);
    return claims;
  }

  /** The times that the policy or the call sets and the claims lack, as JSON members. */
  #times(claims: Claims, options: JwtSignOptions | undefined): string {
    const now = Math.floor(seconds(options?.now));
    checkSeconds(options?.expiresIn, "expiresIn");
    checkSeconds(options?.notBefore, "notBefore");
    const expiresIn = options?.expiresIn ?? this.#policy.expiresIn;
    const notBefore = options?.notBefore ?? this.#policy.notBefore;
    let text = "";
    if (this.#policy.issuedAt !== false && !holds(claims, "iat")) text += `,"iat":${now}`;
    if (expiresIn !== undefined && !holds(claims, "exp")) text += `,"exp":${now + expiresIn}`;
    if (notBefore !== undefined && !holds(claims, "nbf")) text += `,"nbf":${now + notBefore}`;
    return text;
  }

  /** The claims that the policy fixes and the claims lack, as JSON members. */
  #missing(claims: Claims): string {
    let text = "";
    for (const [name, value, member] of this.#fixed) {
      if (!holds(claims, name)) text += member;
      else if (!this.#matches(name, claims[name], value)) {
        throw new ConfigError("ERR_OPTION", `the claim ${name} contradicts the policy`);
      }
    }
    return text;
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

  #checkTimes({ exp, nbf, iat }: Claims, now: number): void {
    const tolerance = this.#tolerance;
    const { maxTokenAge } = this.#policy;
    // Section 4.1.4: "on or after" the expiration time is too late; 4.1.5: at `nbf` is soon enough.
    if (exp !== undefined && now >= exp + tolerance) throw new TokenError("ERR_TOKEN_EXPIRED");
    if (nbf !== undefined && now < nbf - tolerance) throw new TokenError("ERR_TOKEN_NOT_ACTIVE");
    if (maxTokenAge === undefined || iat === undefined) return;
    if (now - iat > maxTokenAge + tolerance) throw new TokenError("ERR_TOKEN_EXPIRED");
    if (iat > now + tolerance) throw new TokenError("ERR_TOKEN_NOT_ACTIVE");
  }

  #matches(name: string, given: unknown, fixed: unknown): boolean {
    if (name !== "aud") return given === fixed;
    if (typeof given === "string") return this.#audience.includes(given);
    return (given as string[]).some((audience) => this.#audience.includes(audience));
  }
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

/** Claims as JSON text, which begins with a brace. */
function claimsText(claims: unknown): string {
  if (claims === null || typeof claims !== "object" || Array.isArray(claims)) {
    throw optionError("the claims", "an object");
  }
  let text: string | undefined;
  try {
    text = JSON.stringify(claims);
  } catch {
    // A cycle, a BigInt or a toJSON that threw; its error could hold what is to be signed.
  }
  if (text?.[0] !== "{") throw optionError("the claims", "an object that JSON can hold");
  return text;
}

/** Whether JSON.stringify writes that member. */
function holds(claims: Claims, name: string): boolean {
  return claims[name] !== undefined && Object.prototype.propertyIsEnumerable.call(claims, name);
}

/** The first registered claim that is of another type than RFC 7519 section 4.1 gives it. */
function wrongType(claims: Claims): string | undefined {
  for (const name of STRINGS) {
    const value = claims[name];
    if (value !== undefined && typeof value !== "string") return name;
  }
  for (const name of TIMES) {
    // Section 2: a NumericDate is any JSON number; 1e400 is none that a number can hold.
    const value = claims[name];
    if (value !== undefined && !Number.isFinite(value)) return name;
  }
  const { aud } = claims;
  if (aud === undefined || typeof aud === "string") return undefined;
  const strings = Array.isArray(aud) && aud.every((audience) => typeof audience === "string");
  return strings ? undefined : "aud";
}

function checkPolicy(policy: JwtPolicy): void {
  checkNames(policy, POLICY_OPTIONS, "Jwt");
  checkString(policy.issuer, "issuer");
  checkString(policy.subject, "subject");
  checkString(policy.jwtId, "jwtId");
  checkString(policy.typ, "typ");
  checkBoolean(policy.issuedAt, "issuedAt");
  checkSeconds(policy.expiresIn, "expiresIn");
  checkSeconds(policy.notBefore, "notBefore");
  checkSeconds(policy.clockTolerance, "clockTolerance", 0);
  checkSeconds(policy.maxTokenAge, "maxTokenAge", 0);
  const { audience, requiredClaims, maxTokenLength } = policy;
  if (audience !== undefined && typeof audience !== "string") checkNamesList(audience, "audience");
  if (typeof audience === "string") checkString(audience, "audience");
  if (requiredClaims !== undefined) checkNamesList(requiredClaims, "requiredClaims");
  if (maxTokenLength !== undefined && !(Number.isSafeInteger(maxTokenLength) && maxTokenLength > 0)) {
    throw optionError("maxTokenLength", "a positive whole number of characters");
  }
}

function checkNamesList(list: readonly string[], name: string): void {
  const strings =
    Array.isArray(list) && list.length > 0 && list.every((item) => typeof item === "string" && item);
  if (!strings) throw optionError(name, "strings, one or more, none empty");
}
