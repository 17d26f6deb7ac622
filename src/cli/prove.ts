/** Tries each given key on a token, in every way that the token can have been made. */

import { Fernet } from "../fernet.ts";
import type { JwtPolicy } from "../internal/claims.ts";
import { ConfigError, type Refusal, TokenError } from "../internal/errors.ts";
import { Jwt } from "../jwt.ts";
import { failureOf } from "./failure.ts";
import type { Key } from "./keys.ts";
import { type Finding, openAsgi, openSession, type Setting } from "./recognise.ts";

export interface Proof extends Finding {
  readonly proven: boolean;
  /** The number of the key whose MAC holds, from 0 on. */
  readonly key?: number;
}

export interface Context extends Setting {
  /** The cookie's name, if known. */
  readonly cookie: string | undefined;
  readonly policy: JwtPolicy;
  /** True if options name claims, which sessions do not have. */
  readonly hasPolicy: boolean;
  readonly ttl: number | undefined;
}

/** The default names of sessions(). */
export const NAMES: readonly string[] = ["__Host-session", "__Secure-session", "session"];

type Outcome = Partial<Finding>;
type Attempt = (value: string, key: Key, context: Context) => Outcome;

/** The library gives these codes only after a MAC that holds. */
const AFTER_MAC = new Set([
  "ERR_TOKEN_EXPIRED",
  "ERR_TOKEN_NOT_ACTIVE",
  "ERR_TOKEN_CLAIM",
  "ERR_TOKEN_CRITICAL",
]);
/** After these refusals another way is tried. */
const NO_MAC = new Set(["ERR_TOKEN_SIGNATURE", "ERR_TOKEN_INVALID"]);

/** @throws Failure ERR_KEY: not a key for such a token. */
export function prove(
  finding: Finding,
  value: string,
  keys: readonly Key[],
  context: Context,
): Proof {
  if (finding.type === "base64") {
    // base64 has no MAC, so no key matches.
    return { code: "ERR_TOKEN_SIGNATURE", ...finding, proven: false };
  }
  let refused: Outcome & { key?: number } = {};
  for (const [key, one] of keys.entries()) {
    for (const outcome of outcomesOf(finding, value, one, context)) {
      const { code } = outcome;
      if (code === undefined) return { ...withoutCode(finding), ...outcome, proven: true, key };
      if (refused.code !== undefined && !NO_MAC.has(refused.code)) continue;
      // Without a MAC that holds, nothing tells the kind.
      if (NO_MAC.has(code)) refused = { code };
      else refused = AFTER_MAC.has(code) ? { ...outcome, key } : outcome;
    }
  }
  return { ...finding, ...refused, proven: false };
}

function withoutCode({ code: _, claim: __, ...finding }: Finding): Finding {
  return finding;
}

/** Returns one key's results, one for each way. @throws Failure: it fits none of them. */
function outcomesOf(finding: Finding, value: string, key: Key, context: Context): Outcome[] {
  const outcomes: Outcome[] = [];
  let wrong: unknown;
  for (const attempt of attemptsOf(finding, value, key, context)) {
    try {
      outcomes.push(attempt(value, key, context));
    } catch (error) {
      if (error instanceof TokenError) outcomes.push(refusedBy(error));
      else if (error instanceof ConfigError && error.code === "ERR_KEY") wrong ??= error;
      else throw error;
    }
  }
  if (outcomes.length === 0) throw failureOf(wrong, "--secret");
  return outcomes;
}

function refusedBy({ code, claim }: TokenError): Refusal {
  return claim === undefined ? { code } : { code, claim };
}

function attemptsOf(finding: Finding, value: string, key: Key, context: Context): Attempt[] {
  const { cookie, hasPolicy } = context;
  const isText = typeof key === "string";
  if (value.includes(".")) {
    if (finding.type === "jwt") return sessionsOf("jwt", cookie);
    return cookie !== undefined && isText && !hasPolicy ? [asgi("jwt")] : [plainJwt];
  }
  // A session has no Fernet padding.
  const ours = value.includes("=") ? [] : sessionsOf("fernet", cookie);
  if (cookie === undefined) return [plainFernet, ...ours];
  return isText ? [...ours, asgi("fernet"), plainFernet] : [...ours, plainFernet];
}

const plainJwt: Attempt = (value, key, { now, policy }) => {
  const claims = new Jwt(key, policy).verify(value, { now });
  return { kind: "jwt", claims };
};

const plainFernet: Attempt = (value, key, { now, ttl }) => {
  const message = new Fernet(key).decrypt(value, ttl === undefined ? { now } : { now, ttl });
  return { kind: "fernet", message };
};

function sessionsOf(type: "jwt" | "fernet", cookie: string | undefined): Attempt[] {
  const names = cookie === undefined ? NAMES : [cookie];
  return names.map((name) => (value, key, setting) => ({
    kind: "session",
    type,
    ...openSession(type, key, name, value, setting),
  }));
}

function asgi(type: "jwt" | "fernet"): Attempt {
  return (value, key, { cookie, ...setting }) => ({
    kind: "asgi-session",
    type,
    ...openAsgi(type, key as string, cookie as string, value, setting),
  });
}
