/**
 * Values that JSON can hold: portable ones, which other languages read alike (RFC 8259 sections 6 and 8.2),
 * and unchanged ones.
 */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { hasParts, isPortable, type Parts, partsOf, snapshot } from "../../src/internal/json.ts";

const nested = (levels: number): unknown => (levels === 0 ? 1 : [nested(levels - 1)]);

test("numbers beyond 2^53, ill-formed text and more than 200 levels are not portable", () => {
  const values = [
    2 ** 53,
    -(2 ** 53),
    1e300,
    Number.NaN,
    Infinity,
    -Infinity,
    "\ud800",
    "a\udc00",
    "\ude00\ud83d",
    { "\ud800": 1 },
    nested(201),
    { a: nested(200) },
  ];
  for (const value of values) {
    for (const held of [value, [1, value], { a: value }, { a: [{ b: value }] }]) {
      const json = JSON.stringify(held);
      assert.equal(isPortable(held, json), false, json.slice(0, 40));
    }
  }
});

test("other values of JSON.parse are portable", () => {
  const values = [
    null,
    true,
    false,
    "",
    "Jürgen 😀\0",
    0,
    -0,
    5e-324,
    0.1,
    2 ** 53 - 1,
    1 - 2 ** 53,
    [],
    {},
    { a: [{ b: ["c", null, 1.5] }], "😀": 1 },
    nested(200),
    JSON.parse('{"__proto__":{"a":1}}'),
  ];
  for (const value of values) assert.equal(isPortable(value, JSON.stringify(value)), true);
});

const DATA = JSON.parse(
  '{"user":{"id":7,"name":"Ada","roles":["a","b",{"c":[]}]},"n":1.5,"t":true,"z":null,"e":{},"list":[],"next":[9,9],"__proto__":{"x":1}}',
);
const copy = (): typeof DATA => structuredClone(DATA);

/** Changes that must be noticed in a session's data. */
const CHANGES: Record<string, (data: typeof DATA) => unknown> = {
  "a leaf": (data) => (data.user.name = "Eve"),
  "a number by its text": (data) => (data.user.id = "7"),
  "false in place of null": (data) => (data.z = false),
  "a leaf of a list": (data) => (data.user.roles[1] = "c"),
  "a member more": (data) => (data.user.admin = true),
  "a member less": (data) => delete data.user.id,
  "a member more, deep": (data) => (data.user.roles[2].d = 1),
  "the last member": (data) => (data.e = { x: 1 }),
  "a name": (data) => (data.user = { name: "Ada", ID: 7, roles: data.user.roles }),
  "a name, not its value": (data) => {
    const [, , item] = data.user.roles;
    item.d = item.c;
    delete item.c;
  },
  "the order of names": (data) => {
    const { id } = data.user;
    delete data.user.id;
    data.user.id = id;
  },
  "an equal object": (data) => (data.user = { ...data.user }),
  "an equal list": (data) => (data.user.roles = [...data.user.roles]),
  "a list in place of an object": (data) => (data.e = []),
  "an item more": (data) => data.user.roles.push("c"),
  "an item less": (data) => data.user.roles.pop(),
  "an empty list's item": (data) => data.user.roles[2].c.push(1),
  "a name beside the items": (data) => (data.user.roles.length2 = 1),
  "a hole": (data) => delete data.user.roles[0],
  "a list that takes in the next one": (data) => {
    // Item by item, the values are those that were there, in their order.
    const { next, list } = data;
    next.shift();
    list.push(next);
    data.next = 9;
  },
  "a prototype": (data) => Object.setPrototypeOf(data.user, { isPrototypeOf: 1 }),
  "a Map": (data) => (data.e = new Map()),
};

