/** Cookie stores like those of frameworks, which record what is set in them. */

import assert from "node:assert/strict";
import type { CookieStore, StoreAttributes } from "../../src/session.ts";
import { NAME, type Type, unseal } from "./session-cookies.ts";
import type { BagSession, Service } from "./session-visit.ts";

export interface Sent {
  name: string;
  value: string;
  attributes: StoreAttributes;
}

/** A store, and the cookies that were set in it, in order. */
export interface Model {
  store: CookieStore;
  sent: Sent[];
}

/** Next's `await cookies()` in an action; `set` encodes by itself and does not call `encode`. */
export class NextStore implements Model {
  readonly sent: Sent[] = [];
  readonly #all: Map<string, string>;
  constructor(all: Record<string, string> = {}) {
    this.#all = new Map(Object.entries(all));
  }
  get store(): this {
    return this;
  }
  get size(): number {
    return this.#all.size;
  }
  get(name: string): { name: string; value: string } | undefined {
    const value = this.#all.get(name);
    return value === undefined ? undefined : { name, value };
  }
  set(name: string, value: string, attributes: StoreAttributes): this {
    this.#all.set(name, value);
    this.sent.push({ name, value, attributes });
    return this;
  }
  delete(): never {
    throw new Error("delete sends no Secure");
  }
}

/** SvelteKit's `cookies`: `get` returns text, `set` requires a path and calls `encode`. */
export class SvelteStore implements Model {
  readonly sent: Sent[] = [];
  readonly #all: Map<string, string>;
  constructor(all: Record<string, string> = {}) {
    this.#all = new Map(Object.entries(all));
  }
  get store(): this {
    return this;
  }
  get(name: string, _options?: object): string | undefined {
    return this.#all.get(name);
  }
  getAll(): { name: string; value: string }[] {
    return [...this.#all].map(([name, value]) => ({ name, value }));
  }
  set(name: string, value: string, attributes: StoreAttributes): void {
    assert.ok(attributes.path, "You must specify a `path` when setting a cookie");
    this.#all.set(name, value);
    this.sent.push({ name, value: attributes.encode(value), attributes });
  }
  delete(): never {
    throw new Error("delete sends other attributes");
  }
  serialize(): string {
    return "";
  }
}

/** Astro's `cookies`: `get` returns an object of a class, and `headers` is a method. */
export class AstroStore implements Model {
  readonly sent: Sent[] = [];
  readonly #all: Map<string, string>;
  constructor(all: Record<string, string> = {}) {
    this.#all = new Map(Object.entries(all));
  }
  get store(): this {
    return this;
  }
  get(name: string): AstroCookie | undefined {
    const value = this.#all.get(name);
    return value === undefined ? undefined : new AstroCookie(value);
  }
  set(name: string, value: string, attributes: StoreAttributes): void {
    this.#all.set(name, value);
    this.sent.push({ name, value: attributes.encode(value), attributes });
  }
  delete(): never {
    throw new Error("delete sends other attributes");
  }
  *headers(): Generator<string> {
    for (const { name, value } of this.sent) yield `${name}=${value}`;
  }
}

class AstroCookie {
  readonly value: string;
  constructor(value: string) {
    this.value = value;
  }
  json(): unknown {
    return JSON.parse(this.value);
  }
}

/** A Map whose `set` ignores the attributes, except that it removes a deleted cookie. */
export class MapStore extends Map<string, string> implements Model {
  readonly sent: Sent[] = [];
  constructor(all: Record<string, string> = {}) {
    super();
    for (const [name, value] of Object.entries(all)) super.set(name, value);
  }
  get store(): CookieStore {
    return this as CookieStore;
  }
  override set(name: string, value: string, attributes?: StoreAttributes): this {
    this.sent.push({ name, value, attributes: attributes as StoreAttributes });
    if (attributes?.maxAge === 0) super.delete(name);
    else super.set(name, value);
    return this;
  }
  override delete(): never {
    throw new Error("nothing is deleted");
  }
}

/** A framework's helpers: `get` always reads the request, and `set` is asynchronous. */
export class RequestStore implements Model {
  readonly sent: Sent[] = [];
  readonly #all: Record<string, string>;
  constructor(all: Record<string, string> = {}) {
    this.#all = all;
  }
  get store(): this {
    return this;
  }
  get(name: string): string | undefined {
    return this.#all[name];
  }
  async set(name: string, value: string, attributes: StoreAttributes): Promise<void> {
    this.sent.push({ name, value, attributes });
    await new Promise(setImmediate);
  }
}

export const STORES: Record<string, new (all?: Record<string, string>) => Model> = {
  Next: NextStore,
  SvelteKit: SvelteStore,
  Astro: AstroStore,
  "a Map": MapStore,
  "a request's field": RequestStore,
};

/** Returns the data in the last cookie that was set. */
export function heldBy({ sent }: Model, type: Type = "fernet"): Record<string, unknown> {
  const { name, value } = sent.at(-1) ?? {};
  assert.equal(name, NAME, "a cookie was set");
  return unseal(type, value as string).data;
}

/** Tells for each cookie that was set whether it is a deletion. */
export function deletions({ sent }: Model): boolean[] {
  return sent.map(({ value, attributes }) => value === "" && attributes.maxAge === 0);
}

/** Runs a handler that throws, and checks that the promise rejects with the same value. */
export function throwing(
  made: Service,
  { store }: Model,
  thrown: unknown,
  change: (session: BagSession) => unknown,
): Promise<void> {
  const edited = made.sessions.edit(store, async (session) => {
    await change(session);
    throw thrown;
  });
  return edited.then(
    () => assert.fail("edit did not reject"),
    (reason: unknown) => assert.equal(reason, thrown),
  );
}
