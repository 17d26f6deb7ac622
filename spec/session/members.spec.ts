/**
 * The members of a session, which no data can hide, and what else its object shows.
 */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { inspect } from "node:util";
import {
  cookieOf,
  cookieValue,
  envelope,
  NAME,
  NOW,
  SECRET,
  seal,
  TYPES,
  unseal,
} from "../helpers/session-cookies.ts";
import { type Bag, type BagSession, optionsOf, service, visit } from "../helpers/session-visit.ts";

const MEMBERS = ["id", "isNew", "createdAt", "expiresAt", "regenerate", "destroy", "save", "touch"];
const POLLUTING = '{"__proto__":{"polluted":true},"user":"tom"}';

describe("the members of a session cannot be hidden", () => {
  test("their names and __proto__ are dropped from what a cookie brings", async () => {
    for (const type of TYPES) {
      const names = Object.fromEntries(MEMBERS.map((name) => [name, "mine"]));
      const data = JSON.stringify({ ...names, user: "tom" }).replace(
        "{",
        '{"__proto__":{"bad":1},',
      );
      const text = `{"jti":"other","iat":${NOW},"exp":${NOW + 9},"data":${data}}`;
      const made = service({ ...optionsOf(type), renewAfter: false });
      const { session, setCookie } = await visit(made, `${NAME}=${seal(type, text)}`);
      assert.deepEqual(Reflect.ownKeys(session), ["user"]);
      assertWhole(session);
      assert.equal(session.id, "other");
      assert.equal(session.bad, undefined);
      assert.deepEqual(setCookie, []);
    }
  });

  test("nor by Object.assign of what JSON.parse made of __proto__", async () => {
    for (const edit of [
      (session: BagSession) => Object.assign(session, JSON.parse(POLLUTING)),
      (session: BagSession) => {
        Reflect.set(session, "__proto__", { polluted: true });
        session.user = "tom";
      },
    ]) {
      const { session, setCookie } = await visit(service(), undefined, edit);
      assertWhole(session);
      assert.deepEqual(Reflect.ownKeys(session), ["user"]);
      assert.equal(session.polluted, undefined);
      assert.equal((Object.prototype as Bag).polluted, undefined);
      assert.deepEqual(unseal("fernet", cookieValue(setCookie[0])).data, { user: "tom" });
    }
  });

  test("an assignment to one of their names throws, and changes nothing", async () => {
    const { session, setCookie } = await visit(service(), undefined, (session) => {
      for (const name of MEMBERS) {
        assert.throws(() => ((session as Bag)[name] = "mine"), TypeError);
        assert.throws(() => Object.assign(session, { [name]: "mine" }), TypeError);
      }
    });
    assertWhole(session);
    assert.deepEqual(setCookie, []);
  });

  for (const names of [MEMBERS, ...MEMBERS.map((name) => [name])]) {
    test(`what is defined over ${names.join(", ")} is not written`, async () => {
      const { setCookie } = await visit(service(), undefined, (session) => {
        session.user = "tom";
        for (const name of names) {
          Object.defineProperty(session, name, { value: "mine", enumerable: true });
        }
      });
      assert.deepEqual(unseal("fernet", cookieValue(setCookie[0])).data, { user: "tom" });
    });
  }

  test("the prototypes are frozen, and are those of no other object", async () => {
    const { session } = await visit(service(), undefined);
    const read = service().sessions.read(undefined);
    for (const object of [session, read]) {
      let prototype = Object.getPrototypeOf(object);
      for (; prototype !== Object.prototype; prototype = Object.getPrototypeOf(prototype)) {
        assert.ok(Object.isFrozen(prototype));
        assert.throws(() => (prototype.user = "everybody"), TypeError);
      }
      assert.equal(Reflect.get(object, "__proto__"), Object.getPrototypeOf(object));
    }
  });

  function assertWhole(session: BagSession): void {
    for (const name of ["regenerate", "destroy", "save", "touch"] as const) {
      assert.equal(typeof session[name], "function", name);
    }
    assert.equal(typeof session.id, "string");
    assert.equal(typeof session.isNew, "boolean");
    assert.equal(typeof session.createdAt, "number");
    assert.equal(typeof session.expiresAt, "number");
  }
});

test("any other name is a name for data, those of Object.prototype included", async () => {
  const names = ["constructor", "toString", "valueOf", "hasOwnProperty", "then", "user", "0", ""];
  const data = Object.fromEntries(names.map((name) => [name, `of ${name}`]));
  const made = service({ renewAfter: false });
  const { setCookie } = await visit(made, undefined, (session) => {
    for (const name of names) assert.ok(!Object.hasOwn(session, name));
    Object.assign(session, data);
  });
  const value = cookieValue(setCookie[0]);
  assert.deepEqual(unseal("fernet", value).data, data);
  const again = await visit(made, `${NAME}=${value}`);
  assert.deepEqual({ ...again.session }, data);
  assert.deepEqual(again.setCookie, []);
  const loaded = await made.sessions.load(`${NAME}=${value}`);
  assert.deepEqual({ ...loaded }, data);
});

test("a setter that all objects inherit hears nothing of data, and keeps none away", async (t) => {
  const heard: unknown[] = [];
  const set = (value: unknown) => heard.push(value);
  Object.defineProperty(Object.prototype, "user", { configurable: true, get: () => "all", set });
  t.after(() => Reflect.deleteProperty(Object.prototype, "user"));
  const { sessions } = service();
  const cookie = cookieOf("fernet", { user: "tom" });
  assert.deepEqual({ ...sessions.read(cookie) }, { user: "tom" });
  const { session, setCookie } = await visit(service({ renewAfter: false }), cookie);
  assert.deepEqual([Object.entries(session), setCookie], [[["user", "tom"]], []]);
  session.user = "ann";
  assert.deepEqual([Object.entries(session), heard], [[["user", "ann"]], []]);
  assert.ok(Reflect.deleteProperty(session, "user"));
  assert.deepEqual(Object.entries(session), []);
});

test("a nested __proto__ is data as it was, and pollutes nothing", async () => {
  const text = envelope({}).replace('"data":{}', `"data":{"deep":${POLLUTING}}`);
  const made = service({ renewAfter: false });
  const { session, setCookie } = await visit(made, `${NAME}=${seal("fernet", text)}`);
  const deep = session.deep as Bag;
  assert.deepEqual(Object.keys(deep), ["__proto__", "user"]);
  assert.equal(deep.polluted, undefined);
  assert.equal(({} as Bag).polluted, undefined);
  assert.deepEqual(setCookie, []);
});

test("a session shows its data and nothing else: to JSON, to a copy, to inspect", async () => {
  const data = { user: "tom", cart: [1] };
  const cookie = cookieOf("fernet", data);
  const { session } = await visit(service(), cookie);
  assert.equal(JSON.stringify(session), JSON.stringify(data));
  assert.deepEqual({ ...session }, data);
  assert.deepEqual(structuredClone(session), data);
  const shown = inspect(session, { showHidden: true, depth: 9, getters: true });
  assert.ok(!shown.includes(SECRET) && !shown.includes(cookieValue(cookie)), shown);
});
