/**
 * Sessions over real sockets, on HTTP/1.1 with keep-alive and on HTTP/2: into every head that an
 * application can write, beside whatever it sets itself.
 */

import assert from "node:assert/strict";
import { once } from "node:events";
import type http from "node:http";
import net from "node:net";
import { describe, type TestContext, test } from "node:test";
import type { SessionOptions } from "../src/session.ts";
import {
  ATTRIBUTES,
  CLEARING,
  cookieOf,
  cookieValue,
  envelope,
  FOURTEEN_DAYS,
  NAME,
  seal,
  unseal,
} from "./helpers/session-cookies.ts";
import {
  type Asked,
  type Handler,
  Jar,
  PROTOCOLS,
  type Site,
  serve,
} from "./helpers/session-server.ts";
import {
  type Bag,
  type BagSession,
  calledBack,
  type Service,
  service,
  sessionRefusal,
} from "./helpers/session-visit.ts";
import { besidesSession, ownCookie, waysOf } from "./helpers/session-ways.ts";
import { misuse } from "./helpers/token-refusals.ts";

type Requested = http.IncomingMessage & { session: BagSession | null };
type Touching = (session: BagSession, res: http.ServerResponse, req: Requested) => unknown;

interface App extends Service {
  site: Site;
}

for (const [protocol, start] of Object.entries(PROTOCOLS)) {
  /** A site whose handler has the session that `attach` gives. */
  async function app(
    t: TestContext,
    touching: Touching,
    options: Partial<SessionOptions> = {},
  ): Promise<App> {
    const made = service(options);
    const site = await start(t, (req, res) => {
      touching(made.sessions.attach(req, res), res, req as Requested);
    });
    return { ...made, site };
  }

  /** The same with `req.session`, which opens on first touch. */
  async function lazyApp(
    t: TestContext,
    handler: (req: Requested, res: http.ServerResponse) => unknown,
    options: Partial<SessionOptions> = {},
  ): Promise<App> {
    const made = service(options);
    const site = await start(t, (req, res) => {
      made.sessions.middleware(req, res, (error) => {
        assert.equal(error, undefined);
        handler(req as Requested, res);
      });
    });
    return { ...made, site };
  }

  describe(`${protocol}: a session goes with every head that an application writes`, () => {
    for (const [what, { write, plainly = write, method = "GET" }] of waysOf(protocol)) {
      test(`${what}`, async (t) => {
        const made = service();
        const site = await start(t, (req, res) => {
          if (req.url === "/plain") {
            plainly(res);
            return;
          }
          const session = made.sessions.attach(req, res);
          session.visits = Number(session.visits ?? 0) + 1;
          write(res);
        });
        const plain = await site.ask("/plain", { method });
        const jar = new Jar();
        for (const visits of [1, 2]) {
          const reply = await site.ask("/", { method, headers: jar.headers });
          assert.deepEqual(besidesSession(reply, NAME), besidesSession(plain, NAME));
          const value = cookieValue(ownCookie(reply, NAME));
          assert.deepEqual(unseal("fernet", value).data, { visits });
          assert.equal(reply.headers.vary, "Cookie");
          assert.equal(reply.headers["cache-control"], "no-store");
          jar.keep(reply);
        }
        assert.deepEqual([made.invalid, made.errors], [[], []]);
      });
    }
  });

  test(`${protocol}: visits are counted over one connection that is kept alive`, async (t) => {
    const { site, errors } = await app(t, (session, res) => {
      session.visits = Number(session.visits ?? 0) + 1;
      res.end(`${session.visits}`);
    });
    const jar = new Jar();
    for (let visits = 1; visits <= 10; visits++) {
      const reply = await site.ask("/", { headers: jar.headers });
      assert.equal(reply.text, `${visits}`);
      jar.keep(reply);
    }
    assert.equal(site.connections(), 1);
    assert.deepEqual(errors, []);
  });

  test(`${protocol}: concurrent requests have a session each`, async (t) => {
    const { site, errors, invalid } = await app(t, (session, res, req) => {
      const user = new URL(req.url ?? "", "http://localhost").searchParams.get("user");
      const before = session.user;
      setTimeout(() => {
        session.user = user;
        setTimeout(() => res.end(`${before} ${session.user}`), Math.random() * 5);
      }, Math.random() * 5);
    });
    const visits = Array.from({ length: 60 }, async (_, number) => {
      const jar = new Jar();
      for (let round = 0; round < 3; round++) {
        const reply = await site.ask(`/?user=${number}`, { headers: jar.headers });
        assert.equal(reply.text, `${round === 0 ? undefined : number} ${number}`);
        jar.keep(reply);
      }
      return jar.headers.cookie;
    });
    assert.equal(new Set(await Promise.all(visits)).size, 60);
    assert.deepEqual([errors, invalid], [[], []]);
  });

  test(`${protocol}: a login, a visit, a logout, and what the browser then keeps`, async (t) => {
    const { site } = await lazyApp(t, (req, res) => {
      if (req.url === "/login") {
        req.session?.regenerate(() => {
          (req.session as BagSession).user = "tom";
          res.writeHead(303, { Location: "/" }).end();
        });
      } else if (req.url === "/logout") {
        req.session?.destroy(() => res.writeHead(303, { Location: "/" }).end());
      } else res.end(`Hello ${req.session?.user ?? "stranger"}`);
    });
    const jar = new Jar();
    const walk = async (path: string) => {
      const reply = await site.ask(path, { headers: jar.headers });
      jar.keep(reply);
      return reply.text;
    };
    assert.equal(await walk("/"), "Hello stranger");
    assert.equal(jar.cookies.size, 0);
    await walk("/login");
    assert.equal(jar.cookies.size, 1);
    assert.equal(await walk("/"), "Hello tom");
    await walk("/logout");
    assert.equal(jar.cookies.size, 0);
    assert.equal(await walk("/"), "Hello stranger");
  });

  describe(`${protocol}: an untouched session costs nothing`, () => {
    const unused = {
      seal: { seal: () => assert.fail("sealed"), open: () => assert.fail("opened") },
      clock: () => assert.fail("the clock was asked"),
    };
    const cookies = { none: "", good: cookieOf("fernet", { user: "tom" }), bad: `${NAME}=garbage` };
    for (const [what, cookie] of Object.entries(cookies)) {
      test(`no header, no crypto, no clock, with a ${what} cookie`, async (t) => {
        const { site, invalid, errors } = await lazyApp(
          t,
          (req, res) => {
            assert.ok("session" in req);
            assert.ok(!Object.hasOwn(res, "writeHead") && !Object.hasOwn(res, "end"));
            res.end("text");
          },
          unused,
        );
        const reply = await site.ask("/", { headers: cookie === "" ? {} : { cookie } });
        const { vary, "cache-control": caching } = reply.headers;
        assert.deepEqual([reply.setCookie, vary, caching], [[], undefined, undefined]);
        assert.deepEqual([reply.text, invalid, errors], ["text", [], []]);
      });
    }
  });

  test(`${protocol}: a session that is only read adds Vary and no more`, async (t) => {
    const { site } = await lazyApp(t, (req, res) => res.end(`${req.session?.user}`));
    const headers = { cookie: cookieOf("fernet", { user: "tom" }) };
    const reply = await site.ask("/", { headers });
    assert.deepEqual([reply.text, reply.setCookie, reply.headers.vary], ["tom", [], "Cookie"]);
    assert.equal(reply.headers["cache-control"], undefined);
    const without = await site.ask("/");
    assert.deepEqual([without.text, without.setCookie], ["undefined", []]);
    assert.equal(without.headers.vary, "Cookie");
  });

  test(`${protocol}: middleware, attach and load give one session for a request`, async (t) => {
    const made = service();
    const site = await start(t, async (req, res) => {
      const { attach, load, middleware } = made.sessions;
      middleware(req, res, () => {});
      const requested = req as Requested;
      const { session } = requested;
      assert.equal(requested.session, session);
      assert.equal(attach(req, res), session);
      assert.equal(attach(req, res), session);
      assert.equal(await load(req, res), session);
      middleware(req, res, () => {});
      assert.equal(requested.session, session);
      (session as BagSession).visits = 1;
      res.end("same");
    });
    const reply = await site.ask("/", { headers: { cookie: `${NAME}=garbage` } });
    assert.equal(reply.text, "same");
    assert.equal(unseal("fernet", cookieValue(ownCookie(reply, NAME))).data.visits, 1);
    assert.deepEqual(made.invalid.length, 1);
  });

  describe(`${protocol}: what is assigned to req.session`, () => {
    const cookie = cookieOf("fernet", { user: "tom", old: true });
    type Edit = (req: Requested) => unknown;
    const rows: Record<string, { edit: Edit; data?: Bag; sameId?: boolean; cleared?: true }> = {
      "null destroys": { edit: (req) => (req.session = null), cleared: true },
      "null, and then data": {
        edit(req) {
          req.session = null;
          Object.assign(req.session as never as BagSession, { user: "ann" });
        },
        data: { user: "ann" },
      },
      "an object replaces the data": {
        edit: (req) => assign(req, { user: "ann" }),
        data: { user: "ann" },
        sameId: true,
      },
      "an object without prototype": {
        edit: (req) => assign(req, Object.assign(Object.create(null), { user: "ann" })),
        data: { user: "ann" },
        sameId: true,
      },
      "a copy of itself, edited": {
        edit: (req) => assign(req, { ...req.session, user: "ann" }),
        data: { user: "ann", old: true },
        sameId: true,
      },
      "an empty object empties": { edit: (req) => assign(req, {}), cleared: true },
      "itself changes nothing": {
        edit(req) {
          const { session } = req;
          req.session = session;
        },
      },
      "a copy of itself changes nothing": { edit: (req) => assign(req, { ...req.session }) },
      "names of members and __proto__ are dropped": {
        edit: (req) =>
          assign(req, JSON.parse('{"id":"x","destroy":1,"__proto__":{"bad":1},"user":"ann"}')),
        data: { user: "ann" },
        sameId: true,
      },
      "what it inherits is no data": {
        edit: (req) => assign(req, Object.create({ user: "ann" })),
        cleared: true,
      },
    };
    for (const [what, { edit, data, sameId = false, cleared }] of Object.entries(rows)) {
      test(`${what}`, async (t) => {
        const { site, errors } = await lazyApp(t, (req, res) => {
          const before = req.session;
          edit(req);
          assert.equal(req.session, before, "the object stays the same");
          assert.equal(typeof req.session?.destroy, "function");
          res.end();
        });
        const reply = await site.ask("/", { headers: { cookie } });
        if (cleared || data === undefined) {
          assert.deepEqual(reply.setCookie, cleared ? [CLEARING] : []);
        } else {
          const claims = unseal("fernet", cookieValue(ownCookie(reply, NAME)));
          assert.deepEqual(claims.data, data);
          assert.equal(claims.jti === "an-old-id", sameId);
        }
        assert.deepEqual(errors, []);
      });
    }

    for (const value of [undefined, "text", 7, 7n, true, Symbol("session"), () => {}]) {
      test(`anything else is a ConfigError, and changes nothing: ${typeof value}`, async (t) => {
        const { site } = await lazyApp(t, (req, res) => {
          const message = "what is assigned to the session must be an object or null";
          misuse(() => assign(req, value), "ERR_OPTION", message);
          res.end(JSON.stringify(req.session));
        });
        const reply = await site.ask("/", { headers: { cookie } });
        assert.deepEqual([reply.text, reply.setCookie], ['{"user":"tom","old":true}', []]);
      });
    }

    function assign(req: Requested, value: unknown): void {
      req.session = value as BagSession;
    }
  });

  describe(`${protocol}: Cache-Control and Vary of the application are kept`, () => {
    const rows: readonly (readonly [name: string, given: string | string[], got: string])[] = [
      ["Cache-Control", "private, max-age=60", "private, max-age=60"],
      ["cache-control", "no-cache", "no-cache"],
      ["Vary", "Accept", "Accept, Cookie"],
      ["Vary", "accept , ORIGIN", "accept , ORIGIN, Cookie"],
      ["Vary", ["Accept", "Origin"], "Accept,Origin, Cookie"],
      ["Vary", "Cookie", "Cookie"],
      ["vary", "Accept,cookie", "Accept,cookie"],
      ["VARY", "*", "*"],
      ["Vary", "Cookie-Consent", "Cookie-Consent, Cookie"],
      ["Vary", "", "Cookie"],
    ];
    for (const [name, given, got] of rows) {
      for (const how of ["setHeader", "writeHead"] as const) {
        test(`${name}: ${JSON.stringify(given)}, by ${how}`, async (t) => {
          const { site } = await app(t, (session, res) => {
            session.user = "tom";
            if (how === "setHeader") res.setHeader(name, given);
            else res.writeHead(200, { [name]: given });
            res.end();
          });
          const { headers } = await site.ask("/");
          const withSpaces = String(headers[name.toLowerCase()]).replaceAll(/ *, */g, ", ");
          assert.equal(withSpaces, got.replaceAll(/ *, */g, ", "));
          const other = name.toLowerCase() === "vary" ? "cache-control" : "vary";
          assert.equal(headers[other], other === "vary" ? "Cookie" : "no-store");
        });
      }
    }
  });

  describe(`${protocol}: the cookie is worked out anew until the headers are sent`, () => {
    const rows: Record<string, { touching: Touching; data: Bag | undefined }> = {
      "a save, then a change": {
        touching(session, res) {
          session.user = "tom";
          session.save();
          session.user = "ann";
          res.end();
        },
        data: { user: "ann" },
      },
      "a save, then its undoing": {
        touching(session, res) {
          session.user = "tom";
          session.save();
          delete session.user;
          res.end();
        },
        data: undefined,
      },
      "a head that is refused, then a change and another head": {
        touching(session, res) {
          session.user = "tom";
          assert.throws(() => res.writeHead(9), RangeError);
          session.user = "ann";
          res.writeHead(200).end();
        },
        data: { user: "ann" },
      },
      "a head that is refused, then a destruction and another head": {
        touching(session, res) {
          session.user = "tom";
          assert.throws(() => res.writeHead(9), RangeError);
          session.destroy();
          res.writeHead(200).end();
        },
        data: undefined,
      },
      "a change between writeHead's arguments and the body": {
        touching(session, res) {
          session.user = "ann";
          setTimeout(() => {
            session.user = "tim";
            res.end();
          }, 3);
        },
        data: { user: "tim" },
      },
    };
    for (const [what, { touching, data }] of Object.entries(rows)) {
      test(`${what}`, async (t) => {
        const { site, errors } = await app(t, (session, res, req) => {
          res.setHeader("Set-Cookie", ["a=1"]);
          touching(session, res, req);
        });
        const { setCookie } = await site.ask("/");
        assert.equal(setCookie[0], "a=1");
        assert.equal(setCookie.length, data === undefined ? 1 : 2);
        if (data !== undefined) {
          assert.deepEqual(unseal("fernet", cookieValue(setCookie[1])).data, data);
        }
        assert.deepEqual(errors, []);
      });
    }
  });

  test(`${protocol}: a Set-Cookie replaces its own cookie and no other`, async (t) => {
    const others = [`${NAME}2=x`, `x${NAME}=y`, `${NAME.toLowerCase()}=z`, "a=1"];
    const { site } = await app(t, (session, res) => {
      session.user = "tom";
      res.setHeader("Set-Cookie", [`${NAME}=of-the-application`, ...others]);
      res.end();
    });
    const { setCookie } = await site.ask("/");
    assert.deepEqual(setCookie.slice(0, -1), others);
    assert.equal(unseal("fernet", cookieValue(setCookie.at(-1))).data.user, "tom");
  });

  test(`${protocol}: a cookie of the application that is one text stays beside it`, async (t) => {
    const { site } = await app(t, (session, res) => {
      session.user = "tom";
      res.setHeader("Set-Cookie", "a=1; Path=/");
      res.end();
    });
    const { setCookie } = await site.ask("/");
    assert.equal(setCookie.length, 2);
    assert.equal(setCookie[0], "a=1; Path=/");
  });

  test(`${protocol}: two kinds of sessions live in one request`, async (t) => {
    const users = service({ cookie: { name: "user" } });
    const carts = service({ cookie: { name: "cart" }, type: "jwt" });
    const site = await start(t, (req, res) => {
      const cart = carts.sessions.attach(req, res);
      users.sessions.middleware(req, res, () => {
        const { session } = req as Requested;
        Object.assign(session as BagSession, { name: "tom" });
        cart.items = Number(cart.items ?? 0) + 1;
        res.end(`${cart.items}`);
      });
    });
    const jar = new Jar();
    jar.keep(await site.ask("/"));
    const { setCookie, text } = await site.ask("/", { headers: jar.headers });
    assert.equal(text, "2");
    assert.equal(setCookie.length, 1);
    const [cart] = setCookie;
    assert.equal(unseal("jwt", cookieValue(cart), { name: "cart" }).data.items, 2);
    assert.deepEqual([...jar.cookies.keys()].toSorted(), ["cart", "user"]);
  });

  describe(`${protocol}: a bad cookie is cleared once and heard of once`, () => {
    const rows: Record<string, Touching> = {
      "a session that is looked at often": (session, res, req) => {
        for (let round = 0; round < 5; round++) assert.equal(session.user, undefined);
        service().sessions.read(req);
        res.end();
      },
      "a session that stays empty": (_session, res) => res.end(),
      "a head that is refused first": (_session, res) => {
        assert.throws(() => res.writeHead(9), RangeError);
        res.writeHead(200).end();
      },
    };
    for (const [what, touching] of Object.entries(rows)) {
      test(`${what}`, async (t) => {
        const { site, invalid } = await app(t, touching);
        const headers = { cookie: `${NAME}=garbage; a=b; ${NAME}=worse` };
        const reply = await site.ask("/", { headers });
        assert.deepEqual([reply.status, reply.setCookie], [200, [CLEARING]]);
        assert.equal(reply.headers["cache-control"], "no-store");
        assert.deepEqual(invalid, ["ERR_TOKEN_INVALID"]);
      });
    }

    test("and is replaced where the new session has data", async (t) => {
      const { site, invalid } = await app(t, (session, res) => {
        session.user = "tom";
        res.end();
      });
      const reply = await site.ask("/", { headers: { cookie: `${NAME}=garbage` } });
      assert.equal(unseal("fernet", cookieValue(ownCookie(reply, NAME))).data.user, "tom");
      assert.deepEqual(invalid, ["ERR_TOKEN_INVALID"]);
    });
  });

  describe(`${protocol}: a change after the headers went is reported on finish, once`, () => {
    const data = { user: "tom", nested: { count: 1 } };
    const rows: Record<string, { late: (session: BagSession) => unknown; told: boolean }> = {
      nothing: { late: () => {}, told: false },
      "a change": { late: (session) => (session.user = "ann"), told: true },
      "a nested change": {
        late: (session) => Object.assign(session.nested as Bag, { count: 2 }),
        told: true,
      },
      "two changes": {
        late(session) {
          session.user = "ann";
          session.more = 1;
        },
        told: true,
      },
      "a change and its undoing": {
        late(session) {
          session.user = "ann";
          session.user = "tom";
        },
        told: false,
      },
      "a destruction": { late: (session) => session.destroy(), told: true },
      "a regeneration": { late: (session) => session.regenerate(), told: true },
      "a regeneration and the same data": {
        late(session) {
          const { ...data } = session;
          session.regenerate();
          Object.assign(session, data);
        },
        told: true,
      },
      "data that JSON cannot hold": { late: (session) => (session.count = 1n), told: true },
      "a save of no change": {
        late(session) {
          session.save();
          return calledBack((done) => session.save(done)).then((error) =>
            assert.equal(error, undefined),
          );
        },
        told: false,
      },
      "a save of a change": {
        late(session) {
          session.user = "ann";
          const expected = sessionRefusal("ERR_SESSION_HEADERS_SENT");
          assert.throws(() => session.save(), expected);
          return calledBack((done) => session.save(done)).then((error) => {
            assert.deepEqual(error?.code, expected.code);
            assert.deepEqual(error?.message, expected.message);
          });
        },
        told: true,
      },
    };
    for (const [what, { late, told }] of Object.entries(rows)) {
      for (const begun of ["changed", "unchanged", "unopened"]) {
        test(`${what}, of a session that was ${begun} before`, async (t) => {
          const heard: unknown[] = [];
          const made = service({ onError: (error) => heard.push(error) });
          const finished: Promise<unknown>[] = [];
          const site = await start(t, async (req, res) => {
            finished.push(once(res, "finish"));
            const { attach } = made.sessions;
            if (begun !== "unopened") {
              const session = attach(req, res);
              if (begun === "changed") session.before = true;
            }
            res.write("body, ");
            await late(attach(req, res));
            res.end("end");
          });
          const reply = await site.ask("/", { headers: { cookie: cookieOf("fernet", data) } });
          await Promise.all(finished);
          await new Promise(setImmediate);
          assert.deepEqual([reply.status, reply.text], [200, "body, end"]);
          assert.equal(reply.setCookie.length, begun === "changed" ? 1 : 0);
          const expected = sessionRefusal("ERR_SESSION_HEADERS_SENT");
          assert.deepEqual(
            heard.map((error) => {
              const { name, message } = error as Error;
              return { ...(error as object), name, message };
            }),
            told ? [expected] : [],
          );
        });
      }
    }
  });

  test(`${protocol}: a second head is refused as node has it, and the reply is whole`, async (t) => {
    const code = protocol === "HTTP/2" ? "ERR_HTTP2_HEADERS_SENT" : "ERR_HTTP_HEADERS_SENT";
    const { site, errors } = await app(t, (session, res) => {
      session.user = "tom";
      res.writeHead(201, { "X-Way": "first" }).write("text");
      assert.throws(() => res.writeHead(200, { "X-Way": "second" }), { code });
      res.end();
    });
    const reply = await site.ask("/");
    assert.deepEqual([reply.status, reply.text, reply.headers["x-way"]], [201, "text", "first"]);
    assert.equal(unseal("fernet", cookieValue(ownCookie(reply, NAME))).data.user, "tom");
    assert.deepEqual(errors, []);
  });

  test(`${protocol}: several Cookie fields are one list`, async (t) => {
    const cookie = cookieOf("fernet", { user: "tom" });
    const asked: Asked[] = [
      { headers: { cookie: ["a=1", cookie] } },
      { headers: { cookie: [cookie, "a=1"] } },
      { headers: { cookie: ["a=1", `${NAME}=garbage`, cookie, "b=2"] } },
    ];
    const { site, invalid } = await app(t, (session, res) => res.end(`${session.user}`));
    for (const one of asked) assert.equal((await site.ask("/", one)).text, "tom");
    assert.deepEqual(invalid, []);
  });

  test(`${protocol}: a client that goes away before the end harms nobody`, async (t) => {
    const { site } = await app(t, (session, res, req) => {
      session.visits = Number(session.visits ?? 0) + 1;
      if (req.url !== "/slow") {
        res.end("here");
        return;
      }
      res.once("close", () => setTimeout(() => res.end("too late"), 2));
    });
    await site.leave("/slow");
    await new Promise((resolve) => setTimeout(resolve, 20));
    assert.equal((await site.ask("/")).text, "here");
  });

  test(`${protocol}: a session that is left as it was is no error when its client goes`, async (t) => {
    const closed: Promise<unknown>[] = [];
    const { site, errors } = await app(t, (_session, res) => {
      closed.push(once(res, "close"));
    });
    const headers = { cookie: cookieOf("fernet", { user: "tom" }) };
    await site.leave("/", { headers });
    await Promise.all(closed);
    await new Promise((resolve) => setTimeout(resolve, 10));
    assert.equal(closed.length, 1);
    assert.deepEqual(errors, []);
  });
}

