/**
 * destroy and regenerate end a session, and begin a new one in the same object; save finds out whether a
 * session can be written.
 */

import assert from "node:assert/strict";
import { once } from "node:events";
import { describe, test } from "node:test";
import type { SessionError } from "../../src/session.ts";
import {
  CLEARING,
  cookieOf,
  cookieValue,
  FOURTEEN_DAYS,
  NOW,
  OLD_ID,
  TYPES,
  unseal,
} from "../helpers/session-cookies.ts";
import { writers } from "../helpers/session-entries.ts";
import { PROTOCOLS } from "../helpers/session-server.ts";
import {
  type BagSession,
  calledBack,
  configRefusal,
  optionsOf,
  rejection,
  service,
  sessionRefusal,
  turns,
  visit,
} from "../helpers/session-visit.ts";

const TOM = { user: "tom" };
const COOKIE = cookieOf("fernet", TOM);

for (const end of ["regenerate", "destroy"] as const) {
  test(`after ${end} the same object is an empty new session with a new id`, async (t) => {
    for (const [how, write] of writers()) {
      for (const type of TYPES) {
        const made = service(optionsOf(type));
        let seen: BagSession | undefined;
        const cookie = cookieOf(type, { user: "tom", cart: [1] }, { begun: 5 });
        const { setCookie } = await write(t, made, cookie, (session) => {
          seen = session;
          session[end]();
          assert.deepEqual(Object.keys(session), []);
          assert.notEqual(session.id, OLD_ID);
          const { isNew, createdAt, expiresAt } = session;
          assert.deepEqual([isNew, createdAt, expiresAt], [true, NOW, NOW + FOURTEEN_DAYS]);
          session.user = "ann";
        });
        assert.deepEqual(
          unseal(type, cookieValue(setCookie[0])),
          { jti: seen?.id, iat: NOW, exp: NOW + FOURTEEN_DAYS, data: { user: "ann" } },
          how,
        );
      }
    }
  });

  test(`${end} returns a Promise of undefined and calls back once, asynchronously`, async () => {
    await visit(service(), COOKIE, async (session) => {
      const heard: unknown[][] = [];
      const promise = session[end]((...given) => heard.push(given));
      assert.deepEqual(heard, []);
      assert.equal(promise instanceof Promise, true);
      assert.equal(await promise, undefined);
      await turns();
      assert.deepEqual(heard, [[]]);
      assert.equal(await session[end](), undefined);
    });
  });

  test(`${end} makes a new id every time`, async () => {
    const { session } = await visit(service(), COOKIE, (session) => {
      const ids = Array.from({ length: 20 }, () => {
        session[end]();
        return session.id;
      });
      assert.equal(new Set([OLD_ID, ...ids]).size, 21);
    });
    assert.equal(session.id, session.id);
  });

  for (const done of [null, 7, "done", {}]) {
    test(`${end}(${JSON.stringify(done)}) throws a ConfigError and does not end the session`, async () => {
      const { session, setCookie } = await visit(service(), COOKIE, (session) => {
        assert.throws(() => session[end](done as never), configRefusal(/done/));
      });
      assert.deepEqual([session.id, { ...session }, setCookie], [OLD_ID, TOM, []]);
    });
  }

  const fixed: Record<string, (session: BagSession) => unknown> = {
    frozen: (session) => Object.freeze(session),
    sealed: (session) => Object.seal(session),
    "not extensible": (session) => Object.preventExtensions(session),
    "with a member that cannot be deleted": (session) =>
      Object.defineProperty(session, "user", { value: "tom", configurable: false }),
  };
  for (const [what, fix] of Object.entries(fixed)) {
    test(`${end} of a session that is ${what} throws a ConfigError`, async () => {
      const made = service();
      const { session, setCookie } = await visit(made, COOKIE, (session) => {
        fix(session);
        assert.throws(() => session[end](), configRefusal(/./));
      });
      assert.deepEqual([session.id, { ...session }, setCookie], [OLD_ID, TOM, []]);
      assert.deepEqual(made.errors, []);
    });
  }
}

describe("a login writes the new id, whatever was saved before", () => {
  const logins: Record<string, (session: BagSession) => unknown> = {
    "the same data": (session) => {
      session.regenerate();
      session.user = "tom";
    },
    "save, then the same data": (session) => {
      session.save();
      session.regenerate();
      session.user = "tom";
    },
    "save with a callback, then the same data": async (session) => {
      await calledBack((done) => session.save(done));
      session.regenerate();
      session.user = "tom";
    },
    "a change, save, then the changed data": (session) => {
      session.user = "ann";
      session.save();
      session.regenerate();
      session.user = "ann";
    },
    "the same data, save, regenerate, the same data, save": (session) => {
      for (let round = 0; round < 2; round++) {
        session.regenerate();
        session.user = "tom";
        session.save();
      }
    },
    "a touch, save, then the same data": (session) => {
      session.touch();
      session.save();
      session.regenerate();
      session.user = "tom";
    },
    "a copy of all data": (session) => {
      const data = { ...session };
      session.save();
      session.regenerate();
      Object.assign(session, data);
    },
    "destroy and the same data": (session) => {
      session.save();
      session.destroy();
      session.user = "tom";
    },
  };
  for (const [what, login] of Object.entries(logins)) {
    test(`${what}`, async (t) => {
      for (const [how, write] of writers()) {
        let id: string | undefined;
        const { setCookie } = await write(t, service(), COOKIE, async (session) => {
          await login(session);
          id = session.id;
        });
        assert.equal(setCookie.length, 1, how);
        const { jti, data } = unseal("fernet", cookieValue(setCookie[0]));
        assert.equal(jti, id, how);
        assert.notEqual(jti, OLD_ID, how);
        assert.equal(typeof data.user, "string");
      }
    });
  }

  test("Passport's way: regenerate, keep some data, save, each with a callback", async () => {
    const cookie = cookieOf("fernet", { returnTo: "/cart", flash: "x" });
    const { session, setCookie } = await visit(service(), cookie, async (session) => {
      const { returnTo } = session;
      assert.equal(await calledBack((done) => session.regenerate(done)), undefined);
      Object.assign(session, { returnTo, passport: { user: 7 } });
      assert.equal(await calledBack((done) => session.save(done)), undefined);
    });
    const { jti, data } = unseal("fernet", cookieValue(setCookie[0]));
    assert.equal(jti, session.id);
    assert.notEqual(jti, OLD_ID);
    assert.deepEqual(data, { returnTo: "/cart", passport: { user: 7 } });
  });
});

