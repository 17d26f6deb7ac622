/** edit reads and sets a session in the cookie store of a framework. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { SessionCookieOptions } from "../../src/session.ts";
import {
  BEGAN,
  ENDS,
  envelope,
  FOURTEEN_DAYS,
  NAME,
  NOW,
  OLD_ID,
  seal,
  TYPES,
  unseal,
} from "../helpers/session-cookies.ts";
import { deletions, heldBy, type Model, NextStore, STORES } from "../helpers/session-stores.ts";
import {
  type BagSession,
  configRefusal,
  facts,
  optionsOf,
  rejection,
  request,
  service,
} from "../helpers/session-visit.ts";

const DATA = { user: "tom", deep: { clay: [1] } };
const VALUE = seal("fernet", envelope(DATA));
const BROUGHT = { [NAME]: VALUE, theme: "dark" };
const ALL = { path: "/", httpOnly: true, secure: true, sameSite: "lax" };

/** Returns the attributes of the one cookie that was set; `encode` must not change a value. */
function attributesOf({ sent }: Model): object {
  assert.equal(sent.length, 1);
  const { encode, ...attributes } = sent[0]?.attributes ?? assert.fail();
  for (const text of ["", "aA-_.", "%25 =;é"]) assert.equal(encode(text), text);
  return attributes;
}

for (const [what, Store] of Object.entries(STORES)) {
  describe(`edit, in the store of ${what}`, () => {
    test("the handler gets the session in the store", async () => {
      const { sessions, invalid, errors } = service();
      const model = new Store(BROUGHT);
      await sessions.edit(model.store, (session) => {
        assert.deepEqual({ ...session }, DATA);
        const expected = { id: OLD_ID, isNew: false, createdAt: BEGAN, expiresAt: ENDS };
        assert.deepEqual(facts(session), expected);
      });
      assert.deepEqual(model.sent, []);
      assert.deepEqual([invalid, errors], [[], []]);
    });

    test("a new session is set with every attribute", async () => {
      const { sessions } = service();
      const model = new Store();
      const id = await sessions.edit(model.store, (session) => {
        assert.equal(session.isNew, true);
        session.user = "ann";
        return session.id;
      });
      assert.deepEqual(attributesOf(model), { ...ALL, maxAge: FOURTEEN_DAYS });
      assert.equal(model.sent[0]?.name, NAME);
      const { jti, iat, data } = unseal("fernet", model.sent[0]?.value as string);
      assert.deepEqual({ jti, iat, data }, { jti: id, iat: NOW, data: { user: "ann" } });
    });

    test("a nested change is set, and the id stays the same", async () => {
      const { sessions } = service();
      const model = new Store(BROUGHT);
      await sessions.edit(model.store, (session) => {
        (session.deep as { clay: number[] }).clay.push(2);
      });
      assert.deepEqual(heldBy(model), { user: "tom", deep: { clay: [1, 2] } });
      assert.equal(unseal("fernet", model.sent[0]?.value as string).jti, OLD_ID);
      assert.equal(model.sent.length, 1);
    });

    test("the next edit and the next request get what was set", async () => {
      const { sessions } = service();
      const model = new Store(BROUGHT);
      await sessions.edit(model.store, (session) => {
        session.flash = "saved";
      });
      const next = new Store({ [NAME]: model.sent[0]?.value as string });
      await sessions.edit(next.store, (session) => {
        assert.equal(session.flash, "saved");
        delete session.flash;
      });
      assert.deepEqual(heldBy(next), DATA);
    });

    test("regenerate sets a new id", async () => {
      const { sessions } = service();
      const model = new Store(BROUGHT);
      await sessions.edit(model.store, async (session) => {
        await session.regenerate();
        session.user = "ann";
      });
      const { jti, data } = unseal("fernet", model.sent[0]?.value as string);
      assert.notEqual(jti, OLD_ID);
      assert.deepEqual(data, { user: "ann" });
      assert.equal(model.sent.length, 1);
    });

    const ends: Record<string, (session: BagSession) => unknown> = {
      destroy: (session) => session.destroy(),
      "a destroy that nobody awaits": (session) => void session.destroy(),
      regenerate: (session) => session.regenerate(),
      emptying: (session) => {
        for (const name of Object.keys(session)) delete session[name];
      },
    };
    for (const [how, end] of Object.entries(ends)) {
      test(`${how} deletes by set, with the same attributes`, async () => {
        const { sessions } = service();
        const model = new Store(BROUGHT);
        await sessions.edit(model.store, async (session) => {
          await end(session);
        });
        assert.deepEqual(deletions(model), [true]);
        assert.deepEqual(attributesOf(model), { ...ALL, maxAge: 0 });
        assert.equal(model.sent[0]?.name, NAME);
      });
    }

    test("destroy deletes a cookie that cannot be opened, and an empty one", async () => {
      for (const value of ["x", "", seal("fernet", envelope(DATA, { exp: NOW }))]) {
        const model = new Store({ [NAME]: value });
        await service().sessions.edit(model.store, (session) => session.destroy());
        assert.deepEqual(deletions(model), [true], value);
      }
    });

    test("without a change nothing is set", async () => {
      const nothing: Record<string, (session: BagSession) => unknown> = {
        nothing: () => {},
        "a read": ({ user }) => user,
        "the same value": (session) => Object.assign(session, { user: session.user }),
        "a change and back": (session) => {
          session.more = 1;
          delete session.more;
        },
        "an undefined member": (session) => (session.more = undefined),
        save: (session) => session.save(),
      };
      for (const brought of [BROUGHT, {}, { [NAME]: "x" }, { [NAME]: "" }]) {
        for (const [how, handler] of Object.entries(nothing)) {
          const { sessions, errors } = service();
          const model = new Store(brought);
          await sessions.edit(model.store, handler);
          assert.deepEqual(model.sent, [], how);
          assert.deepEqual(errors, []);
        }
      }
    });

    test("destroying without a cookie sets nothing", async () => {
      const model = new Store({ theme: "dark" });
      await service().sessions.edit(model.store, async (session) => {
        session.user = "ann";
        await session.destroy();
      });
      assert.deepEqual(model.sent, []);
    });
  });
}

