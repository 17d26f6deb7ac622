/** The session object: members that data cannot hide, and only data are visible. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { inspect } from "node:util";
import {
  cookieOf,
  cookieValue,
  envelope,
  NAME,
  OLD_ID,
  SECRET,
  seal,
  TYPES,
  unseal,
} from "../helpers/session-cookies.ts";
import { exchange, type WithSession, writers } from "../helpers/session-entries.ts";
import {
  type Bag,
  type BagSession,
  configRefusal,
  optionRefusal,
  optionsOf,
  service,
  sessionRefusal,
  visit,
} from "../helpers/session-visit.ts";

const FACTS = ["id", "isNew", "createdAt", "expiresAt"];
const METHODS = ["regenerate", "destroy", "save", "touch"];
const MEMBERS = [...FACTS, ...METHODS];
const TOM = { user: "tom" };
const COOKIE = cookieOf("fernet", TOM);

function assertWhole(session: BagSession): void {
  for (const name of METHODS) assert.equal(typeof session[name], "function", name);
  const { id, isNew, createdAt, expiresAt } = session;
  const types = [typeof id, typeof isNew, typeof createdAt, typeof expiresAt];
  assert.deepEqual(types, ["string", "boolean", "number", "number"]);
}

/** Sessions from every way to write one, by name. */
async function sessionsOf(cookie: string): Promise<[what: string, session: BagSession][]> {
  const made = service();
  const [req, res] = exchange(cookie);
  made.sessions.middleware(req, res, () => {});
  return [
    ["wrap", (await visit(made, cookie)).session],
    ["attach", made.sessions.attach(...exchange(cookie))],
    ["load", await made.sessions.load(...exchange(cookie))],
    ["middleware", (req as WithSession).session as BagSession],
  ];
}

test("a member works only on its session, not on another object or a copy", async () => {
  const NOT_A_SESSION = optionRefusal(
    "a session's member must be used on the session itself, not on a copy or a Proxy",
  );
  for (const [what, session] of await sessionsOf(COOKIE)) {
    for (const other of [undefined, null, 7, "text", {}, { ...session }, new Proxy(session, {})]) {
      for (const name of FACTS) {
        const get = (): unknown => Reflect.get(Object.getPrototypeOf(session), name, other);
        assert.throws(get, NOT_A_SESSION, `${what}: ${name}`);
      }
      for (const name of METHODS) {
        const call = session[name] as () => unknown;
        assert.throws(() => call.call(other), NOT_A_SESSION, `${what}: ${name}`);
      }
    }
  }
});

describe("assigning a member's name is a ConfigError and changes nothing", () => {
  const ways: Record<string, (session: Bag, name: string) => unknown> = {
    "by assignment": (session, name) => (session[name] = "mine"),
    "by assignment of an object": (session, name) => (session[name] = { polluted: true }),
    "by assignment of null": (session, name) => (session[name] = null),
    "by Object.assign": (session, name) =>
      Object.assign(session, JSON.parse(`{"${name}":{"polluted":true}}`)),
    "by Reflect.set": (session, name) => Reflect.set(session, name, { polluted: true }),
  };
  for (const [how, assign] of Object.entries(ways)) {
    test(`${how}`, async () => {
      for (const [what, session] of await sessionsOf(COOKIE)) {
        const prototype = Object.getPrototypeOf(session);
        for (const name of [...MEMBERS, "__proto__"]) {
          assert.throws(() => assign(session, name), configRefusal(/./), `${what}: ${name}`);
        }
        assert.equal(Object.getPrototypeOf(session), prototype);
        assert.deepEqual([Reflect.ownKeys(session), session.id], [["user"], OLD_ID]);
        assertWhole(session);
      }
      assert.equal(({} as Bag).polluted, undefined);
    });
  }

  test("of facts and methods, in dotted form", async () => {
    const { session, setCookie } = await visit(service(), COOKIE, (session) => {
      const open = session as unknown as Record<"id" | "createdAt" | "save" | "__proto__", unknown>;
      assert.throws(() => (open.id = "mine"), configRefusal(/./));
      assert.throws(() => (open.createdAt = 5), configRefusal(/./));
      assert.throws(() => (open.save = () => {}), configRefusal(/./));
      // biome-ignore lint/suspicious/noProto: an application may write this
      assert.throws(() => (open.__proto__ = {}), configRefusal(/./));
    });
    assertWhole(session);
    assert.deepEqual(setCookie, []);
  });

  test("but what Object.assign copied before it threw stays as data", async () => {
    const { setCookie } = await visit(service(), COOKIE, (session) => {
      const given = JSON.parse('{"theme":"dark","id":7,"never":1}');
      assert.throws(() => Object.assign(session, given), configRefusal(/./));
    });
    const { data, jti } = unseal("fernet", cookieValue(setCookie[0]));
    assert.deepEqual([data, jti], [{ user: "tom", theme: "dark" }, OLD_ID]);
  });
});

