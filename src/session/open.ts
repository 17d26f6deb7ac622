/** From the cookies of a request to its session, if any: which of them is valid, newest, and not revoked. */

import { isPromise } from "../internal/callbacks.ts";
import { ConfigError } from "../internal/errors.ts";
import type { Config, InvalidReason } from "./config.ts";
import { type Envelope, openValue } from "./envelope.ts";
import { isRevoked, MOST_IDS } from "./revocation.ts";

export interface Opened {
  /** The session that the request brought. */
  readonly envelope: Envelope | undefined;
  /** The older valid ones beside it, newest first. */
  readonly others: readonly Envelope[];
  /** Whether there was a cookie of the name at all. */
  readonly present: boolean;
  /** The first reason, where there were cookies and none is valid. */
  readonly refused: InvalidReason | undefined;
}

/** A request without a cookie of the name. */
export const NONE: Opened = { envelope: undefined, others: [], present: false, refused: undefined };
const REVOKED: InvalidReason = Object.freeze({ code: "ERR_SESSION_REVOKED" });

/**
 * Opens the values of all cookies of the name; a Promise only where the revocation list gives one.
 *
 * @throws SessionError ERR_SESSION_REVOCATION, or rejects with it. ConfigError ERR_KEY: of a function `secret`.
 */
export function open(
  config: Config,
  values: readonly string[],
  now: number,
): Opened | Promise<Opened> {
  // Before any cookie is looked at, so that a wrong secret shows at the first request.
  config.seal();
  if (values.length === 0) return NONE;
  const valid: Envelope[] = [];
  let refused: InvalidReason | undefined;
  for (const value of new Set(values)) {
    const opened = openValue(config, value, now);
    if ("code" in opened) refused ??= opened;
    else valid.push(opened);
  }
  if (valid.length === 0) return { envelope: undefined, others: [], present: true, refused };
  // RFC 6265bis section 4.2.2: the order of cookies of one name means nothing. The newest wins.
  valid.sort((a, b) => b.iat - a.iat || b.exp - a.exp);
  return firstHonoured(config, distinct(valid), 0);
}

/** Returns the value; throws on a Promise. @throws ConfigError ERR_OPTION */
export function atOnce<V>(value: V | Promise<V>): V {
  if (!isPromise(value)) return value;
  value.catch(() => {});
  throw new ConfigError(
    "ERR_OPTION",
    "the revocation list is asynchronous: use load or middleware",
  );
}

/** One envelope for each id. */
function distinct(valid: Envelope[]): Envelope[] {
  if (valid.length === 1) return valid;
  const newest = new Map<string, Envelope>();
  for (const envelope of valid) if (!newest.has(envelope.id)) newest.set(envelope.id, envelope);
  return [...newest.values()];
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
    const { revocation } = config;
    const revoked = revocation !== undefined && isRevoked(revocation, envelope);
    if (isPromise(revoked)) {
      return revoked.then((yes) => (yes ? firstHonoured(config, valid, index + 1) : opened));
    }
    if (!revoked) return opened;
  }
  return { envelope: undefined, others: [], present: true, refused: REVOKED };
}
