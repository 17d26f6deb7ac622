/** edit: sessions that cannot be written, stores that throw, changes that come too late, misuse. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { CookieStore, SessionOptions } from "../../src/session.ts";
import { envelope, NAME, seal, TYPES } from "../helpers/session-cookies.ts";
import { heldBy, NextStore, RequestStore, STORES, throwing } from "../helpers/session-stores.ts";
import {
  type BagSession,
  calledBack,
  configRefusal,
  optionsOf,
  rejection,
  service,
  sessionRefusal,
} from "../helpers/session-visit.ts";

const BROUGHT = { [NAME]: seal("fernet", envelope({ user: "tom" })) };

describe("a session that cannot be written rejects, sets nothing, and onError is called once", () => {
  const unwritable: Record<
    string,
    [change: (session: BagSession) => unknown, code: Parameters<typeof sessionRefusal>[0]]
  > = {
    "a bigint": [(session) => (session.bad = 1n), "ERR_SESSION_DATA"],
    "a Map that looks empty": [(session) => (session.bad = new Map()), "ERR_SESSION_DATA"],
    "a Map in an empty session": [
      (session) => {
        delete session.user;
        session.bad = { map: new Map() };
      },
      "ERR_SESSION_DATA",
    ],
    "a toJSON that throws": [
      (session) => {
        session.bad = {
          toJSON() {
            throw new Error("tom");
          },
        };
      },
      "ERR_SESSION_DATA",
    ],
    "a reserved name": [
      (session) => Object.defineProperty(session, "touch", { value: 1, enumerable: true }),
      "ERR_SESSION_DATA",
    ],
    "too much": [(session) => (session.text = "x".repeat(4096)), "ERR_SESSION_TOO_LARGE"],
  };
  for (const [what, [change, code]] of Object.entries(unwritable)) {
    test(`${what}`, async () => {
      for (const type of TYPES) {
        const { sessions, errors } = service(optionsOf(type));
        const model = new NextStore({ [NAME]: seal(type, envelope({ user: "tom" })) });
        const edited = sessions.edit(model, (session) => void change(session));
        await assert.rejects(edited, sessionRefusal(code));
        assert.deepEqual([model.sent, errors], [[], [code]]);
      }
    });
  }

  test("a custom seal that returns a value outside the cookie grammar", async () => {
    for (const value of ["a b", 1, undefined]) {
      const { sessions, errors } = service({
        seal: { seal: () => value as string, open: () => ({ code: "x" }) },
      });
      const model = new NextStore();
      const edited = sessions.edit(model, (session) => void (session.user = "ann"));
      await assert.rejects(edited, sessionRefusal("ERR_SESSION_DATA"));
      assert.deepEqual([model.sent, errors], [[], ["ERR_SESSION_DATA"]]);
    }
  });

  test("save throws within the handler, which may repair the session", async () => {
    const { sessions, errors } = service();
    const model = new NextStore(BROUGHT);
    await sessions.edit(model, (session) => {
      session.bad = 1n;
      assert.throws(() => session.save(), sessionRefusal("ERR_SESSION_DATA"));
      delete session.bad;
      session.more = 1;
      session.save();
    });
    assert.deepEqual(heldBy(model), { user: "tom", more: 1 });
    assert.deepEqual(errors, []);
  });

  test("the longest session that fits is set", async () => {
    let most = 2000;
    for (let step = 1024; step >= 1; step /= 2) {
      const model = new NextStore();
      const text = "x".repeat(most + step);
      const edited = service().sessions.edit(model, (session) => void (session.text = text));
      if (await edited.then(() => true).catch(() => false)) most += step;
    }
    const model = new NextStore();
    const text = "x".repeat(most);
    await service().sessions.edit(model, (session) => void (session.text = text));
    const { name, value } = model.sent[0] ?? assert.fail();
    const length = name.length + value.length;
    // Fernet grows in blocks of 16 bytes, which take 21 or 22 characters.
    assert.ok(length > 4096 - 22 && length <= 4096, String(length));
  });
});

describe("an error of the store passes through", () => {
  const failed = new Error("Cookies can only be modified in a Server Action");
  const fail = (): never => {
    throw failed;
  };

  test("from get, before the handler is called", async () => {
    const model = { get: fail, set: () => assert.fail("set") };
    const edited = service().sessions.edit(model, () => assert.fail("called"));
    assert.equal(await rejection(edited), failed);
  });

  const sets: Record<string, () => unknown> = { throws: fail, rejects: async () => fail() };
  for (const [how, set] of Object.entries(sets)) {
    test(`from a set that ${how}, as in a server component; onError reports the loss`, async () => {
      for (const Store of Object.values(STORES)) {
        const { sessions, errors } = service();
        const model = new Store(BROUGHT);
        model.store.set = set;
        const edited = sessions.edit(model.store, (session) => void (session.more = 1));
        assert.equal(await rejection(edited), failed);
        assert.deepEqual(errors, ["ERR_SESSION_UNSENT"]);
      }
    });

    test(`from a set that ${how}, instead of the redirect that the handler threw`, async () => {
      const { sessions } = service();
      const model = new NextStore(BROUGHT);
      model.set = set as never;
      const edited = sessions.edit(model, (session) => {
        session.more = 1;
        throw new Response(null, { status: 303 });
      });
      assert.equal(await rejection(edited), failed);
    });

    test(`but a set that ${how} is not called where nothing changed`, async () => {
      const { sessions } = service();
      const model = new NextStore(BROUGHT);
      model.set = set as never;
      assert.equal(await sessions.edit(model, ({ user }) => user), "tom");
    });
  }

  test("and the next edit of the store tries again", async () => {
    const { sessions } = service();
    const model = new NextStore(BROUGHT);
    const { set } = model;
    model.set = fail;
    const change = (session: BagSession): void => void (session.more = 1);
    await rejection(sessions.edit(model, change));
    model.set = set;
    await sessions.edit(model, change);
    assert.deepEqual(heldBy(model), { user: "tom", more: 1 });
  });

  test("a set that is asynchronous is awaited", async () => {
    const model = new RequestStore(BROUGHT);
    let taken = false;
    const { set } = model;
    model.set = async (...given) => {
      await set.apply(model, given);
      taken = true;
    };
    await service().sessions.edit(model, (session) => void (session.more = 1));
    assert.equal(taken, true);
  });
});

describe("after edit a change is too late", () => {
  const unsent = sessionRefusal("ERR_SESSION_UNSENT");

  async function kept(leave: unknown): Promise<{ session: BagSession; errors: string[] }> {
    const made = service();
    const model = new NextStore(BROUGHT);
    let session: BagSession | undefined;
    const keep = (given: BagSession): void => {
      session = given;
      given.more = 1;
    };
    if (leave === undefined) await made.sessions.edit(model, keep);
    else await throwing(made, model, leave, keep);
    return { session: session ?? assert.fail(), errors: made.errors };
  }

  const leaves: Record<string, unknown> = {
    returned: undefined,
    redirected: new Response(null, { status: 303 }),
  };
  for (const [how, leave] of Object.entries(leaves)) {
    test(`save throws or calls back with the error, where the handler ${how}`, async () => {
      const { session } = await kept(leave);
      session.save();
      assert.equal(await calledBack((done) => session.save(done)), undefined);
      session.late = 1;
      assert.throws(() => session.save(), unsent);
      const error = await calledBack((done) => session.save(done));
      assert.equal(error?.code, "ERR_SESSION_UNSENT");
      delete session.late;
      session.save();
    });

    test(`destroy rejects after a handler that ${how}`, async () => {
      const { session, errors } = await kept(leave);
      await assert.rejects(session.destroy(), unsent);
      assert.deepEqual(errors, ["ERR_SESSION_UNSENT"]);
    });
  }

  test("save throws after a handler that failed and lost its change", async () => {
    const { session, errors } = await kept(new Error("failed"));
    assert.throws(() => session.save(), unsent);
    assert.deepEqual(errors, ["ERR_SESSION_UNSENT"]);
  });

  test("a change is not too late while another edit runs", async () => {
    const { sessions } = service();
    const model = new NextStore(BROUGHT);
    await sessions.edit(model, async () => {
      const session = await sessions.edit(model, (given) => given);
      session.more = 1;
      session.save();
    });
    assert.deepEqual(heldBy(model), { user: "tom", more: 1 });
  });
});

describe("misuse is a ConfigError, and nothing is called", () => {
  const { sessions, errors } = service();
  const handler = (): never => assert.fail("called");
  const get = (): never => assert.fail("asked");
  const set = (): never => assert.fail("set");

  const stores: Record<string, unknown> = {
    undefined: undefined,
    null: null,
    "a text": `${NAME}=x`,
    "a Promise: cookies() of Next without await": Promise.resolve(new NextStore()),
    "a request": new Request("https://example.org/"),
    Headers: new Headers(),
    "the headers of a Response": new Response().headers,
    "a search": new URLSearchParams(),
    "an object with append": { get, set, append() {} },
    "an object that inherits append": Object.create({ get, set, append() {} }),
    "a reader": { get },
    "a writer": { set },
    "get that is not a function": { get: 1, set },
    "set that is not a function": { get, set: true },
  };
  for (const [what, store] of Object.entries(stores)) {
    test(`a store that is ${what}`, async () => {
      const edited = sessions.edit(store as CookieStore, handler);
      await assert.rejects(edited, configRefusal(/store must be a cookie store with get and set/));
    });
  }

  for (const wrong of [undefined, null, "text", {}, Promise.resolve()]) {
    test(`a handler that is ${typeof wrong} ${wrong}`, async () => {
      const edited = sessions.edit({ get, set }, wrong as never);
      await assert.rejects(edited, configRefusal(/handler must be a function/));
    });
  }

  test("a missing handler", () =>
    assert.rejects((sessions.edit as () => Promise<unknown>)(), configRefusal(/handler/)));

  test("a store's value that is not text", async () => {
    for (const value of [1, { value: 1 }, {}, true]) {
      const odd = { get: () => value as never, set };
      await assert.rejects(sessions.edit(odd, handler), configRefusal(/a cookie of the store/));
    }
  });

  test("and onError is not called", () => assert.deepEqual(errors, []));

  const options: Record<string, [options: Partial<SessionOptions>, refusal: object]> = {
    "a secret that is too short": [
      { secret: () => "short" },
      { name: "ConfigError", code: "ERR_KEY" },
    ],
    "a clock that is broken": [{ clock: () => NaN }, { name: "ConfigError", code: "ERR_OPTION" }],
  };
  for (const [what, [given, refusal]] of Object.entries(options)) {
    test(`${what}`, async () => {
      for (const brought of [{}, BROUGHT]) {
        const edited = service(given).sessions.edit(new NextStore(brought), handler);
        await assert.rejects(edited, refusal);
      }
    });
  }
});
