/** The options of sessions(), checked once and worked out. */

import {
  checkBoolean,
  checkFunction,
  checkOneOf,
  optionError,
  readOptions,
} from "../internal/checks.ts";
import {
  attributesText,
  MAX_AGE_LIMIT,
  type Priority,
  type SameSite,
} from "../internal/cookies.ts";
import { ConfigError, type SessionError } from "../internal/errors.ts";
import { createSeal, type Seal, type SealType, type Secret } from "./seal.ts";

/** A list of session ids that are no longer honoured, though their cookies still open. */
export interface Revocation {
  /** Asked before a handler has the session; a failure refuses the request with a 503. */
  isRevoked(id: string): boolean | Promise<boolean>;
  /** `until`, in seconds since the epoch: from then on no cookie of that id opens any more. */
  revoke(id: string, until: number): void | Promise<void>;
}

export interface SessionCookieOptions {
  /** `__Host-session` where path, domain and secure allow it, else `session`. */
  name?: string;
  /** "/" by default. */
  path?: string;
  domain?: string;
  /** true by default; never inferred from a request. */
  secure?: boolean;
  /** "lax" by default. */
  sameSite?: SameSite;
  partitioned?: boolean;
  priority?: Priority;
  /** false: the cookie has no Max-Age and goes with the browser's session. true by default. */
  persistent?: boolean;
}

/** All times are whole seconds. */
export interface SessionOptions {
  /** "fernet" (the default) is encrypted, "jwt" signed but readable, "base64" neither. */
  type?: SealType;
  /** 32 bytes or more each, newest first: the first seals, all open. */
  secret?: Secret | readonly Secret[];
  /** In place of `type` and `secret`. */
  seal?: Seal;
  cookie?: SessionCookieOptions;
  /** How long a cookie is good after it was last written: 14 days by default, 400 at most. */
  maxAge?: number;
  /** An unchanged session older than that is written anew: `maxAge` / 2 by default; false: never. */
  renewAfter?: number | false;
  /** How long a session can be renewed since it began: unlimited by default. */
  maxLifetime?: number;
  /** What logged out stays out, copied cookies too: `memoryRevocation()`, `redisRevocation(client)`. */
  revocation?: Revocation;
  /** Hears why a cookie was refused; never what was in it. */
  onInvalid?: (reason: { code: string }) => void;
  /** Hears of a session that could not be written. `process.emitWarning` by default. */
  onError?: (error: SessionError) => void;
  /** The current time in seconds since the epoch. */
  clock?: () => number;
}

export interface Config {
  readonly name: string;
  readonly seal: Seal;
  /** All attributes but Max-Age, each behind "; ". */
  readonly attributes: string;
  readonly persistent: boolean;
  /** The Set-Cookie that deletes the cookie. */
  readonly clearing: string;
  readonly maxAge: number;
  /** Infinity where unchanged sessions are not renewed. */
  readonly renewAfter: number;
  /** Infinity where there is no limit. */
  readonly maxLifetime: number;
  readonly revocation: Revocation | undefined;
  readonly onInvalid: ((reason: { code: string }) => void) | undefined;
  readonly onError: (error: SessionError) => void;
  /** The Responses that a visitor has already got. */
  readonly handedOut: WeakSet<Response>;
  /** Whole seconds since the epoch. @throws ConfigError: the clock gives no finite number. */
  readonly now: () => number;
}

const FOURTEEN_DAYS = 14 * 24 * 3600;
/** It is part of what HKDF is told, which node:crypto bounds; and the value needs the room. */
const MOST_NAME = 512;

const OPTIONS: ReadonlySet<string> = new Set([
  "type",
  "secret",
  "seal",
  "cookie",
  "maxAge",
  "renewAfter",
  "maxLifetime",
  "revocation",
  "onInvalid",
  "onError",
  "clock",
]);
const COOKIE_OPTIONS: ReadonlySet<string> = new Set([
  "name",
  "path",
  "domain",
  "secure",
  "sameSite",
  "partitioned",
  "priority",
  "persistent",
]);

