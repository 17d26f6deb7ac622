/** edit with a revocation list: the list is asked and told before anything is set, and fails closed. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { BEGAN, ENDS, envelope, NAME, OLD_ID, seal, unseal } from "../helpers/session-cookies.ts";
import { GatedList, LISTS, SlowList } from "../helpers/session-revocation.ts";
import { deletions, heldBy, NextStore, throwing } from "../helpers/session-stores.ts";
import {
  type BagSession,
  caught,
  rejection,
  service,
  sessionRefusal,
  turns,
} from "../helpers/session-visit.ts";

const BROUGHT = { [NAME]: seal("fernet", envelope({ user: "tom" })) };
const redirect = Object.assign(new Error("NEXT_REDIRECT"), { digest: "NEXT_REDIRECT;/;303;" });
const down = new Error("the list is down");
const refused = sessionRefusal("ERR_SESSION_REVOCATION");

type Change = (session: BagSession) => unknown;
const login: Change = async (session) => {
  await session.regenerate();
  session.user = "ann";
};

for (const [what, Kind] of Object.entries(LISTS)) {
  describe(`edit with ${what}`, () => {
    test("asks it once before the handlers are called, for any number of edits", async () => {
      const list = new Kind();
      const { sessions } = service({ revocation: list });
      const model = new NextStore(BROUGHT);
      await Promise.all(
        ["a", "b"].map((name) =>
          sessions.edit(model, async (session) => {
            assert.deepEqual(list.calls, [`ask ${OLD_ID}`]);
            session[name] = 1;
            await turns(1);
          }),
        ),
      );
      const [{ session }] = list.asked as [(typeof list.asked)[0]];
      assert.deepEqual(
        [session.createdAt, session.expiresAt, session.data],
        [BEGAN, ENDS, { user: "tom" }],
      );
      assert.deepEqual(list.calls, [`ask ${OLD_ID}`]);
      assert.deepEqual(heldBy(model), { user: "tom", a: 1, b: 1 });
    });

    test("a revoked session is a new empty one, and onInvalid is called", async () => {
      const list = new Kind();
      list.revoked.set(OLD_ID, ENDS);
      const { sessions, invalid } = service({ revocation: list });
      const model = new NextStore(BROUGHT);
      await sessions.edit(model, (session) => {
        assert.deepEqual([Object.keys(session), session.isNew], [[], true]);
      });
      assert.deepEqual([model.sent, invalid], [[], ["ERR_SESSION_REVOKED"]]);
    });

    const ends: Record<string, [change: Change, deleted: boolean]> = {
      destroy: [(session) => session.destroy(), true],
      "a destroy that nobody awaits": [(session) => void session.destroy(), true],
      regenerate: [login, false],
      "a regenerate that nobody awaits": [
        (session) => {
          void session.regenerate();
          session.user = "ann";
        },
        false,
      ],
    };
    for (const [how, [change, deleted]] of Object.entries(ends)) {
      for (const leaves of ["returns", "redirects"]) {
        test(`${how}, and it ${leaves}: the list is told before the cookie is set`, async () => {
          const list = new Kind();
          const made = service({ revocation: list });
          const model = new NextStore(BROUGHT);
          const { set } = model;
          model.set = (...given) => {
            assert.ok(list.revoked.has(OLD_ID));
            return set.apply(model, given);
          };
          if (leaves === "redirects") await throwing(made, model, redirect, change);
          else await made.sessions.edit(model, async (session) => void (await change(session)));
          assert.deepEqual(deletions(model), [deleted]);
          if (!deleted) assert.deepEqual(heldBy(model), { user: "ann" });
          assert.deepEqual(made.errors, []);
        });

        test(`${how}, and it ${leaves}, but the list cannot be told: 503, and the cookie is deleted`, async () => {
          const list = new Kind();
          list.failure = { tell: down };
          const { sessions, errors } = service({ revocation: list });
          const model = new NextStore(BROUGHT);
          const edited = sessions.edit(model, async (session) => {
            await Promise.resolve(change(session)).catch(() => {});
            session.user = "ann";
            if (leaves === "redirects") throw redirect;
          });
          await assert.rejects(edited, { ...refused, cause: down });
          assert.deepEqual(deletions(model), [true]);
          assert.deepEqual(errors, ["ERR_SESSION_REVOCATION"]);
        });
      }
    }

    test("the list's error passes through a handler that awaits it", async () => {
      const list = new Kind();
      list.failure = { tell: down };
      const { sessions, errors } = service({ revocation: list });
      const model = new NextStore(BROUGHT);
      const edited = sessions.edit(model, (session) => session.destroy());
      await assert.rejects(edited, refused);
      assert.deepEqual(deletions(model), [true]);
      assert.deepEqual(errors, ["ERR_SESSION_REVOCATION"]);
    });

    test("save throws at once, since nothing is written any more", async () => {
      const list = new Kind();
      list.failure = { tell: down };
      const { sessions } = service({ revocation: list });
      const edited = sessions.edit(new NextStore(BROUGHT), async (session) => {
        await rejection(session.destroy());
        assert.throws(() => session.save(), refused);
      });
      await assert.rejects(edited, refused);
    });

    const behind: Record<string, [then: Change, error: RegExp]> = {
      "another error": [
        () => {
          throw new Error("another");
        },
        /another/,
      ],
      "data that cannot be written": [(session) => (session.bad = 1n), /cannot hold/],
      "too much data": [(session) => (session.text = "x".repeat(5000)), /exceed 4096/],
    };
    for (const [which, [then, error]] of Object.entries(behind)) {
      test(`with ${which} after it the cookie is still deleted, and edit waits for the list`, async () => {
        for (const failure of [{}, { tell: down }]) {
          const list = new Kind();
          list.failure = failure;
          const { sessions } = service({ revocation: list });
          const model = new NextStore(BROUGHT);
          const edited = sessions.edit(model, async (session) => {
            session.destroy().catch(() => {});
            await then(session);
          });
          const first = "tell" in failure && which !== "another error";
          assert.match(
            String(await rejection(edited)),
            first ? /could not be read or written/ : error,
          );
          assert.deepEqual(deletions(model), [true]);
          assert.equal(list.revoked.has(OLD_ID), !("tell" in failure), "waits for the list");
        }
      });
    }

    test("a list that cannot be asked gives a 503: no handler is called, nothing is set", async () => {
      const list = new Kind();
      list.failure = { ask: down };
      const { sessions } = service({ revocation: list });
      const model = new NextStore(BROUGHT);
      const edit = () => sessions.edit(model, () => assert.fail("called"));
      assert.deepEqual((await Promise.all([edit, edit].map(caught))).map(String), [
        `SessionError: ${refused.message}`,
        `SessionError: ${refused.message}`,
      ]);
      await assert.rejects(edit(), { ...refused, cause: down });
      assert.deepEqual(model.sent, []);
      list.failure = {};
      assert.equal(await sessions.edit(model, ({ user }) => user), "tom");
    });

    test("an answer that is not a boolean gives a 503", async () => {
      const list = new Kind();
      const isRevoked = () => undefined as never;
      const { sessions } = service({ revocation: { isRevoked, revoke: list.revoke.bind(list) } });
      const edited = sessions.edit(new NextStore(BROUGHT), () => assert.fail("called"));
      await assert.rejects(edited, refused);
    });

    test("a login of a nested edit is revoked too, where the outer edit ends it", async () => {
      const list = new Kind();
      const { sessions } = service({ revocation: list });
      const model = new NextStore();
      await sessions.edit(model, async (outer) => {
        await sessions.edit(model, (session) => void (session.user = "ann"));
        await outer.destroy();
      });
      const { jti } = unseal("fernet", model.sent[0]?.value as string);
      assert.deepEqual([...list.revoked.keys()], [jti]);
      assert.deepEqual(deletions(model), [false, true]);
    });
  });
}

test("another edit may join while a list is slow, and nothing is lost", async () => {
  const list = new GatedList();
  const { sessions, errors } = service({ revocation: list });
  const model = new NextStore(BROUGHT);
  const first = sessions.edit(model, (session) => {
    void session.regenerate();
    session.a = 1;
  });
  await turns(3);
  assert.deepEqual(model.sent, [], "waits for the list");
  const second = sessions.edit(model, (session) => {
    session.b = 2;
    session.save();
  });
  await turns(3);
  list.open();
  await Promise.all([first, second]);
  assert.deepEqual(heldBy(model), { a: 1, b: 2 });
  assert.equal(model.sent.length, 1);
  assert.deepEqual(errors, []);
});

test("edit returns a Promise for synchronous and asynchronous lists", async () => {
  for (const Kind of [...Object.values(LISTS), SlowList]) {
    const { sessions } = service({ revocation: new Kind() });
    const edited: unknown = sessions.edit(new NextStore(BROUGHT), ({ user }) => user);
    assert.ok(edited instanceof Promise);
    assert.equal(await edited, "tom");
  }
});
