/**
 * Shares one session cookie between Node and Python's ASGI middleware asgi-sessions (1.2):
 *
 *     base64   the data as JSON in padded base64url: neither signed nor secret
 *     jwt      the data as the claims of an HS256 JWT (RFC 7519), under the secret itself
 *     fernet   the data as JSON in a padded Fernet token, whose key is the secret's 32 characters
 *
 * Python's cookie holds only the data: `open` adds a session's claims, `seal` removes them.
 * Trusted base: all of src/ but jwt.ts, fernet.ts and digest.ts.
 */

import { hash } from "node:crypto";
import { encodeUpTo, fromText, pad, toText, unpaddedLength } from "./internal/base64.ts";
import { warnOnce } from "./internal/callbacks.ts";
import {
  type Check,
  type Checks,
  checkBoolean,
  clockOf,
  optionError,
  readOptions,
} from "./internal/checks.ts";
import { type Claims, wrongType } from "./internal/claims.ts";
import { RESERVED } from "./internal/data.ts";
import { ConfigError, type Refusal, refusal, type TokenErrorCode } from "./internal/errors.ts";
import { decryptFrame, Frames, timestampOf } from "./internal/frame.ts";
import { isPortable, put } from "./internal/json.ts";
import { hasType, Jws, type JwtHeader, openUnverified } from "./internal/jws.ts";
import { keyList } from "./internal/keys.ts";
import { parseObject, utf8Text } from "./internal/text.ts";
import {
  COOKIE_OPTIONS,
  FOURTEEN_DAYS,
  SESSION_OPTIONS,
  type SessionOptions,
} from "./session/config.ts";
import { envelopeText } from "./session/envelope.ts";
import { type Seal, type SealType, SHARED } from "./session/seal.ts";
import { type Data, type SessionData, type Sessions, sessions } from "./session.ts";

export {
  ConfigError,
  type ConfigErrorCode,
  SessionError,
  type SessionErrorCode,
  type TokenErrorCode,
} from "./internal/errors.ts";

type Refused = "revocation" | "maxLifetime";

/** Options of `asgiSessions`: `type` and `secret` as in Python's middleware, the rest as in `sessions`. */
export interface AsgiSessionOptions
  extends Omit<SessionOptions, "type" | "secret" | "seal" | Refused> {
  /** How is the cookie sealed? As Python's `session_type`; it has no default. */
  type: SealType;
  /**
   * With which secret? Python's `secret_key`, which must sign nothing else; of a list the first seals, all open. 32
   * bytes or more ("jwt"), 32 ASCII characters that are not all hexadecimal ("fernet"), or none ("base64").
   */
  secret?: string | readonly string[];
  /** Is a weaker secret accepted, with a warning? Whoever guesses it can be any user. `false` by default. */
  allowWeakSecret?: boolean;
}

interface Format {
  write(data: string, iat: number): string;
  /** A cookie without a time gets `now` as its `iat`. */
  read(cookie: string, now: number): { readonly text: string; readonly iat: number } | Refusal;
  /** Returns the code for data on which Python would fail. */
  refuses?(data: Claims, now: number): TokenErrorCode | undefined;
}

const SECRET_BYTES = 32;
const HEXADECIMAL = /^[0-9A-Fa-f]*$/;
const MALFORMED = "ERR_TOKEN_MALFORMED";
/** The header that PyJWT and jws.ts write. */
const JWT_HEADER = `${toText(Buffer.from('{"alg":"HS256","typ":"JWT"}'))}.`;

const refuse = (reason: string, allowed?: unknown): Check => {
  return (value, name) => {
    if (value !== allowed) throw optionError(name, `left out: ${reason}`);
  };
};
const NO_ID = refuse("a Python cookie has no session id, and no time at which the session began");
const NO_LIFETIME = refuse("a Python cookie has no lifetime of its own");
/** Python's cookie has the path "/" and no domain. */
const TWO_COOKIES = "it would make this cookie another one than Python's";

