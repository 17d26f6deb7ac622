/** A request's session: the object that the application holds, its changes, and what to write. */

import { isCookieValue, PAIR_LIMIT } from "../cookie.ts";
import { SessionError } from "../errors.ts";
import { optionError } from "../internal/options.ts";
import { randomId } from "../internal/random.ts";
import { parseObject } from "../internal/text.ts";
import { claimsText, hear, isPromise, type Opened } from "./open.ts";
import type { Config } from "./options.ts";

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

const EMPTY = "{}";

export class State {
  readonly config: Config;
  readonly object: Facts;
  /** Whether the headers are sent: from then on nothing can be written. */
  sent = false;
  /** Whether a response's head has been made to carry it. */
  hooked = false;
  /** Settles when the revocation list has been told of every id that was dropped; never rejects. */
  pending: Promise<void> | undefined;

  readonly #now: number;
  /** Whether the request brought a cookie of the name, good or bad. */
  readonly #present: boolean;
  #id: string | undefined;
  #iat: number;
  #exp: number;
  /** The data as the request brought them; undefined for a new session. */
  #original: string | undefined;
  #touched = false;
  #untold: SessionError | undefined;
  /** What was last worked out to be written, and for which data. */
  #written: { readonly text: string; readonly cookie: string } | undefined;
  /** The data as the headers carry them. */
  #committed: string | undefined;

  constructor(config: Config, opened: Opened, now: number, readonly: boolean) {
    const { claims } = opened;
    this.config = config;
    this.#now = now;
    this.#present = opened.present;
    this.#id = claims?.id;
    this.#iat = claims?.iat ?? now;
    this.#exp = claims?.exp ?? this.#renewed();
    this.#original = claims?.text;
    this.object = readonly ? new Facts(this) : new Session(this);
    if (claims !== undefined) assign(this.object, claims.data);
    if (readonly) Object.freeze(this.object);
    hear(config, opened);
  }

