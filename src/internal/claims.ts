/** What the claims of RFC 7519 section 4.1, a policy over them, and a call's options may be. */

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
  /** `iss`: the token's has to be one of these. Where they are several, the claims to sign name one. */
  issuer?: string | readonly string[];
  /** `aud`: one of these has to be among the token's. */
  audience?: string | readonly string[];
  /** `sub`. */
  subject?: string;
  /** `jti`. */
  jwtId?: string;
  /** The `typ` header, compared without regard to case, `application/` implied; "JWT" is written. */
  typ?: string;
  /** Sets `exp` that long after now, and requires one. Claims to sign have none of their own then. */
  expiresIn?: number;
  /** Sets `nbf` that long after now. Claims to sign have none of their own then. */
  notBefore?: number;
  /** Sets `iat` (the default) where the claims to sign have none. */
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
    // A cycle, a BigInt or a toJSON that threw; its error could hold what is to be signed.
  }
  if (text?.[0] !== "{") throw optionError("the claims", "an object that JSON can hold");
  return text;
}

/** Whether JSON.stringify writes that registered claim, once it has been found to be of the right type. */
export function holds(claims: Claims, name: string): boolean {
  return claims[name] !== undefined && Object.prototype.propertyIsEnumerable.call(claims, name);
}

/** @throws ConfigError ERR_OPTION: claims that set what an option sets, as `sign(request.body)` might. */
export function checkAbsent(claims: Claims, name: string, option: string): void {
  if (holds(claims, name)) throw optionError(`the claim ${name}`, `absent where ${option} sets it`);
}

/** A sum that no number can hold would make a token that nobody can read. */
export function after(now: number, duration: number, name: string): number {
  checkSeconds(now + duration, name);
  return now + duration;
}

/** The first registered claim that is of another type than RFC 7519 section 4.1 gives it. */
export function wrongType({ iss, sub, jti, exp, nbf, iat, aud }: Claims): string | undefined {
  if (iss !== undefined && typeof iss !== "string") return "iss";
  if (sub !== undefined && typeof sub !== "string") return "sub";
  if (jti !== undefined && typeof jti !== "string") return "jti";
  // Section 2: a NumericDate is any JSON number; 1e400 is none that a number can hold.
  if (exp !== undefined && !Number.isFinite(exp)) return "exp";
  if (nbf !== undefined && !Number.isFinite(nbf)) return "nbf";
  if (iat !== undefined && !Number.isFinite(iat)) return "iat";
  if (aud === undefined || typeof aud === "string") return undefined;
  return isStrings(aud) ? undefined : "aud";
}

/** What a call of `sign` is told of times. */
export type SignTimes = { readonly [Name in keyof Required<JwtSignOptions>]: number | undefined };

/** The times of a call's options, checked, and the policy's where those have none. */
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
  /** Every token has one of these. */
  readonly values: readonly string[];
  /** The JSON member for claims that lack it; undefined where they have to choose. */
  readonly member: string | undefined;
  readonly bit: number;
}

/** Claims that are lacking, as bits: this one, then those that a policy fixes. */
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

/** Whether a claim, or one of a list, is among the values. */
export function isOneOf(claim: unknown, values: readonly string[]): boolean {
  if (typeof claim === "string") return values.includes(claim);
  return (claim as readonly string[]).some((one) => values.includes(one));
}

/** Whether claims to sign lack that one. @throws ConfigError ERR_OPTION: they contradict the policy. */
export function isLacking(claims: Claims, { name, values, member }: FixedClaim): boolean {
  if (!holds(claims, name)) {
    if (member === undefined) throw optionError(`the claim ${name}`, "one of the policy's issuers");
    return true;
  }
  if (isOneOf(claims[name], values)) return false;
  throw new ConfigError("ERR_OPTION", `the claim ${name} contradicts the policy`);
}

/** A policy as it was given, checked. @throws ConfigError ERR_OPTION */
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

/** Spread, since `every` passes over the holes of a sparse list. */
function isStrings(list: unknown): list is string[] {
  return Array.isArray(list) && [...list].every((item) => typeof item === "string");
}