/** @throws ConfigError ERR_OPTION, ERR_KEY */
export function configure(given: SessionOptions): Config {
  if (given === undefined) throw optionError("the options of sessions", "an object");
  const options = readOptions(given, OPTIONS, "sessions");
  const { maxAge = FOURTEEN_DAYS, maxLifetime, clock } = options;
  checkWhole(maxAge, "maxAge", 1, MAX_AGE_LIMIT);
  const { renewAfter = maxAge / 2 } = options;
  if (renewAfter !== false) checkAge(renewAfter);
  if (maxLifetime !== undefined) checkWhole(maxLifetime, "maxLifetime", 1, Number.MAX_SAFE_INTEGER);
  checkFunction(options.onInvalid, "onInvalid");
  checkFunction(options.onError, "onError");
  checkMethods(options.revocation, "revocation", ["isRevoked", "revoke"]);
  const { name, attributes, persistent } = configureCookie(options.cookie);
  return {
    name,
    seal: configureSeal(options, name),
    attributes,
    persistent,
    clearing: `${name}=; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT${attributes}`,
    maxAge,
    renewAfter: renewAfter === false ? Infinity : renewAfter,
    maxLifetime: maxLifetime ?? Infinity,
    revocation: options.revocation,
    onInvalid: options.onInvalid,
    onError: options.onError ?? warn,
    handedOut: new WeakSet(),
    now: clockOf(clock),
  };
}

function configureCookie(
  cookie: SessionCookieOptions | undefined,
): Pick<Config, "name" | "attributes" | "persistent"> {
  const {
    persistent = true,
    name: chosen,
    ...given
  } = readOptions(cookie, COOKIE_OPTIONS, "cookie");
  checkBoolean(persistent, "persistent");
  const { path = "/", secure = true, sameSite = "lax", domain } = given;
  const host = path === "/" && secure === true && domain === undefined;
  const name = chosen === undefined ? (host ? "__Host-session" : "session") : chosen;
  const attributes = attributesText(name, { ...given, path, secure, sameSite, httpOnly: true });
  if (name.length > MOST_NAME) throw optionError("name", `of ${MOST_NAME} characters or less`);
  return { name, attributes, persistent };
}

function configureSeal({ type, secret, seal }: SessionOptions, cookieName: string): Seal {
  if (seal === undefined) {
    checkOneOf(type, "type", ["fernet", "jwt", "base64"]);
    if (type === "base64") warnOfBase64();
    return createSeal(type ?? "fernet", secret, cookieName);
  }
  if (type !== undefined || secret !== undefined) {
    throw new ConfigError("ERR_OPTION", "seal stands instead of type and secret, not beside them");
  }
  checkMethods(seal, "seal", ["seal", "open"]);
  return seal;
}

function checkWhole(value: number, name: string, least: number, most: number): void {
  if (!Number.isInteger(value) || value < least || value > most) {
    throw optionError(name, `whole seconds from ${least} to ${most}`);
  }
}

function checkAge(renewAfter: number): void {
  if (!Number.isFinite(renewAfter) || renewAfter < 0) {
    throw optionError("renewAfter", "false or a finite number of seconds, 0 or more");
  }
}

function checkMethods(value: unknown, name: string, methods: readonly string[]): void {
  if (value === undefined) return;
  const members = value as Record<string, unknown> | null;
  if (members === null || methods.some((method) => typeof members[method] !== "function")) {
    throw optionError(name, `an object with the methods ${methods.join(" and ")}`);
  }
}

/** Whole seconds since the epoch, of the machine or of what the application gave. */
export function clockOf(clock: (() => number) | undefined): () => number {
  checkFunction(clock, "clock");
  return clock === undefined ? systemClock : () => wholeSeconds(clock());
}

function systemClock(): number {
  return Math.floor(Date.now() / 1000);
}

function wholeSeconds(now: number): number {
  if (!Number.isFinite(now)) throw optionError("the clock's time", "a finite number of seconds");
  return Math.floor(now);
}

function warn({ message, code }: SessionError): void {
  process.emitWarning(message, { type: "SessionError", code });
}

let warned = false;

/** Once a process: what it holds must be known to be neither signed nor secret. */
function warnOfBase64(): void {
  if (warned) return;
  warned = true;
  process.emitWarning(
    'sessions of type "base64" are neither signed nor secret: anybody can read and forge them',
    { code: "BULLA_BASE64" },
  );
}
