/**
 * Data that JSON cannot hold or would change are refused at every commit; all other data come back unchanged.
 */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { inspect } from "node:util";
import { runInNewContext } from "node:vm";
import { cookieOf, cookieValue, TYPES, unseal } from "../helpers/session-cookies.ts";
import { writers } from "../helpers/session-entries.ts";
import {
  type Bag,
  type BagSession,
  calledBack,
  optionsOf,
  pairOf,
  service,
  sessionRefusal,
  visit,
} from "../helpers/session-visit.ts";

const REFUSED = sessionRefusal("ERR_SESSION_DATA");
/** Must not be found in any message, property or cause. */
const PLAINTEXT = "hunter2";

class Account {
  user = PLAINTEXT;
}
class List extends Map<string, number> {}

/** Functions, so that each use gets a new value. */
const BAD: Record<string, () => unknown> = {
  "a BigInt": () => 1n,
  "a BigInt object": () => Object(1n),
  "a symbol": () => Symbol(PLAINTEXT),
  "a function": () => () => PLAINTEXT,
  "a method": () => ({ method() {} }).method,
  "a class": () => Account,
  NaN: () => Number.NaN,
  Infinity: () => Infinity,
  "-Infinity": () => -Infinity,
  "a Map": () => new Map([[PLAINTEXT, 1]]),
  "an empty Map": () => new Map(),
  "a Set": () => new Set([PLAINTEXT]),
  "a WeakMap": () => new WeakMap(),
  "a subclass of Map": () => new List(),
  "a RegExp": () => /hunter2/,
  "an Error": () => new Error(PLAINTEXT),
  "a Promise": () => Promise.resolve(PLAINTEXT),
  "a class instance": () => new Account(),
  "an instance without members": () => new (class {})(),
  "an object with another prototype": () => Object.create({ user: PLAINTEXT }),
  "a boxed string": () => new String(PLAINTEXT),
  "a boxed number": () => new Number(1),
  "a boxed boolean": () => new Boolean(true),
  "a Uint8Array": () => new Uint8Array(2),
  "a Float64Array": () => new Float64Array(0),
  "an ArrayBuffer": () => new ArrayBuffer(2),
  "a DataView": () => new DataView(new ArrayBuffer(2)),
  Headers: () => new Headers({ a: PLAINTEXT }),
  "an array with a hole": () => {
    const list = [1, 2, 3];
    delete list[1];
    return list;
  },
  "an array of holes": () => new Array(2),
  "an array with undefined": () => [undefined],
  "an array with a name": () => Object.assign([1], { extra: PLAINTEXT }),
  "a match": () => /h(?<name>u)/.exec(PLAINTEXT),
  "an array with a function": () => [() => {}],
  "a getter that throws": () => ({
    get user(): never {
      throw new Error(PLAINTEXT);
    },
  }),
  "a getter of a Map": () => ({
    get user() {
      return new Map();
    },
  }),
  "a toJSON that throws": () => ({
    toJSON() {
      throw new Error(PLAINTEXT);
    },
  }),
  "a toJSON that gives a BigInt": () => ({ toJSON: () => 1n }),
  "a toJSON that gives NaN": () => ({ toJSON: () => Number.NaN }),
  "a toJSON that gives a Map": () => ({ toJSON: () => new Map() }),
  "a toJSON that gives a function": () => ({ toJSON: () => () => {} }),
  "a toJSON that gives an array with undefined": () => ({ toJSON: () => [undefined] }),
  "a Map of another realm": () => runInNewContext("new Map()"),
  "a class instance of another realm": () => runInNewContext("new (class Account {})()"),
  "a function of another realm": () => runInNewContext("() => 1"),
  "a cycle": () => {
    const cycle: Bag = { text: PLAINTEXT };
    cycle.deep = [{ cycle }];
    return cycle;
  },
  "a cycle of arrays": () => {
    const cycle: unknown[] = [];
    cycle.push([cycle]);
    return cycle;
  },
};

