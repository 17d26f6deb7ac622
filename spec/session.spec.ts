/**
 * The session as the application holds it: its facts, its data and their changes, its end and its
 * new beginning. What is written is opened by the helper's own hand.
 */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { inspect } from "node:util";
import { ConfigError } from "../src/session.ts";
import {
  ATTRIBUTES,
  BEGAN,
  CLEARING,
  cookieOf,
  cookieValue,
  ENDS,
  FOURTEEN_DAYS,
  NAME,
  NOW,
  seal,
  TYPES,
  unseal,
  unsealText,
} from "./helpers/session-cookies.ts";
import {
  type Bag,
  type BagSession,
  calledBack,
  facts,
  optionsOf,
  request,
  service,
  sessionRefusal,
  visit,
} from "./helpers/session-visit.ts";

for (const type of TYPES) {
  describe(`a session of type ${type}`, () => {
    test("is new without a cookie, and writes one that holds jti, iat, exp, data in this order", async () => {
      const made = service(optionsOf(type));
      const { session, setCookie, response } = await visit(made, undefined, (session) => {
        session.user = "Zoë 𒀸";
      });
      assert.deepEqual(facts(session), {
        id: session.id,
        isNew: true,
        createdAt: NOW,
        expiresAt: NOW + FOURTEEN_DAYS,
      });
      assert.match(session.id, /^[\w-]{22}$/);
      assert.equal(setCookie.length, 1);
      const value = cookieValue(setCookie[0]);
      assert.equal(setCookie[0], `${NAME}=${value}; Max-Age=${FOURTEEN_DAYS}${ATTRIBUTES}`);
      const { id } = session;
      const times = `"iat":${NOW},"exp":${NOW + FOURTEEN_DAYS}`;
      assert.equal(unsealText(type, value), `{"jti":"${id}",${times},"data":{"user":"Zoë 𒀸"}}`);
      assert.equal(response.headers.get("Vary"), "Cookie");
      assert.equal(response.headers.get("Cache-Control"), "no-store");
      assert.deepEqual(made, { ...made, invalid: [], errors: [] });
    });

    test("comes back with its data and facts, and is not written again", async () => {
      const made = service(optionsOf(type));
      const data = { user: "Zoë 𒀸", roles: ["admin"], nested: { deep: { clay: true } } };
      const { session, setCookie, response } = await visit(made, cookieOf(type, data));
      assert.deepEqual({ ...session }, data);
      assert.deepEqual(facts(session), {
        id: "an-old-id",
        isNew: false,
        createdAt: BEGAN,
        expiresAt: ENDS,
      });
      assert.deepEqual(setCookie, []);
      assert.equal(response.headers.get("Vary"), "Cookie");
      assert.equal(response.headers.get("Cache-Control"), null);
    });

    test("keeps its id and its beginning when it is written again", async () => {
      const made = service(optionsOf(type));
      const { setCookie } = await visit(made, cookieOf(type, { visits: 1 }), (session) => {
        session.visits = 2;
      });
      assert.deepEqual(unseal(type, cookieValue(setCookie[0])), {
        jti: "an-old-id",
        iat: BEGAN,
        exp: NOW + FOURTEEN_DAYS,
        data: { visits: 2 },
      });
    });
  });
}

test("every new session has an id of its own, and keeps it", async () => {
  const ids = new Set<string>();
  for (let round = 0; round < 300; round++) {
    const { session } = await visit(service(), undefined);
    assert.equal(session.id, session.id);
    ids.add(session.id);
  }
  assert.equal(ids.size, 300);
});

