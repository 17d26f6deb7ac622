/**
 * The claims that a session's cookie seals, and the rules for their times (whole seconds since the epoch):
 *
 *     {"jti": id, "iat": written, "exp": end, "begun": b, "age": s, "keep": false, "data": {...}}
 *
 * `begun` is present only if it is before `iat`; `age` and `keep` only if `touch` set them.
 */

import { forget } from "../internal/callbacks.ts";
import { isCookieValue, PAIR_LIMIT } from "../internal/cookies.ts";
import { type Data, snapshotOf, withoutReserved } from "../internal/data.ts";
import { type Refusal, refusal, refusalOf, SessionError } from "../internal/errors.ts";
import { partsOf } from "../internal/json.ts";
import { isObject, parseObject } from "../internal/text.ts";
import type { Config } from "./config.ts";

export interface EnvelopeClaims {
  /** The claim `jti`. */
  readonly id: string;
  /** When the cookie was written. */
  readonly iat: number;
  readonly exp: number;
  /** When the session began. */
  readonly begun: number;
  /** The lifetime that `touch` set, in place of `maxAge`. */
  readonly age: number | undefined;
  /** The choice that `touch` made, in place of `persistent`. */
  readonly keep: boolean | undefined;
}

type Lasting = Pick<EnvelopeClaims, "begun" | "age">;

export interface Envelope extends EnvelopeClaims {
  /** When the cookie stops opening: at `exp`, or earlier under the current options. */
  readonly ends: number;
  readonly data: Record<string, unknown>;
  /** The cookie's data, without reserved names. */
  readonly brought: Data;
  /** The sealed JSON text. */
  readonly payload: string;
}

/** How far another machine's clock may be ahead, in seconds. */
export const SKEW = 60;

/** 16 bytes in base64url; the last character holds two bits. */
const ID = /^[\w-]{21}[AQgw]$/;

function lifetimeOf({ maxAge, longestAge }: Config, age: number | undefined): number {
  return Math.min(age ?? maxAge, longestAge);
}

/** When a cookie written at `now` stops opening. */
export function endOf(config: Config, { begun, age }: Lasting, now: number): number {
  return Math.min(now + lifetimeOf(config, age), begun + config.maxLifetime);
}

/** True if an unchanged session is old enough to write again, and the new cookie would open longer. */
export function isRenewalDue(config: Config, envelope: Envelope, now: number): boolean {
  const { iat, age, ends } = envelope;
  const after = (config.renewAfter * lifetimeOf(config, age)) / config.maxAge;
  return now >= iat + after && endOf(config, envelope, now) > ends;
}

/** Returns the last moment at which any cookie of the session can open, one written right now included. */
export function lastMoment(
  config: Config,
  session: Omit<Envelope, "data" | "brought">,
  now: number,
): number {
  const { longestAge, maxLifetime } = config;
  return Math.max(session.exp, Math.min(now + SKEW + longestAge, session.begun + maxLifetime));
}

/** Opens a cookie's value; returns its envelope, or the reason to refuse it. */
export function openValue(config: Config, value: string, now: number): Envelope | Refusal {
  // Longer values are never written (RFC 6265bis section 5.6).
  if (config.name.length + value.length > PAIR_LIMIT) return refusal("ERR_TOKEN_TOO_LARGE");
  const payload = openSeal(config, value);
  if (typeof payload !== "string") return payload;
  try {
    return readEnvelope(config, payload, now);
  } catch {
    return refusal("ERR_TOKEN_MALFORMED"); // Nested deeper than the stack: a custom seal can compress.
  }
}

function openSeal(config: Config, value: string): string | Refusal {
  // Outside `try`: a wrong `secret` is an error of the program, not a bad cookie.
  const seal = config.seal();
  try {
    const opened: unknown = seal.open(value);
    forget(opened);
    return typeof opened === "string" ? opened : refusalOf(opened);
  } catch (error) {
    return refusalOf(error);
  }
}

function readEnvelope(config: Config, payload: string, now: number): Envelope | Refusal {
  const members = parseObject(payload) ?? {};
  const { jti: id, iat, exp, begun = iat, age, keep, data: given } = members;
  if (typeof id !== "string" || !ID.test(id)) return refusal("ERR_TOKEN_MALFORMED");
  if (!isTime(iat) || !isTime(exp) || !isTime(begun)) return refusal("ERR_TOKEN_MALFORMED");
  if ("begun" in members && begun >= iat) return refusal("ERR_TOKEN_MALFORMED");
  if (age !== undefined && !(isTime(age) && age > 0)) return refusal("ERR_TOKEN_MALFORMED");
  if (keep !== undefined && typeof keep !== "boolean") return refusal("ERR_TOKEN_MALFORMED");
  if (!isObject(given)) return refusal("ERR_TOKEN_MALFORMED");
  // Data that cannot be written again would fail every request with this cookie.
  const data = withoutReserved(given);
  const parts = partsOf(data);
  if (parts === undefined) return refusal("ERR_TOKEN_MALFORMED");
  const ends = Math.min(exp, endOf(config, { begun, age }, iat));
  if (now >= ends) return refusal("ERR_TOKEN_EXPIRED");
  if (iat > now + SKEW) return refusal("ERR_TOKEN_NOT_ACTIVE");
  const brought = data === given ? { parts } : snapshotOf(data);
  return { id, iat, exp, begun, age, keep, ends, data, brought, payload };
}

/** Writes the JSON text to seal; `data` is JSON text. */
export function envelopeText(
  { id, iat, exp, begun, age, keep }: EnvelopeClaims,
  data: string,
): string {
  let text = `{"jti":"${id}","iat":${iat},"exp":${exp}`;
  if (begun < iat) text += `,"begun":${begun}`;
  if (age !== undefined) text += `,"age":${age}`;
  if (keep !== undefined) text += `,"keep":${keep}`;
  return `${text},"data":${data}}`;
}

/** Returns data as JSON text; without a text of their own, they are cut from the envelope's payload. */
export function textOf({ text }: Data, brought: Envelope | undefined): string {
  if (text !== undefined) return text;
  const envelope = brought as Envelope;
  const { payload } = envelope;
  const before = envelopeText(envelope, "").slice(0, -1);
  if (payload.startsWith(before)) return payload.slice(before.length, -1);
  // A custom seal may format the JSON differently.
  return snapshotOf(parseObject(payload)?.data as object).text;
}

/** Builds a Set-Cookie; `maxAge` is in seconds. @throws SessionError ERR_SESSION_DATA, ERR_SESSION_TOO_LARGE */
export function setCookie(config: Config, payload: string, maxAge: number | undefined): string {
  const { name, attributesText } = config;
  const seal = config.seal();
  let value: unknown;
  try {
    value = seal.seal(payload);
    forget(value);
  } catch {
    // The error of a seal could hold the data.
  }
  if (!isCookieValue(value)) throw new SessionError("ERR_SESSION_DATA");
  if (name.length + value.length > PAIR_LIMIT) throw new SessionError("ERR_SESSION_TOO_LARGE");
  return `${name}=${value}${maxAge === undefined ? "" : `; Max-Age=${maxAge}`}${attributesText}`;
}

function isTime(value: unknown): value is number {
  return Number.isSafeInteger(value);
}
