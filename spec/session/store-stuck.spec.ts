/** Stores that show what the request brought, whatever has been set since; and random walks over all of them. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { cookieOf, NAME } from "../helpers/session-cookies.ts";
import { type BagSession, service } from "../helpers/session-visit.ts";
import { seeded } from "../helpers/token-random.ts";

class Stuck {
  readonly sets: string[] = [];
  readonly #brought: string | undefined;

  constructor(brought?: string) {
    this.#brought = brought;
  }
  get(): string | undefined {
    return this.#brought;
  }
  set(_name: string, value: string): void {
    this.sets.push(value);
  }
  /** The Cookie header of the next request. */
  get next(): string | undefined {
    const value = this.sets.at(-1) ?? this.#brought;
    return value === undefined || value === "" ? undefined : `${NAME}=${value}`;
  }
}

test("edits in a row see what the one before has set", async () => {
  const { sessions } = service();
  for (const brought of [undefined, cookieOf("fernet", { n: 0 }).slice(NAME.length + 1)]) {
    const store = new Stuck(brought);
    await sessions.edit(store, (session) => void (session.a = 1));
    await sessions.edit(store, () => {});
    await sessions.edit(store, (session) => void (session.b = 2));
    const { n, ...rest } = { ...sessions.read(store.next) } as Record<string, unknown>;
    assert.deepEqual([rest, n, store.sets.length], [{ a: 1, b: 2 }, brought && 0, 2]);
    await sessions.edit(store, (session) => void session.destroy());
    await sessions.edit(store, (session) => assert.deepEqual({ ...session }, {}));
    assert.equal(store.next, undefined);
  }
});

test("random edits, in a row and within one another: the last state is in the store, each set once", async (t) => {
  const random = seeded(t);
  const { sessions, errors } = service();
  for (let walk = 0; walk < 150; walk++) {
    const store = new Stuck();
    let model: Record<string, number> = {};
    const step = (session: BagSession): void => {
      const name = `k${random.below(4)}`;
      if (random.below(8) === 0) {
        void session.destroy();
        model = {};
      } else if (random.below(4) === 0) {
        delete session[name];
        delete model[name];
      } else {
        model[name] = random.below(100);
        session[name] = model[name];
      }
    };
    for (let edits = 1 + random.below(5); edits > 0; edits--) {
      await sessions.edit(store, async (session) => {
        step(session);
        if (random.below(2) === 0) await sessions.edit(store, step);
        if (random.below(2) === 0) step(session);
      });
      assert.deepEqual({ ...sessions.read(store.next) }, model);
    }
    const twice = store.sets.filter((value, index) => value === store.sets[index - 1]);
    assert.deepEqual(twice, [], "no cookie twice in a row");
  }
  assert.deepEqual(errors, []);
});
