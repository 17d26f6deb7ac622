/** The session of one request: tracks changes and decides which cookie to write. */

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
  /** The session as it would be written now. */
  draft: Draft;
  carrier: Carrier | undefined;
  /** Settles when the revocation list has been told; never rejects. */
  pending: Promise<void> | undefined;
  failure: SessionError | undefined;

  readonly #present: boolean;
  /** The sessions whose cookies the client may have. */
  #held: readonly Listed[];
  #restarted = false;
  #seen: Data;
  /** The commit that the response carried, or the error sent instead. */
  #carried: Commit | SessionError | undefined;
  /** The codes already reported to `onError`. */
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

  /** True after `destroy` or `regenerate`, if the client has a cookie to delete. */
  get isEnded(): boolean {
    return this.#restarted && this.#present;
  }

  /** Assigns to `req.session`: null destroys the session, another object replaces its data. */
  replace(value: unknown): void {
    if (value === this.object) return;
    if (value === null) {
      const demand = "ended by `await destroy()`, not null, with a revocation list";
      if (this.config.revocation !== undefined) throw optionError("the session", demand);
      void this.restart();
    } else {
      const data = copyOf(value);
      clear(this.object);
      assign(this.object, data);
    }
  }

  /** Starts an empty new session in the same object; revokes every id that the client may have. */
  restart(done?: Done): Promise<void> {
    if (done !== undefined) checkFunction(done, "done");
    const { config } = this;
    const now = config.now();
    const late = this.carrier?.isClosed() === true;
    clear(this.object);
    const told = revokeAll(config, this.#held, now, this);
    this.#held = [];
    // A new draft also forgets the cookie with the old id.
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

  /** Returns the session's part of the response, as of now. @throws SessionError */
  commit(): Commit {
    const data = this.#data();
    const { draft } = this;
    const cookie = this.#cookie(data);
    return { name: this.config.name, cookie, data, draft, touches: draft.touches };
  }

  /** Like `commit`, but reports an error and returns it as `failure`. */
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

  carried(commit: Commit | SessionError): void {
    this.#carried = commit;
    const { cookie, held } = this.draft.written ?? {};
    if (held === undefined || commit instanceof SessionError || commit.cookie !== cookie) return;
    this.#held = [held, ...this.#held.filter(({ id }) => id !== held.id)];
  }

  reportLost(): void {
    if (this.#isLost()) this.report(new SessionError("ERR_SESSION_UNSENT"));
  }

  /** Calls `onError`, once for each code: the headers can be tried twice. */
  report(error: SessionError): void {
    if (this.#reported.includes(error.code)) return;
    this.#reported += error.code;
    tell("onError", () => this.config.onError(error));
  }

  /** Records that the list failed: from now on nothing of this session is written. */
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
    // The list failed, so the old session may still be good: no new one takes its place.
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
      // A failed renewal must not fail a request that changed nothing: the old cookie stays.
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

  /** True if no response carried the last change. */
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