describe("parts tell whether a value has changed", () => {
  for (const [name, change] of Object.entries(CHANGES)) {
    test(`${name} is noticed`, () => {
      const data = copy();
      const parts = partsOf(data) as Parts;
      assert.equal(hasParts(data, parts), true);
      change(data);
      assert.equal(hasParts(data, parts), false);
    });
  }

  test("parts match the unchanged value and a shallow copy of it", () => {
    for (const data of [
      {},
      { a: undefined },
      { a: -0 },
      copy(),
      Object.assign(Object.create(null), copy()),
    ]) {
      const parts = partsOf(data) as Parts;
      assert.equal(hasParts(data, parts), true);
      assert.equal(hasParts({ ...data }, parts), true);
    }
  });

  test("a getter that throws counts as a change", () => {
    const data = copy();
    const parts = partsOf(data);
    Object.defineProperty(data.user, "name", {
      get() {
        throw new Error("of the application");
      },
    });
    assert.equal(hasParts(data, parts), false);
    assert.equal(hasParts({}, undefined), false);
  });

  test("parts never match a value with a toJSON, though JSON can hold it", () => {
    const plain = { toJSON: () => ({ a: 1 }), a: 1 };
    for (const value of [new Date(0), plain, Object.assign(["a"], { toJSON: () => ["a"] })]) {
      const data = { a: 1, value, b: 2 };
      const parts = partsOf(data) as Parts;
      assert.notEqual(parts, undefined);
      assert.equal(hasParts(data, parts), false);
    }
  });

  test("a value that JSON would change has no parts", () => {
    class Point {}
    const sparse = [1];
    sparse.length = 2;
    for (const bad of [
      NaN,
      Infinity,
      -Infinity,
      1n,
      Symbol("a"),
      () => 1,
      new Map(),
      new Point(),
      [undefined],
      sparse,
      Object.assign([1], { name: 1 }),
      new Date(NaN).valueOf(),
      { toJSON: () => undefined },
      { toJSON: () => new Map() },
    ]) {
      for (const held of [{ bad }, { a: [1, bad] }, { a: { b: bad } }])
        assert.equal(partsOf(held), undefined);
    }
  });
});

test("parts never match a hidden toJSON, even if it returns an equal value", () => {
  const hidden = Object.defineProperty({ a: 1 }, "toJSON", { value: () => ({ a: 1 }) });
  for (const value of [{ hidden }, { deep: [hidden] }]) {
    assert.equal(hasParts(value, partsOf(value)), false);
  }
});

describe("a snapshot", () => {
  const NONE = new Set<string>();

  test("calls toJSON with the name of the whole, as JSON.stringify does (ECMA-262 section 25.5.2)", () => {
    const object = { toJSON: (name: string) => (name === "" ? { a: 1 } : { id: 1 }) };
    assert.equal(snapshot(object, new Set(["id"]))?.text, '{"a":1}');
  });

  test("has the JSON text, and parts where the object has no toJSON", () => {
    const data = { a: [1, { b: "c" }], d: null };
    const taken = snapshot(data, NONE);
    assert.equal(taken?.text, JSON.stringify(data));
    assert.equal(hasParts(data, taken?.parts), true);
    data.a.push(2);
    assert.equal(hasParts(data, taken?.parts), false);
    const own = { toJSON: () => data };
    assert.deepEqual(snapshot(own, NONE), { text: JSON.stringify(data), parts: undefined });
  });

  test("is not taken of data with a reserved name or that are not JSON", () => {
    const reserved = new Set(["id"]);
    assert.equal(snapshot({ a: { id: 1 } }, reserved)?.text, '{"a":{"id":1}}');
    const cycle: Record<string, unknown> = {};
    cycle.a = { cycle };
    const throwing = {
      get a(): never {
        throw new Error("no");
      },
    };
    const bad = [{ a: 1, id: 2 }, { toJSON: () => ({ id: 1 }) }, { a: 1n }, cycle, throwing];
    for (const value of bad) assert.equal(snapshot(value, reserved), undefined);
    for (const json of [new Map(), [], 1, null, undefined]) {
      assert.equal(snapshot({ toJSON: () => json }, reserved), undefined);
    }
  });
});