describe("a Set-Cookie is written for every change of the serialised data", () => {
  const before = { user: "tom", cart: [{ item: "clay", count: 1 }], tags: ["a", "b"], none: null };
  type Cart = { cart: { item: string; count: number }[]; tags: string[] };
  const edits: Record<string, (session: BagSession & Cart) => unknown> = {
    "a new member": (session) => (session.theme = "dark"),
    "another value": (session) => (session.user = "tim"),
    "another type": (session) => (session.none = false),
    "a nested value": (session) => cartOf(session).count++,
    "a nested member that goes": (session) => Reflect.deleteProperty(cartOf(session), "count"),
    "an array that grows": (session) => session.tags.push("c"),
    "an array in another order": (session) => session.tags.reverse(),
    "an array that is emptied": (session) => (session.tags.length = 0),
    "a member that goes": (session) => Reflect.deleteProperty(session, "tags"),
    "a member set to undefined": (session) => (session.tags = undefined as never),
    "Object.assign": (session) => Object.assign(session, { user: "ann", more: [1] }),
    "an edit, its undoing and another": (session) => {
      session.user = "x";
      session.user = "tom";
      session.tags.pop();
    },
  };
  for (const [what, edit] of Object.entries(edits)) {
    test(`${what}`, async () => {
      const after = structuredClone(before) as unknown as BagSession & Cart;
      edit(after);
      const { setCookie } = await visit(service(), cookieOf("fernet", before), (session) =>
        edit(session as BagSession & Cart),
      );
      assert.equal(setCookie.length, 1);
      const { data } = unseal("fernet", cookieValue(setCookie[0]));
      assert.deepEqual(data, JSON.parse(JSON.stringify(after)));
      assert.notDeepEqual(data, before);
    });
  }

  const idle: Record<string, (session: BagSession & Cart) => unknown> = {
    nothing: () => {},
    reading: (session) => [JSON.stringify(session), cartOf(session).count, session.nothing],
    "the same value": (session) => (session.user = "tom"),
    "an equal object": (session) => (session.cart = structuredClone(before.cart)),
    "an edit and its undoing": (session) => cartOf(session).count-- && cartOf(session).count++,
    "undefined, which JSON does not hold": (session) => (session.extra = undefined),
    "a function, which JSON does not hold": (session) => (session.extra = () => 1),
    "a symbol, which is no data": (session) =>
      Object.assign(session, { [Symbol("extra")]: 1, user: "tom" }),
    "a member that is not enumerable": (session) =>
      Object.defineProperty(session, "extra", { value: 1, configurable: true }),
    "a save": (session) => session.save(),
  };
  for (const [what, edit] of Object.entries(idle)) {
    test(`and not for ${what}`, async () => {
      const { setCookie } = await visit(service(), cookieOf("fernet", before), (session) =>
        edit(session as BagSession & Cart),
      );
      assert.deepEqual(setCookie, []);
    });
  }

  function cartOf(session: Cart): { item: string; count: number } {
    const [first] = session.cart;
    assert.ok(first !== undefined);
    return first;
  }
});

test("dates and the like count as what JSON makes of them", async () => {
  const data = { when: "2023-11-14T22:13:20.000Z", odd: null };
  const { setCookie } = await visit(service(), cookieOf("fernet", data), (session) => {
    session.when = new Date(NOW * 1000);
    session.odd = Number.NaN;
  });
  assert.deepEqual(setCookie, []);
});

describe("a cookie that another hand has sealed is not written again for its spelling", () => {
  const text = (data: string, rest = "") =>
    `{"jti":"other","iat":${NOW},"exp":${NOW + FOURTEEN_DAYS},"data":${data}${rest}}`;
  const spellings: Record<string, string> = {
    "spaces inside the data": text('{ "user": "tom" }'),
    "spaces around the data": text(' {"user":"tom"} '),
    "a line break at the end": `${text('{"user":"tom"}')}\r\n`,
    "spaces everywhere": JSON.stringify(JSON.parse(text('{"user":"tom"}')), null, 2),
    escapes: text('{"us\\u0065r":"\\u0074om"}'),
    "another order": `{"data":{"user":"tom"},"exp":${NOW + 9},"iat":${NOW - 9},"jti":"other"}`,
    "a claim of its own at the end": text('{"user":"tom"}', ',"iss":"other"'),
    "a member's name among the data": text('{"user":"tom","id":7,"destroy":null}'),
    "the prototype's name among the data": text('{"__proto__":{"a":1},"user":"tom"}'),
  };
  for (const [what, payload] of Object.entries(spellings)) {
    test(`${what}`, async () => {
      const options = { renewAfter: false } as const;
      const cookie = `${NAME}=${seal("fernet", payload)}`;
      const { session, setCookie } = await visit(service(options), cookie);
      assert.deepEqual({ ...session }, { user: "tom" });
      assert.equal(session.id, "other");
      assert.deepEqual(setCookie, []);
    });
  }
});

