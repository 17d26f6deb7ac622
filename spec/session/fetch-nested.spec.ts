/** wrap: nested and repeated wraps of one Request, in sequence and at the same time. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { cookieOf, cookieValue, unseal } from "../helpers/session-cookies.ts";
import { LISTS, type List } from "../helpers/session-revocation.ts";
import {
  type BagSession,
  cookiesNamed,
  gate,
  rejection,
  request,
  service,
  turns,
} from "../helpers/session-visit.ts";

const COOKIE = cookieOf("fernet", { user: "tom" });

/** No list, and one of each kind. */
const REVOCATIONS: Record<string, (new () => List) | undefined> = {
  "no list": undefined,
  ...LISTS,
};

describe("nested wraps share one session, which the outermost writes", () => {
  for (const [what, Kind] of Object.entries(REVOCATIONS)) {
    test(`both see and change it, and one cookie is sent, with ${what}`, async () => {
      const list = Kind && new Kind();
      const made = service(list === undefined ? {} : { revocation: list });
      let within: BagSession | undefined;
      const inner = made.sessions.wrap((_request, session) => {
        within = session;
        session.inner = session.outer;
        return new Response("inner");
      });
      const outer = made.sessions.wrap(async (request, session) => {
        session.outer = 1;
        const response = await inner(request);
        assert.equal(within, session);
        assert.deepEqual(response.headers.getSetCookie(), []);
        assert.equal(response.headers.get("Cache-Control"), null);
        session.after = 2;
        session.save();
        return response;
      });
      const response = await outer(request(COOKIE));
      const cookies = response.headers.getSetCookie();
      assert.equal(cookies.length, 1);
      const { data } = unseal("fernet", cookieValue(cookies[0]));
      assert.deepEqual(data, { user: "tom", outer: 1, inner: 1, after: 2 });
      assert.equal(await response.text(), "inner");
      assert.deepEqual(made.errors, []);
      assert.ok(list === undefined || list.asked.length === 1);
    });
  }

  test("a Response that the inner wrap throws reaches the outer one unchanged", async () => {
    const made = service();
    const given = new Response("no", { status: 403 });
    const inner = made.sessions.wrap((_request, session) => {
      session.inner = 1;
      throw given;
    });
    const outer = made.sessions.wrap(async (request) => {
      const thrown = await rejection(inner(request));
      assert.equal(thrown, given);
      assert.deepEqual([given.headers.get("vary"), given.headers.getSetCookie()], [null, []]);
      throw thrown;
    });
    const response = (await rejection(outer(request()))) as Response;
    assert.deepEqual([response.status, response.headers.getSetCookie().length], [403, 1]);
  });

  test("another Response of the outer wrap carries the inner one's changes", async () => {
    const made = service();
    const inner = made.sessions.wrap((_request, session) => {
      session.inner = 1;
      return new Response("dropped");
    });
    const outer = made.sessions.wrap(async (request) => {
      await inner(request);
      return new Response("outer");
    });
    const [cookie] = (await outer(request(COOKIE))).headers.getSetCookie();
    assert.deepEqual(unseal("fernet", cookieValue(cookie)).data, { user: "tom", inner: 1 });
    assert.deepEqual(made.errors, []);
  });

  test("a Response that the inner wrap throws gets one cookie, from the outer one", async () => {
    const made = service();
    const inner = made.sessions.wrap((_request, session) => {
      session.inner = 1;
      throw new Response(null, { status: 303 });
    });
    for (const outer of [
      made.sessions.wrap((request) => inner(request)),
      made.sessions.wrap((request) => inner(request).catch((thrown: Response) => thrown)),
    ]) {
      const response = await outer(request(COOKIE)).catch((thrown: Response) => thrown);
      assert.equal(response.status, 303);
      assert.equal(response.headers.getSetCookie().length, 1);
    }
    assert.deepEqual(made.errors, []);
  });

  for (const caught of [true, false]) {
    test(`an inner error that is ${caught ? "caught is not reported" : "not caught is reported once"}`, async () => {
      const made = service();
      const error = new Error("the inner one's own");
      const inner = made.sessions.wrap((_request, session) => {
        session.inner = 1;
        throw error;
      });
      const outer = made.sessions.wrap(async (request) => {
        if (!caught) return inner(request);
        assert.equal(await rejection(inner(request)), error);
        return new Response();
      });
      const answer = await outer(request(COOKIE)).catch((thrown) => thrown);
      if (caught) assert.equal(answer.headers.getSetCookie().length, 1);
      else assert.equal(answer, error);
      assert.deepEqual(made.errors, caught ? [] : ["ERR_SESSION_UNSENT"]);
    });
  }

  test("three levels share a session, and a copy of the Request has its own", async () => {
    const made = service();
    const count = (session: BagSession) => (session.count = Number(session.count ?? 0) + 1);
    const third = made.sessions.wrap((_request, session) => new Response(`${count(session)}`));
    const second = made.sessions.wrap((request, session) => {
      count(session);
      return third(request);
    });
    const first = made.sessions.wrap(async (request, session) => {
      count(session);
      const other = await second(new Request(request));
      assert.equal(other.headers.getSetCookie().length, 1, "another Request has its own session");
      return second(request);
    });
    const response = await first(request());
    assert.equal(await response.text(), "3");
    assert.equal(response.headers.getSetCookie().length, 1);
  });

  test("nested wraps of two sessions() each write their own cookie", async () => {
    const users = service({ cookie: { name: "user" } });
    const carts = service({ cookie: { name: "cart" } });
    const inner = carts.sessions.wrap((_request, session) => {
      session.items = 3;
      return new Response();
    });
    const outer = users.sessions.wrap((request, session) => {
      session.name = "tom";
      return inner(request);
    });
    const response = await outer(request());
    for (const name of ["user", "cart"]) assert.equal(cookiesNamed(response, name).length, 1, name);
    assert.equal(response.headers.get("Vary"), "Cookie");
    assert.equal(response.headers.get("Cache-Control"), "no-store");
  });
});

