/** Sessions of frameworks that hide the request behind a cookie store: Next's actions, SvelteKit, Astro. */

import { optionError } from "../internal/checks.ts";
import type { Priority, SameSite } from "../internal/cookies.ts";
import { SessionError } from "../internal/errors.ts";
import { isResponse } from "../internal/heads.ts";
import { type CookieReader, cookiesOf } from "../internal/sources.ts";
import type { Config } from "./config.ts";
import { openSource } from "./source.ts";
import { CLOSED, commitOf, type State } from "./state.ts";

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

/** A cookie store that can be written: Next's `await cookies()`, SvelteKit's `cookies`, Astro's. */
export interface CookieStore extends CookieReader {
  set(name: string, value: string, attributes: StoreAttributes): unknown;
}

/** A session that is being edited: by how many handlers, and the cookie that the store shows. */
interface Editing {
  readonly state: State | Promise<State>;
  handlers: number;
  value: string | undefined;
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
    editing.handlers++;
    try {
      return await this.#run(store, editing, handler);
    } finally {
      editing.handlers--;
    }
  }

  /** The session that is being edited already, unless the store shows another cookie by now. */
  #open(store: CookieStore): Editing {
    const value = cookiesOf(store, this.#config.name)[0];
    const running = this.#editing.get(store);
    if (running !== undefined && running.handlers > 0 && running.value === value) return running;
    const editing = { state: openSource(this.#config, store, false), handlers: 0, value };
    this.#editing.set(store, editing);
    return editing;
  }

  async #run<V>(
    store: CookieStore,
    editing: Editing,
    handler: (session: object) => V | Promise<V>,
  ): Promise<V> {
    const state = await editing.state;
    let result: V;
    try {
      result = await handler(state.object);
    } catch (thrown) {
      if (isRedirect(thrown)) await this.#write(store, editing, state);
      else {
        // The session has ended, whatever went wrong behind it.
        await state.pending;
        if (state.isEnded) await this.#set(store, editing, this.#config.clearing);
        state.reportLost();
      }
      throw thrown;
    } finally {
      if (editing.handlers === 1) state.carrier = CLOSED;
    }
    await this.#write(store, editing, state);
    return result;
  }

  /** @throws SessionError: the session cannot be written, or the list could not be told. */
  async #write(store: CookieStore, editing: Editing, state: State): Promise<void> {
    await state.pending;
    const commit = commitOf(state);
    if (commit instanceof SessionError) throw commit;
    if (commit.cookie !== undefined) await this.#set(store, editing, commit.cookie);
    state.carried(commit);
    if (state.failure !== undefined) throw state.failure;
  }

  async #set(store: CookieStore, editing: Editing, cookie: string): Promise<void> {
    const { name, attributes } = this.#config;
    const [, value = "", maxAge] = /=([^;]*)(?:; Max-Age=(\d+))?/.exec(cookie) ?? [];
    if (editing.value === value) return;
    const age = maxAge === undefined ? {} : { maxAge: Number(maxAge) };
    await store.set(name, value, { ...attributes, ...age, encode: (text) => text });
    editing.value = value === "" ? undefined : value;
  }
}

/** How Next (all that begins with NEXT_), SvelteKit and React Router leave a handler that has done its work. */
function isRedirect(thrown: unknown): boolean {
  const { digest, status, location } = (thrown ?? {}) as Record<string, unknown>;
  if (typeof digest === "string" && digest.startsWith("NEXT_")) return true;
  const found = typeof status === "number" && status >= 300 && status < 400;
  return isResponse(thrown) || (found && typeof location === "string");
}