describe("defining a member's name on the session", () => {
  for (const name of [...MEMBERS, "__proto__"]) {
    test(`${name}: ERR_SESSION_DATA when it is written`, async (t) => {
      const define = (session: BagSession): unknown =>
        Object.defineProperty(session, name, { value: "mine", enumerable: true });
      for (const [how, write] of writers()) {
        for (const cookie of [COOKIE, undefined]) {
          const made = service();
          const reply = await write(t, made, cookie, (session) => {
            const { save } = session;
            define(session);
            assert.throws(() => save.call(session), sessionRefusal("ERR_SESSION_DATA"));
          });
          assert.deepEqual(reply, { status: 500, setCookie: [] }, how);
          assert.deepEqual(made.errors, ["ERR_SESSION_DATA"], how);
        }
      }
    });
  }
});

describe("the prototypes", () => {
  test("are frozen and shared with no other object", async () => {
    const read: object = service().sessions.read(COOKIE);
    const all: [string, object][] = [["read", read], ...(await sessionsOf(COOKIE))];
    for (const [what, object] of all) {
      let prototype = Object.getPrototypeOf(object);
      assert.notEqual(prototype, Object.prototype, what);
      for (; prototype && prototype !== Object.prototype; ) {
        assert.ok(Object.isFrozen(prototype), what);
        assert.throws(() => (prototype.user = "everybody"), TypeError);
        assert.throws(() => Object.defineProperty(prototype, "x", { value: 1 }), TypeError);
        for (const name of Reflect.ownKeys(prototype)) {
          assert.equal(Reflect.deleteProperty(prototype, name), false, String(name));
        }
        prototype = Object.getPrototypeOf(prototype);
      }
    }
  });
});

