/**
 * The session of a request: one object, however it is reached; opened on first touch; what can be
 * assigned to it.
 */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { app, lazyApp, type Requested, type Touching } from "../helpers/session-app.ts";
import { CLEARING, cookieOf, cookieValue, NAME, unseal } from "../helpers/session-cookies.ts";
import { Jar, PROTOCOLS } from "../helpers/session-server.ts";
import { type Bag, type BagSession, service } from "../helpers/session-visit.ts";
import { ownCookie } from "../helpers/session-ways.ts";
import { misuse } from "../helpers/token-refusals.ts";

for (const [protocol, start] of Object.entries(PROTOCOLS)) {
  describe(`${protocol}: an untouched session costs nothing`, () => {
    const unused = {
      seal: { seal: () => assert.fail("sealed"), open: () => assert.fail("opened") },
      clock: () => assert.fail("the clock was asked"),
    };
    const cookies = { none: "", good: cookieOf("fernet", { user: "tom" }), bad: `${NAME}=garbage` };
    for (const [what, cookie] of Object.entries(cookies)) {
      test(`no header, no crypto, no clock, with a ${what} cookie`, async (t) => {
        const { site, invalid, errors } = await lazyApp(
          start,
          t,
          (req, res) => {
            assert.ok(Object.keys(req).includes("session"), "as if it had been assigned");
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
    const { site } = await lazyApp(start, t, (req, res) => res.end(`${req.session?.user}`));
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
        const { site, errors } = await lazyApp(start, t, (req, res) => {
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
        const { site } = await lazyApp(start, t, (req, res) => {
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

  test(`${protocol}: of two middlewares the later has req.session, and each its cookie`, async (t) => {
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

  describe(`${protocol}: a bad cookie is cleared once and heard of once`, () => {
    const rows: Record<string, Touching> = {
      "a session that is looked at often": (session, res, req) => {
        for (let round = 0; round < 5; round++) assert.equal(session.user, undefined);
        service().sessions.read(req);
        res.end();
      },
      "a session that stays empty": (_session, res) => res.end(),
      "a head that is refused first": (_session, res) => {
        assert.throws(() => res.writeHead(9));
        res.writeHead(200).end();
      },
    };
    for (const [what, touching] of Object.entries(rows)) {
      test(`${what}`, async (t) => {
        const { site, invalid } = await app(start, t, touching);
        const headers = { cookie: `${NAME}=garbage; a=b; ${NAME}=worse` };
        const reply = await site.ask("/", { headers });
        assert.deepEqual([reply.status, reply.setCookie], [200, [CLEARING]]);
        assert.equal(reply.headers["cache-control"], "no-store");
        assert.deepEqual(invalid, ["ERR_TOKEN_INVALID"]);
      });
    }

    test("and is replaced where the new session has data", async (t) => {
      const { site, invalid } = await app(start, t, (session, res) => {
        session.user = "tom";
        res.end();
      });
      const reply = await site.ask("/", { headers: { cookie: `${NAME}=garbage` } });
      assert.equal(unseal("fernet", cookieValue(ownCookie(reply, NAME))).data.user, "tom");
      assert.deepEqual(invalid, ["ERR_TOKEN_INVALID"]);
    });
  });
}