describe("edit returns", () => {
  test("the handler's result, or what its Promise resolves with", async () => {
    const { sessions } = service();
    const value = {};
    assert.equal(await sessions.edit(new NextStore(), () => value), value);
    assert.equal(await sessions.edit(new NextStore(), async () => value), value);
    assert.equal(await sessions.edit(new NextStore(), () => {}), undefined);
  });

  test("a Promise, even for a synchronous handler", () => {
    const edited: unknown = service().sessions.edit(new NextStore(), () => 1);
    assert.ok(edited instanceof Promise);
  });

  for (const type of TYPES) {
    test(`the same cookie as wrap, of type ${type}`, async () => {
      const { sessions } = service(optionsOf(type));
      const value = seal(type, envelope(DATA));
      const change = (session: BagSession) => (session.more = 1);
      const model = new NextStore({ [NAME]: value });
      await sessions.edit(model, (session) => void change(session));
      const handler = sessions.wrap((_request, session) => {
        change(session);
        return new Response();
      });
      const [line] = (await handler(request(`${NAME}=${value}`))).headers.getSetCookie();
      const [, wrapped = ""] = /=([^;]*)/.exec(line ?? "") ?? [];
      const [edited = ""] = model.sent.map((sent) => sent.value);
      assert.deepEqual(unseal(type, edited), unseal(type, wrapped));
      assert.deepEqual(attributesOf(model), { ...ALL, maxAge: FOURTEEN_DAYS });
    });
  }
});

