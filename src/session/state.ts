/** One request's session: what it was, what changed, and what has to be written. */

import { callBack, tell } from "../internal/callbacks.ts";
import { checkFunction, optionError } from "../internal/checks.ts";
import { assign, clear, copyOf, type Data, NO_DATA, snapshotOf } from "../internal/data.ts";
import { SessionError } from "../internal/errors.ts";
import { hasParts } from "../internal/json.ts";
import type { Config } from "./config.ts";
import { type Carrier, type Commit, Draft } from "./draft.ts";
import { isRenewalDue } from "./envelope.ts";
import type { Opened } from "./open.ts";
import { type Listed, revokeAll } from "./revocation.ts";
import { type Done, ReadonlySession, Session } from "./view.ts";

export class State {
  readonly config: Config;
  readonly object: ReadonlySession;
  /** The session as it would be written. */
  draft: Draft;
  carrier: Carrier | undefined;
  /** Settles when the revocation list has been told; never rejects. */
  pending: Promise<void> | undefined;
  failure: SessionError | undefined;

  /** Whether the request brought a cookie of the name, good or bad. */
  readonly #present: boolean;
  /** The sessions whose cookies the client may have. */
  #held: readonly Listed[];
  #restarted = false;
  /** The data as they were seen last. */
  #seen: Data;
  /** What the response carried. */
  #carried: Commit | SessionError | undefined;
  /** The codes that `onError` has heard. */
  #reported = "";

  constructor(config: Config, opened: Opened, now: number, readonly: boolean) {
    const { envelope, others, present } = opened;
    this.config = config;
    this.#present = present;
    this.#held = envelope === undefined ? [] : [envelope, ...others];
    this.draft = new Draft(config, now, envelope);
    this.object = readonly ? new ReadonlySession(this) : new Session(this);
    this.#seen = envelope?.brought ?? NO_DATA;
    if (envelope !== undefined) assign(this.object, envelope.data);
    if (readonly) Object.freeze(this.object);
  }

  /** Whether it was destroyed, or began anew, and a cookie is there to delete. */
  get isEnded(): boolean {
    return this.#restarted && this.#present;
  }

  /** Does what an assignment to `req.session` means: null destroys, another object replaces the data. */
  replace(value: unknown): void {
    if (value === this.object) return;
    if (value === null) {
      const demand = "ended by `await destroy()`, not by null: a list is told";
      if (this.config.revocation !== undefined) throw optionError("the session", demand);
      void this.restart();
    } else {
      const data = copyOf(value);
      clear(this.object);
      assign(this.object, data);
    }
  }

  /** Makes it an empty new session, in the same object; revokes every id that the client may have. */
  restart(done?: Done): Promise<void> {
    if (done !== undefined) checkFunction(done, "done");
    const { config } = this;
    const now = config.now();
    const late = this.carrier?.isClosed() === true;
    clear(this.object);
    const told = revokeAll(config, this.#held, now, this);
    this.#held = [];
    // A new one, also so that the cookie with the old id is forgotten.
    this.draft = new Draft(config, now, undefined);
    this.#seen = NO_DATA;
    this.#restarted = true;
    const settled = told.then(() => {
      const error = this.failure ?? (late ? new SessionError("ERR_SESSION_UNSENT") : undefined);
      if (error === undefined) return;
      this.report(error);
      throw error;
    });
    this.pending = callBack(settled, done);
    return settled;
  }

  save(done?: Done): void {
    if (done !== undefined) checkFunction(done, "done");
    let error = this.failure;
    try {
      if (this.carrier?.isClosed() && this.#isLost()) throw new SessionError("ERR_SESSION_UNSENT");
      this.commit();
    } catch (caught) {
      error ??= caught as SessionError;
    }
    if (done !== undefined) queueMicrotask(() => (error === undefined ? done() : done(error)));
    else if (error !== undefined) throw error;
  }

  /** What the response has to carry now. @throws SessionError */
  commit(): Commit {
    const data = this.#data();
    const { draft } = this;
    const cookie = this.#cookie(data);
    return { name: this.config.name, cookie, data, draft, touches: draft.touches };
  }

  /** The same, or with the error that the response has to say instead, which has been reported. */
  attempt(): Commit {
    try {
      return this.commit();
    } catch (error) {
      const failure = error instanceof SessionError ? error : new SessionError("ERR_SESSION_DATA");
      this.report(failure);
      const { config, draft } = this;
      return { name: config.name, cookie: undefined, failure, data: NO_DATA, draft, touches: 0 };
    }
  }

  /** Remembers what the response carries, once it has gone, or the error that it says instead. */
  carried(commit: Commit | SessionError): void {
    this.#carried = commit;
    const { cookie, held } = this.draft.written ?? {};
    if (held === undefined || commit instanceof SessionError || commit.cookie !== cookie) return;
    this.#held = [held, ...this.#held.filter(({ id }) => id !== held.id)];
  }

  /** Tells `onError` of changes that nothing carried. */
  reportLost(): void {
    if (this.#isLost()) this.report(new SessionError("ERR_SESSION_UNSENT"));
  }

  /** Tells `onError`, of each code once: a head can be tried twice. */
  report(error: SessionError): void {
    if (this.#reported.includes(error.code)) return;
    this.#reported += error.code;
    tell("onError", () => this.config.onError(error));
  }

  /** The list could not be told: nothing of this session is written any more. */
  fail(error: SessionError): void {
    this.failure ??= error;
    this.report(error);
  }

  /** @throws SessionError ERR_SESSION_DATA */
  #data(): Data {
    if (!hasParts(this.object, this.#seen.parts)) this.#seen = snapshotOf(this.object);
    return this.#seen;
  }

  #cookie(data: Data): string | undefined {
    const { config } = this;
    // The list does not know that the old session has ended: no new one takes its place.
    if (this.failure !== undefined) return config.clearing;
    if (this.#isChanged(data)) {
      const isEmpty = data.text === "{}" && this.draft.touches === 0;
      return isEmpty ? config.clearing : this.draft.cookie(data);
    }
    const { original, now } = this.draft;
    if (original === undefined || !isRenewalDue(config, original, now)) return undefined;
    try {
      return this.draft.cookie(data);
    } catch (error) {
      // Who changed nothing must not meet an error: the cookie that is there stays.
      this.report(error as SessionError);
      return undefined;
    }
  }

  #isChanged(data: Data): boolean {
    const { original, touches } = this.draft;
    if (touches > 0) return true;
    if (original === undefined) return data.text !== "{}" || this.isEnded;
    return !this.draft.isSame(data, original.brought);
  }

  /** Whether there is something that no response carried. */
  #isLost(): boolean {
    const carried = this.#carried;
    if (carried instanceof SessionError || carried?.failure !== undefined) return false;
    try {
      const data = this.#data();
      if (carried === undefined) return this.#isChanged(data);
      const { draft, touches } = carried;
      if (this.draft !== draft || draft.touches !== touches) return true;
      return !draft.isSame(data, carried.data);
    } catch {
      return true;
    }
  }
}
