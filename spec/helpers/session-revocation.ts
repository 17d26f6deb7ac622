/** Revocation lists in memory, one synchronous, one asynchronous; each can be made to fail. */

import type { Revocation } from "../../src/session.ts";

/** The last argument of `isRevoked` and `revoke`. */
export type Listed = Parameters<Revocation["revoke"]>[2];

export interface Told {
  id: string;
  until: number;
  session: Listed;
}

export class List implements Revocation {
  /** Each id with the `until` it was revoked with. */
  readonly revoked = new Map<string, number>();
  /** The calls in order: "ask ID" and "tell ID". */
  readonly calls: string[] = [];
  /** The arguments of every `isRevoked`. */
  readonly asked: { id: string; session: Listed }[] = [];
  /** The arguments of every `revoke`. */
  readonly told: Told[] = [];
  /** While set, `isRevoked` throws `ask`, and `revoke` throws `tell`. */
  failure: { ask?: unknown; tell?: unknown } = {};

  isRevoked(id: string, session: Listed): boolean | Promise<boolean> {
    this.calls.push(`ask ${id}`);
    this.asked.push({ id, session });
    if ("ask" in this.failure) throw this.failure.ask;
    return this.revoked.has(id);
  }

  revoke(id: string, until: number, session: Listed): void | Promise<void> {
    this.calls.push(`tell ${id}`);
    this.told.push({ id, until, session });
    if ("tell" in this.failure) throw this.failure.tell;
    this.revoked.set(id, until);
  }
}

/** Answers in a later turn of the event loop, as a list over a network does. */
export class SlowList extends List {
  override async isRevoked(id: string, session: Listed): Promise<boolean> {
    await this.wait();
    return super.isRevoked(id, session);
  }

  override async revoke(id: string, until: number, session: Listed): Promise<void> {
    await this.wait();
    await super.revoke(id, until, session);
  }

  protected wait(): Promise<unknown> {
    return new Promise(setImmediate);
  }
}

/** `revoke` waits for `open()`; `isRevoked` waits one turn. */
export class GatedList extends SlowList {
  open: () => void = () => {};
  readonly #gate = new Promise<void>((resolve) => {
    this.open = resolve;
  });

  override async revoke(id: string, until: number, session: Listed): Promise<void> {
    await this.#gate;
    await super.revoke(id, until, session);
  }
}

export const LISTS: Record<string, new () => List> = {
  "a synchronous list": List,
  "an asynchronous list": SlowList,
};
