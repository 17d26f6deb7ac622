/**
 * edit: nested and parallel edits of one store share a session; another cookie in the store opens another
 * one.
 */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { envelope, NAME, OLD_ID, seal, unseal } from "../helpers/session-cookies.ts";
import {
  deletions,
  heldBy,
  type Model,
  NextStore,
  RequestStore,
  STORES,
} from "../helpers/session-stores.ts";
import {
  type BagSession,
  gate,
  rejection,
  service,
  sessionRefusal,
  turns,
} from "../helpers/session-visit.ts";

const sealed = (data: object): string => seal("fernet", envelope(data));
const BROUGHT = { [NAME]: sealed({ user: "tom" }) };
const lost = new Error("the handler failed");

for (const [what, Store] of Object.entries(STORES)) {
  describe(`edits at the same time, in the store of ${what}`, () => {
    const brings: Record<string, Record<string, string>> = {
      "that shows a session": BROUGHT,
      "that shows none": {},
      "that shows one that cannot be opened": { [NAME]: "x" },
    };
    for (const [which, brought] of Object.entries(brings)) {
      test(`a nested edit of a store ${which} gets the same session and loses nothing`, async () => {
        const { sessions, errors } = service();
        const model = new Store(brought);
        await sessions.edit(model.store, async (outer) => {
          outer.a = 1;
          await sessions.edit(model.store, (inner) => {
            assert.equal(inner, outer);
            inner.b = 2;
          });
          await sessions.edit(model.store, (inner) => {
            assert.equal(inner, outer);
            inner.c = 3;
          });
          outer.d = 4;
        });
        const { a, b, c, d } = heldBy(model);
        assert.deepEqual({ a, b, c, d }, { a: 1, b: 2, c: 3, d: 4 });
        assert.deepEqual(errors, []);
      });

      test(`parallel edits of a store ${which} get the same session and lose nothing`, async () => {
        const { sessions, errors } = service();
        const model = new Store(brought);
        const names = ["a", "b", "c", "d"];
        const seen = await Promise.all(
          names.map((name, turn) =>
            sessions.edit(model.store, async (session) => {
              session[name] = turn;
              await turns(turn);
              session[`${name}2`] = turn;
              return session;
            }),
          ),
        );
        assert.equal(new Set(seen).size, 1);
        const held = heldBy(model);
        for (const [turn, name] of names.entries()) {
          assert.deepEqual([held[name], held[`${name}2`]], [turn, turn], name);
        }
        assert.deepEqual(errors, []);
      });
    }

    test("all changes before the first edit returns are set once", async () => {
      const { sessions } = service();
      const model = new Store(BROUGHT);
      const together = gate();
      const edits = ["a", "b", "c"].map((name) =>
        sessions.edit(model.store, async (session) => {
          session[name] = 1;
          await together.opened;
        }),
      );
      await turns();
      assert.deepEqual(model.sent, []);
      together.open();
      await Promise.all(edits);
      assert.deepEqual(heldBy(model), { user: "tom", a: 1, b: 1, c: 1 });
      assert.equal(model.sent.length, 1);
    });

    test("a nested edit's change is not set again by the outer edit", async () => {
      const { sessions } = service();
      const model = new Store(BROUGHT);
      await sessions.edit(model.store, () =>
        sessions.edit(model.store, (session) => void (session.a = 1)),
      );
      assert.equal(model.sent.length, 1);
    });

    test("a nested edit's change that the outer edit undoes is set back", async () => {
      const { sessions, errors } = service();
      const model = new Store(BROUGHT);
      await sessions.edit(model.store, async (outer) => {
        await sessions.edit(model.store, (session) => void (session.a = 1));
        delete outer.a;
      });
      assert.deepEqual(heldBy(model), { user: "tom" });
      assert.equal(unseal("fernet", model.sent.at(-1)?.value as string).jti, OLD_ID);
      assert.deepEqual(errors, []);
    });

    test("an empty session is set back too", async () => {
      const { sessions } = service();
      const model = new Store({ [NAME]: sealed({}) });
      await sessions.edit(model.store, async (outer) => {
        await sessions.edit(model.store, (session) => void (session.a = 1));
        delete outer.a;
      });
      assert.deepEqual(heldBy(model), {});
      assert.deepEqual(deletions(model), [false, false]);
    });

    const takesBack: Record<string, (session: BagSession) => unknown> = {
      destroys: (session) => session.destroy(),
      empties: (session) => delete session.user,
    };
    for (const [how, takeBack] of Object.entries(takesBack)) {
      test(`a nested edit's login that the outer edit ${how} is deleted`, async () => {
        const { sessions, errors } = service();
        const model = new Store();
        await sessions.edit(model.store, async (outer) => {
          await sessions.edit(model.store, (session) => void (session.user = "ann"));
          assert.deepEqual(heldBy(model), { user: "ann" });
          await takeBack(outer);
        });
        assert.deepEqual(deletions(model), [false, true]);
        assert.deepEqual(errors, []);
      });
    }

    test("an edit after a deletion shares the session that is still being edited", async () => {
      const { sessions } = service();
      const model = new Store(BROUGHT);
      await sessions.edit(model.store, async (outer) => {
        await sessions.edit(model.store, (session) => session.destroy());
        assert.deepEqual(deletions(model), [true]);
        await sessions.edit(model.store, (session) => assert.equal(session, outer));
        outer.flash = "bye";
      });
      assert.deepEqual(heldBy(model), { flash: "bye" });
    });
  });
}