const PLACES: Record<string, (value: unknown) => Bag> = {
  "as a member": (value) => ({ value }),
  nested: (value) => ({ deep: { deeper: { value } } }),
  "in an array": (value) => ({ list: [1, value] }),
  "in an array's object": (value) => ({ list: [[{ value }]] }),
  "in an object without a prototype": (value) => ({
    deep: Object.assign(Object.create(null), { value }),
  }),
  "in what a toJSON gives": (value) => ({ deep: { toJSON: () => ({ value }) } }),
};

describe("refused: save throws, or tells its callback", () => {
  for (const [what, make] of Object.entries(BAD)) {
    test(`${what}, wherever it is`, async () => {
      for (const [where, place] of Object.entries(PLACES)) {
        const made = service();
        const { setCookie } = await visit(made, undefined, async (session) => {
          Object.assign(session, place(make()));
          assert.throws(() => session.save(), REFUSED, where);
          const error = await calledBack((done) => session.save(done));
          assert.equal(error?.code, REFUSED.code, where);
          assert.equal(error?.cause, undefined);
          const seen = inspect(error, { showHidden: true, depth: 9 });
          assert.ok(!seen.includes(PLAINTEXT), where);
          for (const name of Object.keys(session)) delete session[name];
          session.user = "tom";
          session.save();
        });
        assert.equal(setCookie.length, 1, where);
        assert.deepEqual(made.errors, [], where);
      }
    });

    test(`${what}, without a save: a 500, and onError is called once`, async () => {
      for (const [where, place] of Object.entries(PLACES)) {
        const heard: unknown[] = [];
        const made = service({ onError: (error) => heard.push(error) });
        const { response, setCookie } = await visit(made, cookieOf("fernet", { a: 1 }), (session) =>
          Object.assign(session, place(make())),
        );
        assert.deepEqual([response.status, setCookie, heard.length], [500, [], 1], where);
        assert.throws(() => {
          throw heard[0];
        }, REFUSED);
        assert.ok(!inspect(heard, { showHidden: true, depth: 9 }).includes(PLAINTEXT), where);
      }
    });
  }

  for (const [how, write] of writers()) {
    test(`by ${how}`, async (t) => {
      for (const type of TYPES) {
        for (const what of ["a Map", "NaN", "a cycle", "a function", "an array with undefined"]) {
          const made = service(optionsOf(type));
          const reply = await write(t, made, cookieOf(type, { a: 1 }), (session) => {
            session.value = BAD[what]?.();
          });
          assert.deepEqual(reply, { status: 500, setCookie: [] }, what);
          assert.deepEqual(made.errors, ["ERR_SESSION_DATA"], what);
        }
      }
    });
  }
});

