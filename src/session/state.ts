/** A request's session: whence it came, what changed, and what the response has to carry. */

import { checkFunction, optionError } from "../internal/checks.ts";
import { isCookieValue, PAIR_LIMIT } from "../internal/cookies.ts";
import { SessionError } from "../internal/errors.ts";
import { randomId } from "../internal/random.ts";
import { parseObject } from "../internal/text.ts";
import type { Config } from "./config.ts";
import { type Claims, claimsText, isPromise, type Opened, revocationError } from "./open.ts";
import { assign, clear, type Done, dataText, ReadonlySession, Session } from "./view.ts";

const EMPTY = "{}";

export class State {
  readonly config: Config;
  readonly object: ReadonlySession;
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
  /** What the request brought; undefined for a new session. */
  #original: Claims | undefined;
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
    this.#original = claims;
    this.object = readonly ? new ReadonlySession(this) : new Session(this);
    if (claims !== undefined) assign(this.object, claims.data);
    if (readonly) Object.freeze(this.object);
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
    checkFunction(done, "done");
    clear(this.object);
    if (this.#original !== undefined) this.#revoke(this.#original);
    // Whatever comes into it now, it is no longer what the headers carry.
    if (this.#committed !== EMPTY) this.#committed = undefined;
    this.#id = undefined;
    this.#original = undefined;
    this.#written = undefined;
    this.#touched = false;
    this.#iat = this.#now;
    this.#exp = this.#renewed();
    this.#call(done);
  }

  save(done?: Done): void {
    checkFunction(done, "done");
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
    let value: unknown;
    try {
      value = seal.seal(claimsText({ id: this.id, iat: this.#iat, exp }, text));
    } catch {
      // Its error could hold the data.
    }
    if (!isCookieValue(value)) throw new SessionError("ERR_SESSION_DATA");
    if (name.length + value.length > PAIR_LIMIT) throw new SessionError("ERR_SESSION_TOO_LARGE");
    return `${name}=${value}${persistent ? `; Max-Age=${exp - this.#now}` : ""}${attributes}`;
  }

  #changed(text: string): boolean {
    const original = this.#original;
    if (original === undefined) return true;
    if (claimsText(original, text) === original.payload) return false;
    // Another hand may have spaced or ordered it differently, or put in what was dropped.
    const data = parseObject(original.payload)?.data as object;
    return dataText(assign({}, data)) !== text;
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

  /** No cookie of this id opens after `exp`, unless a request beside this one has just renewed it. */
  #revoke({ id, exp }: Claims): void {
    const { config } = this;
    const { revocation, maxAge } = config;
    if (revocation === undefined) return;
    const failed = (cause: unknown): void => {
      this.#untold = revocationError(cause);
    };
    try {
      const told = revocation.revoke(id, Math.max(exp, config.now() + maxAge));
      if (!isPromise(told)) return;
      this.pending = Promise.resolve(told).then(undefined, failed);
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
