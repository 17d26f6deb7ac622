/**
 * A session as it is sealed, for all types alike: its claims and its times.
 *
 *     {"jti": id, "iat": written, "exp": end, "begun": b, "age": s, "keep": false, "data": {...}}
 *
 * `begun` stands only where the session began before `iat`, `age` and `keep` only where `touch` set them.
 * All times are whole seconds since the epoch.
 */

import { forget } from "../internal/callbacks.ts";
import { isCookieValue, PAIR_LIMIT } from "../internal/cookies.ts";
import { type Data, snapshotOf, withoutReserved } from "../internal/data.ts";
import { type Refusal, refusal, refusalOf, SessionError } from "../internal/errors.ts";
import { partsOf } from "../internal/json.ts";
import { isObject, parseObject } from "../internal/text.ts";
import type { Config } from "./config.ts";

/** What an envelope says besides the data. */
export interface EnvelopeClaims {
  /** `jti` */
  readonly id: string;
  /** When the cookie was written. */
  readonly iat: number;
  readonly exp: number;
  /** When the session began. */
  readonly begun: number;
  /** The session's own lifetime in place of `maxAge`. */
  readonly age: number | undefined;
  /** The session's own setting in place of `persistent`. */
  readonly keep: boolean | undefined;
}

type Lasting = Pick<EnvelopeClaims, "begun" | "age">;

export interface Envelope extends EnvelopeClaims {
  /** The moment from which on the cookie no longer opens: `exp`, or earlier by today's settings. */
  readonly ends: number;
  readonly data: Record<string, unknown>;
  /** The data as the cookie has them, but for reserved names. */
  readonly brought: Data;
  /** The JSON text of it all, as it was sealed. */
  readonly payload: string;
}

/** The clocks of a fleet may differ by so much. */
export const SKEW = 60;

/** 16 bytes in base64url, of which the last character holds two bits. */
const ID = /^[\w-]{21}[AQgw]$/;

/** How long a cookie of the session is good after it was written. */
function lifetimeOf({ maxAge, longestAge }: Config, age: number | undefined): number {
  return Math.min(age ?? maxAge, longestAge);
}

/** When a cookie that is written at `now` no longer opens. */
export function endOf(config: Config, { begun, age }: Lasting, now: number): number {
  return Math.min(now + lifetimeOf(config, age), begun + config.maxLifetime);
}

/** Whether an unchanged session is old enough to be written anew, and would open longer then. */
export function isRenewalDue(config: Config, envelope: Envelope, now: number): boolean {
  const { iat, age, ends } = envelope;
  const after = (config.renewAfter * lifetimeOf(config, age)) / config.maxAge;
  return now >= iat + after && endOf(config, envelope, now) > ends;
}

/** The last moment at which any cookie of the session can open, one that is being written right now included. */
export function lastMoment(
  config: Config,
  session: Omit<Envelope, "data" | "brought">,
  now: number,
): number {
  const { longestAge, maxLifetime } = config;
  return Math.max(session.exp, Math.min(now + SKEW + longestAge, session.begun + maxLifetime));
}

/** The envelope in a cookie's value, or the reason for which it is refused. */
export function openValue(config: Config, value: string, now: number): Envelope | Refusal {
  // User agents keep nothing longer, and it is never written.
  if (config.name.length + value.length > PAIR_LIMIT) return refusal("ERR_TOKEN_TOO_LARGE");
  const payload = openSeal(config, value);
  if (typeof payload !== "string") return payload;
  try {
    return readEnvelope(config, payload, now);
  } catch {
    return refusal("ERR_TOKEN_MALFORMED"); // Deeper than the stack: a seal can compress.
  }
}

function openSeal(config: Config, value: string): string | Refusal {
  // Not within `try`: a wrong `secret` is a fault of the program, not of the cookie.
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
  // What could not be written again would make every request that brings it fail.
  const data = withoutReserved(given);
  const parts = partsOf(data);
  if (parts === undefined) return refusal("ERR_TOKEN_MALFORMED");
  const ends = Math.min(exp, endOf(config, { begun, age }, iat));
  if (now >= ends) return refusal("ERR_TOKEN_EXPIRED");
  if (iat > now + SKEW) return refusal("ERR_TOKEN_NOT_ACTIVE");
  const brought = data === given ? { parts } : snapshotOf(data);
  return { id, iat, exp, begun, age, keep, ends, data, brought, payload };
}

/** The JSON text that is sealed; `data` is JSON text too. */
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

/** Data as JSON text; those without one are the envelope's. */
export function textOf({ text }: Data, brought: Envelope | undefined): string {
  if (text !== undefined) return text;
  const envelope = brought as Envelope;
  const { payload } = envelope;
  const before = envelopeText(envelope, "").slice(0, -1);
  if (payload.startsWith(before)) return payload.slice(before.length, -1);
  // A custom seal may format the JSON differently.
  return snapshotOf(parseObject(payload)?.data as object).text;
}

/**
 * The Set-Cookie of a session; `payload` is its envelope's text, and `maxAge` in seconds.
 *
 * @throws SessionError ERR_SESSION_DATA: the seal gives no cookie value. ERR_SESSION_TOO_LARGE
 */
export function setCookie(config: Config, payload: string, maxAge: number | undefined): string {
  const { name, attributesText } = config;
  const seal = config.seal();
  let value: unknown;
  try {
    value = seal.seal(payload);
    forget(value);
  } catch {
    // Its error could hold the data.
  }
  if (!isCookieValue(value)) throw new SessionError("ERR_SESSION_DATA");
  if (name.length + value.length > PAIR_LIMIT) throw new SessionError("ERR_SESSION_TOO_LARGE");
  return `${name}=${value}${maxAge === undefined ? "" : `; Max-Age=${maxAge}`}${attributesText}`;
}

function isTime(value: unknown): value is number {
  return Number.isSafeInteger(value);
}
