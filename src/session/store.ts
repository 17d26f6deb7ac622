/** Sessions of frameworks that hide the request behind a cookie store: Next's actions, SvelteKit, Astro. */

import { optionError } from "../internal/checks.ts";
import type { Priority, SameSite } from "../internal/cookies.ts";
import { NO_DATA } from "../internal/data.ts";
import { isResponse } from "../internal/heads.ts";
import { type CookieReader, cookiesOf } from "../internal/sources.ts";
import type { Config } from "./config.ts";
import { CLOSED, type Commit } from "./draft.ts";
import { openSource } from "./source.ts";
import type { State } from "./state.ts";

/** What a cookie store is given with a cookie. */
export interface StoreAttributes {
  path: string;
  domain?: string;
  maxAge?: number;
  httpOnly: boolean;
  secure: boolean;
  sameSite: SameSite;
  partitioned?: boolean;
  priority?: Priority;
  /** The value as it is: no store needs to encode it. */
  encode: (value: string) => string;
}

/**
 * A cookie store that can be written: Next's `await cookies()`, SvelteKit's `cookies`, Astro's. It is of one request:
 * edits at once share a session, and visitors must not.
 */
export interface CookieStore extends CookieReader {
  set(name: string, value: string, attributes: StoreAttributes): unknown;
}

/** Of a Set-Cookie as envelope.ts writes it: the value, and the Max-Age if there is one. */
const COOKIE = /=([^;]*)(?:; Max-Age=(\d+))?/;

/** A session that is being edited. */
interface Editing {
  readonly state: State | Promise<State>;
  /** The value of the cookie that the store showed; "" for none. */
  readonly shown: string;
  /** The handlers that are running. */
  handlers: number;
  /** The last cookie that was set, and what `set` returned. */
  set: (Commit & { readonly value: string; readonly done: unknown }) | undefined;
}

/** The sessions of one configuration. */
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
      // The last one: another would still have carried what this one changed.
      if (--editing.handlers === 0 && state !== undefined) {
        state.carrier = CLOSED;
        state.reportLost();
      }
    }
  }

  /** The session that is being edited already, unless the store shows another cookie by now. */
  #open(store: CookieStore): Editing {
    const shown = cookiesOf(store, this.#config.name)[0] ?? "";
    const running = this.#editing.get(store);
    // Some stores show what was set, others only what the request brought.
    const isSame = shown === running?.shown || shown === running?.set?.value;
    if (running !== undefined && running.handlers > 0 && isSame) return running;
    // An empty cookie that an edit has left is a deleted one. Nothing else is taken from an edit that is over:
    // the same store object may serve another visitor.
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

  /** @throws SessionError: the session cannot be written, or the list could not be told. */
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

  /** Deletes the cookie of a session that has ended since it was last written, whatever went wrong behind it. */
  async #clear(store: CookieStore, editing: Editing, state: State): Promise<void> {
    await state.pending;
    const { draft } = state;
    if (editing.set === undefined ? !state.isEnded : editing.set.draft === draft) return;
    const { name, clearing: cookie } = this.#config;
    const commit = { name, cookie, data: NO_DATA, draft, touches: 0 };
    // The error that the caller hears is the first one; onError hears that nothing carried the deletion.
    await this.#set(store, editing, state, commit).catch(() => {});
  }

  /** The cookie of a session that is again as the request brought it, where another one was set meanwhile. */
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
    // Another handler may have set the same cookie just now, in a store that takes its time.
    await editing.set?.done;
    state.carried(commit);
  }
}

/** How Next (all that begins with NEXT_), SvelteKit and React Router leave a handler that has done its work. */
function isRedirect(thrown: unknown): boolean {
  const { digest, status, location } = (thrown ?? {}) as Record<string, unknown>;
  if (typeof digest === "string" && digest.startsWith("NEXT_")) return true;
  const found = typeof status === "number" && status >= 300 && status < 400;
  return isResponse(thrown) || (found && typeof location === "string");
}