test("a raw request with several Cookie fields, in any case, is read as one list", async (t) => {
  const made = service();
  const site = await serve(t, (req, res) => {
    res.end(`${made.sessions.attach(req, res).user}`);
  });
  const reply = await raw(
    site,
    `GET / HTTP/1.1\r\nHost: x\r\nCOOKIE: a=1\r\ncookie: ${cookieOf("fernet", { user: "tom" })}\r\n` +
      "Cookie: b=2\r\nConnection: close\r\n\r\n",
  );
  assert.match(reply, /\r\n\r\n3\r\ntom\r\n|\r\n\r\ntom$/);
  assert.deepEqual(made.invalid, []);
});

test("pipelined requests are answered in order, each with its own session", async (t) => {
  const made = service();
  const handler: Handler = (req, res) => {
    const session = made.sessions.attach(req, res);
    session.path = req.url;
    setTimeout(
      () => res.writeHead(200, { "Content-Length": 2 }).end(req.url),
      req.url === "/1" ? 9 : 1,
    );
  };
  const site = await serve(t, handler);
  const one = (path: string, rest = "") => `GET ${path} HTTP/1.1\r\nHost: x\r\n${rest}\r\n`;
  const reply = await raw(site, one("/1") + one("/2") + one("/3", "Connection: close\r\n"));
  const cookies = [...reply.matchAll(/^Set-Cookie: (.*)$/gim)].map(([, cookie]) => cookie);
  assert.deepEqual(
    cookies.map((cookie) => unseal("fernet", cookieValue(cookie)).data.path),
    ["/1", "/2", "/3"],
  );
});