describe("edit passes to set", () => {
  const cookies: Record<string, [cookie: SessionCookieOptions, attributes: object]> = {
    "a path": [{ path: "/app" }, { ...ALL, path: "/app" }],
    "a domain": [{ domain: "example.org" }, { ...ALL, domain: "example.org" }],
    "a cookie for plain HTTP": [{ secure: false }, { ...ALL, secure: false }],
    strict: [{ sameSite: "strict" }, { ...ALL, sameSite: "strict" }],
    "all of them": [
      { path: "/a", domain: "a.example", sameSite: "none", partitioned: true, priority: "high" },
      {
        ...{ path: "/a", domain: "a.example", httpOnly: true, secure: true },
        ...{ sameSite: "none", partitioned: true, priority: "high" },
      },
    ],
  };
  for (const [what, [cookie, attributes]] of Object.entries(cookies)) {
    test(`${what}, for a session and for a deletion`, async () => {
      const { sessions } = service({ cookie: { ...cookie, name: "sid" } });
      const model = new NextStore();
      await sessions.edit(model, (session) => void (session.user = "ann"));
      assert.deepEqual(attributesOf(model), { ...attributes, maxAge: FOURTEEN_DAYS });
      assert.equal(model.sent[0]?.name, "sid");
      const next = new NextStore({ sid: model.sent[0]?.value as string });
      await sessions.edit(next, (session) => session.destroy());
      assert.deepEqual(attributesOf(next), { ...attributes, maxAge: 0 });
    });
  }

  test("no maxAge for a cookie that ends with the browser, except for a deletion", async () => {
    const { sessions } = service({ cookie: { persistent: false } });
    const model = new NextStore();
    await sessions.edit(model, (session) => void (session.user = "ann"));
    assert.deepEqual(attributesOf(model), ALL);
    const next = new NextStore(BROUGHT);
    await sessions.edit(next, (session) => session.destroy());
    assert.deepEqual(attributesOf(next), { ...ALL, maxAge: 0 });
  });

  test("a new attributes object each time, which a store may keep or change", async () => {
    const { sessions } = service();
    const models = [new NextStore(), new NextStore()] as const;
    await sessions.edit(models[0], (session) => void (session.user = "ann"));
    Object.assign(models[0].sent[0]?.attributes as object, { path: "/other", domain: "x" });
    await sessions.edit(models[1], (session) => void (session.user = "ann"));
    assert.deepEqual(attributesOf(models[1]), { ...ALL, maxAge: FOURTEEN_DAYS });
  });

  test("the value of a custom seal unchanged", async () => {
    const own = { seal: () => "a%20b=%", open: () => ({ code: "ERR_TOKEN_INVALID" }) };
    for (const Store of Object.values(STORES)) {
      const model = new Store();
      const { sessions } = service({ seal: own });
      await sessions.edit(model.store, (session) => void (session.user = "ann"));
      assert.equal(model.sent[0]?.value, "a%20b=%");
    }
  });
});

