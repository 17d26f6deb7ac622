/** Revocation lists in memory: one that answers at once, one that makes wait, and each can fail. */

import type { Revocation } from "../../src/session.ts";

export class List implements Revocation {
  /** Each id with the `until` it was revoked with. */
  readonly revoked = new Map<string, number>();
  /** What was called, in order. */
  readonly calls: string[] = [];
  /** What asking or telling fails with, while it is there. */
  failure: { ask?: unknown; tell?: unknown } = {};

  isRevoked(id: string): boolean | Promise<boolean> {
    this.calls.push(`ask ${id}`);
    if ("ask" in this.failure) throw this.failure.ask;
    return this.revoked.has(id);
  }

  revoke(id: string, until: number): void | Promise<void> {
    this.calls.push(`tell ${id}`);
    if ("tell" in this.failure) throw this.failure.tell;
    this.revoked.set(id, until);
  }
}

/** The same over a network, so to speak. */
export class SlowList extends List {
  readonly #milliseconds: number;

  constructor(milliseconds = 2) {
    super();
    this.#milliseconds = milliseconds;
  }

  override async isRevoked(id: string): Promise<boolean> {
    await this.#wait();
    return super.isRevoked(id);
  }

  override async revoke(id: string, until: number): Promise<void> {
    await this.#wait();
    await super.revoke(id, until);
  }

  #wait(): Promise<void> {
    return new Promise((resolve) => setTimeout(resolve, this.#milliseconds));
  }
}

export const LISTS: Record<string, new () => List> = {
  "a list that answers at once": List,
  "a list that makes wait": SlowList,
};
