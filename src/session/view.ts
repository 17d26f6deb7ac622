/** The object that the application holds: its data, and the members on a frozen prototype. */

import { optionError } from "../internal/checks.ts";
import { SessionError } from "../internal/errors.ts";

/** `error` is there when the revocation list could not be told, or the session not be written. */
export type Done = (error?: SessionError) => void;

/** The four facts of a session. */
export interface SessionFacts {
  /** 128 random bits as 22 characters. */
  readonly id: string;
  /** No valid cookie brought it. */
  readonly isNew: boolean;
  /** When it began, in seconds since the epoch. */
  readonly createdAt: number;
  /** When its cookie expires, in seconds since the epoch. */
  readonly expiresAt: number;
}

/** What a session is besides its data. */
export interface SessionMembers extends SessionFacts {
  /** Drops the data and begins anew under a new id, in the same object: for every login. */
  regenerate(done?: Done): void;
  /** Drops the data, and with them the cookie: for every logout. */
  destroy(done?: Done): void;
  /**
   * Checks that the session can be written; the cookie itself goes with the headers. The error goes to
   * `done` where there is one.
   *
   * @throws SessionError
   */
  save(done?: Done): void;
  /** Renews the session, however young it is. */
  touch(): void;
}

const MEMBERS = ["id", "isNew", "createdAt", "expiresAt", "regenerate", "destroy", "save", "touch"];
/** What no cookie and no assignment can bring: names that would hide a member or the prototype. */
const RESERVED: ReadonlySet<string> = new Set([...MEMBERS, "__proto__"]);

/** What the members ask and tell; state.ts's State. */
interface Owner extends SessionFacts {
  restart(done?: Done): void;
  save(done?: Done): void;
  touch(): void;
}

/** A session that is only read: its data, and the four facts on the prototype. */
export class ReadonlySession {
  readonly #state: Owner;

  constructor(state: Owner) {
    this.#state = state;
  }

  get id(): string {
    return this.#state.id;
  }
  get isNew(): boolean {
    return this.#state.isNew;
  }
  get createdAt(): number {
    return this.#state.createdAt;
  }
  get expiresAt(): number {
    return this.#state.expiresAt;
  }
  get ["__proto__"](): unknown {
    return Object.getPrototypeOf(this);
  }
  /** `session.__proto__ = x`, by Object.assign say, would take the members away. It does nothing. */
  set ["__proto__"](_: unknown) {}
}

/** A session that can be changed. */
export class Session extends ReadonlySession {
  readonly #state: Owner;

  constructor(state: Owner) {
    super(state);
    this.#state = state;
  }

  regenerate(done?: Done): void {
    this.#state.restart(done);
  }
  destroy(done?: Done): void {
    this.#state.restart(done);
  }
  save(done?: Done): void {
    this.#state.save(done);
  }
  touch(): void {
    this.#state.touch();
  }
}

// Frozen, so that an assignment to a member's name throws; `constructor` is a name for data.
for (const { prototype } of [ReadonlySession, Session]) {
  Reflect.deleteProperty(prototype, "constructor");
  Object.freeze(prototype);
}

/** The session's data as JSON text. */
export function dataText(object: object): string {
  let text: string | undefined;
  try {
    const hidden = MEMBERS.some((name) => Object.hasOwn(object, name));
    text = JSON.stringify(hidden ? assign({}, object) : object);
  } catch {
    // A cycle, a BigInt, a toJSON that threw: its error could hold the data.
  }
  if (text?.[0] !== "{") throw new SessionError("ERR_SESSION_DATA");
  return text;
}

/** @throws ConfigError: the application has frozen the session, or a part of it. */
export function clear(object: object): void {
  for (const name of Object.keys(object)) Reflect.deleteProperty(object, name);
  if (!Object.isExtensible(object) || Object.keys(object).length > 0) {
    throw optionError("the session", "extensible, and its data configurable");
  }
}

/** Copies own enumerable data, but for what is reserved. */
export function assign<O extends object>(object: O, data: object): O {
  for (const [name, value] of Object.entries(data)) {
    if (RESERVED.has(name)) continue;
    // An assignment would ask a setter that is inherited, and fail where Object.prototype is frozen.
    if (name in object) define(object, name, value);
    else (object as Record<string, unknown>)[name] = value;
  }
  return object;
}

function define(object: object, name: string, value: unknown): void {
  const data = { value, writable: true, enumerable: true, configurable: true };
  Object.defineProperty(object, name, data);
}
