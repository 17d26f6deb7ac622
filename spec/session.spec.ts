/** The session module: the life of a session, the functions that sessions() returns, and the exports. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import * as exported from "../src/session.ts";
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
  OLD_ID,
  TYPES,
  unsealText,
} from "./helpers/session-cookies.ts";
import { facts, optionsOf, pairOf, request, service, visit } from "./helpers/session-visit.ts";

const ID = /^[\w-]{21}[AQgw]$/;

for (const type of TYPES) {
  describe(`a session of type ${type}`, () => {
    test("is new without a cookie, and is written as jti, iat, exp, data, in this order", async () => {
      const made = service(optionsOf(type));
      const { session, setCookie, response } = await visit(made, undefined, (session) => {
        session.user = "Zoë 𒀸";
      });
      const { id } = session;
      const expiresAt = NOW + FOURTEEN_DAYS;
      assert.deepEqual(facts(session), { id, isNew: true, createdAt: NOW, expiresAt });
      assert.match(id, ID);
      assert.equal(setCookie.length, 1);
      const value = cookieValue(setCookie[0]);
      assert.equal(setCookie[0], `${NAME}=${value}; Max-Age=${FOURTEEN_DAYS}${ATTRIBUTES}`);
      const times = `"iat":${NOW},"exp":${expiresAt}`;
      assert.equal(unsealText(type, value), `{"jti":"${id}",${times},"data":{"user":"Zoë 𒀸"}}`);
      assert.equal(response.headers.get("Vary"), "Cookie");
      assert.equal(response.headers.get("Cache-Control"), "no-store");
      assert.deepEqual([made.invalid, made.errors], [[], []]);
    });

    test("opens with its data and facts, and is not written again", async () => {
      const made = service(optionsOf(type));
      const data = { user: "Zoë 𒀸", roles: ["admin"], nested: { deep: { clay: true } } };
      const { session, setCookie, response } = await visit(made, cookieOf(type, data));
      assert.deepEqual({ ...session }, data);
      const expected = { id: OLD_ID, isNew: false, createdAt: BEGAN, expiresAt: ENDS };
      assert.deepEqual(facts(session), expected);
      assert.deepEqual(setCookie, []);
      assert.equal(response.headers.get("Vary"), "Cookie");
      assert.equal(response.headers.get("Cache-Control"), null);
    });

    test("keeps its id and creation time when it is written again", async () => {
      const made = service(optionsOf(type));
      const cookie = cookieOf(type, { visits: 1 });
      const { session, setCookie } = await visit(made, cookie, (session) => {
        session.visits = 2;
      });
      const times = `"iat":${NOW},"exp":${NOW + FOURTEEN_DAYS},"begun":${BEGAN}`;
      const expected = `{"jti":"${OLD_ID}",${times},"data":{"visits":2}}`;
      assert.equal(unsealText(type, cookieValue(setCookie[0])), expected);
      assert.deepEqual([session.id, session.createdAt], [OLD_ID, BEGAN]);
      const again = made.sessions.read(pairOf(setCookie[0]));
      assert.deepEqual([again.id, again.createdAt], [OLD_ID, BEGAN]);
    });
  });
}

for (const type of TYPES) {
  test(`the life of a ${type} session: a visit, a login, a hand-over by issue, a logout`, async () => {
    const made = service(optionsOf(type));
    const first = await visit(made, undefined, (session) => (session.cart = [3]));
    const visitor = pairOf(first.setCookie[0]);
    const login = await visit(made, visitor, async (session) => {
      const { id, cart } = session;
      await session.regenerate();
      assert.notEqual(session.id, id);
      Object.assign(session, { cart, user: "tom" });
      session.touch();
      session.save();
    });
    const member = pairOf(login.setCookie[0]);
    assert.deepEqual({ ...made.sessions.read(member) }, { cart: [3], user: "tom" });
    const { id, setCookie } = made.sessions.issue({ ...made.sessions.read(member) });
    assert.equal((await made.sessions.load(pairOf(setCookie))).id, id);
    assert.notEqual(id, login.session.id);
    const logout = await visit(made, member, (session) => session.destroy());
    assert.deepEqual(logout.setCookie, [CLEARING]);
    assert.deepEqual([made.invalid, made.errors], [[], []]);
  });
}

test("the functions of sessions() work without their object, as in app.use(sessions().middleware)", async () => {
  const { read, load, wrap, issue, attach, middleware, edit } = service().sessions;
  const cookie = cookieOf("fernet", { user: "tom" });
  assert.equal(read(cookie).user, "tom");
  assert.equal((await load(cookie)).user, "tom");
  assert.equal(read(pairOf(issue({ user: "ann" }).setCookie)).user, "ann");
  const handler = wrap(
    (_request, session, word: string) => new Response(`${word} ${session.user}`),
  );
  assert.equal(await (await handler(request(cookie), "Hello")).text(), "Hello tom");
  for (const member of [attach, middleware, edit]) assert.equal(typeof member, "function");
});

test("the module exports sessions, two lists and two errors, and nothing else", () => {
  const names = ["ConfigError", "SessionError", "memoryRevocation", "redisRevocation", "sessions"];
  assert.deepEqual(Object.keys(exported).toSorted(), names);
  const { ConfigError, SessionError } = exported;
  assert.throws(
    () => service().sessions.read(null as never),
    (error) => error instanceof ConfigError && error instanceof TypeError,
  );
  assert.throws(
    () => service().sessions.issue({ text: 1n }),
    (error) => error instanceof SessionError && !(error instanceof TypeError),
  );
});
