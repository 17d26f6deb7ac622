/**
 * The session of a request: opened on first use, one object for every way to it, and nothing visible on req.
 */

import assert from "node:assert/strict";
import type http from "node:http";
import { describe, test } from "node:test";
import type { SessionOptions } from "../../src/session.ts";
import { ENTRIES, lazyApp, type Requested, warningsOf } from "../helpers/session-app.ts";
import {
  cookieOf,
  cookieValue,
  envelope,
  NAME,
  NOW,
  SECRET,
  unseal,
} from "../helpers/session-cookies.ts";
import { List } from "../helpers/session-revocation.ts";
import { Jar, PROTOCOLS } from "../helpers/session-server.ts";
import { type BagSession, service } from "../helpers/session-visit.ts";
import { ownCookie } from "../helpers/session-ways.ts";

const COOKIES = {
  "no cookie": "",
  "a good cookie": cookieOf("fernet", { user: "tom" }),
  "a bad cookie": `${NAME}=garbage`,
};

test("the property has no session on an object that no middleware saw", async () => {
  const { sessions } = service();
  const req = { headers: {} } as http.IncomingMessage;
  sessions.middleware(req, { writeHead() {}, once() {} } as never, () => {});
  const property = Object.getOwnPropertyDescriptor(req, "session");
  assert.equal(property?.get?.call({}), undefined);
  assert.throws(() => property?.set?.call({}, {}), { code: "ERR_OPTION" });
});

test("a stand-in for the response, whose end is never called, gives no error", async (t) => {
  for (const start of Object.values(PROTOCOLS)) {
    const { sessions } = service();
    const site = await start(t, (req, res) => {
      const session = sessions.attach(req, Object.create(res)) as BagSession;
      session.user = "tom";
      res.end("done");
    });
    assert.equal((await site.ask("/")).status, 200);
  }
});

test("what is kept on a request and its response tells whose it is", () => {
  const { sessions } = service();
  const res = { writeHead() {}, once() {} };
  const req = { headers: {} };
  sessions.attach(req as never, res as never);
  const names = (object: object) =>
    Object.getOwnPropertySymbols(object).map(({ description }) => description);
  assert.deepEqual([names(req), names(res)], [["bulla.exchange"], ["bulla.hook"]]);
});

/** Everything that a caller can see of an object: own names, enumeration, and listeners. */
function shape(emitter: http.IncomingMessage | http.ServerResponse): object {
  const looped: string[] = [];
  for (const name in emitter) looped.push(name);
  return {
    keys: Object.keys(emitter),
    looped: looped.sort(),
    spread: Reflect.ownKeys({ ...emitter }),
    listeners: emitter.eventNames().map((name) => [name, emitter.listenerCount(name)]),
  };
}

