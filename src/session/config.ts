/** The options of sessions(), checked once and worked out. */

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

/** Always HttpOnly; path "/", secure and sameSite "lax" by default. `secure` is never inferred from a request. */
export interface SessionCookieOptions extends SessionAttributes {
  /** `__Host-session` where path, domain and secure allow it, else `__Secure-session`, else `session`. */
  name?: string;
  /** false: the cookie has no Max-Age and goes when the browser closes. true by default. */
  persistent?: boolean;
}

/** A refused cookie: why, and never what was in it. */
export interface InvalidReason {
  readonly code: TokenErrorCode | "ERR_SESSION_REVOKED";
}

/** The lifetime of one session, for `touch` and `issue`. */
export interface Lifetime {
  /** How long is this session good after each write? Whole seconds, `longestAge` at most. */
  maxAge?: number;
  /** Does its cookie outlive the browser's session? */
  persistent?: boolean;
}

/** All times are seconds. */
export interface SessionOptions {
  /** "fernet" (the default) is encrypted, "jwt" signed but readable, "base64" neither. */
  type?: SealType;
  /** 32 bytes or more each, newest first: the first seals, all open. A function is called once, at first use. */
  secret?: Secrets | (() => Secrets);
  /** In place of `type` and `secret`. */
  seal?: Seal;
  cookie?: SessionCookieOptions;
  /** How long is a cookie good after it was last written? 14 days by default, 400 days at most. */
  maxAge?: number;
  /** From which age on is an unchanged session written anew? `maxAge` / 2 by default; false: never. */
  renewAfter?: number | false;
  /** How long can a session be renewed since it began? Unlimited by default. */
  maxLifetime?: number;
  /** How long may `touch` make one session's lifetime? `maxAge` by default, 400 days at most. */
  longestAge?: number;
  /** Refuses what logged out, copied cookies too: `memoryRevocation()`, `redisRevocation(client)`. */
  revocation?: Revocation;
  /** Hears why a cookie was refused, and of which request. */
  onInvalid?: (reason: InvalidReason, source: CookieSource) => void;
  /** Hears of a session that could not be written. `process.emitWarning` by default. */
  onError?: (error: SessionError) => void;
  /** The current time in seconds since the epoch. */
  clock?: () => number;
}

type Known = "maxAge" | "maxLifetime" | "longestAge" | "onError";
/** The options worked out; what is unlimited is Infinity. */
export interface Config
  extends Required<Pick<SessionOptions, Known>>,
    Pick<SessionOptions, "revocation" | "onInvalid"> {
  readonly name: string;
  /** Makes the seal at first use. @throws ConfigError ERR_KEY: of a function `secret`. */
  readonly seal: () => Seal;
  readonly attributes: Attributes & typeof DEFAULTS;
  /** The same as text, each behind "; ". */
  readonly attributesText: string;
  readonly persistent: boolean;
  /** The Set-Cookie that deletes the cookie. */
  readonly clearing: string;
  readonly renewAfter: number;
  readonly lifetime: Checks<Lifetime>;
  /** The sources of which `onInvalid` has heard. */
  readonly heard: WeakSet<object>;
  /** Whole seconds since the epoch. @throws ConfigError: the clock gives no finite number. */
  readonly now: () => number;
}

const DEFAULTS: Required<Pick<Attributes, "path" | "secure" | "sameSite" | "httpOnly">> = {
  path: "/",
  secure: true,
  sameSite: "lax",
  httpOnly: true,
};
export const FOURTEEN_DAYS: number = 14 * 24 * 3600;
/** The name is part of what HKDF is told, which node:crypto bounds; and the value needs the room. */
const MOST_NAME = 512;

export const SESSION_OPTIONS: Checks<SessionOptions> = {
  type: (value, name) => checkOneOf(value, name, ["fernet", "jwt", "base64"]),
  secret: () => {}, // seal.ts says what a secret is
  seal: (value, name) => checkMethods(value, name, ["seal", "open"]),
  cookie: () => {}, // COOKIE_OPTIONS
  maxAge: (value, name) => checkWholeSeconds(value, name, 1, MAX_AGE_LIMIT),
  renewAfter: checkRenewAfter,
  maxLifetime: (value, name) => checkWholeSeconds(value, name, 1, Number.MAX_SAFE_INTEGER),
  longestAge: () => {}, // from maxAge on
  revocation: (value, name) => checkMethods(value, name, ["isRevoked", "revoke"]),
  onInvalid: checkFunction,
  onError: checkFunction,
  clock: checkFunction,
};

const { maxAge: _, expires: __, httpOnly: ___, ...attributeChecks } = ATTRIBUTES;
export const COOKIE_OPTIONS: Checks<SessionCookieOptions> = {
  ...attributeChecks,
  name: () => {}, // attributesText says what a name is
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
    throw optionError("revocation", 'absent where type is "base64", whose ids can be forged');
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
  if (name.length > MOST_NAME) throw optionError("name", `of ${MOST_NAME} characters or less`);
  const clearing = `${name}=; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT${text}`;
  return { name, attributes, attributesText: text, persistent, clearing };
}

function sealOf({ type, secret, seal }: SessionOptions, cookieName: string): () => Seal {
  if (seal !== undefined) {
    if (type === undefined && secret === undefined) return () => seal;
    throw new ConfigError("ERR_OPTION", "seal stands instead of type and secret, not beside them");
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