type Given = AsgiSessionOptions & Pick<SessionOptions, Refused>;
const NEEDED = ["secret", "revocation", "maxAge", "maxLifetime"] as const;
const { seal: _, ...CHECKS } = SESSION_OPTIONS;
const OPTIONS: Checks<Given> = {
  ...CHECKS,
  allowWeakSecret: checkBoolean,
  revocation: NO_ID,
  maxLifetime: NO_ID,
};

const COOKIE: typeof COOKIE_OPTIONS = {
  ...COOKIE_OPTIONS,
  path: refuse(TWO_COOKIES, "/"),
  domain: refuse(TWO_COOKIES),
  partitioned: refuse(TWO_COOKIES, false),
};

/**
 * Sessions shared with a Python service that uses asgi-sessions: a user who logs in on one is logged in on both.
 * @example
 * ```ts
 * import { asgiSessions } from "bulla/asgi";
 *
 * const visitors = asgiSessions<{ user?: string }>({ type: "fernet", secret: process.env.SESSION_SECRET ?? "" });
 * console.log(visitors.read(visitors.issue({ user: "tom" }).setCookie).user); // "tom"
 * ```
 * @throws ConfigError ERR_OPTION; ERR_KEY: a weak secret, or one that Python fails on.
 */
export function asgiSessions<T extends object & Data = SessionData>(
  options: AsgiSessionOptions,
): Sessions<T> {
  const given = readOptions<Given>(options, OPTIONS, "asgiSessions", NEEDED);
  const { type, secret = "", allowWeakSecret = false, cookie, ...rest } = given;
  if (type === undefined)
    throw optionError("type", "fernet, jwt or base64, as Python's session_type");
  const { name = "session", ...attributes } = readOptions(cookie, COOKIE, "cookie", []);
  const keys = (kind: "jwt" | "fernet"): Uint8Array[] =>
    keyList(secret, "secret").map((one) => keyOf(kind, one, allowWeakSecret));
  const format =
    type === "base64" ? base64() : type === "jwt" ? jwt(keys(type)) : fernet(keys(type));
  const seal = sealOf(format, rest.maxAge ?? FOURTEEN_DAYS, clockOf(rest.clock));
  return sessions<T>({ ...rest, cookie: { ...attributes, name }, seal });
}

function sealOf(format: Format, maxAge: number, clock: () => number): Seal {
  const seal: Seal & Record<typeof SHARED, unknown> = {
    [SHARED]: { maxAge: NO_LIFETIME, persistent: NO_LIFETIME },
    open(cookie) {
      const now = clock();
      const read = format.read(cookie, now);
      if ("code" in read) return read;
      // Parsed alone, before it goes into other text: there it could close the data and add claims.
      const data = parseObject(read.text);
      if (data === undefined || !isPortable(data, read.text)) return refusal(MALFORMED);
      const code = format.refuses?.(data, now);
      if (code !== undefined) return refusal(code);
      // Names the cookie's value, not a session: equal values have one id.
      const id = encodeUpTo(Buffer.from(hash("sha256", cookie, "binary"), "binary"), 16);
      const iat = Math.min(read.iat, Number.MAX_SAFE_INTEGER - maxAge);
      const claims = { id, iat, exp: iat + maxAge, begun: iat, age: undefined, keep: undefined };
      const text = Object.keys(data).some(isReserved) ? renamed(data, hidden) : read.text;
      return envelopeText(claims, text);
    },
    seal(payload) {
      const { iat, data } = JSON.parse(payload);
      // A throw becomes an ERR_SESSION_DATA.
      if (!isPortable(data, payload) || format.refuses?.(data, clock())) throw refusal(MALFORMED);
      return format.write(renamed(data, shown), iat);
    },
  };
  return seal;
}

function base64(): Format {
  warnOnce("BULLA_BASE64", 'sessions of type "base64" can be read and forged by anybody');
  return {
    write: (data) => toText(Buffer.from(data), true),
    read: (cookie, now) => textOf(Buffer.from(fromText(cookie, true).buffer), now),
  };
}

