/** Checks the options of sessions() once and computes the configuration. */

import {
  type Checks,
  checkBoolean,
  checkFunction,
  checkMethods,
  checkOneOf,
  checkWholeSeconds,
  clockOf,
  optionError,
  readOptions,
} from "../internal/checks.ts";
import {
  ATTRIBUTES,
  attributesText,
  type CookieAttributes,
  MAX_AGE_LIMIT,
} from "../internal/cookies.ts";
import { ConfigError, type SessionError, type TokenErrorCode } from "../internal/errors.ts";
import type { Revocation } from "../internal/lists.ts";
import type { CookieSource } from "../internal/sources.ts";
import { base64Seal, lazySeal, type Seal, type SealType, type Secrets, SHARED } from "./seal.ts";

type Attributes = Omit<CookieAttributes, "maxAge" | "expires">;
type SessionAttributes = Omit<CookieAttributes, "maxAge" | "expires" | "httpOnly">;

/** The option `cookie`. Always HttpOnly; by default path "/", secure, sameSite "lax". Plain http: `secure: false`. */
export interface SessionCookieOptions extends SessionAttributes {
  /** `__Host-session` if path, domain and secure allow it, else `__Secure-session` if secure, else `session`. */
  name?: string;
  /** Does the cookie outlive the browser's session? `true` by default; `false`: it has no Max-Age. */
  persistent?: boolean;
}

/** The reason why a cookie was refused, and nothing of its content. */
export interface InvalidReason {
  /** The code of a TokenError; or ERR_SESSION_REVOKED for a session that logged out. */
  readonly code: TokenErrorCode | "ERR_SESSION_REVOKED";
}

/** One session's own lifetime, for `touch` and `issue`. An option left out stays as it is. */
export interface Lifetime {
  /** How long is this session good after each write? Whole seconds, `longestAge` at most. */
  maxAge?: number;
  /** Does its cookie outlive the browser? */
  persistent?: boolean;
}

/** Options of `sessions`. All times are seconds. An unknown option is refused. */
export interface SessionOptions {
  /** How is a session written? "fernet" (the default) is encrypted, "jwt" signed but readable, "base64" neither. */
  type?: SealType;
  /** With which secrets, newest first? 32 bytes or more each; the first seals, all open. A function is called once. */
  secret?: Secrets | (() => Secrets);
  /** Your own way to seal the cookie, in place of `type` and `secret`. */
  seal?: Seal;
  /** The name and the attributes of the cookie. */
  cookie?: SessionCookieOptions;
  /** How long is a cookie good after it was last written? 14 days by default, 400 days at most. */
  maxAge?: number;
  /** How old is a cookie when an unchanged session is written again? `maxAge / 2` by default; `false`: never. */
  renewAfter?: number | false;
  /** How long can a session last in all, however often it is renewed? Unlimited by default. */
  maxLifetime?: number;
  /** How large a `maxAge` may `touch` set ("remember me")? `maxAge` by default, 400 days at most. */
  longestAge?: number;
  /** Which list refuses logged-out sessions? `memoryRevocation({ only })` or `redisRevocation(client)`; else none. */
  revocation?: Revocation;
  /** Called once a request with the reason why its cookie was refused. A throw becomes a process warning. */
  onInvalid?: (reason: InvalidReason, source: CookieSource) => void;
  /** Called for a session that could not be written, and for lost changes. `process.emitWarning` by default. */
  onError?: (error: SessionError) => void;
  /** The current time in seconds since the epoch: for tests. */
  clock?: () => number;
}

type Known = "maxAge" | "maxLifetime" | "longestAge" | "onError";
/** The computed configuration; Infinity means unlimited. */
export interface Config
  extends Required<Pick<SessionOptions, Known>>,
    Pick<SessionOptions, "revocation" | "onInvalid"> {
  readonly name: string;
  /** Makes the seal at first use. @throws ConfigError ERR_KEY: a function `secret` gives no good secrets. */
  readonly seal: () => Seal;
  readonly attributes: Attributes & typeof DEFAULTS;
  readonly attributesText: string;
  readonly persistent: boolean;
  /** The Set-Cookie that deletes the cookie. */
  readonly clearing: string;
  readonly renewAfter: number;
  readonly lifetime: Checks<Lifetime>;
  /** The sources already reported to `onInvalid`. */
  readonly heard: WeakSet<object>;
  /** Whole seconds since the epoch. @throws ConfigError: the clock's time is not a finite number. */
  readonly now: () => number;
}

