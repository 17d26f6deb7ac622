/**
 * Assignments to req.session: null destroys it, an object replaces its data, and the session itself changes
 * nothing.
 */

import assert from "node:assert/strict";
import { describe, type TestContext, test } from "node:test";
import { runInNewContext } from "node:vm";
import {
  BEGAN,
  CLEARING,
  cookieOf,
  cookieValue,
  NAME,
  OLD_ID,
  unseal,
} from "../helpers/session-cookies.ts";
import { exchange, type WithSession } from "../helpers/session-entries.ts";
import { LISTS, List } from "../helpers/session-revocation.ts";
import { PROTOCOLS } from "../helpers/session-server.ts";
import { type Bag, configRefusal, type Service, service } from "../helpers/session-visit.ts";

const TOM = { user: "tom" };
const COOKIE = cookieOf("fernet", TOM);

interface Assigned {
  status: number;
  setCookie: string[];
  /** The session's data when the handler returned. */
  data: Bag;
  id: string;
}

/** Sends one request through the middleware on every protocol, and checks that the results agree. */
async function assigning(
  t: TestContext,
  make: () => Service,
  cookie: string | undefined,
  handler: (req: WithSession) => unknown,
): Promise<Assigned> {
  const replies: Assigned[] = [];
  for (const start of Object.values(PROTOCOLS)) {
    const made = make();
    let failed: { error: unknown } | undefined;
    let seen = { data: {}, id: "" };
    const site = await start(t, (req, res) => {
      made.sessions.middleware(req, res, (error?: unknown) => {
        try {
          assert.equal(error, undefined);
          handler(req as WithSession);
          const { session } = req as WithSession;
          assert.ok(session, "a session");
          seen = { data: { ...session }, id: session.id };
        } catch (error) {
          failed = { error };
        }
        res.end("done");
      });
    });
    const headers = cookie === undefined ? {} : { cookie };
    const { status, setCookie } = await site.ask("/", { headers });
    if (failed !== undefined) throw failed.error;
    assert.deepEqual(made.errors, []);
    replies.push({ status, setCookie, ...seen });
  }
  const [first, second] = replies as [Assigned, Assigned];
  assert.equal(
    JSON.stringify([second.status, second.data]),
    JSON.stringify([first.status, first.data]),
  );
  assert.equal(second.setCookie.length, first.setCookie.length);
  return first;
}

describe("null", () => {
  test("destroys the session and leaves a new, empty one", async (t) => {
    const { setCookie, data, id } = await assigning(t, service, COOKIE, (req) => {
      const { session } = req;
      req.session = null;
      assert.equal(req.session, session);
      assert.equal(session?.isNew, true);
    });
    assert.deepEqual([setCookie, data], [[CLEARING], {}]);
    assert.notEqual(id, OLD_ID);
  });

  test("deletes any cookie of that name, as destroy() does", async (t) => {
    const assign = (req: WithSession): unknown => (req.session = null);
    const bad = await assigning(t, service, `${NAME}=garbage`, assign);
    assert.deepEqual(bad.setCookie, [CLEARING]);
    assert.deepEqual((await assigning(t, service, undefined, assign)).setCookie, []);
  });

  test("begins a new session when data follow", async (t) => {
    const { setCookie, id } = await assigning(t, service, COOKIE, (req) => {
      req.session = null;
      Object.assign(req.session ?? {}, { user: "ann" });
    });
    const { jti, data } = unseal("fernet", cookieValue(setCookie[0]));
    assert.deepEqual([jti, data], [id, { user: "ann" }]);
    assert.notEqual(jti, OLD_ID);
  });

  for (const [what, Made] of Object.entries(LISTS)) {
    test(`with ${what}, is a ConfigError that names destroy(), and changes nothing`, async (t) => {
      for (const cookie of [COOKIE, undefined]) {
        const lists: List[] = [];
        const make = (): Service => {
          const list = new Made();
          lists.push(list);
          return service({ revocation: list });
        };
        const { setCookie, data } = await assigning(t, make, cookie, (req) => {
          assert.throws(() => (req.session = null), configRefusal(/destroy\(\)/));
        });
        assert.deepEqual([setCookie, data], [[], cookie === undefined ? {} : TOM]);
        for (const { revoked } of lists) assert.equal(revoked.size, 0);
      }
    });
  }
});

