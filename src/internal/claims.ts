/** Checks the claims of RFC 7519 section 4.1, policies over them, and the options of a call. */

import {
  type Checks,
  checkBoolean,
  checkDuration,
  checkNames,
  checkOption,
  checkSeconds,
  checkString,
  optionError,
  readOptions,
} from "./checks.ts";
import { ConfigError } from "./errors.ts";

/** The claims of a token: the registered ones of RFC 7519 section 4.1, and any others that JSON holds. */
export interface Claims {
  /** Who issued the token. */
  iss?: string;
  /** Of whom it speaks: a user's id. */
  sub?: string;
  /** For whom it is meant. */
  aud?: string | string[];
  /** From when on it is refused, in seconds since the epoch. */
  exp?: number;
  /** Before when it is refused, in seconds since the epoch. */
  nbf?: number;
  /** When it was issued, in seconds since the epoch. */
  iat?: number;
  /** The id of the token. */
  jti?: string;
  [claim: string]: unknown;
}

/**
 * Claims that signing sets and verifying requires. All times are seconds; fractions are legal. An option that is
 * `undefined` is refused: leave it out.
 */
export interface JwtPolicy {
  /** `iss`: who may have issued the token? Where they are several, the claims to sign name one. */
  issuer?: string | readonly string[];
  /** `aud`: for whom is it? One of these has to be among the token's. Without it a token with `aud` is refused. */
  audience?: string | readonly string[];
  /** `sub`: of whom does every token speak? Mostly left to the claims. */
  subject?: string;
  /** `jti`: which id does every token have? Mostly left to the claims. */
  jwtId?: string;
  /**
   * Which kind of token is it, in the header's `typ`? "at+jwt", compared in any case, `application/` implied.
   * Without it "JWT" is written and every kind accepted.
   */
  typ?: string;
  /** How long is a token good? 600 sets `exp`, and requires one. Claims to sign have no `exp` then. */
  expiresIn?: number;
  /** From when on, counted from now? Sets `nbf`. Claims to sign have no `nbf` then. */
  notBefore?: number;
  /** Is `iat` set where the claims to sign have none? `true` by default. */
  issuedAt?: boolean;
  /** By how much may the clocks differ? 0 or more; 0 by default. */
  clockTolerance?: number;
  /** How old may a token be, by its `iat`? It requires one, which must not be in the future. */
  maxTokenAge?: number;
  /** Which other claims have to be there? `["sub"]`. */
  requiredClaims?: readonly string[];
  /** How long may a token be, in characters? 8192 by default. */
  maxTokenLength?: number;
}

/** Options of one `sign`. */
export interface JwtSignOptions {
  /** The time of signing, in seconds since the epoch; the fraction is dropped. The current time by default. */
  now?: number;
  /** How long is this token good, in seconds? In place of the policy's. */
  expiresIn?: number;
  /** In how many seconds does it begin? In place of the policy's. */
  notBefore?: number;
}

/** Options of one `verify`. */
export interface JwtVerifyOptions {
  /** The time of verifying, in seconds since the epoch. The current time by default. */
  now?: number;
}

const POLICY_OPTIONS: Checks<JwtPolicy> = {
  issuer: checkStrings,
  audience: checkStrings,
  subject: checkString,
  jwtId: checkString,
  typ: checkString,
  expiresIn: checkSeconds,
  notBefore: checkSeconds,
  issuedAt: checkBoolean,
  clockTolerance: checkDuration,
  maxTokenAge: checkDuration,
  requiredClaims: checkList,
  maxTokenLength: checkLength,
};

const SIGN_OPTIONS: Checks<JwtSignOptions> = {
  now: checkSeconds,
  expiresIn: checkSeconds,
  notBefore: checkSeconds,
};

export const VERIFY_OPTIONS: Checks<JwtVerifyOptions> = { now: checkSeconds };

/** Claims as JSON text, which begins with a brace. */
export function claimsText(claims: unknown): string {
  if (claims === null || typeof claims !== "object" || Array.isArray(claims)) {
    throw optionError("the claims", "an object");
  }
  let text: string | undefined;
  try {
    text = JSON.stringify(claims);
  } catch {
    // A cycle, a BigInt or a toJSON that threw; its error could hold the claims.
  }
  if (text?.[0] !== "{") throw optionError("the claims", "an object that JSON can hold");
  return text;
}

/** True if JSON.stringify writes the registered claim, given that its type is right. */
export function holds(claims: Claims, name: string): boolean {
  return claims[name] !== undefined && Object.prototype.propertyIsEnumerable.call(claims, name);
}