describe("the data of a cookie", () => {
  test("lose the names of members and __proto__", async () => {
    for (const type of TYPES) {
      const names = Object.fromEntries(MEMBERS.map((name) => [name, "mine"]));
      const data = JSON.stringify({ ...names, user: "tom" }).replace(
        "{",
        '{"__proto__":{"bad":1},',
      );
      const text = envelope({}).replace('"data":{}', `"data":${data}`);
      const made = service({ ...optionsOf(type), renewAfter: false });
      const cookie = `${NAME}=${seal(type, text)}`;
      const { session, setCookie } = await visit(made, cookie);
      assert.deepEqual(Reflect.ownKeys(session), ["user"]);
      assertWhole(session);
      assert.deepEqual([session.id, session.bad, setCookie], [OLD_ID, undefined, []]);
      const read = made.sessions.read(cookie);
      assert.deepEqual([Reflect.ownKeys(read), read.id], [["user"], OLD_ID]);
      const changed = await visit(made, cookie, (session) => (session.user = "ann"));
      const written = unseal(type, cookieValue(changed.setCookie[0]));
      assert.deepEqual(written.data, { user: "ann" });
    }
  });

  test("may have any other name, even those of Object.prototype", async () => {
    const names = ["constructor", "toString", "valueOf", "hasOwnProperty", "then", "0", "", "data"];
    const data = Object.fromEntries(names.map((name) => [name, `of ${name}`]));
    const made = service({ renewAfter: false });
    const { setCookie } = await visit(made, undefined, (session) => {
      for (const name of names) assert.equal(Object.hasOwn(session, name), false);
      Object.assign(session, data);
    });
    const value = cookieValue(setCookie[0]);
    assert.deepEqual(unseal("fernet", value).data, data);
    const again = await visit(made, `${NAME}=${value}`);
    assert.deepEqual([{ ...again.session }, again.setCookie], [data, []]);
    assert.deepEqual({ ...(await made.sessions.load(`${NAME}=${value}`)) }, data);
  });

  test("keep a nested __proto__ as data, which changes no prototype", async () => {
    const polluting = '{"__proto__":{"polluted":true},"user":"tom"}';
    const text = envelope({}).replace('"data":{}', `"data":{"deep":${polluting}}`);
    const made = service({ renewAfter: false });
    const { session, setCookie } = await visit(made, `${NAME}=${seal("fernet", text)}`);
    const deep = session.deep as Bag;
    assert.deepEqual(Object.keys(deep), ["__proto__", "user"]);
    assert.deepEqual([deep.polluted, ({} as Bag).polluted, setCookie], [undefined, undefined, []]);
  });

  test("are defined, not assigned: a setter on Object.prototype is not called", async () => {
    const heard: unknown[] = [];
    const set = (value: unknown) => heard.push(value);
    Object.defineProperty(Object.prototype, "user", { configurable: true, get: () => "all", set });
    try {
      assert.deepEqual({ ...service().sessions.read(COOKIE) }, TOM);
      const { session, setCookie } = await visit(service({ renewAfter: false }), COOKIE);
      assert.deepEqual([Object.entries(session), setCookie], [[["user", "tom"]], []]);
      session.user = "ann";
      assert.deepEqual([Object.entries(session), heard], [[["user", "ann"]], []]);
      assert.equal(Reflect.deleteProperty(session, "user"), true);
      assert.deepEqual(Object.entries(session), []);
    } finally {
      Reflect.deleteProperty(Object.prototype, "user");
    }
  });
});

describe("a session shows only its data", () => {
  const data = { user: "tom", cart: [1] };
  const cookie = cookieOf("fernet", data);

  test("in JSON, in copies, in loops and in inspect", async () => {
    const read = service().sessions.read(cookie) as unknown as BagSession;
    for (const [what, session] of [...(await sessionsOf(cookie)), ["read", read] as const]) {
      assert.equal(JSON.stringify(session), JSON.stringify(data), what);
      assert.deepEqual({ ...session }, data, what);
      assert.deepEqual(Object.keys(session), ["user", "cart"], what);
      assert.deepEqual(Object.entries(session), Object.entries(data), what);
      assert.deepEqual(Reflect.ownKeys(session), ["user", "cart"], what);
      assert.deepEqual(structuredClone(session), data, what);
      const looped: string[] = [];
      for (const name in session) looped.push(name);
      assert.deepEqual(looped, ["user", "cart"], what);
      const { user, ...rest } = session;
      assert.deepEqual([user, rest], ["tom", { cart: [1] }], what);
      const seen = inspect(session, { showHidden: true, depth: 9, getters: true });
      assert.ok(!seen.includes(SECRET) && !seen.includes(cookieValue(cookie)), seen);
    }
  });

  test("but the members are found by the operator in", async () => {
    for (const [what, session] of await sessionsOf(cookie)) {
      for (const name of MEMBERS) assert.ok(name in session, `${what}: ${name}`);
    }
  });

  test("read's object is frozen and has only the four facts", async () => {
    const made = service();
    const loaded = await made.sessions.load(cookie);
    for (const session of [made.sessions.read(cookie), loaded, made.sessions.read(undefined)]) {
      assert.equal(Object.isFrozen(session), true);
      for (const name of FACTS) assert.ok(name in session, name);
      for (const name of METHODS) assert.ok(!(name in session), name);
      for (const name of ["user", "more", ...FACTS]) {
        assert.throws(() => ((session as Bag)[name] = "mine"), TypeError, name);
      }
    }
    assert.deepEqual({ ...loaded }, data);
  });
});