describe("save checks the session, but does not fix its data", () => {
  const rows: Record<string, readonly [(session: BagSession) => unknown, data: object]> = {
    "save, then touch": [(s) => [s.save(), s.touch()], TOM],
    "a change, save, then another": [
      (s) => [(s.user = "ann"), s.save(), (s.user = "bob")],
      { user: "bob" },
    ],
    "save, then a change": [(s) => [s.save(), (s.user = "bob")], { user: "bob" }],
    "a change, save, save": [(s) => [(s.user = "bob"), s.save(), s.save()], { user: "bob" }],
    "a change, save, then more": [
      (s) => [(s.user = "ann"), s.save(), (s.cart = [1])],
      { user: "ann", cart: [1] },
    ],
    "touch, save": [(s) => [s.touch(), s.save()], TOM],
  };
  for (const [what, [edit, data]] of Object.entries(rows)) {
    test(`${what}: writes the session as it is at the end`, async (t) => {
      for (const [how, write] of writers()) {
        const { setCookie } = await write(t, service(), COOKIE, edit);
        assert.equal(setCookie.length, 1, how);
        const envelope = unseal("fernet", cookieValue(setCookie[0]));
        assert.deepEqual([envelope.data, envelope.iat], [data, NOW], how);
      }
    });
  }

  test("a change that is undone after a save writes nothing", async (t) => {
    for (const [how, write] of writers()) {
      const { setCookie } = await write(t, service(), COOKIE, (session) => {
        session.user = "ann";
        session.save();
        session.user = "tom";
        session.save();
      });
      assert.deepEqual(setCookie, [], how);
    }
  });

  test("save calls back once, asynchronously, and without an error", async () => {
    await visit(service(), COOKIE, async (session) => {
      const heard: unknown[][] = [];
      session.user = "ann";
      assert.equal(
        session.save((...given) => heard.push(given)),
        undefined,
      );
      assert.deepEqual(heard, []);
      await turns();
      assert.deepEqual(heard, [[]]);
    });
  });

  for (const done of [null, 7, "done", {}]) {
    test(`save(${JSON.stringify(done)}) is a ConfigError`, async () => {
      await visit(service(), COOKIE, (session) => {
        assert.throws(() => session.save(done as never), configRefusal(/done/));
      });
    });
  }

  test("save finds data that do not fit, and does not remember them", async () => {
    const made = service();
    const { setCookie } = await visit(made, undefined, async (session) => {
      session.text = "x".repeat(4096);
      const expected = sessionRefusal("ERR_SESSION_TOO_LARGE");
      assert.throws(() => session.save(), expected);
      const { code } = (await calledBack((done) => session.save(done))) as SessionError;
      assert.equal(code, expected.code);
      session.text = "short";
      session.save();
    });
    assert.deepEqual(unseal("fernet", cookieValue(setCookie[0])).data, { text: "short" });
    assert.deepEqual(made.errors, []);
  });
});

describe("destroy and regenerate after the headers were sent", () => {
  for (const [protocol, start] of Object.entries(PROTOCOLS)) {
    for (const end of ["regenerate", "destroy"] as const) {
      test(`${protocol}, ${end}: rejects with ERR_SESSION_UNSENT, and onError is called once`, async (t) => {
        const made = service();
        const ends: Promise<unknown>[] = [];
        const codes: unknown[] = [];
        const site = await start(t, async (req, res) => {
          ends.push(once(res, "finish"));
          const session = made.sessions.attach(req, res);
          res.write("text");
          let promise: Promise<void> | undefined;
          const told = calledBack((done) => {
            promise = session[end](done);
          });
          assert.ok(promise, "a Promise");
          codes.push(((await rejection(promise)) as SessionError).code, (await told)?.code);
          res.end();
        });
        const reply = await site.ask("/", { headers: { cookie: COOKIE } });
        await Promise.all(ends);
        await turns();
        assert.deepEqual([reply.status, reply.text, reply.setCookie], [200, "text", []]);
        assert.deepEqual(codes, ["ERR_SESSION_UNSENT", "ERR_SESSION_UNSENT"]);
        assert.deepEqual(made.errors, ["ERR_SESSION_UNSENT"]);
      });
    }
  }

  test("a destroy before the headers is sent with them, and nothing is reported later", async (t) => {
    for (const [protocol, start] of Object.entries(PROTOCOLS)) {
      const made = service();
      const ends: Promise<unknown>[] = [];
      const site = await start(t, async (req, res) => {
        ends.push(once(res, "finish"));
        await made.sessions.attach(req, res).destroy();
        res.write("te");
        res.end("xt");
      });
      const reply = await site.ask("/", { headers: { cookie: COOKIE } });
      await Promise.all(ends);
      await turns();
      assert.deepEqual([reply.text, reply.setCookie], ["text", [CLEARING]], protocol);
      assert.deepEqual(made.errors, []);
    }
  });
});
