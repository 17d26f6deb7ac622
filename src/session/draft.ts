/** Builds the cookie of a session: its id, its times, its lifetime. */

import { readOptions } from "../internal/checks.ts";
import type { Data } from "../internal/data.ts";
import { randomId } from "../internal/random.ts";
import type { Config, Lifetime } from "./config.ts";
import { type Envelope, endOf, envelopeText, setCookie, textOf } from "./envelope.ts";
import type { Carrying } from "./fields.ts";
import type { Listed } from "./revocation.ts";
import type { SessionFacts } from "./view.ts";

/** A response, as its session sees it. */
export interface Carrier {
  /** True if it is too late to add a cookie. */
  isClosed(): boolean;
}

/** The carrier of a session whose response has been returned. */
export const CLOSED: Carrier = { isClosed: () => true };

/** The state of a session that one response carries. */
export interface Commit extends Carrying {
  readonly data: Data;
  readonly draft: Draft;
  readonly touches: number;
}

export class Draft implements SessionFacts {
  /** When the session was opened or restarted. */
  readonly now: number;
  /** The envelope from the request; undefined for a new session. */
  readonly original: Envelope | undefined;
  readonly createdAt: number;
  expiresAt: number;
  touches = 0;
  /** The last cookie built, the text of its data, and the session that its client then has. */
  written: { readonly text: string; readonly cookie: string; readonly held: Listed } | undefined;

  readonly #config: Config;
  #id: string | undefined;
  #age: number | undefined;
  #keep: boolean | undefined;

  constructor(config: Config, now: number, envelope: Envelope | undefined) {
    this.#config = config;
    this.now = now;
    this.original = envelope;
    this.createdAt = envelope?.begun ?? now;
    this.#id = envelope?.id;
    this.#age = envelope?.age;
    this.#keep = envelope?.keep;
    this.expiresAt = envelope?.ends ?? this.#end();
  }

  get id(): string {
    return (this.#id ??= randomId());
  }
  get isNew(): boolean {
    return this.original === undefined;
  }

  touch(lifetime?: Lifetime): void {
    const { maxAge, persistent } = readOptions(lifetime, this.#config.lifetime, "touch");
    this.#age = maxAge ?? this.#age;
    this.#keep = persistent ?? this.#keep;
    this.expiresAt = this.#end();
    this.written = undefined;
    this.touches++;
  }

  isSame(one: Data, other: Data): boolean {
    const { original } = this;
    return one === other || textOf(one, original) === textOf(other, original);
  }

  /** Returns the Set-Cookie for these data; builds it only when they changed. @throws SessionError */
  cookie(data: Data): string {
    const text = textOf(data, this.original);
    if (this.written?.text !== text) {
      const { id, now, createdAt: begun } = this;
      const exp = this.#end();
      // Another machine's clock may be ahead: an `iat` before `begun` would move `begun` back.
      const iat = Math.max(now, begun);
      const age = this.#age;
      const keep = this.#keep;
      const payload = envelopeText({ id, iat, exp, begun, age, keep }, text);
      const isKept = keep ?? this.#config.persistent;
      const cookie = setCookie(this.#config, payload, isKept ? exp - now : undefined);
      // Not a spread: on Node 20, its copies outlive the young generation.
      const held = { id, iat, exp, begun, age, keep, ends: exp, payload };
      this.written = { text, cookie, held };
    }
    return this.written.cookie;
  }

  #end(): number {
    return endOf(this.#config, { begun: this.createdAt, age: this.#age }, this.now);
  }
}
