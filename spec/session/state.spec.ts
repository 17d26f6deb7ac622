/** Which changes of a session are written: they are found by comparing the serialised data. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  BEGAN,
  CLEARING,
  cookieOf,
  cookieValue,
  ENDS,
  FOURTEEN_DAYS,
  NAME,
  NOW,
  OLD_ID,
  seal,
  TYPES,
  unseal,
} from "../helpers/session-cookies.ts";
import { writers } from "../helpers/session-entries.ts";
import {
  type BagSession,
  calledBack,
  facts,
  optionsOf,
  pairOf,
  service,
  visit,
} from "../helpers/session-visit.ts";

const TOM = { user: "tom" };
const COOKIE = cookieOf("fernet", TOM);

for (const type of TYPES) {
  test(`${type}: a session opens with its data and facts, and is not written again`, async () => {
    const data = { user: "Zoë 𒀸", roles: ["admin"], nested: { deep: { clay: true } } };
    const { session, setCookie, response } = await visit(
      service(optionsOf(type)),
      cookieOf(type, data),
    );
    assert.deepEqual({ ...session }, data);
    const expected = { id: OLD_ID, isNew: false, createdAt: BEGAN, expiresAt: ENDS };
    assert.deepEqual(facts(session), expected);
    assert.deepEqual([setCookie, response.headers.get("Cache-Control")], [[], null]);
  });
}

describe("every change of the serialised data writes a Set-Cookie", () => {
  const before = { user: "tom", cart: [{ item: "clay", count: 1 }], tags: ["a", "b"], none: null };
  type Cart = BagSession & { cart: { item: string; count: number }[]; tags: string[] };
  const edits: Record<string, (session: Cart) => unknown> = {
    "a new member": (session) => (session.theme = "dark"),
    "another value": (session) => (session.user = "tim"),
    "another type": (session) => (session.none = false),
    "a nested value": (session) => first(session).count++,
    "a deleted nested member": (session) => Reflect.deleteProperty(first(session), "count"),
    "a nested member that becomes undefined": (session) =>
      Object.assign(first(session), { count: undefined }),
    "an array that grows": (session) => session.tags.push("c"),
    "an array in another order": (session) => session.tags.reverse(),
    "an array that is emptied": (session) => (session.tags.length = 0),
    "a deleted member": (session) => Reflect.deleteProperty(session, "tags"),
    "a member set to undefined": (session) => (session.tags = undefined as never),
    "members in another order": (session) => {
      const { user } = session;
      delete session.user;
      session.user = user;
    },
    "nested members in another order": (session) => {
      session.cart = [{ count: 1, item: "clay" }];
    },
    "Object.assign": (session) => Object.assign(session, { user: "ann", more: [1] }),
    "Object.defineProperty": (session) =>
      Object.defineProperty(session, "more", { value: 1, enumerable: true }),
    "an edit, its undoing, and another edit": (session) => {
      session.user = "x";
      session.user = "tom";
      session.tags.pop();
    },
  };
  for (const [what, edit] of Object.entries(edits)) {
    test(`${what}`, async () => {
      const after = structuredClone(before) as unknown as Cart;
      edit(after);
      const { setCookie } = await visit(service(), cookieOf("fernet", before), (session) =>
        edit(session as Cart),
      );
      assert.equal(setCookie.length, 1);
      const { data } = unseal("fernet", cookieValue(setCookie[0]));
      assert.equal(JSON.stringify(data), JSON.stringify(after));
      assert.notEqual(JSON.stringify(data), JSON.stringify(before));
    });
  }

  const idle: Record<string, (session: Cart) => unknown> = {
    nothing: () => {},
    reading: (session) => [JSON.stringify(session), first(session).count, session.nothing],
    "the same value": (session) => (session.user = "tom"),
    "an equal object": (session) => (session.cart = structuredClone(before.cart)),
    "an equal object without a prototype": (session) =>
      Object.assign(session, { cart: [Object.assign(Object.create(null), before.cart[0])] }),
    "an edit and its undoing": (session) => first(session).count-- && first(session).count++,
    "a member that is set and deleted": (session) => {
      session.extra = 1;
      delete session.extra;
    },
    "a member that becomes undefined": (session) => (session.extra = undefined),
    "a nested member that becomes undefined": (session) =>
      Object.assign(first(session), { extra: undefined }),
    "a symbol, which is not data": (session) =>
      Object.assign(session, { [Symbol("extra")]: 1, user: "tom" }),
    "a member that is not enumerable": (session) =>
      Object.defineProperty(session, "extra", { value: 1, configurable: true }),
    "a save": (session) => session.save(),
    "a save with a callback": (session) => calledBack((done) => session.save(done)),
    "an edit, a save and the undoing": (session) => {
      session.user = "ann";
      session.save();
      session.user = "tom";
    },
  };
  for (const [what, edit] of Object.entries(idle)) {
    test(`but not ${what}`, async () => {
      const { setCookie } = await visit(service(), cookieOf("fernet", before), (session) =>
        edit(session as Cart),
      );
      assert.deepEqual(setCookie, []);
    });
  }

  for (const [how, write] of writers()) {
    test(`by ${how}`, async (t) => {
      const cookie = cookieOf("fernet", before);
      const edited = await write(t, service(), cookie, (session) => first(session as Cart).count++);
      const { cart } = unseal("fernet", cookieValue(edited.setCookie[0])).data as typeof before;
      assert.deepEqual([edited.setCookie.length, cart[0]?.count], [1, 2]);
      const idled = await write(t, service(), cookie, (session) => (session.user = "tom"));
      assert.deepEqual(idled, { status: 200, setCookie: [] });
    });
  }

  function first(session: Cart): { item: string; count: number } {
    const [item] = session.cart;
    assert.ok(item, "an item");
    return item;
  }
});

describe("a cookie in another writer's format is not written again", () => {
  const text = (data: string, rest = ""): string =>
    `{"jti":"${OLD_ID}","iat":${NOW},"exp":${NOW + FOURTEEN_DAYS},"data":${data}${rest}}`;
  const formats: Record<string, string> = {
    "spaces inside the data": text('{ "user": "tom" }'),
    "spaces around the data": text(' {"user":"tom"} '),
    "a line break at the end": `${text('{"user":"tom"}')}\r\n`,
    "spaces everywhere": JSON.stringify(JSON.parse(text('{"user":"tom"}')), null, 2),
    escapes: text('{"us\\u0065r":"\\u0074om"}'),
    "another order": `{"data":{"user":"tom"},"exp":${NOW + 9},"iat":${NOW - 9},"jti":"${OLD_ID}"}`,
    "a claim of its own at the end": text('{"user":"tom"}', ',"iss":"other"'),
    "a member's name among the data": text('{"user":"tom","id":7,"destroy":null}'),
    "the prototype's name among the data": text('{"__proto__":{"a":1},"user":"tom"}'),
  };
  for (const [what, payload] of Object.entries(formats)) {
    test(`${what}`, async () => {
      const cookie = `${NAME}=${seal("fernet", payload)}`;
      const { session, setCookie } = await visit(service({ renewAfter: false }), cookie);
      assert.deepEqual([{ ...session }, session.id, setCookie], [TOM, OLD_ID, []]);
    });
  }

  test("even if the engine lists its names in another order", async () => {
    const cookie = `${NAME}=${seal("fernet", text('{"b":1,"1":2,"a":[{"z":1,"0":2}]}'))}`;
    assert.deepEqual((await visit(service({ renewAfter: false }), cookie)).setCookie, []);
  });
});

describe("an emptied session deletes the cookie, with the attributes that it was set with", () => {
  const ways: Record<string, (session: BagSession) => unknown> = {
    "its members are deleted": (session) => {
      for (const name of Object.keys(session)) delete session[name];
    },
    "its members become undefined": (session) => (session.user = session.extra = undefined),
    "it is destroyed": (session) => session.destroy(),
    "it is destroyed with a callback": (session) => calledBack((done) => session.destroy(done)),
    "its destruction is awaited": async (session) => await session.destroy(),
    "it is regenerated and stays empty": (session) => session.regenerate(),
    "it is destroyed twice": (session) => [session.destroy(), session.destroy()],
    "it is touched and destroyed": (session) => [session.touch(), session.destroy()],
    "it is changed, saved and destroyed": (session) => {
      session.user = "ann";
      session.save();
      session.destroy();
      session.save();
    },
  };
  for (const [what, empty] of Object.entries(ways)) {
    test(`${what}`, async () => {
      const data = { user: "tom", extra: [1] };
      const { setCookie, response } = await visit(service(), cookieOf("fernet", data), empty);
      assert.deepEqual(setCookie, [CLEARING]);
      assert.equal(response.headers.get("Cache-Control"), "no-store");
    });

    test(`and nothing without a cookie: ${what}`, async () => {
      const { setCookie, response } = await visit(service(), undefined, (session) => {
        session.user = "tom";
        return empty(session);
      });
      assert.deepEqual([setCookie, response.headers.get("Cache-Control")], [[], null]);
    });
  }

  test("with a configured name, path and domain", async () => {
    const cookie = { name: "__Secure-s", path: "/app", domain: "example.org" };
    const made = service({ cookie: { ...cookie, sameSite: "none", partitioned: true } });
    const set = await visit(made, undefined, (session) => (session.user = "tom"));
    const [pair = "", ...attributes] = (set.setCookie[0] ?? "").split("; ");
    for (const end of ["destroy", "regenerate"] as const) {
      const { setCookie } = await visit(made, pair, (session) => session[end]());
      const [cleared, ...others] = (setCookie[0] ?? "").split("; ");
      assert.equal(cleared, "__Secure-s=");
      const gone = ["Max-Age=0", "Expires=Thu, 01 Jan 1970 00:00:00 GMT"];
      assert.deepEqual(others, [...gone, ...attributes.slice(1)]);
    }
    for (const attribute of ["Domain=example.org", "Path=/app", "Partitioned"]) {
      assert.equal(attributes.includes(attribute), true, attribute);
    }
  });

  test("destroying an empty session deletes its cookie too", async () => {
    const { setCookie } = await visit(service(), cookieOf("fernet", {}), (s) => s.destroy());
    assert.deepEqual(setCookie, [CLEARING]);
  });
});

describe("an anonymous session without data", () => {
  test("is written by touch(), then kept and renewed under its id", async () => {
    let now = NOW;
    const made = service({ maxAge: 100, clock: () => now });
    const first = await visit(made, undefined, (session) => session.touch());
    let cookie = pairOf(first.setCookie[0]);
    for (let round = 0; round < 5; round++) {
      now += 10;
      const idle = await visit(made, cookie);
      assert.deepEqual([idle.session.id, idle.setCookie], [first.session.id, []]);
      assert.deepEqual([idle.session.isNew, { ...idle.session }], [false, {}]);
      now += 40;
      const { setCookie } = await visit(made, cookie);
      const { jti, begun, data } = unseal("fernet", cookieValue(setCookie[0]));
      assert.deepEqual([jti, begun, data], [first.session.id, NOW, {}]);
      cookie = pairOf(setCookie[0]);
    }
  });

  test("accepts data, keeps its id, and can be touched again", async () => {
    const cookie = cookieOf("fernet", {});
    const filled = await visit(service(), cookie, (session) => (session.user = "tom"));
    const { jti, data } = unseal("fernet", cookieValue(filled.setCookie[0]));
    assert.deepEqual([jti, data], [OLD_ID, TOM]);
    const touched = await visit(service(), cookie, (session) => session.touch());
    assert.equal(unseal("fernet", cookieValue(touched.setCookie[0])).jti, OLD_ID);
  });

  test("touch() writes an emptied or ended session too", async () => {
    const rows: Record<string, (session: BagSession) => unknown> = {
      emptied: (session) => {
        delete session.user;
        session.touch();
      },
      regenerated: (session) => [session.regenerate(), session.touch()],
      destroyed: (session) => [session.destroy(), session.touch()],
    };
    for (const [what, edit] of Object.entries(rows)) {
      const { session, setCookie } = await visit(service(), COOKIE, edit);
      const { jti, data } = unseal("fernet", cookieValue(setCookie[0]));
      assert.deepEqual([jti, data, setCookie.length], [session.id, {}, 1], what);
      assert.equal(jti === OLD_ID, what === "emptied", what);
    }
  });
});