describe("refuses data even where their JSON text stays the same", () => {
  const rows: Record<string, readonly [before: Bag, edit: (session: BagSession) => unknown]> = {
    "{} becomes a Map": [{ x: {} }, (s) => (s.x = new Map([[1, 2]]))],
    "{} becomes a Set": [{ x: {} }, (s) => (s.x = new Set([1]))],
    "{} becomes a RegExp": [{ x: {} }, (s) => (s.x = /x/)],
    "{} becomes an Error": [{ x: {} }, (s) => (s.x = new Error("x"))],
    "{} becomes a Promise": [{ x: {} }, (s) => (s.x = Promise.resolve(1))],
    "{} becomes a class instance": [{ x: {} }, (s) => (s.x = new (class {})())],
    "{} becomes an ArrayBuffer": [{ x: {} }, (s) => (s.x = new ArrayBuffer(1))],
    "{} becomes an object with another prototype": [{ x: {} }, (s) => (s.x = Object.create({}))],
    "an instance with the same members": [{ x: { user: PLAINTEXT } }, (s) => (s.x = new Account())],
    "members become bytes": [{ x: { 0: 7 } }, (s) => (s.x = new Uint8Array([7]))],
    "null becomes NaN": [{ x: null }, (s) => (s.x = Number.NaN)],
    "null becomes Infinity": [{ x: null }, (s) => (s.x = Infinity)],
    "null in an array becomes undefined": [{ x: [null] }, (s) => (s.x = [undefined])],
    "null in an array becomes a hole": [{ x: [null] }, (s) => (s.x = new Array(1))],
    "null in an array becomes a function": [{ x: [null] }, (s) => (s.x = [() => {}])],
    "null in an array becomes a symbol": [{ x: [null] }, (s) => (s.x = [Symbol("x")])],
    "null in an array becomes NaN": [{ x: [null] }, (s) => (s.x = [Number.NaN])],
    "an array gets a name": [{ x: [1] }, (s) => Object.assign(s.x as object, { extra: 1 })],
    "text is boxed": [{ x: "a" }, (s) => (s.x = new String("a"))],
    "a number is boxed": [{ x: 1 }, (s) => (s.x = new Number(1))],
    "a boolean is boxed": [{ x: true }, (s) => (s.x = new Boolean(true))],
    "a new function": [{ x: 1 }, (s) => (s.f = () => 1)],
    "a new symbol": [{ x: 1 }, (s) => (s.f = Symbol("f"))],
    "a new nested function": [{ x: {} }, (s) => Object.assign(s.x as object, { f() {} })],
    "a toJSON that returns NaN in place of null": [
      { x: null },
      (s) => (s.x = { toJSON: () => Number.NaN }),
    ],
  };
  for (const [what, [before, edit]] of Object.entries(rows)) {
    test(`${what}`, async () => {
      const cookie = cookieOf("fernet", before);
      const saved = service();
      await visit(saved, cookie, (session) => {
        edit(session);
        assert.equal(JSON.stringify(session), JSON.stringify(before));
        assert.throws(() => session.save(), REFUSED);
      });
      const { response, setCookie } = await visit(service(), cookie, edit);
      assert.deepEqual([response.status, setCookie], [500, []]);
      assert.deepEqual(saved.errors, ["ERR_SESSION_DATA"]);
    });
  }

  test("a new session with a function or a symbol as its only member", async () => {
    for (const value of [() => 1, Symbol("x")]) {
      const made = service();
      const { response, setCookie } = await visit(made, undefined, (s) => (s.f = value));
      assert.deepEqual([response.status, setCookie], [500, []]);
      assert.deepEqual(made.errors, ["ERR_SESSION_DATA"]);
    }
  });

  for (const [how, write] of writers()) {
    test(`by ${how}`, async (t) => {
      const made = service();
      const reply = await write(t, made, cookieOf("fernet", { x: {} }), (session) => {
        session.x = new Map([[1, 2]]);
      });
      assert.deepEqual(reply, { status: 500, setCookie: [] });
      assert.deepEqual(made.errors, ["ERR_SESSION_DATA"]);
    });
  }
});

