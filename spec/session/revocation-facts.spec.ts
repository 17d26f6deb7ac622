/** A revocation list gets a session's times and a copy of its data. */

import assert from "node:assert/strict";
import { once } from "node:events";
import { describe, test } from "node:test";
import type { Revocation, Session } from "../../src/session.ts";
import { BEGAN, cookieOf, ENDS, idOf, NOW, OLD_ID } from "../helpers/session-cookies.ts";
import { OPENERS, writers } from "../helpers/session-entries.ts";
import { GatedList, LISTS, List, type Listed, SlowList } from "../helpers/session-revocation.ts";
import { PROTOCOLS } from "../helpers/session-server.ts";
import { type Bag, pairOf, rejection, service, turns, visit } from "../helpers/session-visit.ts";

const DATA = { user: "tom", cart: [{ item: "clay" }] };
const COOKIE = cookieOf("fernet", DATA);

/** The facts and data that a list got. */
function seen({ createdAt, expiresAt, data }: Listed): object {
  return { createdAt, expiresAt, data: structuredClone({ ...data }) };
}

for (const [what, Made] of Object.entries(LISTS)) {
  const waits = Made === SlowList;

  describe(`${what}`, () => {
    const expected = { createdAt: BEGAN, expiresAt: ENDS, data: DATA };
    for (const [how, { open, waits: can }] of Object.entries(OPENERS)) {
      if (waits && !can) continue;
      test(`is asked with the facts and the data, by ${how}`, async () => {
        const list = new Made();
        await open(service({ revocation: list }), COOKIE);
        assert.deepEqual(
          list.asked.map(({ id }) => id),
          [OLD_ID],
        );
        assert.deepEqual(
          list.asked.map(({ session }) => seen(session)),
          [expected],
        );
      });
    }

    for (const end of ["destroy", "regenerate"] as const) {
      test(`is told with the same facts and data, by ${end}`, async (t) => {
        for (const [how, write] of writers(waits)) {
          const list = new Made();
          await write(t, service({ revocation: list }), COOKIE, async (session) => {
            await session[end]();
            session.user = "ann";
          });
          assert.deepEqual(
            list.told.map(({ session }) => seen(session)),
            [expected],
            how,
          );
        }
      });
    }

    test("gets the facts of a session that began earlier and has its own end", async () => {
      const claims = { begun: 5, age: 600, exp: NOW + 5000 };
      for (const [maxLifetime, expiresAt] of [
        [undefined, BEGAN + 600],
        [NOW + 95, NOW + 100],
      ] as const) {
        const list = new Made();
        const options = maxLifetime === undefined ? {} : { maxLifetime };
        const made = service({ ...options, revocation: list });
        await visit(made, cookieOf("fernet", DATA, claims), (session) => session.destroy());
        const facts = { createdAt: 5, expiresAt, data: DATA };
        assert.deepEqual(
          [...list.asked, ...list.told].map(({ session }) => seen(session)),
          [facts, facts],
        );
      }
    });

    test("gets the facts of each id", async () => {
      const list = new Made();
      const cookies = [0, 1, 2].map((at) =>
        cookieOf("fernet", { at }, { jti: idOf(`${at}`), iat: NOW - at, exp: ENDS - at }),
      );
      list.revoked.set(idOf("0"), ENDS);
      const made = service({ revocation: list });
      await visit(made, cookies.join("; "), (session) => session.destroy());
      for (const { id, session } of [...list.asked, ...list.told]) {
        const at = [0, 1, 2].findIndex((at) => idOf(`${at}`) === id);
        assert.deepEqual(seen(session), {
          createdAt: NOW - at,
          expiresAt: ENDS - at,
          data: { at },
        });
      }
      assert.deepEqual(
        list.asked.map(({ id }) => id),
        [idOf("0"), idOf("1")],
      );
      assert.equal(list.told[0]?.id, idOf("1"));
    });

    test("gets no data with the names of members", async () => {
      const list = new Made();
      const cookie = cookieOf("fernet", { id: "forged", isNew: true, destroy: 1, user: "tom" });
      await visit(service({ revocation: list }), cookie, (session) => session.destroy());
      for (const { session } of [...list.asked, ...list.told]) {
        assert.deepEqual(seen(session), { ...expected, data: { user: "tom" } });
      }
    });
  });
}

