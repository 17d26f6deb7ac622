/** A revocation list is asked before a session opens, and told of every session that ends. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type SessionError, type SessionOptions, sessions } from "../../src/session.ts";
import {
  BEGAN,
  CLEARING,
  cookieOf,
  cookieValue,
  ENDS,
  FOURTEEN_DAYS,
  idOf,
  NAME,
  NOW,
  OLD_ID,
  SECRET,
  unseal,
} from "../helpers/session-cookies.ts";
import { exchange, OPENERS, type WithSession, writers } from "../helpers/session-entries.ts";
import { GatedList, LISTS, List, SlowList } from "../helpers/session-revocation.ts";
import { Jar, PROTOCOLS } from "../helpers/session-server.ts";
import {
  type Bag,
  type BagSession,
  calledBack,
  configRefusal,
  pairOf,
  service,
  sessionRefusal,
  turns,
  visit,
} from "../helpers/session-visit.ts";

const TOM = { user: "tom" };
const COOKIE = cookieOf("fernet", TOM);
const ENTRIES = Object.entries(OPENERS);

/** Makes `count` valid cookies, newest first, with their numbers as data. */
function several(count: number, claims: object = {}): string[] {
  return Array.from({ length: count }, (_, at) =>
    cookieOf("fernet", { at }, { jti: idOf(`${at}`), iat: BEGAN - at, ...claims }),
  );
}

describe("base64 cannot have a revocation list, since its ids can be forged", () => {
  test("revocation with type base64 is a ConfigError", () => {
    for (const Made of Object.values(LISTS)) {
      const options = { type: "base64", revocation: new Made() } as const;
      assert.throws(() => sessions(options), configRefusal(/base64/));
    }
    for (const type of ["fernet", "jwt"] as const) {
      sessions({ type, secret: SECRET, revocation: new List() });
    }
  });
});