describe("stores data that JSON can hold", () => {
  const shared = { a: 1 };
  class Money {
    cents = 5;
    toJSON(): string {
      return `${this.cents} ct`;
    }
  }
  const good: Record<string, readonly [value: unknown, back: unknown]> = {
    text: ["Zoë 𒀸", "Zoë 𒀸"],
    "an empty string": ["", ""],
    "lone surrogates": ["\ud800 \udfff", "\ud800 \udfff"],
    "text with every control character": ["\0\u001f\u007f\u2028", "\0\u001f\u007f\u2028"],
    zero: [0, 0],
    "minus zero, which JSON writes as zero": [-0, 0],
    "the largest number": [Number.MAX_VALUE, Number.MAX_VALUE],
    "the smallest number": [Number.MIN_VALUE, Number.MIN_VALUE],
    "a large number": [1e21, 1e21],
    true: [true, true],
    false: [false, false],
    null: [null, null],
    "an empty object": [{}, {}],
    "an empty array": [[], []],
    "arrays in arrays": [[[[], [{}]]], [[[], [{}]]]],
    "the same object twice": [
      [shared, { shared }],
      [{ a: 1 }, { shared: { a: 1 } }],
    ],
    "a frozen object": [Object.freeze({ a: [1] }), { a: [1] }],
    "an object without a prototype": [Object.assign(Object.create(null), { a: 1 }), { a: 1 }],
    "an object of another realm": [
      runInNewContext('({ a: [1, { b: "c" }] })'),
      { a: [1, { b: "c" }] },
    ],
    "an array of another realm": [runInNewContext("[1, [2]]"), [1, [2]]],
    "a Date": [new Date(0), "1970-01-01T00:00:00.000Z"],
    "a Date of another realm": [runInNewContext("new Date(0)"), "1970-01-01T00:00:00.000Z"],
    "an invalid Date, which writes itself as null": [new Date(Number.NaN), null],
    "a URL": [new URL("https://example.org/a"), "https://example.org/a"],
    "a Buffer": [Buffer.from([1, 2]), { type: "Buffer", data: [1, 2] }],
    "an instance with a toJSON": [new Money(), "5 ct"],
    "a Map with a toJSON": [Object.assign(new Map(), { toJSON: () => [1] }), [1]],
    "a toJSON that gives an object": [{ toJSON: () => ({ a: [null] }), b: 1 }, { a: [null] }],
    "a getter": [
      {
        get a() {
          return [1];
        },
      },
      { a: [1] },
    ],
    "members that are undefined": [{ a: undefined, b: 1 }, { b: 1 }],
    "symbols as names": [{ [Symbol("a")]: () => {}, b: 1 }, { b: 1 }],
    "what is not enumerable": [Object.defineProperty({ b: 1 }, "a", { value: 1n }), { b: 1 }],
    "a name like a member's, nested": [
      { id: 1, save: 2 },
      { id: 1, save: 2 },
    ],
    "an own __proto__, nested": [
      JSON.parse('{"__proto__":{"a":1}}'),
      JSON.parse('{"__proto__":{"a":1}}'),
    ],
    "deep data": [JSON.parse(`${"[".repeat(200)}1${"]".repeat(200)}`), undefined],
  };
  for (const [what, [value, back]] of Object.entries(good)) {
    test(`${what}`, async () => {
      const made = service({ renewAfter: false });
      const data = { value, list: [value], deep: { value } };
      const { setCookie, response } = await visit(made, undefined, (session) => {
        Object.assign(session, data);
        session.save();
      });
      assert.deepEqual([response.status, made.errors], [200, []]);
      const text = JSON.stringify(data);
      assert.equal(JSON.stringify(unseal("fernet", cookieValue(setCookie[0])).data), text);
      const again = await visit(made, pairOf(setCookie[0]));
      assert.equal(JSON.stringify(again.session), text);
      assert.deepEqual(again.setCookie, []);
      if (back !== undefined) assert.deepEqual(again.session.value, back);
      // Assigning the same data again is not a change.
      const equal = await visit(made, pairOf(setCookie[0]), (session) =>
        Object.assign(session, data),
      );
      assert.deepEqual([equal.setCookie, made.errors], [[], []]);
    });
  }

  test("leaves out undefined members, at the top level too", async () => {
    const { setCookie } = await visit(service(), undefined, (session) => {
      Object.assign(session, { user: "tom", extra: undefined, deep: { extra: undefined } });
    });
    const { data } = unseal("fernet", cookieValue(setCookie[0]));
    assert.deepEqual(data, { user: "tom", deep: {} });
  });

  test("writes what the session's own toJSON returns", async () => {
    const { setCookie } = await visit(service(), undefined, (session) => {
      session.toJSON = () => ({ user: "tom" });
    });
    assert.deepEqual(unseal("fernet", cookieValue(setCookie[0])).data, { user: "tom" });
  });

  for (const value of ["text", 7, null, undefined, [1], new Map()]) {
    test(`refuses a toJSON that returns ${inspect(value)}, not an object`, async () => {
      const made = service();
      const { response } = await visit(made, undefined, (session) => {
        session.toJSON = () => value;
        assert.throws(() => session.save(), REFUSED);
      });
      assert.deepEqual([response.status, made.errors], [500, ["ERR_SESSION_DATA"]]);
    });
  }
});
