/** From a Cookie header to the session it carries, if any: candidates, their claims, revocation. */

import { PAIR_LIMIT, readCookies } from "../internal/cookies.ts";
import { ConfigError, SessionError } from "../internal/errors.ts";
import { parseObject } from "../internal/text.ts";
import type { Config } from "./config.ts";

/** What a valid cookie says: `{"jti": id, "iat": begun, "exp": end, "data": {...}}`. */
export interface Claims {
  readonly id: string;
  readonly iat: number;
  readonly exp: number;
  readonly data: Record<string, unknown>;
  /** The JSON text of it all, as it was sealed. */
  readonly payload: string;
}

/** `claims` if a cookie is valid; `present` if there was one of the name at all. */
export interface Opened {
  readonly claims: Claims | undefined;
  readonly present: boolean;
  /** Why no cookie is valid, though there were some. */
  readonly refused: string | undefined;
}

/** So many cookies of one name are tried; more come from nobody but an attacker. */
const MOST_CANDIDATES = 8;

const ABSENT: Opened = { claims: undefined, present: false, refused: undefined };

/**
 * Opens the cookies of a header; a Promise only where the revocation list gives one.
 *
 * @throws SessionError ERR_SESSION_REVOCATION, or rejects with it.
 */
export function open(
  config: Config,
  header: string | undefined,
  now: number,
): Opened | Promise<Opened> {
  const values = readCookies(header ?? "", config.name);
  if (values.length === 0) return ABSENT;
  const candidates: Claims[] = [];
  let refused: string | undefined;
  for (const value of values.slice(0, MOST_CANDIDATES)) {
    const claims = openValue(config, value, now);
    if (typeof claims === "string") refused ??= claims;
    else candidates.push(claims);
  }
  if (candidates.length === 0) return { claims: undefined, present: true, refused };
  // RFC 6265bis section 4.2.2: the order of cookies of one name means nothing. The newest wins.
  candidates.sort((a, b) => b.exp - a.exp || b.iat - a.iat);
  return firstHonoured(config, candidates, 0);
}

/** What is there already. @throws ConfigError ERR_OPTION: the revocation list gave a Promise. */
export function atOnce<V>(value: V | Promise<V>): V {
  if (!isPromise(value)) return value;
  value.catch(() => {});
  throw new ConfigError(
    "ERR_OPTION",
    "the revocation list is asynchronous: use load or middleware",
  );
}

/** Tells `onInvalid` or `onError`: what it throws, or rejects with, must not fail a request or end a process. */
export function tell<V>(name: string, callback: (told: V) => unknown, told: V): void {
  const failed = (): void => process.emitWarning(`${name} threw`, { code: "BULLA_CALLBACK" });
  try {
    const answer = callback(told);
    if (isPromise(answer)) answer.then(undefined, failed);
  } catch {
    failed();
  }
}

export function isPromise<V>(value: V | Promise<V>): value is Promise<V> {
  return typeof (value as { then?: unknown } | undefined)?.then === "function";
}

function firstHonoured(
  config: Config,
  candidates: readonly Claims[],
  first: number,
): Opened | Promise<Opened> {
  for (let index = first; index < candidates.length; index++) {
    const claims = candidates[index] as Claims;
    const answer = ask(config, claims.id);
    if (isPromise(answer)) {
      return answer.then((revoked) =>
        revoked ? firstHonoured(config, candidates, index + 1) : honoured(claims),
      );
    }
    if (!answer) return honoured(claims);
  }
  return { claims: undefined, present: true, refused: "ERR_SESSION_REVOKED" };
}

function honoured(claims: Claims): Opened {
  return { claims, present: true, refused: undefined };
}

function ask({ revocation }: Config, id: string): boolean | Promise<boolean> {
  if (revocation === undefined) return false;
  try {
    const answer = revocation.isRevoked(id);
    return isPromise(answer) ? Promise.resolve(answer).then(undefined, unreachable) : answer;
  } catch (cause) {
    return unreachable(cause);
  }
}

function unreachable(cause: unknown): never {
  throw revocationError(cause);
}

/** That the list could not be asked or told; revocation.ts's lists say so themselves. */
export function revocationError(cause: unknown): SessionError {
  if (cause instanceof SessionError && cause.status === 503) return cause;
  return new SessionError("ERR_SESSION_REVOCATION", { cause });
}

/** The claims of a cookie's value, or the code of why it is refused. */
function openValue(config: Config, value: string, now: number): Claims | string {
  // No user agent keeps what is longer, and we never write it.
  if (config.name.length + value.length > PAIR_LIMIT) return "ERR_TOKEN_TOO_LARGE";
  const payload = openSeal(config, value);
  if (typeof payload !== "string") return payload.code;
  const claims = parseObject(payload);
  if (claims === undefined) return "ERR_TOKEN_MALFORMED";
  const { jti: id, iat, exp, data } = claims;
  if (typeof id !== "string" || id === "" || !isTime(iat) || !isTime(exp) || !isObject(data)) {
    return "ERR_TOKEN_MALFORMED";
  }
  if (now >= exp || now >= iat + config.maxLifetime) return "ERR_TOKEN_EXPIRED";
  return { id, iat, exp, data, payload };
}

/** What a seal opens; a custom one can refuse by anything. */
function openSeal({ seal }: Config, value: string): string | { readonly code: string } {
  try {
    const opened = seal.open(value);
    return typeof opened === "string" ? opened : { code: codeOf(opened) };
  } catch (error) {
    return { code: codeOf(error) };
  }
}

function codeOf(refused: unknown): string {
  const code = (refused as { code?: unknown } | null | undefined)?.code;
  return typeof code === "string" ? code : "ERR_TOKEN_INVALID";
}

/** The claims as they are sealed, in this order. */
export function claimsText(
  { id, iat, exp }: { id: string; iat: number; exp: number },
  data: string,
): string {
  return `{"jti":${JSON.stringify(id)},"iat":${iat},"exp":${exp},"data":${data}}`;
}

function isTime(value: unknown): value is number {
  return Number.isSafeInteger(value);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}