describe("edit and the lifetime of a session", () => {
  type Touch = Parameters<BagSession["touch"]>[0];
  const touches: Record<string, [touch: Touch, expected: object]> = {
    "no argument": [undefined, { maxAge: FOURTEEN_DAYS }],
    "an age": [{ maxAge: 60 }, { maxAge: 60 }],
    "an age, not persistent": [{ maxAge: 60, persistent: false }, {}],
    longestAge: [{ maxAge: 3_000_000 }, { maxAge: 3_000_000 }],
  };
  for (const [what, [lifetime, expected]] of Object.entries(touches)) {
    test(`touch with ${what} sets an unchanged session`, async () => {
      for (const type of TYPES) {
        const { sessions } = service({ ...optionsOf(type), longestAge: 3_000_000 });
        const model = new NextStore({ [NAME]: seal(type, envelope(DATA)) });
        await sessions.edit(model, (session) => session.touch(lifetime));
        assert.deepEqual(attributesOf(model), { ...ALL, ...expected });
        assert.deepEqual(heldBy(model, type), DATA);
      }
    });
  }

  test("touch in the second in which the cookie was written still sets it", async () => {
    const { sessions } = service(optionsOf("jwt"));
    const exp = NOW + FOURTEEN_DAYS;
    const model = new NextStore({ [NAME]: seal("jwt", envelope(DATA, { iat: NOW, exp })) });
    await sessions.edit(model, (session) => session.touch());
    assert.equal(model.sent.length, 1);
    assert.deepEqual(heldBy(model, "jwt"), DATA);
  });

  test("touch sets an empty session, for a stable anonymous id", async () => {
    const model = new NextStore();
    await service().sessions.edit(model, (session) => session.touch());
    assert.deepEqual(heldBy(model), {});
    assert.deepEqual(deletions(model), [false]);
  });

  test("touch beyond longestAge is a ConfigError, and sets nothing", async () => {
    const { sessions, errors } = service({ longestAge: 3_000_000 });
    const model = new NextStore(BROUGHT);
    const edited = sessions.edit(model, (session) => session.touch({ maxAge: 3_000_001 }));
    await assert.rejects(edited, configRefusal(/maxAge/));
    assert.deepEqual([model.sent, errors], [[], []]);
  });

  test("an unchanged session is renewed when it is due, and not before", async () => {
    const { sessions } = service();
    for (const [age, count] of [
      [FOURTEEN_DAYS / 2, 1],
      [FOURTEEN_DAYS / 2 - 1, 0],
    ] as const) {
      const iat = NOW - age;
      const value = seal("fernet", envelope(DATA, { iat, exp: iat + FOURTEEN_DAYS }));
      const model = new NextStore({ [NAME]: value });
      await sessions.edit(model, () => {});
      assert.equal(model.sent.length, count);
      if (count === 1) {
        const { iat: written, begun, data } = unseal("fernet", model.sent[0]?.value as string);
        assert.deepEqual({ written, begun, data }, { written: NOW, begun: iat, data: DATA });
      }
    }
  });

  test("a renewal that is too large changes nothing, and onError is called", async () => {
    const { sessions, errors } = service({
      seal: {
        seal: () => "x".repeat(4096),
        open: (text) => (text === "old" ? envelope(DATA, { iat: NOW - 700_000 }) : { code: "x" }),
      },
    });
    const model = new NextStore({ [NAME]: "old" });
    assert.equal(await sessions.edit(model, ({ user }) => user), "tom");
    assert.deepEqual([model.sent, errors], [[], ["ERR_SESSION_TOO_LARGE"]]);
  });
});

describe("edit with a cookie that is refused", () => {
  const refused: Record<string, [value: string, invalid: string[]]> = {
    garbage: ["x", ["ERR_TOKEN_INVALID"]],
    expired: [seal("fernet", envelope(DATA, { exp: NOW })), ["ERR_TOKEN_EXPIRED"]],
    "of another secret": [
      seal("fernet", envelope(DATA), { secret: "another secret of more than 32 bytes" }),
      ["ERR_TOKEN_INVALID"],
    ],
    "too large": ["x".repeat(4096), ["ERR_TOKEN_TOO_LARGE"]],
    // RFC 6265bis: a value with other characters than cookie-octets is ignored.
    "with a space": ["a b", []],
  };
  for (const [what, [value, expected]] of Object.entries(refused)) {
    test(`${what}: an empty session, and onInvalid is called once, with the store`, async () => {
      const heard: unknown[] = [];
      const invalid: string[] = [];
      const { sessions } = service({
        onInvalid: ({ code }, source) => {
          invalid.push(code);
          heard.push(source);
        },
      });
      const model = new NextStore({ [NAME]: value });
      for (let times = 0; times < 2; times++) {
        await sessions.edit(model, (session) => {
          assert.deepEqual([Object.keys(session), session.isNew], [[], true]);
        });
      }
      assert.deepEqual(invalid, expected);
      assert.deepEqual(
        heard,
        expected.map(() => model),
      );
      assert.deepEqual(model.sent, []);
      await sessions.edit(model, (session) => void (session.user = "ann"));
      assert.deepEqual(heldBy(model), { user: "ann" });
    });
  }

  test("a value that is not text is a ConfigError", async () => {
    const odd = { get: () => ({ value: 1 }), set() {} } as never;
    const edited = service().sessions.edit(odd, () => assert.fail("called"));
    assert.match(String(await rejection(edited)), /ConfigError|a cookie of the store/);
  });
});