const DEFAULTS: Required<Pick<Attributes, "path" | "secure" | "sameSite" | "httpOnly">> = {
  path: "/",
  secure: true,
  sameSite: "lax",
  httpOnly: true,
};
export const FOURTEEN_DAYS: number = 14 * 24 * 3600;
/** HKDF's info holds the name, and node:crypto limits it to 1024 bytes; the value needs room too. */
const MOST_NAME = 512;

export const SESSION_OPTIONS: Checks<SessionOptions> = {
  type: (value, name) => checkOneOf(value, name, ["fernet", "jwt", "base64"]),
  secret: () => {}, // checked in seal.ts
  seal: (value, name) => checkMethods(value, name, ["seal", "open"]),
  cookie: () => {}, // checked by COOKIE_OPTIONS
  maxAge: (value, name) => checkWholeSeconds(value, name, 1, MAX_AGE_LIMIT),
  renewAfter: checkRenewAfter,
  maxLifetime: (value, name) => checkWholeSeconds(value, name, 1, Number.MAX_SAFE_INTEGER),
  longestAge: () => {}, // checked against maxAge
  revocation: (value, name) => checkMethods(value, name, ["isRevoked", "revoke"]),
  onInvalid: checkFunction,
  onError: checkFunction,
  clock: checkFunction,
};

const { maxAge: _, expires: __, httpOnly: ___, ...attributeChecks } = ATTRIBUTES;
export const COOKIE_OPTIONS: Checks<SessionCookieOptions> = {
  ...attributeChecks,
  name: () => {}, // checked by attributesText
  persistent: checkBoolean,
};

/** @throws ConfigError ERR_OPTION, ERR_KEY */
export function configure(given: SessionOptions): Config {
  if (given === undefined) throw optionError("the options of sessions", "an object");
  const needed = ["secret", "seal", "revocation", "maxAge", "maxLifetime"] as const;
  const options = readOptions(given, SESSION_OPTIONS, "sessions", needed);
  const { maxAge = FOURTEEN_DAYS, revocation } = options;
  const { renewAfter = maxAge / 2, longestAge = maxAge } = options;
  checkWholeSeconds(longestAge, "longestAge", maxAge, MAX_AGE_LIMIT);
  if (revocation !== undefined && options.type === "base64") {
    throw optionError("revocation", 'left out: anybody can forge the ids of type "base64"');
  }
  const cookie = configureCookie(options.cookie);
  return {
    ...cookie,
    seal: sealOf(options, cookie.name),
    maxAge,
    renewAfter: renewAfter === false ? Infinity : renewAfter,
    maxLifetime: options.maxLifetime ?? Infinity,
    longestAge,
    lifetime: (options.seal as { [SHARED]?: Checks<Lifetime> } | undefined)?.[SHARED] ?? {
      maxAge: (value, name) => checkWholeSeconds(value, name, 1, longestAge),
      persistent: checkBoolean,
    },
    ...(revocation && { revocation }),
    ...(options.onInvalid && { onInvalid: options.onInvalid }),
    heard: new WeakSet(),
    onError: options.onError ?? warn,
    now: clockOf(options.clock),
  };
}

function configureCookie(
  cookie: SessionCookieOptions | undefined,
): Pick<Config, "name" | "attributes" | "attributesText" | "persistent" | "clearing"> {
  const given = readOptions(cookie, COOKIE_OPTIONS, "cookie");
  const { persistent = true, name: chosen, ...rest } = given;
  const attributes = { ...DEFAULTS, ...rest };
  const { path, secure, domain } = attributes;
  const host = path === "/" && secure === true && domain === undefined;
  const prefix = host ? "__Host-" : secure ? "__Secure-" : "";
  const name = chosen === undefined ? `${prefix}session` : chosen;
  const text = attributesText(name, attributes);
  if (name.length > MOST_NAME) throw optionError("name", `at most ${MOST_NAME} characters long`);
  const clearing = `${name}=; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT${text}`;
  return { name, attributes, attributesText: text, persistent, clearing };
}

function sealOf({ type, secret, seal }: SessionOptions, cookieName: string): () => Seal {
  if (seal !== undefined) {
    if (type === undefined && secret === undefined) return () => seal;
    throw new ConfigError("ERR_OPTION", "give either seal, or type and secret, not both");
  }
  if (type !== "base64") return lazySeal(type ?? "fernet", secret, cookieName);
  const own = base64Seal();
  return () => own;
}

function checkRenewAfter(value: unknown, name: string): void {
  if (value !== false && !(Number.isFinite(value) && (value as number) >= 0)) {
    throw optionError(name, "false or a finite number of seconds, 0 or more");
  }
}

function warn({ message, code }: SessionError): void {
  process.emitWarning(message, { type: "SessionError", code });
}