function jwt(keys: readonly Uint8Array[]): Format {
  const jws = new Jws(keys);
  return {
    write: (data) => jws.sign(data),
    read(cookie, now) {
      const text = jws.open(cookie);
      if (typeof text !== "string") return text;
      return hasPlainType(cookie) ? { text, iat: now } : refusal("ERR_TOKEN_CLAIM");
    },
    // asgi-sessions does not catch PyJWT's errors about these claims: each is a status 500.
    refuses(data, now) {
      if (Object.hasOwn(data, "aud") || wrongType(data) !== undefined) return "ERR_TOKEN_CLAIM";
      const { exp = Infinity, nbf = now, iat = now } = data;
      if (Math.floor(exp) <= now) return "ERR_TOKEN_EXPIRED";
      return nbf > now || iat > now ? "ERR_TOKEN_NOT_ACTIVE" : undefined;
    },
  };
}

/** False for a token of another kind under the same secret, by its `typ` (RFC 8725 section 3.11). */
function hasPlainType(token: string): boolean {
  if (token.startsWith(JWT_HEADER)) return true;
  const { header = {} } = openUnverified(token) as { header?: JwtHeader };
  return header.typ === undefined || hasType(header, "JWT");
}

function fernet(keys: readonly Uint8Array[]): Format {
  const frames = new Frames(keys);
  return {
    write: (data, iat) => pad(frames.encrypt(data, iat)),
    read(cookie) {
      const frame = frames.open(cookie, unpaddedLength(cookie));
      const iat = frame && timestampOf(frame);
      const plaintext = frame && decryptFrame(frame);
      if (plaintext === undefined) return refusal("ERR_TOKEN_INVALID");
      const read = textOf(plaintext, iat as number);
      plaintext.fill(0);
      return read;
    },
  };
}

function textOf(bytes: Buffer, iat: number): { text: string; iat: number } | Refusal {
  const text = utf8Text(bytes, 0, bytes.length);
  return text === undefined ? refusal(MALFORMED) : { text, iat };
}

/** Fills a short secret as Python does: zeros (RFC 2104 section 2), or "=" for fernet. @throws ConfigError ERR_KEY */
function keyOf(type: "jwt" | "fernet", secret: unknown, allowWeak: boolean): Uint8Array {
  if (typeof secret !== "string" || secret === "" || !secret.isWellFormed()) {
    throw new ConfigError("ERR_KEY", "a secret must be text, not empty: Python's secret_key");
  }
  const bytes = Buffer.from(secret);
  const isFernet = type === "fernet";
  if (isFernet && (bytes.length > SECRET_BYTES || bytes.length > secret.length)) {
    throw new ConfigError("ERR_KEY", "a fernet secret must be 32 ASCII characters, as in Python");
  }
  if (bytes.length < SECRET_BYTES || (isFernet && HEXADECIMAL.test(secret))) {
    const demand = isFernet ? "32 characters, not all hexadecimal" : "32 bytes or more";
    const advice = `${demand}, such as crypto.randomBytes(24).toString("base64")`;
    if (!allowWeak) throw new ConfigError("ERR_KEY", `the secret must be ${advice}`);
    warnOnce("BULLA_WEAK_SECRET", `sessions can be forged: the secret should be ${advice}`);
  }
  if (bytes.length >= SECRET_BYTES) return bytes;
  return Buffer.concat([bytes, Buffer.alloc(SECRET_BYTES - bytes.length, isFernet ? "=" : 0)]);
}

/** True for a reserved name behind any number of "~": on Node it has one more. */
function isReserved(name: string): boolean {
  return RESERVED.has(name.startsWith("~") ? name.replace(/^~+/, "") : name);
}

const hidden = (name: string): string => `~${name}`;
const shown = (name: string): string => name.slice(1);

/** Writes data as JSON text, with their reserved names renamed. */
function renamed(data: object, rename: (name: string) => string): string {
  const copy = {};
  for (const [name, value] of Object.entries(data)) {
    put(copy, isReserved(name) ? rename(name) : name, value);
  }
  return JSON.stringify(copy);
}