/** Runs an edit that fails after a change, next to one that runs until the gate opens. */
async function failsBeside(
  model: Model,
  change: (session: BagSession) => unknown,
): Promise<{ during: string[]; errors: string[] }> {
  const { sessions, errors } = service();
  const goOn = gate();
  const other = sessions.edit(model.store, async (session) => {
    session.other = 1;
    await goOn.opened;
  });
  const failing = sessions.edit(model.store, async (session) => {
    await change(session);
    throw lost;
  });
  assert.equal(await rejection(failing), lost);
  const during = [...errors];
  goOn.open();
  await other;
  return { during, errors };
}

describe("an edit that fails beside others", () => {
  test("loses nothing while another edit still carries its change", async () => {
    const model = new NextStore(BROUGHT);
    const heard = await failsBeside(model, (session) => (session.a = 1));
    assert.deepEqual(heard, { during: [], errors: [] });
    assert.deepEqual(heldBy(model), { user: "tom", other: 1, a: 1 });
  });

  test("deletes the session that it ended, and the other sets the new one", async () => {
    const model = new NextStore(BROUGHT);
    const heard = await failsBeside(model, async (session) => {
      await session.regenerate();
      session.user = "ann";
    });
    assert.deepEqual(heard, { during: [], errors: [] });
    assert.deepEqual(deletions(model), [true, false]);
    assert.deepEqual(heldBy(model), { user: "ann" });
  });

  test("keeps a login that another edit has set", async () => {
    const { sessions, errors } = service();
    const model = new NextStore(BROUGHT);
    const outer = sessions.edit(model, async (session) => {
      await sessions.edit(model, async (login) => {
        await login.regenerate();
        login.user = "ann";
      });
      session.more = 1;
      throw lost;
    });
    assert.equal(await rejection(outer), lost);
    assert.deepEqual(deletions(model), [false]);
    assert.deepEqual(heldBy(model), { user: "ann" });
    assert.deepEqual(errors, ["ERR_SESSION_UNSENT"]);
  });

  test("deletes a login that another edit has set, if it ended that session", async () => {
    const { sessions, errors } = service();
    const model = new NextStore();
    const outer = sessions.edit(model, async (session) => {
      await sessions.edit(model, (login) => void (login.user = "ann"));
      await session.destroy();
      throw lost;
    });
    assert.equal(await rejection(outer), lost);
    assert.deepEqual(deletions(model), [false, true]);
    assert.deepEqual(errors, []);
  });

  test("an outer edit that catches a nested edit's error sets its change", async () => {
    const { sessions, errors } = service();
    const model = new NextStore(BROUGHT);
    await sessions.edit(model, async () => {
      const inner = sessions.edit(model, (session) => {
        session.a = 1;
        throw lost;
      });
      assert.equal(await rejection(inner), lost);
    });
    assert.deepEqual(heldBy(model), { user: "tom", a: 1 });
    assert.deepEqual(errors, []);
  });

  test("an outer edit may repair what a nested edit could not write", async () => {
    const { sessions, errors } = service();
    const model = new NextStore(BROUGHT);
    await sessions.edit(model, async (outer) => {
      const inner = sessions.edit(model, (session) => void (session.a = 1n));
      await assert.rejects(inner, sessionRefusal("ERR_SESSION_DATA"));
      outer.a = 1;
    });
    assert.deepEqual(heldBy(model), { user: "tom", a: 1 });
    assert.deepEqual(errors, ["ERR_SESSION_DATA"]);
  });

  test("a set that fails later rejects every edit that relied on it", async () => {
    const { sessions } = service();
    const model = new RequestStore(BROUGHT);
    model.set = async () => {
      await turns(1);
      throw lost;
    };
    const together = gate();
    const edits = ["a", "b"].map((name) =>
      sessions.edit(model, async (session) => {
        session[name] = 1;
        await together.opened;
      }),
    );
    together.open();
    assert.deepEqual(await Promise.all(edits.map(rejection)), [lost, lost]);
  });
});

describe("another cookie in the store opens another session", () => {
  const other = sealed({ user: "ann" });

  test("within an edit", async () => {
    const { sessions } = service();
    const model = new NextStore(BROUGHT);
    await sessions.edit(model, async (outer) => {
      model.set(NAME, other, {} as never);
      await sessions.edit(model, (inner) => {
        assert.notEqual(inner, outer);
        assert.deepEqual({ ...inner }, { user: "ann" });
        inner.more = 1;
      });
      assert.deepEqual(heldBy(model), { user: "ann", more: 1 });
    });
    assert.equal(model.sent.length, 2);
    assert.deepEqual(heldBy(model), { user: "ann", more: 1 });
  });

  test("after an edit", async () => {
    const { sessions } = service();
    const model = new NextStore(BROUGHT);
    await sessions.edit(model, () => {});
    model.set(NAME, other, {} as never);
    await sessions.edit(model, ({ user }) => assert.equal(user, "ann"));
  });

  test("an empty cookie opens a new session", async () => {
    const { sessions } = service();
    const model = new NextStore(BROUGHT);
    await sessions.edit(model, async () => {
      model.set(NAME, "", {} as never);
      await sessions.edit(model, ({ user, isNew }) =>
        assert.deepEqual([user, isNew], [undefined, true]),
      );
    });
  });

  test("other stores, and other sessions() of one store, share nothing", async () => {
    const made = service();
    const named = service({ cookie: { name: "sid" } });
    const stores = [new NextStore(BROUGHT), new NextStore(BROUGHT)] as const;
    await made.sessions.edit(stores[0], async (first) => {
      first.a = 1;
      await made.sessions.edit(stores[1], (session) => assert.equal(session.a, undefined));
      await named.sessions.edit(stores[0], (session) => void (session.b = 2));
    });
    assert.deepEqual(
      stores[0].sent.map(({ name }) => name),
      ["sid", NAME],
    );
    assert.deepEqual(heldBy(stores[0]), { user: "tom", a: 1 });
    assert.deepEqual(stores[1].sent, []);
  });
});