for (const [what, Made] of Object.entries(LISTS)) {
  const waits = Made === SlowList;

  describe(`${what} is asked`, () => {
    for (const [how, { open, waits: can }] of ENTRIES) {
      if (waits && !can) continue;
      test(`${how}: for the id of a valid cookie, once`, async () => {
        const list = new Made();
        const made = service({ revocation: list });
        const { data, id } = await open(made, COOKIE);
        assert.deepEqual([data, id, list.calls], [TOM, OLD_ID, [`ask ${OLD_ID}`]]);
      });

      test(`${how}: for nothing, where no cookie opens`, async () => {
        const bad = [`${NAME}=garbage`, cookieOf("fernet", TOM, { exp: NOW })];
        for (const cookie of [undefined, "", ...bad]) {
          const list = new Made();
          assert.equal((await open(service({ revocation: list }), cookie)).isNew, true);
          assert.deepEqual(list.calls, []);
        }
      });

      test(`${how}: a revoked session is empty, nothing is written, and onInvalid is called`, async () => {
        const list = new Made();
        list.revoked.set(OLD_ID, ENDS);
        const made = service({ revocation: list });
        const { data, id, isNew } = await open(made, COOKIE);
        assert.deepEqual([data, isNew], [{}, true]);
        assert.notEqual(id, OLD_ID);
        assert.deepEqual(made.invalid, ["ERR_SESSION_REVOKED"]);
      });

      test(`${how}: the newest of several that is not revoked wins`, async () => {
        const list = new Made();
        for (const at of ["0", "1"]) list.revoked.set(idOf(at), ENDS);
        const made = service({ revocation: list });
        const [a, b, c, d] = several(4);
        const { data, id } = await open(made, [c, a, d, b].join("; "));
        assert.deepEqual([data, id, made.invalid], [{ at: 2 }, idOf("2"), []]);
        assert.deepEqual(
          list.calls,
          ["0", "1", "2"].map((at) => `ask ${idOf(at)}`),
        );
      });

      test(`${how}: for at most eight ids`, async () => {
        for (const revoked of [7, 8, 20]) {
          const list = new Made();
          for (let at = 0; at < revoked; at++) list.revoked.set(idOf(`${at}`), ENDS);
          const made = service({ revocation: list });
          const { data } = await open(made, several(20).reverse().join("; "));
          assert.deepEqual(data, revoked === 7 ? { at: 7 } : {});
          assert.deepEqual(made.invalid, revoked === 7 ? [] : ["ERR_SESSION_REVOKED"]);
          const asked = Array.from({ length: 8 }, (_, at) => `ask ${idOf(`${at}`)}`);
          assert.deepEqual(list.calls, asked);
        }
      });
    }

    test("once for all entries of one request, even at the same time", async () => {
      const list = new Made();
      const { sessions } = service({ revocation: list });
      const pair = exchange(COOKIE);
      const next = new Promise((resolve) => sessions.middleware(...pair, resolve));
      const loaded = await Promise.all([sessions.load(...pair), sessions.load(...pair), next]);
      const { session } = pair[0] as WithSession;
      for (const other of loaded.slice(0, 2)) assert.equal(other, session);
      assert.equal(sessions.attach(...pair), session);
      assert.equal(await sessions.load(...pair), session);
      assert.deepEqual(list.calls, [`ask ${OLD_ID}`]);
    });

    test("and a revoked cookie is deleted by destroy, but not by a read", async (t) => {
      for (const [how, write] of writers(waits)) {
        const list = new Made();
        list.revoked.set(OLD_ID, ENDS);
        const made = service({ revocation: list });
        const read = await write(t, made, COOKIE, (session) => session.user);
        assert.deepEqual(read, { status: 200, setCookie: [] }, how);
        const ended = await write(t, made, COOKIE, (session) => session.destroy());
        assert.deepEqual(ended, { status: 200, setCookie: [CLEARING] }, how);
      }
    });
  });

  describe(`${what} is told`, () => {
    const rows: Record<string, { edit: (session: BagSession) => unknown; told: boolean }> = {
      destroy: { edit: (s) => s.destroy(), told: true },
      regenerate: { edit: (s) => s.regenerate(), told: true },
      "regenerate and new data": { edit: (s) => [s.regenerate(), (s.user = "ann")], told: true },
      "destroy twice": { edit: (s) => [s.destroy(), s.destroy()], told: true },
      "regenerate twice": { edit: (s) => [s.regenerate(), s.regenerate()], told: true },
      "regenerate, new data, destroy": {
        edit: (s) => [s.regenerate(), (s.user = "ann"), s.destroy()],
        told: true,
      },
      "new data": { edit: (s) => (s.user = "ann"), told: false },
      "deleted data": { edit: (s) => delete s.user, told: false },
      touch: { edit: (s) => s.touch(), told: false },
      save: { edit: (s) => [(s.user = "ann"), s.save()], told: false },
    };
    for (const [how, { edit, told }] of Object.entries(rows)) {
      test(`${how}: ${told ? "once" : "not"}`, async (t) => {
        for (const [by, write] of writers(waits)) {
          const list = new Made();
          const made = service({ revocation: list });
          await write(t, made, COOKIE, async (session) => {
            edit(session);
            await turns();
          });
          const tells = list.calls.filter((call) => call.startsWith("tell"));
          assert.deepEqual(tells, told ? [`tell ${OLD_ID}`] : [], by);
          assert.deepEqual(made.errors, [], by);
        }
      });
    }

    test("of nothing, where no cookie opens", async () => {
      for (const cookie of [undefined, `${NAME}=garbage`, cookieOf("fernet", TOM, { exp: NOW })]) {
        for (const end of ["destroy", "regenerate"] as const) {
          const list = new Made();
          await visit(service({ revocation: list }), cookie, async (session) => {
            session.user = "ann";
            await session[end]();
          });
          assert.deepEqual(list.calls, []);
        }
      }
    });

    for (const end of ["destroy", "regenerate"] as const) {
      test(`${end}: of every valid id in the request, the session's own first`, async (t) => {
        for (const [by, write] of writers(waits)) {
          const list = new Made();
          const made = service({ revocation: list });
          const bad = [`${NAME}=garbage`, cookieOf("fernet", TOM, { jti: idOf("x"), exp: NOW })];
          const [a, b, c] = several(3);
          const header = [b, ...bad, c, a].join("; ");
          const { setCookie } = await write(t, made, header, (session) => session[end]());
          const tells = list.calls.filter((call) => call.startsWith("tell"));
          assert.deepEqual(
            tells,
            ["0", "1", "2"].map((at) => `tell ${idOf(at)}`),
            by,
          );
          assert.deepEqual([setCookie, made.errors], [[CLEARING], []], by);
          for (const cookie of [a, b, c]) {
            const { data } = await (OPENERS.wrap as (typeof OPENERS)[string]).open(made, cookie);
            assert.deepEqual(data, {}, by);
          }
        }
      });

      test(`${end}: of one id once, even if several cookies have it`, async () => {
        const list = new Made();
        const made = service({ revocation: list });
        const header = [NOW, NOW - 5, NOW - 9].map((iat) => cookieOf("fernet", TOM, { iat }));
        await visit(made, header.join("; "), (session) => session[end]());
        assert.deepEqual(
          list.told.map(({ id }) => id),
          [OLD_ID],
        );
      });

      test(`${end}: of at most eight ids, the newest; onError reports the rest`, async () => {
        for (const count of [8, 9, 20]) {
          const list = new Made();
          const heard: string[] = [];
          const onError = ({ cause }: SessionError) => heard.push((cause as Error).message);
          const made = service({ revocation: list, onError });
          const header = several(count).reverse().join("; ");
          await visit(made, header, (session) => session[end]().catch(() => {}));
          const newest = Array.from({ length: 8 }, (_, at) => idOf(`${at}`));
          assert.deepEqual(
            list.told.map(({ id }) => id),
            newest,
          );
          assert.deepEqual(heard, count > 8 ? [`${count - 8} more were not revoked`] : []);
        }
      });
    }

    test("before the promise and done settle", async () => {
      for (const end of ["destroy", "regenerate"] as const) {
        const list = new Made();
        await visit(service({ revocation: list }), COOKIE, async (session) => {
          let promise: Promise<void> | undefined;
          const heard = await calledBack((done) => {
            promise = session[end](done);
          });
          assert.deepEqual([heard, [...list.revoked.keys()]], [undefined, [OLD_ID]]);
          assert.equal(await promise, undefined);
          assert.equal(await calledBack((done) => session.save(done)), undefined);
        });
      }
    });
  });

  for (const [protocol, start] of Object.entries(PROTOCOLS)) {
    test(`${protocol}, ${what}: a copied cookie is refused after the logout`, async (t) => {
      const made = service({ revocation: new Made() });
      const site = await start(t, (req, res) => {
        made.sessions.middleware(req, res, async () => {
          const { session } = req as WithSession;
          if (req.url === "/login") {
            await session?.regenerate();
            Object.assign(session ?? {}, TOM);
          } else if (req.url === "/logout") await session?.destroy();
          res.end(`${session?.user}`);
        });
      });
      const jar = new Jar();
      jar.keep(await site.ask("/login"));
      const copy = jar.headers;
      assert.equal((await site.ask("/", { headers: copy })).text, "tom");
      jar.keep(await site.ask("/logout", { headers: jar.headers }));
      assert.equal(jar.cookies.size, 0);
      const replayed = await site.ask("/", { headers: copy });
      assert.deepEqual(
        [replayed.status, replayed.text, replayed.setCookie],
        [200, "undefined", []],
      );
      assert.deepEqual(made.invalid, ["ERR_SESSION_REVOKED"]);
    });
  }
}

