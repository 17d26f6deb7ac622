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
  /** The subject: a user's id. */
  sub?: string;
  /** Who the token is for. */
  aud?: string | string[];
  /** When the token expires, in seconds since the epoch. */
  exp?: number;
  /** When the token begins to be good, in seconds since the epoch. */
  nbf?: number;
  /** When the token was issued, in seconds since the epoch. */
  iat?: number;
  /** The id of the token. */
  jti?: string;
  [claim: string]: unknown;
}

/** Claims that signing sets and verifying requires. Times are seconds or fractions. No option may be `undefined`. */
export interface JwtPolicy {
  /** `iss`: who may have issued the token? Of several, the claims to sign must name one. */
  issuer?: string | readonly string[];
  /** `aud`: for whom is it? A token must name one of these. Without this option, a token with `aud` is refused. */
  audience?: string | readonly string[];
  /** `sub`: who is every token about? Usually left to the claims. */
  subject?: string;
  /** `jti`: which id does every token have? Usually left to the claims. */
  jwtId?: string;
  /** Which kind of token, in the header's `typ`? "at+jwt", in any case. By default writes "JWT", accepts any kind. */
  typ?: string;
  /** How long is a token good? 600 sets `exp`, and requires one. The claims to sign must have no `exp`. */
  expiresIn?: number;
  /** How long after signing does a token begin? Sets `nbf`. The claims to sign must have no `nbf`. */
  notBefore?: number;
  /** Is `iat` set where the claims to sign have none? `true` by default. */
  issuedAt?: boolean;
  /** How far may the clocks differ? 0 or more; 0 by default. */
  clockTolerance?: number;
  /** How old may a token be, by its `iat`? Requires an `iat` that is not in the future. */
  maxTokenAge?: number;
  /** Which other claims must be present? `["sub"]`. */
  requiredClaims?: readonly string[];
  /** How long may a token be, in characters? 8192 by default. */
  maxTokenLength?: number;
}

/** Options of one `sign`. */
export interface JwtSignOptions {
  /** The time of signing, in seconds since the epoch; the fraction is dropped. The current time by default. */
  now?: number;
  /** How long is this token good, in seconds? Replaces the policy's. */
  expiresIn?: number;
  /** In how many seconds does it begin? Replaces the policy's. */
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

/** Writes claims as JSON text, which begins with a brace. @throws ConfigError ERR_OPTION */
export function claimsText(claims: unknown): string {
  if (claims === null || typeof claims !== "object" || Array.isArray(claims)) {
    throw optionError("the claims", "an object");
  }
  let text: string | undefined;
  try {
    text = JSON.stringify(claims);
  } catch {
    // A cycle, a BigInt or a toJSON that threw. The error could hold the claims.
  }
  if (text?.[0] !== "{") throw optionError("the claims", "an object that JSON can hold");
  return text;
}

/** True if JSON.stringify writes the registered claim, given that its type is right. */
export function holds(claims: Claims, name: string): boolean {
  return claims[name] !== undefined && Object.prototype.propertyIsEnumerable.call(claims, name);
}

/** Refuses a claim that an option sets, as `sign(request.body)` might bring. @throws ConfigError ERR_OPTION */
export function checkAbsent(claims: Claims, name: string, option: string): void {
  if (holds(claims, name)) throw optionError(`the claim ${name}`, `left out: ${option} sets it`);
}

/** Adds; refuses a sum beyond finite numbers, which nobody could read. @throws ConfigError ERR_OPTION */
export function after(now: number, duration: number, name: string): number {
  checkSeconds(now + duration, name);
  return now + duration;
}

/** Names the first registered claim of the wrong type (RFC 7519 section 4.1). */
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

/** Words for the type of a registered claim (RFC 7519 section 4.1). */
export function typeOf(claim: string): string {
  if (claim === "aud") return "a string or a list of strings";
  const isTime = claim === "exp" || claim === "nbf" || claim === "iat";
  return isTime ? "a finite number, the seconds since the epoch" : "a string";
}

export type SignTimes = { readonly [Name in keyof Required<JwtSignOptions>]: number | undefined };

/** Checks the times of a call; the policy's replace those left out. @throws ConfigError ERR_OPTION */
export function readTimes(options: JwtSignOptions, policy: SignTimes): SignTimes {
  const { now, expiresIn, notBefore } = SIGN_OPTIONS;
  checkNames(options, SIGN_OPTIONS, "sign");
  return {
    now: checkOption(options, "now", options.now, now),
    expiresIn: checkOption(options, "expiresIn", options.expiresIn, expiresIn) ?? policy.expiresIn,
    notBefore: checkOption(options, "notBefore", options.notBefore, notBefore) ?? policy.notBefore,
  };
}

export interface FixedClaim {
  readonly name: string;
  /** Every token must have one of these. */
  readonly values: readonly string[];
  /** The JSON member for claims without this one; undefined if they must choose a value. */
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

/** Spread: `every` alone skips the holes of a sparse list. */
function isStrings(list: unknown): list is string[] {
  return Array.isArray(list) && [...list].every((item) => typeof item === "string");
}
