/** Edits in sequence: random ones, and a store object that serves one visitor after another. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { NAME } from "../helpers/session-cookies.ts";
import { type BagSession, service } from "../helpers/session-visit.ts";
import { seeded } from "../helpers/token-random.ts";

/** A store that returns what was set; a deleted cookie is empty or missing. */
class Shelf {
  readonly sets: string[] = [];
  readonly #showsEmpty: boolean;

  constructor(showsEmpty: boolean) {
    this.#showsEmpty = showsEmpty;
  }
  get(): string | undefined {
    const value = this.sets.at(-1);
    return value === "" && !this.#showsEmpty ? undefined : value;
  }
  set(_name: string, value: string): void {
    this.sets.push(value);
  }
  /** The Cookie header of the next request. */
  get next(): string | undefined {
    const value = this.sets.at(-1);
    return value === undefined || value === "" ? undefined : `${NAME}=${value}`;
  }
}

test("one store object for all requests keeps successive visitors apart", async () => {
  const { sessions } = service();
  let jar: Map<string, string>;
  const store = {
    get: (name: string) => jar.get(name),
    set: (name: string, value: string) => void jar.set(name, value),
  };
  const [tom, stranger] = [new Map<string, string>(), new Map<string, string>()];
  jar = tom;
  await sessions.edit(store, (session) => void (session.user = "tom"));
  jar = stranger;
  await sessions.edit(store, (session) => assert.deepEqual({ ...session }, {}));
  await sessions.edit(store, (session) => void (session.cart = 1));
  jar = tom;
  await sessions.edit(store, (session) => assert.deepEqual({ ...session }, { user: "tom" }));
  assert.deepEqual({ ...sessions.read(`${NAME}=${stranger.get(NAME)}`) }, { cart: 1 });
});

for (const showsEmpty of [false, true]) {
  test(`random edits, in sequence and nested, with deleted cookies ${showsEmpty ? "empty" : "missing"}`, async (t) => {
    const random = seeded(t);
    const { sessions, errors, invalid } = service();
    for (let walk = 0; walk < 150; walk++) {
      const store = new Shelf(showsEmpty);
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
    assert.deepEqual([errors, invalid], [[], []]);
  });
}