describe("until is the last moment at which a cookie of the id could open", () => {
  const DAY = 86_400;
  const rows: readonly (readonly [Partial<SessionOptions>, claims: object, until: number])[] = [
    // now + 60 + longestAge: another request may write such a cookie meanwhile, by a clock ahead.
    [{}, {}, NOW + 60 + FOURTEEN_DAYS],
    [{}, { exp: NOW + 100 }, NOW + 60 + FOURTEEN_DAYS],
    [{ maxAge: 100 }, { exp: NOW + 90 }, NOW + 160],
    [{ maxAge: 100, longestAge: 1000 }, { exp: NOW + 90 }, NOW + 1060],
    [{ maxAge: 100, longestAge: 1000 }, { exp: NOW + 990, age: 1000 }, NOW + 1060],
    // The exp of a longer maxAge, which may be configured again.
    [{ maxAge: 100 }, {}, ENDS],
    [{ maxAge: 100 }, { exp: NOW + 160 }, NOW + 160],
    [{ maxAge: 100 }, { exp: NOW + 161 }, NOW + 161],
    // The end by maxLifetime.
    [{ maxAge: 100, maxLifetime: 120 }, { exp: NOW + 90 }, BEGAN + 120],
    [{ maxAge: 100, maxLifetime: 500 }, { exp: NOW + 90, begun: NOW - 400 }, NOW + 100],
    [{ maxAge: 100, maxLifetime: 500 }, { exp: NOW + 90 }, NOW + 160],
    [{ maxAge: 100, maxLifetime: 120 }, {}, ENDS],
    [{ maxLifetime: 30 * DAY }, { begun: NOW - 29 * DAY, exp: NOW + DAY }, NOW + DAY],
  ];
  for (const [options, claims, until] of rows) {
    test(`${JSON.stringify(options)}, ${JSON.stringify(claims)}: ${until - NOW} s`, async () => {
      for (const end of ["destroy", "regenerate"] as const) {
        for (const Made of Object.values(LISTS)) {
          const list = new Made();
          const made = service({ ...options, revocation: list });
          const cookie = cookieOf("fernet", TOM, claims);
          await visit(made, cookie, (session) => session[end]());
          assert.deepEqual([...list.revoked], [[OLD_ID, until]]);
        }
      }
    });
  }

  test("each id in the request has its own", async () => {
    const list = new List();
    const made = service({ maxAge: 100, revocation: list });
    const cookies = [ENDS, ENDS + 5, NOW + 1].map((exp, at) =>
      cookieOf("fernet", TOM, { jti: idOf(`${at}`), iat: NOW - at, exp }),
    );
    await visit(made, cookies.join("; "), (session) => session.destroy());
    const untils = [ENDS, ENDS + 5, NOW + 160].map((until, at) => [idOf(`${at}`), until]);
    assert.deepEqual([...list.revoked], untils);
  });

  test("counts from the clock when the session ends, even if touch moved its end", async () => {
    for (const end of ["destroy", "regenerate"] as const) {
      let now = NOW;
      const list = new List();
      const options = { maxAge: 100, longestAge: 500, revocation: list };
      await visit(service({ ...options, clock: () => now }), COOKIE, (session) => {
        session.touch({ maxAge: 50 });
        now = ENDS - 70;
        return session[end]();
      });
      assert.deepEqual([...list.revoked], [[OLD_ID, ENDS - 70 + 560]]);
    }
  });
});