describe("an emptied session deletes the cookie, with the attributes it was set with", () => {
  const ways: Record<string, (session: BagSession) => unknown> = {
    "its last members are deleted": (session) => {
      for (const name of Object.keys(session)) delete session[name];
    },
    "its members become undefined": (session) => (session.user = session.extra = undefined),
    "it is destroyed": (session) => session.destroy(),
    "it is destroyed with a callback": (session) => calledBack((done) => session.destroy(done)),
    "it is regenerated and stays empty": (session) => session.regenerate(),
    "it is destroyed twice": (session) => [session.destroy(), session.destroy()],
    "it is destroyed, touched and saved": (session) => {
      session.destroy();
      session.touch();
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
    test(`and where there is no cookie nothing is to be deleted: ${what}`, async () => {
      const { setCookie, response } = await visit(service(), undefined, (session) => {
        session.user = "tom";
        return empty(session);
      });
      assert.deepEqual(setCookie, []);
      assert.equal(response.headers.get("Cache-Control"), null);
    });
  }

  test("under a name, path and domain of the application's choice", async () => {
    const cookie = { name: "__Secure-s", path: "/app", domain: "example.org" };
    const made = service({ cookie: { ...cookie, sameSite: "none", partitioned: true } });
    const set = await visit(made, undefined, (session) => (session.user = "tom"));
    const [pair = "", ...attributes] = (set.setCookie[0] ?? "").split("; ");
    const { setCookie } = await visit(made, pair, (session) => session.destroy());
    const [cleared, ...others] = (setCookie[0] ?? "").split("; ");
    assert.equal(cleared, "__Secure-s=");
    const expected = ["Max-Age=0", "Expires=Thu, 01 Jan 1970 00:00:00 GMT", ...attributes.slice(1)];
    assert.deepEqual(others, expected);
    assert.ok(attributes.includes("Domain=example.org") && attributes.includes("Partitioned"));
  });
});

for (const end of ["regenerate", "destroy"] as const) {
  test(`after ${end} the same object is an empty new session under a new id`, async () => {
    let now = NOW;
    const made = service({ clock: () => now });
    const cookie = cookieOf("fernet", { user: "tom", cart: [1] });
    now += 60;
    const { session, setCookie } = await visit(made, cookie, (session) => {
      const { id } = session;
      session[end]();
      assert.deepEqual(Object.keys(session), []);
      assert.notEqual(session.id, id);
      const { isNew, createdAt, expiresAt } = session;
      assert.deepEqual([isNew, createdAt, expiresAt], [true, now, now + FOURTEEN_DAYS]);
      session.user = "ann";
    });
    assert.deepEqual(unseal("fernet", cookieValue(setCookie[0])), {
      jti: session.id,
      iat: now,
      exp: now + FOURTEEN_DAYS,
      data: { user: "ann" },
    });
  });
}

test("a regenerated session is written even if its new data equal the old ones", async () => {
  const { session, setCookie } = await visit(
    service(),
    cookieOf("fernet", { user: "tom" }),
    (session) => {
      session.save();
      session.regenerate();
      session.user = "tom";
    },
  );
  assert.equal(unseal("fernet", cookieValue(setCookie[0])).jti, session.id);
  assert.notEqual(session.id, "an-old-id");
});

test("a login as Passport does it: regenerate, keep some data, save, each with a callback", async () => {
  const { session, setCookie } = await visit(
    service(),
    cookieOf("fernet", { returnTo: "/cart", flash: "x" }),
    async (session) => {
      const { returnTo } = session;
      const failed = await new Promise((resolve) => {
        session.regenerate((error) => {
          assert.equal(error, undefined);
          Object.assign(session, { returnTo, passport: { user: 7 } });
          session.save((error) => resolve(error));
        });
      });
      assert.equal(failed, undefined);
    },
  );
  const { jti, data } = unseal("fernet", cookieValue(setCookie[0]));
  assert.equal(jti, session.id);
  assert.notEqual(jti, "an-old-id");
  assert.deepEqual(data, { returnTo: "/cart", passport: { user: 7 } });
});

for (const method of ["regenerate", "destroy", "save"] as const) {
  test(`${method} calls back asynchronously, once, and without an error`, async () => {
    await visit(service(), cookieOf("fernet", { user: "tom" }), async (session) => {
      const heard: unknown[][] = [];
      session[method]((...given) => heard.push(given));
      assert.deepEqual(heard, []);
      await new Promise(setImmediate);
      assert.deepEqual(heard, [[]]);
    });
  });
}

describe("what JSON or a cookie cannot hold is found by save", () => {
  const cycle: Bag = {};
  cycle.self = cycle;
  const throws = () => {
    throw new Error("with the data in its text");
  };
  const bad: Record<
    string,
    readonly [data: object, code: "ERR_SESSION_DATA" | "ERR_SESSION_TOO_LARGE"]
  > = {
    "a BigInt": [{ count: 1n }, "ERR_SESSION_DATA"],
    "a nested BigInt": [{ deep: [{ count: 1n }] }, "ERR_SESSION_DATA"],
    "a cycle": [{ cycle }, "ERR_SESSION_DATA"],
    "a toJSON that throws": [{ deep: { toJSON: throws } }, "ERR_SESSION_DATA"],
    "a toJSON of its own that throws": [{ toJSON: throws }, "ERR_SESSION_DATA"],
    "a toJSON that gives text": [{ toJSON: () => "text" }, "ERR_SESSION_DATA"],
    "a toJSON that gives nothing": [{ toJSON: () => undefined }, "ERR_SESSION_DATA"],
    "a toJSON that gives an array": [{ toJSON: () => [1] }, "ERR_SESSION_DATA"],
    "too much text": [{ text: "x".repeat(4096) }, "ERR_SESSION_TOO_LARGE"],
  };
  for (const [what, [data, code]] of Object.entries(bad)) {
    test(`${what}: it throws, or gives the error to its callback`, async () => {
      const made = service();
      await visit(made, undefined, async (session) => {
        Object.assign(session, data);
        assert.throws(() => session.save(), sessionRefusal(code));
        try {
          session.save();
        } catch (error) {
          const shown = inspect(error, { showHidden: true, depth: 9 });
          assert.doesNotMatch(shown, /with the data|xxxx/);
          assert.equal((error as Error).cause, undefined);
        }
        const error = await calledBack((done) => session.save(done));
        assert.deepEqual(
          { ...error, message: error?.message, name: error?.name },
          sessionRefusal(code),
        );
        session.destroy();
        session.save();
      });
      assert.deepEqual(made.errors, []);
    });
  }
});

test("a toJSON decides what is written", async () => {
  const { setCookie } = await visit(service(), undefined, (session) => {
    session.toJSON = () => ({ user: "tom" });
  });
  assert.deepEqual(unseal("fernet", cookieValue(setCookie[0])).data, { user: "tom" });
});

test("what sessions() gives works without its object, as in app.use(sessions().middleware)", async () => {
  const { read, load, wrap, attach, middleware } = service().sessions;
  const cookie = cookieOf("fernet", { user: "tom" });
  assert.equal(read(cookie).user, "tom");
  assert.equal((await load(cookie)).user, "tom");
  const handler = wrap(
    (_request, session, word: string) => new Response(`${word} ${session.user}`),
  );
  assert.equal(await (await handler(request(cookie), "Hello")).text(), "Hello tom");
  for (const member of [attach, middleware]) assert.equal(typeof member, "function");
});

test("ConfigError is exported beside sessions, for instanceof", () => {
  assert.throws(
    () => service().sessions.read(null as never),
    (error) => error instanceof ConfigError && error instanceof TypeError,
  );
});
