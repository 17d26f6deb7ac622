/** The application's session object: data as own members, methods and facts on a frozen prototype. */

import { optionError } from "../internal/checks.ts";
import { refuseName } from "../internal/data.ts";
import type { SessionError } from "../internal/errors.ts";
import type { Lifetime } from "./config.ts";

/** Called when done; with an `error` if the revocation list failed, or the session could not be written. */
export type Done = (error?: SessionError) => void;

/** The four facts of a session, read-only. */
export interface SessionFacts {
  /** 128 random bits as 22 characters. It names the session in a log, and opens nothing. */
  readonly id: string;
  /** True if no valid cookie brought the session. */
  readonly isNew: boolean;
  /** When the session began, in seconds since the epoch. */
  readonly createdAt: number;
  /** When its cookie stops opening, in seconds since the epoch. */
  readonly expiresAt: number;
}

/** The members of a session besides its data, which cannot have their names. */
export interface SessionMembers extends SessionFacts {
  /**
   * Drops the data and begins anew under a new id, in the same object. Await it at every login, and when a user gains
   * rights; then set the data. The Promise, and `done`, wait for the revocation list. It rejects with a SessionError:
   * ERR_SESSION_REVOCATION if the list failed, ERR_SESSION_UNSENT if the headers have gone out.
   */
  regenerate(done?: Done): Promise<void>;
  /** Drops the data and the cookie. Await it at every logout. Settles as `regenerate` does. */
  destroy(done?: Done): Promise<void>;
  /**
   * Checks that the session can be written now; the cookie goes with the headers. You need not call it. With `done`, an
   * error goes there.
   * @throws SessionError
   */
  save(done?: Done): void;
  /**
   * Renews the session, however young it is; given a lifetime, with that one from now on. For "remember me":
   * `touch({ maxAge: 30 * 24 * 3600, persistent: true })`.
   * @throws ConfigError ERR_OPTION: `maxAge` is not whole seconds from 1 to `longestAge`.
   */
  touch(lifetime?: Lifetime): void;
}

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

/** A read-only session: its data, and the four facts on the prototype. */
export class ReadonlySession {
  readonly #owner: Owner;

  constructor(owner: Owner) {
    this.#owner = owner;
  }

  /** Sessions cannot reach this: their prototype has no constructor. */
  static ownerOf(session: ReadonlySession): Owner {
    if (typeof session === "object" && session !== null && #owner in session) return session.#owner;
    throw optionError("a session's member", "used on the session itself, not on a copy or a Proxy");
  }
}

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
  // Data may have this name.
  Reflect.deleteProperty(prototype, "constructor");
  Object.freeze(prototype);
}

/** Defines an accessor, so that an assignment throws, in sloppy mode too. */
function define(prototype: object, name: string, get: (session: ReadonlySession) => unknown): void {
  Object.defineProperty(prototype, name, {
    get(this: ReadonlySession) {
      return get(this);
    },
    set: () => refuseName(name),
  });
}
