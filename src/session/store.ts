/** Sessions for frameworks that offer only a cookie store: Next's actions, SvelteKit, Astro. */

import { optionError } from "../internal/checks.ts";
import type { Priority, SameSite } from "../internal/cookies.ts";
import { NO_DATA } from "../internal/data.ts";
import { isResponse } from "../internal/heads.ts";
import { type CookieReader, cookiesOf } from "../internal/sources.ts";
import type { Config } from "./config.ts";
import { CLOSED, type Commit } from "./draft.ts";
import { openSource } from "./source.ts";
import type { State } from "./state.ts";

/** The attributes that a store gets with a cookie: those of the option `cookie`, under the stores' names. */
export interface StoreAttributes {
  /** The path below which the browser sends the cookie. */
  path: string;
  /** The host whose subdomains get it too. */
  domain?: string;
  /** How long it is kept, in seconds; 0 deletes it; without one, it ends with the browser. */
  maxAge?: number;
  /** Always true. */
  httpOnly: boolean;
  /** Is it sent over https alone? */
  secure: boolean;
  /** Is it sent with requests from other sites? */
  sameSite: SameSite;
  /** Does each site that frames yours get a cookie of its own? */
  partitioned?: boolean;
  /** Which cookies does Chromium drop first? */
  priority?: Priority;
  /** Returns the value unchanged: it needs no encoding. */
  encode: (value: string) => string;
}

/**
 * A writable cookie store of one request: Next's `await cookies()`, SvelteKit's `cookies`, Astro's. Concurrent edits of
 * one store share a session, so two visitors must never share a store.
 */
export interface CookieStore extends CookieReader {
  /** Sets a cookie on the response; a returned Promise is awaited. */
  set(name: string, value: string, attributes: StoreAttributes): unknown;
}

/** The value and the optional Max-Age of a Set-Cookie that envelope.ts wrote. */
const COOKIE = /=([^;]*)(?:; Max-Age=(\d+))?/;

interface Editing {
  readonly state: State | Promise<State>;
  /** The value of the cookie that the store showed; "" for none. */
  readonly shown: string;
  handlers: number;
  /** The last cookie that was set, and the result of `set`. */
  set: (Commit & { readonly value: string; readonly done: unknown }) | undefined;
}

export class StoreSessions {
  readonly #config: Config;
  readonly #editing = new WeakMap<CookieStore, Editing>();

  constructor(config: Config) {
    this.#config = config;
  }

  async edit<V>(store: CookieStore, handler: (session: object) => V | Promise<V>): Promise<V> {
    if (typeof handler !== "function") throw optionError("the handler", "a function");
    if (typeof store?.get !== "function" || typeof store.set !== "function" || "append" in store) {
      throw optionError("the store", "a cookie store with get and set");
    }
    const editing = this.#open(store);
    let state: State | undefined;
    editing.handlers++;
    try {
      state = await editing.state;
      return await this.#run(store, editing, state, handler);
    } finally {
      // Only after the last handler: another one can still write the changes.
      if (--editing.handlers === 0 && state !== undefined) {
        state.carrier = CLOSED;
        state.reportLost();
      }
    }
  }

  /** Joins a running edit of the store, unless the store now shows another cookie. */
  #open(store: CookieStore): Editing {
    const shown = cookiesOf(store, this.#config.name)[0] ?? "";
    const running = this.#editing.get(store);
    // Some stores show the cookie that was set, others only the request's.
    const isSame = shown === running?.shown || shown === running?.set?.value;
    if (running !== undefined && running.handlers > 0 && isSame) return running;
    // After an edit, an empty cookie is a deleted one. Nothing else is kept: the store may serve another visitor next.
    const isDeleted = shown === "" && running !== undefined;
    const state = openSource(this.#config, isDeleted ? undefined : store, false);
    const editing = { state, shown, handlers: 0, set: undefined };
    this.#editing.set(store, editing);
    return editing;
  }

  async #run<V>(
    store: CookieStore,
    editing: Editing,
    state: State,
    handler: (session: object) => V | Promise<V>,
  ): Promise<V> {
    let result: V;
    try {
      result = await handler(state.object);
    } catch (thrown) {
      if (isRedirect(thrown)) await this.#write(store, editing, state);
      else await this.#clear(store, editing, state);
      throw thrown;
    }
    await this.#write(store, editing, state);
    return result;
  }

  /** @throws SessionError: the session cannot be written, or the list failed. */
  async #write(store: CookieStore, editing: Editing, state: State): Promise<void> {
    await state.pending;
    const commit = state.attempt();
    if (commit.failure !== undefined) {
      await this.#clear(store, editing, state);
      state.carried(commit);
      throw state.failure ?? commit.failure;
    }
    const { cookie = this.#undo(editing, state, commit) } = commit;
    await this.#set(store, editing, state, { ...commit, cookie });
    if (state.failure !== undefined) throw state.failure;
  }

  /** Deletes the cookie of a session that ended since the last write, even after an error. */
  async #clear(store: CookieStore, editing: Editing, state: State): Promise<void> {
    await state.pending;
    const { draft } = state;
    if (editing.set === undefined ? !state.isEnded : editing.set.draft === draft) return;
    const { name, clearing: cookie } = this.#config;
    const commit = { name, cookie, data: NO_DATA, draft, touches: 0 };
    // The caller gets the first error; `onError` hears that the deletion was lost.
    await this.#set(store, editing, state, commit).catch(() => {});
  }

  /** Returns the cookie that undoes an earlier `set`, if the session is again as the request brought it. */
  #undo({ set }: Editing, { draft }: State, { data }: Commit): string | undefined {
    if (set === undefined) return undefined;
    return draft.isNew ? this.#config.clearing : draft.cookie(data);
  }

  async #set(store: CookieStore, editing: Editing, state: State, commit: Commit): Promise<void> {
    const { cookie } = commit;
    if (cookie !== undefined && cookie !== editing.set?.cookie) {
      const { name, attributes } = this.#config;
      const [, value, maxAge] = COOKIE.exec(cookie) as unknown as [string, string, string?];
      const age = maxAge === undefined ? {} : { maxAge: Number(maxAge) };
      const done = store.set(name, value, { ...attributes, ...age, encode: (text) => text });
      editing.set = { ...commit, value, done };
    }
    // Another handler may have set the same cookie just now, in an asynchronous store.
    await editing.set?.done;
    state.carried(commit);
  }
}

/** True if a handler ended well by a throw: Next (any NEXT_... digest), SvelteKit or a Response. */
function isRedirect(thrown: unknown): boolean {
  const { digest, status, location } = (thrown ?? {}) as Record<string, unknown>;
  if (typeof digest === "string" && digest.startsWith("NEXT_")) return true;
  const found = typeof status === "number" && status >= 300 && status < 400;
  return isResponse(thrown) || (found && typeof location === "string");
}