describe("nothing that a list does changes the session", () => {
  const spoil = (session: Listed): void => {
    const data = session.data as typeof DATA & Bag;
    const attempts = [
      () => (data.user = "eve"),
      () => (data.more = 1),
      () => ((data.cart[0] as { item: string }).item = "gold"),
      () => data.cart.push({ item: "gold" }),
      () => Reflect.deleteProperty(data, "cart"),
      () => ((session as { createdAt: number }).createdAt = 1),
      () => ((session as { data: object }).data = {}),
    ];
    for (const attempt of attempts) {
      try {
        attempt();
      } catch (error) {
        assert.equal(error instanceof TypeError, true);
      }
    }
  };
  const lists: Record<string, () => Revocation> = {
    "at once": () => ({
      isRevoked(_id, session) {
        spoil(session);
        return false;
      },
      revoke: (_id, _until, session) => spoil(session),
    }),
    later: () => ({
      async isRevoked(_id, session) {
        await turns(1);
        spoil(session);
        return false;
      },
      async revoke(_id, _until, session) {
        await turns(1);
        spoil(session);
      },
    }),
  };
  for (const [when, make] of Object.entries(lists)) {
    test(`${when}: its data stay the same and are not written`, async (t) => {
      for (const [how, write] of writers(when === "later")) {
        const made = service({ revocation: make() });
        const reply = await write(t, made, COOKIE, (session) => {
          assert.deepEqual({ ...session }, DATA);
          assert.deepEqual([session.createdAt, session.expiresAt], [BEGAN, ENDS]);
        });
        assert.deepEqual(reply, { status: 200, setCookie: [] }, how);
      }
    });

    test(`${when}: the session that begins after it stays the same too`, async () => {
      for (const end of ["destroy", "regenerate"] as const) {
        const made = service({ revocation: make() });
        const { session } = await visit(made, COOKIE, async (session) => {
          const ending = session[end]();
          session.user = "ann";
          await ending;
        });
        assert.deepEqual({ ...session }, { user: "ann" });
        assert.deepEqual([session.createdAt, session.isNew], [NOW, true]);
      }
    });
  }

  test("a list may keep what it gets: later changes do not reach it", async () => {
    const list = new GatedList();
    const made = service({ revocation: list });
    await visit(made, COOKIE, async (session) => {
      const ending = session.regenerate();
      session.user = "ann";
      list.open();
      await ending;
    });
    const expected = { createdAt: BEGAN, expiresAt: ENDS, data: DATA };
    assert.deepEqual(
      list.told.map(({ session }) => seen(session)),
      [expected],
    );
    for (const { session } of list.told) assert.equal(Object.isFrozen(session), true);
  });
});

describe("a list by user, which ends all sessions from before a moment", () => {
  test("works with the facts alone", async () => {
    const since = new Map<unknown, number>();
    let now = NOW;
    const revocation: Revocation = {
      isRevoked: (_id, { createdAt, data }) =>
        createdAt <= (since.get((data as Bag).user) ?? -Infinity),
      revoke() {},
    };
    const made = service({ revocation, clock: () => now });
    const login = async (user: string): Promise<string> => {
      const { setCookie } = await visit(made, undefined, (session) => (session.user = user));
      return pairOf(setCookie[0]);
    };
    const [phone, laptop, ann] = [await login("tom"), await login("tom"), await login("ann")];
    since.set("tom", now);
    now += 1;
    const fresh = await login("tom");
    const users = [phone, laptop, ann, fresh].map((cookie) => made.sessions.read(cookie).user);
    assert.deepEqual(users, [undefined, undefined, "ann", "tom"]);
  });

  test("spares the one that a login or a new password began, though in that second", async () => {
    let ended: { at: number; except: string } | undefined;
    const revocation: Revocation = {
      isRevoked: (id, { createdAt }) =>
        ended !== undefined && createdAt <= ended.at && id !== ended.except,
      revoke() {},
    };
    const made = service({ revocation });
    const login = (session: Session<Bag>): unknown => (session.user = "tom");
    const [phone, before] = [
      await visit(made, undefined, login),
      await visit(made, undefined, login),
    ];
    const changed = await visit(made, pairOf(before.setCookie[0]), async (session) => {
      await session.regenerate();
      session.user = "tom";
      ended = { at: NOW, except: session.id };
    });
    const users = [phone, before, changed].map(
      ({ setCookie }) => made.sessions.read(pairOf(setCookie[0])).user,
    );
    assert.deepEqual(users, [undefined, undefined, "tom"]);
  });
});

describe("a session that ends after its cookie was sent", () => {
  for (const [protocol, start] of Object.entries(PROTOCOLS)) {
    test(`${protocol}: its id is revoked too, and the change is reported as unsent`, async (t) => {
      for (const cookie of [COOKIE, undefined]) {
        const list = new List();
        const made = service({ revocation: list });
        const ends: Promise<unknown>[] = [];
        const ids: string[] = [];
        const site = await start(t, async (req, res) => {
          ends.push(once(res, "finish"));
          const session = made.sessions.attach(req, res);
          session.user = "ann";
          ids.push(session.id);
          res.write("text");
          const error = (await rejection(session.destroy())) as { code: string };
          ids.push(error.code);
          res.end();
        });
        const headers = cookie === undefined ? {} : { cookie };
        const reply = await site.ask("/", { headers });
        await Promise.all(ends);
        await turns();
        assert.equal(reply.setCookie.length, 1);
        const [id, code] = ids;
        assert.deepEqual([[...list.revoked.keys()], code], [[id], "ERR_SESSION_UNSENT"]);
        assert.equal(made.sessions.read(pairOf(reply.setCookie[0])).isNew, true);
        assert.deepEqual(made.errors, ["ERR_SESSION_UNSENT"]);
      }
    });
  }
});