test("the header on the wire is one Set-Cookie line, as configured", async (t) => {
  const made = service();
  const site = await serve(t, (req, res) => {
    made.sessions.attach(req, res).user = "tom";
    res.end();
  });
  const reply = await raw(site, "GET / HTTP/1.0\r\n\r\n");
  const lines = reply.split("\r\n").filter((line) => /^set-cookie/i.test(line));
  assert.equal(lines.length, 1);
  const value = cookieValue(lines[0]?.slice("Set-Cookie: ".length));
  assert.equal(lines[0], `Set-Cookie: ${NAME}=${value}; Max-Age=${FOURTEEN_DAYS}${ATTRIBUTES}`);
});

test("an upgrade reads the session that a page has written", async (t) => {
  const made = service();
  const users: unknown[] = [];
  const site = await serve(t, (req, res) => {
    made.sessions.attach(req, res).user = "tom";
    res.end();
  });
  site.server.on("upgrade", (req, socket) => {
    const { user, isNew } = made.sessions.read(req);
    users.push(user, isNew);
    socket.end("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n");
  });
  const jar = new Jar();
  jar.keep(await site.ask("/"));
  for (const cookie of [
    jar.headers.cookie,
    `${NAME}=${seal("fernet", envelope({}), { name: "a" })}`,
  ]) {
    const upgrade = "Connection: Upgrade\r\nUpgrade: x\r\n";
    await raw(site, `GET / HTTP/1.1\r\nHost: x\r\n${upgrade}Cookie: ${cookie}\r\n\r\n`);
  }
  assert.deepEqual(users, ["tom", false, undefined, true]);
  assert.deepEqual(made.invalid, ["ERR_TOKEN_INVALID"]);
});

/** All that a server answers to these bytes. */
async function raw({ port }: Site, bytes: string): Promise<string> {
  const socket = net.connect(port, "localhost");
  socket.write(bytes);
  let text = "";
  for await (const chunk of socket) text += chunk;
  return text;
}