/** @throws ConfigError ERR_OPTION: claims that set what an option sets, as `sign(request.body)` might. */
export function checkAbsent(claims: Claims, name: string, option: string): void {
  if (holds(claims, name)) throw optionError(`the claim ${name}`, `left out: ${option} sets it`);
}

/** Refuses a sum beyond finite numbers: nobody could read such a token. */
export function after(now: number, duration: number, name: string): number {
  checkSeconds(now + duration, name);
  return now + duration;
}

/** Names the first registered claim that does not have its type of RFC 7519 section 4.1. */
export function wrongType({ iss, sub, jti, exp, nbf, iat, aud }: Claims): string | undefined {
  if (iss !== undefined && typeof iss !== "string") return "iss";
  if (sub !== undefined && typeof sub !== "string") return "sub";
  if (jti !== undefined && typeof jti !== "string") return "jti";
  // Section 2: a NumericDate is any JSON number; 1e400 is parsed as Infinity.
  if (exp !== undefined && !Number.isFinite(exp)) return "exp";
  if (nbf !== undefined && !Number.isFinite(nbf)) return "nbf";
  if (iat !== undefined && !Number.isFinite(iat)) return "iat";
  if (aud === undefined || typeof aud === "string") return undefined;
  return isStrings(aud) ? undefined : "aud";
}

/** The times of a call of `sign`. */
export type SignTimes = { readonly [Name in keyof Required<JwtSignOptions>]: number | undefined };

/** Checks the times of a call's options; those left out are the policy's. */
export function readTimes(options: JwtSignOptions, policy: SignTimes): SignTimes {
  const { now, expiresIn, notBefore } = SIGN_OPTIONS;
  checkNames(options, SIGN_OPTIONS, "sign");
  return {
    now: checkOption(options, "now", options.now, now),
    expiresIn: checkOption(options, "expiresIn", options.expiresIn, expiresIn) ?? policy.expiresIn,
    notBefore: checkOption(options, "notBefore", options.notBefore, notBefore) ?? policy.notBefore,
  };
}

/** A claim that a policy fixes. */
export interface FixedClaim {
  readonly name: string;
  /** Every token must have one of these. */
  readonly values: readonly string[];
  /** The JSON member for claims that lack it; undefined if they must choose a value. */
  readonly member: string | undefined;
  readonly bit: number;
}

/** The bit of a missing `iat`; the claims that a policy fixes have the next bits. */
export const IAT = 1;

export function fixedClaims({ issuer, audience, subject, jwtId }: JwtPolicy): FixedClaim[] {
  const all = { iss: issuer, aud: audience, sub: subject, jti: jwtId };
  const fixed: FixedClaim[] = [];
  for (const [name, value] of Object.entries(all)) {
    if (value === undefined) continue;
    const values = typeof value === "string" ? [value] : [...value];
    // A token has one issuer (section 4.1.1), and may have several audiences (section 4.1.3).
    const isChoice = name === "iss" && values.length > 1;
    const written = name === "aud" && value !== values[0] ? values : values[0];
    const member = isChoice ? undefined : `,"${name}":${JSON.stringify(written)}`;
    fixed.push({ name, values, member, bit: (IAT << 1) << fixed.length });
  }
  return fixed;
}

/** True if a claim, or one of a list, is among the values. */
export function isOneOf(claim: unknown, values: readonly string[]): boolean {
  if (typeof claim === "string") return values.includes(claim);
  return (claim as readonly string[]).some((one) => values.includes(one));
}

/** True if claims to sign lack this one. @throws ConfigError ERR_OPTION: they contradict the policy. */
export function isLacking(claims: Claims, { name, values, member }: FixedClaim): boolean {
  if (!holds(claims, name)) {
    if (member === undefined) throw optionError(`the claim ${name}`, "one of the policy's issuers");
    return true;
  }
  if (isOneOf(claims[name], values)) return false;
  throw new ConfigError("ERR_OPTION", `the claim ${name} must be one of the policy's, or left out`);
}

export function readPolicy(given: JwtPolicy | undefined): JwtPolicy {
  return readOptions(given, POLICY_OPTIONS, "Jwt", "all");
}

function checkStrings(value: unknown, name: string): void {
  if (typeof value === "string") checkString(value, name);
  else checkList(value, name);
}

function checkList(value: unknown, name: string): void {
  if (!isStrings(value) || value.length === 0 || value.includes("")) {
    throw optionError(name, "strings, one or more, none empty");
  }
}

function checkLength(value: unknown, name: string): void {
  if (!Number.isSafeInteger(value) || (value as number) < 1) {
    throw optionError(name, "a positive whole number of characters");
  }
}

/** Spread, since `every` skips the holes of a sparse list. */
function isStrings(list: unknown): list is string[] {
  return Array.isArray(list) && [...list].every((item) => typeof item === "string");
}
