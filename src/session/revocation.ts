/** Asks the application's revocation list, and tells it of ended sessions. */

import { isPromise } from "../internal/callbacks.ts";
import { withoutReserved } from "../internal/data.ts";
import { revocationError, type SessionError } from "../internal/errors.ts";
import type { ListedSession, Revocation } from "../internal/lists.ts";
import { parseObject } from "../internal/text.ts";
import type { Config } from "./config.ts";
import { type Envelope, lastMoment } from "./envelope.ts";

/** A session with a cookie that may still open. */
export type Listed = Omit<Envelope, "data" | "brought">;

/** How many ids of one request may a list be asked about, or told of? */
export const MOST_IDS = 8;

/** Asks the list. @throws SessionError ERR_SESSION_REVOCATION, or rejects with it. */
export function isRevoked(list: Revocation, session: Listed): boolean | Promise<boolean> {
  try {
    const answer = list.isRevoked(session.id, listed(session));
    if (!isPromise(answer)) return checkAnswer(answer);
    return Promise.resolve(answer).then(checkAnswer).catch(fail);
  } catch (cause) {
    return fail(cause);
  }
}

/** Revokes the sessions, newest first. Reports a failing list to `owner`; never rejects. */
export function revokeAll(
  config: Config,
  sessions: readonly Listed[],
  now: number,
  owner: { fail(error: SessionError): void; report(error: SessionError): void },
): Promise<unknown> {
  const { revocation } = config;
  if (revocation === undefined) return Promise.resolve();
  if (sessions.length > MOST_IDS) {
    owner.report(revocationError(new Error(`${sessions.length - MOST_IDS} more were not revoked`)));
  }
  const refuse = (cause: unknown): void => owner.fail(revocationError(cause));
  const told: Promise<void>[] = [];
  for (const session of sessions.slice(0, MOST_IDS)) {
    try {
      const until = lastMoment(config, session, now);
      if (until <= now) continue; // All its cookies have expired.
      const answer = revocation.revoke(session.id, until, listed(session));
      if (isPromise(answer)) told.push(Promise.resolve(answer).catch(refuse));
    } catch (cause) {
      refuse(cause);
    }
  }
  return Promise.all(told);
}

/** Refuses answers like undefined or 0, which would let every session in. */
function checkAnswer(answer: unknown): boolean {
  if (typeof answer === "boolean") return answer;
  throw new TypeError("isRevoked must return true or false");
}

function fail(cause: unknown): never {
  throw revocationError(cause);
}

function listed({ begun, ends, payload }: Listed): ListedSession {
  let data: Record<string, unknown> | undefined;
  return Object.freeze({
    createdAt: begun,
    expiresAt: ends,
    get data() {
      data ??= withoutReserved(parseObject(payload)?.data as object);
      return data;
    },
  });
}