describe("a response does not wait for the list", () => {
  for (const [protocol, start] of Object.entries(PROTOCOLS)) {
    test(`${protocol}: the response is sent while the list is told`, async (t) => {
      for (const end of ["destroy", "regenerate"] as const) {
        const list = new GatedList();
        const made = service({ revocation: list });
        let promise: Promise<void> | undefined;
        const site = await start(t, async (req, res) => {
          const session = await made.sessions.load(req, res);
          promise = session[end]();
          session.user = "ann";
          res.end("text");
          assert.equal(res.writableEnded, true);
        });
        const reply = await site.ask("/", { headers: { cookie: COOKIE } });
        assert.deepEqual([reply.status, reply.text, list.revoked.size], [200, "text", 0]);
        const { jti, data } = unseal("fernet", cookieValue(reply.setCookie[0]));
        assert.notEqual(jti, OLD_ID);
        assert.deepEqual(data, { user: "ann" } satisfies Bag);
        list.open();
        await promise;
        assert.deepEqual([[...list.revoked.keys()], made.errors], [[OLD_ID], []]);
      }
    });
  }

  test("but wrap's Response waits until the list was told", async () => {
    const list = new GatedList();
    const made = service({ revocation: list });
    let settled = false;
    const visited = visit(made, COOKIE, (session) => void session.destroy()).finally(() => {
      settled = true;
    });
    await turns(5);
    assert.deepEqual([settled, list.revoked.size], [false, 0]);
    list.open();
    const { response, setCookie } = await visited;
    assert.deepEqual([response.status, setCookie], [200, [CLEARING]]);
    assert.deepEqual([...list.revoked.keys()], [OLD_ID]);
  });
});

test("after the Response its id is revoked, and an id that was never sent is not", async () => {
  for (const [edit, told] of [
    [(session: BagSession) => void (session.user = "tom"), 1],
    [
      (session: BagSession) => {
        session.user = "tom";
        session.save();
        delete session.user;
      },
      0,
    ],
  ] as const) {
    const list = new List();
    const { session } = await visit(service({ revocation: list }), undefined, edit);
    const { id } = session;
    await assert.rejects(session.destroy(), { code: "ERR_SESSION_UNSENT" });
    assert.deepEqual([...list.revoked.keys()], told === 1 ? [id] : []);
  }
});

test("after the Response each id of the request is revoked once, whatever it carried", async () => {
  for (const edit of [(session: BagSession) => void (session.user = "ann"), () => {}]) {
    const list = new List();
    const { session } = await visit(service({ revocation: list }), several(3).join("; "), edit);
    await assert.rejects(session.destroy(), sessionRefusal("ERR_SESSION_UNSENT"));
    assert.deepEqual(
      list.told.map(({ id }) => id),
      ["0", "1", "2"].map(idOf),
    );
  }
});

test("the list is not told of a session whose cookies have all expired", async () => {
  for (const [passed, told] of [
    [99, 1],
    [100, 0],
  ] as const) {
    let now = NOW;
    const list = new List();
    const made = service({ revocation: list, maxLifetime: 100, clock: () => now });
    const cookie = pairOf(made.sessions.issue({ user: "tom" }).setCookie);
    await visit(made, cookie, (session) => {
      now += passed;
      return session.destroy();
    });
    assert.equal(list.told.length, told);
  }
});
