/** Picks the session of a request: the newest of its cookies that is valid and not revoked. */

import { forget, isPromise } from "../internal/callbacks.ts";
import { ConfigError } from "../internal/errors.ts";
import type { Config, InvalidReason } from "./config.ts";
import { type Envelope, openValue } from "./envelope.ts";
import { isRevoked, MOST_IDS } from "./revocation.ts";

export interface Opened {
  readonly envelope: Envelope | undefined;
  /** The other valid sessions of the request, newest first. */
  readonly others: readonly Envelope[];
  /** True if the request had a cookie of the name, good or bad. */
  readonly present: boolean;
  /** The first refusal, if there were cookies and none is valid. */
  readonly refused: InvalidReason | undefined;
}

export const NONE: Opened = { envelope: undefined, others: [], present: false, refused: undefined };
const REVOKED: InvalidReason = Object.freeze({ code: "ERR_SESSION_REVOKED" });

/** Opens all cookies of the name; a Promise only if the list gives one. @throws SessionError ERR_SESSION_REVOCATION */
export function open(
  config: Config,
  values: readonly string[],
  now: number,
): Opened | Promise<Opened> {
  if (values.length === 0) return NONE;
  if (values.length === 1) {
    const opened = openValue(config, values[0] as string, now);
    if ("code" in opened) return { ...NONE, present: true, refused: opened };
    return firstHonoured(config, [opened], 0);
  }
  const valid = new Map<string, Envelope>();
  let refused: InvalidReason | undefined;
  for (const value of new Set(values)) {
    const opened = openValue(config, value, now);
    if ("code" in opened) refused ??= opened;
    else if (newestFirst(opened, valid.get(opened.id) ?? opened) <= 0) valid.set(opened.id, opened);
  }
  if (valid.size === 0) return { ...NONE, present: true, refused };
  // RFC 6265bis section 4.2.2: the order of cookies has no meaning. The newest wins.
  return firstHonoured(config, [...valid.values()].sort(newestFirst), 0);
}

function newestFirst(a: Envelope, b: Envelope): number {
  return b.iat - a.iat || b.exp - a.exp;
}

/** Returns the value; throws on a Promise. @throws ConfigError ERR_OPTION */
export function atOnce<V>(value: V | Promise<V>): V {
  if (!isPromise(value)) return value;
  forget(value);
  throw new ConfigError(
    "ERR_OPTION",
    "the revocation list is asynchronous: use load or middleware",
  );
}

function firstHonoured(
  config: Config,
  valid: readonly Envelope[],
  first: number,
): Opened | Promise<Opened> {
  const most = Math.min(valid.length, MOST_IDS);
  for (let index = first; index < most; index++) {
    const envelope = valid[index] as Envelope;
    const opened = { envelope, others: valid.slice(index + 1), present: true, refused: undefined };
    const revoked = config.revocation !== undefined && isRevoked(config.revocation, envelope);
    if (isPromise(revoked)) {
      return revoked.then((yes) => (yes ? firstHonoured(config, valid, index + 1) : opened));
    }
    if (!revoked) return opened;
  }
  return { ...NONE, present: true, refused: REVOKED };
}