  /** That the revocation list could not be told of an id that was dropped. */
  get untold(): SessionError | undefined {
    return this.#untold;
  }
  get id(): string {
    return (this.#id ??= randomId());
  }
  get isNew(): boolean {
    return this.#original === undefined;
  }
  get createdAt(): number {
    return this.#iat;
  }
  get expiresAt(): number {
    return this.#exp;
  }

  touch(): void {
    this.#touched = true;
    this.#exp = this.#renewed();
  }

  /** What an assignment to `req.session` means: null destroys, another object replaces the data. */
  replace(value: unknown): void {
    if (value === this.object) return;
    if (value === null) this.restart();
    else if (typeof value === "object") {
      const data = { ...value };
      clear(this.object);
      assign(this.object, data);
    } else throw optionError("what is assigned to the session", "an object or null");
  }

  /** An empty new session in the same object; the old id, if a cookie carried it, is revoked. */
  restart(done?: Done): void {
    if (this.#original !== undefined) this.#revoke(this.id, this.#exp);
    clear(this.object);
    this.#id = undefined;
    this.#original = undefined;
    this.#written = undefined;
    this.#touched = false;
    this.#iat = this.#now;
    this.#exp = this.#renewed();
    this.#call(done);
  }

  save(done?: Done): void {
    try {
      if (!this.sent) this.cookie();
      else if (this.changedLate()) throw new SessionError("ERR_SESSION_HEADERS_SENT");
    } catch (error) {
      if (done === undefined) throw error;
      queueMicrotask(() => done(error as SessionError));
      return;
    }
    this.#call(done);
  }

  /**
   * The Set-Cookie that the response has to carry, if any.
   *
   * @throws SessionError
   */
  cookie(): string | undefined {
    if (this.#untold !== undefined) throw this.#untold;
    const text = dataText(this.object);
    this.#committed = text;
    if (text === EMPTY) return this.#present ? this.config.clearing : undefined;
    if (!this.#touched && !this.#changed(text) && !this.#isRenewalDue()) return undefined;
    if (this.#written?.text !== text) this.#written = { text, cookie: this.#sealed(text) };
    return this.#written.cookie;
  }

  /** Whether the session is no longer what the headers carry. */
  changedLate(): boolean {
    try {
      return dataText(this.object) !== this.#committed;
    } catch {
      return true;
    }
  }

  /** Takes the session as it is for what the headers carry: they went before it was opened. */
  missHeaders(): void {
    this.sent = true;
    this.#committed = dataText(this.object);
  }

  #sealed(text: string): string {
    const { name, seal, attributes, persistent } = this.config;
    const exp = this.#renewed();
    let value: string;
    try {
      value = seal.seal(claimsText({ id: this.id, iat: this.#iat, exp }, text));
    } catch {
      throw new SessionError("ERR_SESSION_DATA");
    }
    if (!isCookieValue(value)) throw new SessionError("ERR_SESSION_DATA");
    if (name.length + value.length > PAIR_LIMIT) throw new SessionError("ERR_SESSION_TOO_LARGE");
    return `${name}=${value}${persistent ? `; Max-Age=${exp - this.#now}` : ""}${attributes}`;
  }

  #changed(text: string): boolean {
    const original = this.#original;
    if (original === undefined || original === text) return original === undefined;
    // Another hand may have spaced or ordered it differently, or put in what was dropped.
    const data = parseObject(original);
    return data === undefined || dataText(assign({}, data)) !== text;
  }

  #isRenewalDue(): boolean {
    const { maxAge, renewAfter } = this.config;
    return this.#renewed() > this.#exp && this.#now >= this.#exp - maxAge + renewAfter;
  }

  /** When a cookie that is written now expires. */
  #renewed(): number {
    const { maxAge, maxLifetime } = this.config;
    return Math.min(this.#now + maxAge, this.#iat + maxLifetime);
  }

  /** No cookie of this id opens after `exp`, unless a request beside this one is just renewing it. */
  #revoke(id: string, exp: number): void {
    const { revocation, maxAge } = this.config;
    if (revocation === undefined) return;
    const failed = (cause: unknown): void => {
      this.#untold = new SessionError("ERR_SESSION_REVOCATION", { cause });
    };
    try {
      const told = revocation.revoke(id, Math.max(exp, this.#now + maxAge));
      if (!isPromise(told)) return;
      const before = this.pending;
      this.pending = told.then(undefined, failed).then(() => before);
    } catch (cause) {
      failed(cause);
    }
  }

  /** Calls back once the revocation list has been told; asynchronously, as its users expect. */
  #call(done: Done | undefined): void {
    if (done === undefined) return;
    const call = (): void => (this.#untold === undefined ? done() : done(this.#untold));
    if (this.pending === undefined) queueMicrotask(call);
    else void this.pending.then(() => queueMicrotask(call));
  }
}

/** A session that is only read: its data, and the four facts on the prototype. */
class Facts {
  readonly #state: State;

  constructor(state: State) {
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
  get ["__proto__"](): object {
    return Object.getPrototypeOf(this) as object;
  }
  /** `session.__proto__ = x`, by Object.assign say, would take the members away. It does nothing. */
  set ["__proto__"](_: unknown) {}
}

class Session extends Facts {
  readonly #state: State;

  constructor(state: State) {
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
for (const { prototype } of [Facts, Session]) {
  Reflect.deleteProperty(prototype, "constructor");
  Object.freeze(prototype);
}

/** The session's data as JSON text. */
function dataText(object: object): string {
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

function clear(object: object): void {
  for (const name of Object.keys(object)) Reflect.deleteProperty(object, name);
}

/** Copies own enumerable data, but for what is reserved. */
function assign<O extends object>(object: O, data: object): O {
  for (const [name, value] of Object.entries(data)) {
    if (!RESERVED.has(name)) (object as Record<string, unknown>)[name] = value;
  }
  return object;
}