for (const [protocol, start] of Object.entries(PROTOCOLS)) {
  describe(`${protocol}: a session that is not used costs nothing`, () => {
    const secret = () => assert.fail("the secret was asked for");
    const unused: Record<string, Partial<SessionOptions>> = {
      "a secret function": { secret, clock: () => assert.fail("the clock was asked") },
      "a seal": {
        seal: { seal: () => assert.fail("sealed"), open: () => assert.fail("opened") },
        clock: () => assert.fail("the clock was asked"),
      },
    };
    for (const [kind, options] of Object.entries(unused)) {
      for (const [what, cookie] of Object.entries(COOKIES)) {
        test(`no field, no listener, no call of the clock, no opening: ${kind}, ${what}`, async (t) => {
          const shapes: object[] = [];
          const made = service(options);
          const site = await start(t, (req, res) => {
            shapes.push(shape(req), shape(res));
            made.sessions.middleware(req, res, (error?: unknown) => {
              assert.equal(error, undefined);
              shapes.push(shape(req), shape(res));
              assert.equal("session" in req, true);
              assert.equal(Object.hasOwn(res, "writeHead") || Object.hasOwn(res, "end"), false);
              res.end("text");
            });
          });
          const reply = await site.ask("/", { headers: cookie === "" ? {} : { cookie } });
          const { vary, "cache-control": caching } = reply.headers;
          assert.deepEqual([reply.setCookie, vary, caching], [[], undefined, undefined]);
          assert.deepEqual([reply.text, made.invalid, made.errors], ["text", [], []]);
          assert.deepEqual(shapes.slice(2), shapes.slice(0, 2));
        });
      }
    }
  });

  test(`${protocol}: a session that is only read adds Vary and nothing else`, async (t) => {
    const { site, invalid } = await lazyApp(start, t, (req, res) =>
      res.end(`${req.session?.user}`),
    );
    for (const [what, cookie] of Object.entries(COOKIES)) {
      const reply = await site.ask("/", { headers: cookie === "" ? {} : { cookie } });
      assert.equal(reply.text, what === "a good cookie" ? "tom" : "undefined");
      const { vary, "cache-control": caching } = reply.headers;
      assert.deepEqual([reply.setCookie, vary, caching], [[], "Cookie", undefined]);
    }
    assert.deepEqual(invalid, ["ERR_TOKEN_INVALID"]);
  });

  test(`${protocol}: it is opened once, however often and in whatever way it is used`, async (t) => {
    let [clocks, opened, sealed] = [0, 0, 0];
    const made = service({
      clock: () => {
        clocks++;
        return NOW;
      },
      seal: {
        open: () => {
          opened++;
          return envelope({ user: "tom" });
        },
        seal: () => {
          sealed++;
          return "sealed";
        },
      },
    });
    const site = await start(t, async (req, res) => {
      const { attach, load, middleware } = made.sessions;
      middleware(req, res, () => {});
      assert.deepEqual([clocks, opened], [0, 0]);
      const { session } = req as Requested;
      for (let round = 0; round < 5; round++) assert.equal((req as Requested).session, session);
      for (const enter of [attach, load]) assert.equal(await enter(req, res), session);
      middleware(req, res, () => {});
      assert.equal((req as Requested).session?.user, "tom");
      assert.deepEqual([clocks, opened, sealed], [1, 1, 0]);
      res.end("text");
    });
    assert.equal((await site.ask("/", { headers: { cookie: `${NAME}=a` } })).text, "text");
    assert.deepEqual([clocks, opened, sealed], [1, 1, 0]);
  });

  test(`${protocol}: a secret function is called once, when the first session is opened`, async (t) => {
    let asked = 0;
    const secret = () => {
      asked++;
      return SECRET;
    };
    const { site } = await lazyApp(
      start,
      t,
      (req, res) => res.end(req.url === "/" ? "" : `${req.session?.user}`),
      { secret },
    );
    await site.ask("/");
    assert.equal(asked, 0);
    for (const [path, headers] of [
      ["/touched", {}],
      ["/touched", { cookie: COOKIES["a good cookie"] }],
      ["/", {}],
    ] as const) {
      await site.ask(path, { headers });
      assert.equal(asked, 1);
    }
  });

  describe(`${protocol}: every way to the session gives the same object`, () => {
    for (const [first, enterFirst] of Object.entries(ENTRIES)) {
      for (const derived of [false, true]) {
        test(`${first} first${derived ? ", through Object.create(req)" : ""}`, async (t) => {
          const made = service();
          const site = await start(t, (original, res) => {
            const req = derived ? (Object.create(original) as Requested) : original;
            return enterFirst(made.sessions, req, res, async (session) => {
              const nested = Object.create(Object.create(original)) as Requested;
              for (const other of [original, req, nested, Object.create(req) as Requested]) {
                for (const enter of Object.values(ENTRIES)) {
                  let again: BagSession | undefined;
                  await enter(made.sessions, other, res, (it) => (again = it));
                  assert.equal(again, session);
                }
              }
              assert.equal((original as Requested).session, session);
              assert.equal((nested as Requested).session, session);
              session.visits = 1;
              res.end("same");
            });
          });
          const reply = await site.ask("/", { headers: { cookie: `${NAME}=garbage` } });
          assert.equal(reply.text, "same");
          assert.equal(unseal("fernet", cookieValue(ownCookie(reply, NAME))).data.visits, 1);
          assert.deepEqual(made.invalid, ["ERR_TOKEN_INVALID"]);
        });
      }
    }

    test("but another request or other sessions() have another", async (t) => {
      const [one, two] = [service(), service({ cookie: { name: "two" } })];
      const seen: object[] = [];
      const site = await start(t, (req, res) => {
        seen.push(one.sessions.attach(req, res), two.sessions.attach(req, res));
        res.end();
      });
      for (let round = 0; round < 3; round++) await site.ask("/");
      assert.equal(new Set(seen).size, 6);
    });

    test("assigning through Object.create(req) changes the same session", async (t) => {
      const { site } = await lazyApp(start, t, (req, res) => {
        const derived = Object.create(req) as Requested;
        const { session } = req;
        derived.session = { user: "ann" } as unknown as BagSession;
        assert.equal(derived.session, session);
        assert.equal(req.session, session);
        assert.equal(Object.hasOwn(derived, "session"), false);
        res.end(`${session?.user}`);
      });
      const reply = await site.ask("/", { headers: { cookie: COOKIES["a good cookie"] } });
      assert.equal(reply.text, "ann");
      assert.deepEqual(unseal("fernet", cookieValue(ownCookie(reply, NAME))).data, { user: "ann" });
    });
  });

  test(`${protocol}: nothing that bulla stores on a request or response is enumerable`, async (t) => {
    const made = service();
    const shown: unknown[] = [];
    const site = await start(t, (req, res) => {
      const before = [shape(req), shape(res)].map((seen) => ({ ...seen, listeners: [] }));
      made.sessions.middleware(req, res, () => {
        made.sessions.attach(Object.create(req) as Requested, res).user = "tom";
        assert.equal((req as Requested).session?.user, "tom");
        const after = [shape(req), shape(res)].map((seen) => ({ ...seen, listeners: [] }));
        shown.push(before, after);
        res.end();
      });
    });
    await site.ask("/");
    const [before, after] = shown as [{ keys: string[] }[], { keys: string[] }[]];
    assert.deepEqual(after[0], before[0], "the request");
    const methods = ["writeHead", "end"];
    assert.deepEqual(
      after[1]?.keys.filter((name) => !methods.includes(name)),
      before[1]?.keys,
    );
  });

  test(`${protocol}: writeHead and end return the response, as in node`, async (t) => {
    const { site } = await lazyApp(start, t, (req, res) => {
      Object.assign(req.session as BagSession, { user: req.url === "/spoilt" ? 1n : "tom" });
      if (req.url === "/head") assert.equal(res.writeHead(200), res);
      assert.equal(res.end("text"), res);
    });
    for (const path of ["/", "/head", "/spoilt"]) assert.equal((await site.ask(path)).text, "text");
  });

  test(`${protocol}: an error of next passes through, and next is called once`, async (t) => {
    for (const options of [{}, { revocation: new List() }]) {
      const made = service(options);
      const site = await start(t, (req, res) => {
        const error = new Error("of the application");
        let calls = 0;
        const next = () => {
          calls++;
          throw error;
        };
        assert.throws(() => made.sessions.middleware(req, res, next), error);
        res.end(`${calls}`);
      });
      assert.equal(
        (await site.ask("/", { headers: { cookie: COOKIES["a good cookie"] } })).text,
        "1",
      );
    }
  });

  test(`${protocol}: one request can have two kinds of sessions`, async (t) => {
    const users = service({ cookie: { name: "user" } });
    const carts = service({ cookie: { name: "cart" }, type: "jwt" });
    const site = await start(t, (req, res) => {
      const cart = carts.sessions.attach(req, res);
      users.sessions.middleware(req, res, () => {
        Object.assign((req as Requested).session as BagSession, { name: "tom" });
        cart.items = Number(cart.items ?? 0) + 1;
        res.end(`${cart.items}`);
      });
    });
    const jar = new Jar();
    const first = await site.ask("/");
    assert.equal(first.setCookie.length, 2);
    assert.deepEqual([first.headers.vary, first.headers["cache-control"]], ["Cookie", "no-store"]);
    jar.keep(first);
    const { setCookie, text } = await site.ask("/", { headers: jar.headers });
    assert.equal(text, "2");
    assert.equal(setCookie.length, 1);
    assert.equal(unseal("jwt", cookieValue(setCookie[0]), { name: "cart" }).data.items, 2);
    assert.deepEqual([...jar.cookies.keys()].toSorted(), ["cart", "user"]);
  });

  test(`${protocol}: of two middlewares the second sets req.session, and each sends its cookie`, async (t) => {
    const made = ["one", "two"].map((name) => service({ cookie: { name } }));
    const site = await start(t, (req, res) => {
      for (const { sessions } of made) {
        sessions.middleware(req, res, () => {
          const { session } = req as Requested;
          Object.assign(session as BagSession, { visits: Number(session?.visits ?? 0) + 1 });
        });
      }
      res.end(`${(req as Requested).session?.visits}`);
    });
    const jar = new Jar();
    for (const visits of ["1", "2", "3"]) {
      const reply = await site.ask("/", { headers: jar.headers });
      assert.equal(reply.text, visits);
      jar.keep(reply);
    }
    assert.deepEqual([...jar.cookies.keys()].toSorted(), ["one", "two"]);
  });
}

test("two configurations of one cookie name on one response warn once a process", async (t) => {
  const warnings = warningsOf(t);
  const [users, carts] = [service(), service({ cookie: { name: "cart" } })];
  const others = service({ secret: `another ${SECRET}` });
  for (const start of Object.values(PROTOCOLS)) {
    const site = await start(t, (req, res) => {
      users.sessions.attach(req, res).user = "tom";
      users.sessions.attach(req, res).user = "ann";
      carts.sessions.attach(req, res).items = 1;
      if (req.url === "/twice") others.sessions.attach(req, res).user = "eve";
      res.end("text");
    });
    assert.equal((await site.ask("/")).setCookie.length, 2);
    const codes = () => warnings.map(({ code }) => code);
    if (start === PROTOCOLS["HTTP/1.1"]) assert.deepEqual(codes(), []);
    for (let round = 0; round < 3; round++) {
      assert.equal((await site.ask("/twice")).text, "text");
      await new Promise(setImmediate);
      assert.deepEqual(codes(), ["BULLA_COOKIE_NAME"]);
      assert.equal(
        warnings[0]?.message,
        "two sessions() write a cookie of one name: give each its own cookie.name",
      );
    }
  }
});