test("two wraps of one Request in sequence lose no change", async () => {
  const made = service();
  const asked = request(COOKIE);
  for (const user of ["ann", "tim"]) {
    const handler = made.sessions.wrap((_request, session) => {
      session.user = user;
      session.save();
      return new Response();
    });
    const [cookie] = (await handler(asked)).headers.getSetCookie();
    assert.equal(unseal("fernet", cookieValue(cookie)).data.user, user);
  }
  assert.deepEqual(made.errors, []);
});

test("a Request that is handled again after an error carries the change then", async () => {
  const made = service();
  const asked = request(COOKIE);
  let fail = true;
  const handler = made.sessions.wrap((_request, session) => {
    session.user = "ann";
    if (fail) throw new Error("try again");
    return new Response();
  });
  await assert.rejects(handler(asked), { message: "try again" });
  fail = false;
  const [cookie] = (await handler(asked)).headers.getSetCookie();
  assert.equal(unseal("fernet", cookieValue(cookie)).data.user, "ann");
});

describe("two wraps of one Request at the same time: every change that is lost is reported", () => {
  for (const [what, Kind] of Object.entries(REVOCATIONS)) {
    for (const first of ["a", "b"] as const) {
      test(`${first} returns first, with ${what}`, async () => {
        const made = service(Kind === undefined ? {} : { revocation: new Kind() });
        const gates = { a: gate(), b: gate() };
        const handler = made.sessions.wrap(async (_request, session, name: "a" | "b") => {
          await gates[name].opened;
          session[name] = 1;
          return new Response();
        });
        const asked = request(COOKIE);
        const pending = { a: handler(asked, "a"), b: handler(asked, "b") };
        const second = first === "a" ? "b" : "a";
        const responses: Response[] = [];
        for (const name of [first, second] as const) {
          gates[name].open();
          responses.push(await pending[name]);
          await turns();
        }
        const cookies = responses.map((response) => response.headers.getSetCookie());
        for (const each of cookies) assert.ok(each.length <= 1, `${each}`);
        const last = cookies.flat().at(-1);
        const data = last === undefined ? {} : unseal("fernet", cookieValue(last)).data;
        const told = made.errors.includes("ERR_SESSION_UNSENT");
        assert.ok(told || ("a" in data && "b" in data), JSON.stringify(data));
      });
    }
  }
});