describe("an object replaces the data and keeps the id", () => {
  const objects: Record<string, () => Bag> = {
    "a plain object": () => ({ user: "ann", cart: [1] }),
    "an object without a prototype": () =>
      Object.assign(Object.create(null), { user: "ann", cart: [1] }),
    "an object of another realm": () => runInNewContext('({ user: "ann", cart: [1] })'),
    "a frozen object": () => Object.freeze({ user: "ann", cart: [1] }),
    "an object with a symbol and a hidden member": () =>
      Object.defineProperty({ user: "ann", cart: [1], [Symbol("id")]: 1 }, "id", { value: 7 }),
  };
  for (const [what, make] of Object.entries(objects)) {
    test(`${what}`, async (t) => {
      const { setCookie, data, id } = await assigning(t, service, COOKIE, (req) => {
        const { session } = req;
        const given = make();
        req.session = given as never;
        assert.equal(req.session, session);
        assert.notEqual(req.session, given);
      });
      assert.equal(JSON.stringify(data), '{"user":"ann","cart":[1]}');
      const { jti, begun, data: sealed } = unseal("fernet", cookieValue(setCookie[0]));
      assert.deepEqual([id, jti, begun], [OLD_ID, OLD_ID, BEGAN]);
      assert.deepEqual(sealed, { user: "ann", cart: [1] });
    });
  }

  test("is written if the handler did not read the session before or after", async (t) => {
    for (const start of Object.values(PROTOCOLS)) {
      const { sessions } = service();
      const site = await start(t, (req, res) => {
        sessions.middleware(req, res, () => {
          (req as WithSession).session = { user: "ann" } as never;
          res.end();
        });
      });
      assert.equal((await site.ask("/", { headers: { cookie: COOKIE } })).setCookie.length, 1);
    }
  });

  test("equal data write nothing", async (t) => {
    const rows: ((req: WithSession) => unknown)[] = [
      (req) => (req.session = { user: "tom" } as never),
      (req) => (req.session = { ...req.session } as never),
      (req) => {
        req.session = { user: "ann" } as never;
        req.session = { user: "tom" } as never;
      },
    ];
    for (const assign of rows) {
      assert.deepEqual((await assigning(t, service, COOKIE, assign)).setCookie, []);
    }
  });

  test("an empty object deletes the cookie, keeps the id, and revokes nothing", async (t) => {
    const list = new List();
    const make = (): Service => service({ revocation: list });
    const empty = (req: WithSession): unknown => (req.session = {} as never);
    const { setCookie, data, id } = await assigning(t, make, COOKIE, empty);
    assert.deepEqual([setCookie, data, id], [[CLEARING], {}, OLD_ID]);
    assert.equal(list.revoked.size, 0);
    assert.deepEqual((await assigning(t, make, undefined, empty)).setCookie, []);
    assert.deepEqual((await assigning(t, make, `${NAME}=garbage`, empty)).setCookie, []);
    assert.deepEqual((await assigning(t, make, cookieOf("fernet", {}), empty)).setCookie, []);
  });

  test("the session itself changes nothing", async (t) => {
    for (const make of [service, () => service({ revocation: new List() })]) {
      const { setCookie, data } = await assigning(t, make, COOKIE, (req) => {
        const { session } = req;
        req.session = session;
        assert.equal(req.session, session);
      });
      assert.deepEqual([setCookie, data], [[], TOM]);
    }
  });

  test("later changes to the assigned object do not reach the session", async (t) => {
    const { setCookie } = await assigning(t, service, COOKIE, (req) => {
      const given: Bag = { user: "ann" };
      req.session = given as never;
      given.user = "eve";
      given.more = 1;
    });
    assert.deepEqual(unseal("fernet", cookieValue(setCookie[0])).data, { user: "ann" });
  });
});

describe("any other value is a ConfigError and changes nothing", () => {
  class Account {
    user = "ann";
  }
  const own = (name: string): Bag =>
    Object.defineProperty({ user: "ann" } as Bag, name, { value: 1, enumerable: true });
  const bad: Record<string, unknown> = {
    undefined: undefined,
    "a string": "ann",
    "an empty string": "",
    "a number": 7,
    zero: 0,
    true: true,
    false: false,
    "a BigInt": 7n,
    "a symbol": Symbol("ann"),
    "an array": [{ user: "ann" }],
    "an empty array": [],
    "an array of another realm": runInNewContext("[]"),
    "a function": () => ({ user: "ann" }),
    "a class": Account,
    "a class instance": new Account(),
    "an object with another prototype": Object.create(TOM),
    "a Map": new Map([["user", "ann"]]),
    "a Set": new Set(),
    "a Date": new Date(0),
    "an Error": new Error("ann"),
    "a RegExp": /ann/,
    "a Promise": Promise.resolve(TOM),
    bytes: new Uint8Array(2),
    "a boxed string": new String("ann"),
    "an object with an own __proto__, from JSON.parse": JSON.parse(
      '{"__proto__":{"bad":1},"user":"ann"}',
    ),
  };
  const members = ["id", "isNew", "createdAt", "expiresAt"];
  for (const name of [...members, "regenerate", "destroy", "save", "touch"]) {
    bad[`an object with the name ${name}`] = own(name);
  }
  for (const [what, value] of Object.entries(bad)) {
    test(`${what}`, async (t) => {
      const { setCookie, data, id } = await assigning(t, service, COOKIE, (req) => {
        assert.throws(() => (req.session = value as never), configRefusal(/./));
      });
      assert.deepEqual([setCookie, data, id], [[], TOM, OLD_ID]);
      assert.equal((data as { bad?: unknown }).bad, undefined);
    });
  }

  test("a copy of another request's session is plain data, without its id", async (t) => {
    const { sessions } = service();
    const other = sessions.attach(...exchange(cookieOf("fernet", { user: "eve" })));
    const { data, id, setCookie } = await assigning(t, service, COOKIE, (req) => {
      req.session = { ...other } as never;
    });
    assert.deepEqual([data, id, setCookie.length], [{ user: "eve" }, OLD_ID, 1]);
  });
});
