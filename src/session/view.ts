/** The object that the application holds: its data, and the members on a frozen prototype. */

import { optionError } from "../internal/checks.ts";
import { refuseName } from "../internal/data.ts";
import type { SessionError } from "../internal/errors.ts";
import type { Lifetime } from "./config.ts";

/** `error` is there where the revocation list could not be told, or the session not be written. */
export type Done = (error?: SessionError) => void;

/** The four facts of a session. */
export interface SessionFacts {
  /** 128 random bits as 22 characters. */
  readonly id: string;
  /** No valid cookie brought it. */
  readonly isNew: boolean;
  /** When it began, in seconds since the epoch. */
  readonly createdAt: number;
  /** When its cookie no longer opens, in seconds since the epoch. */
  readonly expiresAt: number;
}

/** The members of a session besides its data. */
export interface SessionMembers extends SessionFacts {
  /**
   * Drops the data and begins anew under a new id, in the same object: call it at every login.
   *
   * The Promise, and `done`, settle when the revocation list has been told. It rejects with a SessionError:
   * ERR_SESSION_REVOCATION where the list could not be told, ERR_SESSION_UNSENT where the headers have gone.
   */
  regenerate(done?: Done): Promise<void>;
  /** Drops the data, and with them the cookie: call it at every logout. Settles as `regenerate` does. */
  destroy(done?: Done): Promise<void>;
  /**
   * Checks that the session can be written now; the cookie itself goes with the headers. The error goes to
   * `done` where there is one.
   *
   * @throws SessionError
   */
  save(done?: Done): void;
  /**
   * Renews the session, however young it is. With a lifetime, from now on with that one: "remember me".
   *
   * @throws ConfigError ERR_OPTION: `maxAge` is not whole seconds from 1 to `longestAge`.
   */
  touch(lifetime?: Lifetime): void;
}

/** What the members ask and tell: a State. */
interface Owner {
  readonly draft: SessionFacts & Pick<SessionMembers, "touch">;
  restart(done?: Done): Promise<void>;
  save(done?: Done): void;
}

const FACTS = ["id", "isNew", "createdAt", "expiresAt"] as const;
const METHODS: Record<string, (owner: Owner, argument?: never) => unknown> = {
  regenerate: (owner, done) => owner.restart(done),
  destroy: (owner, done) => owner.restart(done),
  save: (owner, done) => owner.save(done),
  touch: (owner, lifetime) => owner.draft.touch(lifetime),
};

/** A session that is only read: its data, and the four facts on the prototype. */
export class ReadonlySession {
  readonly #owner: Owner;

  constructor(owner: Owner) {
    this.#owner = owner;
  }

  /** Out of reach of who holds a session: its prototype has no constructor. */
  static ownerOf(session: ReadonlySession): Owner {
    if (typeof session === "object" && session !== null && #owner in session) return session.#owner;
    throw optionError("what a session's member is taken of", "the session, not a copy or a Proxy");
  }
}

/** A session that can be changed. */
export class Session extends ReadonlySession {}

const { ownerOf } = ReadonlySession;
for (const name of FACTS) {
  define(ReadonlySession.prototype, name, (session) => ownerOf(session).draft[name]);
}
for (const [name, call] of Object.entries(METHODS)) {
  const method = function (this: ReadonlySession, argument?: never): unknown {
    return call(ownerOf(this), argument);
  };
  define(Session.prototype, name, () => method);
}
define(ReadonlySession.prototype, "__proto__", Object.getPrototypeOf);
for (const { prototype } of [ReadonlySession, Session]) {
  // It is a name for data.
  Reflect.deleteProperty(prototype, "constructor");
  Object.freeze(prototype);
}

/** An accessor, so that an assignment throws, in sloppy code too. */
function define(prototype: object, name: string, get: (session: ReadonlySession) => unknown): void {
  Object.defineProperty(prototype, name, {
    get(this: ReadonlySession) {
      return get(this);
    },
    set: () => refuseName(name),
  });
}
