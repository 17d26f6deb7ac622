/** Sessions with memoryRevocation: an ended session never opens again, and a full list fails closed. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { memoryRevocation, type SessionError } from "../../src/session.ts";
import { full, Timed } from "../helpers/memory-revocation.ts";
import {
  CLEARING,
  cookieOf,
  cookieValue,
  ENDS,
  FOURTEEN_DAYS,
  idOf,
  NOW,
  OLD_ID,
  unseal,
} from "../helpers/session-cookies.ts";
import { OPENERS, writers } from "../helpers/session-entries.ts";
import {
  configRefusal,
  pairOf,
  rejection,
  type Service,
  service,
  visit,
} from "../helpers/session-visit.ts";

const DAY = 86_400;
const TOM = { user: "tom" };
const COOKIE = cookieOf("fernet", TOM);
const ENDINGS = ["destroy", "regenerate"] as const;

describe("a session that has ended does not open", () => {
  for (const end of ENDINGS) {
    test(`${end}: its id is refused at once, until no cookie of it could open`, async (t) => {
      const until = NOW + 60 + FOURTEEN_DAYS;
      for (const [how, write] of writers()) {
        const timed = new Timed();
        const made = service({ revocation: timed.list });
        assert.equal(made.sessions.read(COOKIE).user, "tom");
        const ended = await write(t, made, COOKIE, (session) => session[end]());
        assert.deepEqual(ended, { status: 200, setCookie: [CLEARING] }, how);
        for (const [by, { open }] of Object.entries(OPENERS)) {
          assert.deepEqual((await open(made, COOKIE)).data, {}, `${how}, ${by}`);
        }
        timed.now = until - 1;
        assert.equal(timed.isRevoked(OLD_ID), true);
        timed.now = until;
        assert.equal(timed.isRevoked(OLD_ID), false);
      }
    });
  }

  /** Checks that no cookie of a session opens from now until `end`, and moves the clock there. */
  function assertGone(timed: Timed, services: Service[], cookies: string[], end: number): void {
    for (let step = 0; step < 400; step++) {
      for (const { sessions } of services) {
        for (const cookie of cookies) {
          assert.equal(sessions.read(cookie).user, undefined, `${timed.now - NOW} s`);
        }
      }
      timed.now += Math.ceil((end - timed.now) / (400 - step));
    }
  }

  test("by a copy that was renewed before maxAge was lowered", async () => {
    const timed = new Timed();
    const { clock, list } = timed;
    const before = service({ maxAge: 14 * DAY, revocation: list, clock });
    const after = service({ maxAge: DAY, revocation: list, clock });
    const victim = pairOf((await visit(before, undefined, (s) => (s.user = "tom"))).setCookie[0]);
    timed.now += 8 * DAY;
    const thief = pairOf((await visit(before, victim)).setCookie[0]);
    assert.equal(before.sessions.read(thief).user, "tom");
    timed.now += DAY;
    await visit(after, victim, (session) => session.destroy());
    assertGone(timed, [after], [victim, thief], NOW + 60 * DAY);
  });

  test("by a cookie that a slow request writes after the logout", async () => {
    for (const end of ENDINGS) {
      const timed = new Timed();
      const { clock, list } = timed;
      const made = service({ maxAge: 60, longestAge: 300, revocation: list, clock });
      const begun = cookieOf("fernet", TOM, { iat: NOW, exp: NOW + 60 });
      timed.now = NOW + 50;
      let late = "";
      const slow = await visit(made, begun, async (session) => {
        session.touch({ maxAge: 300 });
        timed.now = NOW + 55;
        await visit(made, begun, (other) => other[end]());
        timed.now = NOW + 200;
      });
      late = pairOf(slow.setCookie[0]);
      assert.equal(unseal("fernet", cookieValue(slow.setCookie[0])).iat, NOW + 50);
      assertGone(timed, [made], [begun, late], NOW + 1000);
    }
  });

  test("by a cookie that a machine writes whose clock is a minute ahead", async () => {
    const timed = new Timed();
    const { clock, list } = timed;
    const options = { maxAge: 60, longestAge: 300, revocation: list } as const;
    const made = service({ ...options, clock });
    const ahead = service({ ...options, clock: () => timed.now + 60 });
    const begun = cookieOf("fernet", TOM, { iat: NOW, exp: NOW + 300, age: 300 });
    const { setCookie } = await visit(ahead, begun, (session) => session.touch());
    await visit(made, begun, (session) => session.destroy());
    const late = pairOf(setCookie[0]);
    assert.equal(unseal("fernet", cookieValue(setCookie[0])).iat, NOW + 60);
    assertGone(timed, [made, ahead], [begun, late], NOW + 1000);
  });

  test("by its cookie under another Domain", async () => {
    const timed = new Timed();
    const { clock, list } = timed;
    const options = { revocation: list, clock } as const;
    const before = service({ ...options, cookie: { name: "session" } });
    const after = service({ ...options, cookie: { name: "session", domain: "example.org" } });
    const login = async (made: Service): Promise<string> =>
      pairOf((await visit(made, undefined, (session) => (session.user = "tom"))).setCookie[0]);
    const hostOnly = await login(before);
    timed.now += 10;
    const wide = await login(after);
    timed.now += 10;
    await visit(after, `${hostOnly}; ${wide}`, (session) => session.destroy());
    assertGone(timed, [before, after], [hostOnly, wide], NOW + 30 * DAY);
  });
});

describe("a full list fails closed", () => {
  const filled = (): { made: Service; heard: SessionError[]; timed: Timed } => {
    const timed = new Timed(1);
    timed.revoke(idOf("another"), ENDS);
    const heard: SessionError[] = [];
    const onError = (error: SessionError): unknown => heard.push(error);
    return { timed, heard, made: service({ revocation: timed.list, onError }) };
  };
  for (const end of ENDINGS) {
    test(`${end}: wrap answers 503 with the deletion, a copied cookie still opens, and onError gets the reason`, async () => {
      const { made, heard } = filled();
      const { response, setCookie } = await visit(made, COOKIE, (session) => {
        void session[end]();
        session.user = "ann";
      });
      assert.deepEqual([response.status, setCookie, heard.length], [503, [CLEARING], 1]);
      full(heard[0]);
      assert.equal(made.sessions.read(COOKIE).user, "tom");
    });

    test(`${end}: on node:http the promise rejects, and the cookie is deleted`, async (t) => {
      for (const [how, write] of writers()) {
        if (how === "wrap") continue;
        const { made, heard } = filled();
        const reply = await write(t, made, COOKIE, async (session) => {
          full(await rejection(session[end]()));
          session.user = "ann";
          assert.throws(() => session.save(), full);
        });
        assert.deepEqual(reply, { status: 200, setCookie: [CLEARING] }, how);
        assert.equal(heard.length, 1, how);
      }
    });
  }

  test("and has room again once an id has expired", async () => {
    const { made, timed } = filled();
    timed.now = ENDS;
    const { response } = await visit(made, COOKIE, (session) => session.destroy());
    assert.equal(response.status, 200);
    assert.equal(timed.isRevoked(OLD_ID), true);
  });
});

describe("only: anonymous visitors cannot fill the list", () => {
  const make = (limit: number): { made: Service; timed: Timed } => {
    const timed = new Timed(limit, { only: ({ data }) => "user" in data });
    return { timed, made: service({ revocation: timed.list }) };
  };
  const visitors = Array.from({ length: 50 }, (_, at) =>
    cookieOf("fernet", { visits: at }, { jti: idOf(`visitor ${at}`) }),
  );
  for (const end of ENDINGS) {
    test(`${end} of fifty visitors: logins and logouts still work`, async (t) => {
      for (const [how, write] of writers()) {
        const { made } = make(1);
        for (const cookie of how === "wrap" ? visitors : visitors.slice(0, 5)) {
          const { status } = await write(t, made, cookie, (session) => session[end]());
          assert.equal(status, 200, how);
        }
        const login = await write(t, made, visitors[0], async (session) => {
          await session.regenerate();
          session.user = "tom";
        });
        const user = pairOf(login.setCookie[0]);
        assert.equal(made.sessions.read(user).user, "tom");
        const logout = await write(t, made, user, (session) => session.destroy());
        assert.deepEqual(logout, { status: 200, setCookie: [CLEARING] }, how);
        assert.equal(made.sessions.read(user).isNew, true);
        assert.deepEqual(made.errors, [], how);
      }
    });
  }

  test("judges each of several sessions in one request", async () => {
    const { made, timed } = make(1);
    const [visitor = ""] = visitors;
    const user = cookieOf("fernet", TOM, { iat: NOW - 20 });
    const { response } = await visit(made, `${visitor}; ${user}`, (session) => session.destroy());
    assert.equal(response.status, 200);
    const revoked = [OLD_ID, idOf("visitor 0")].map((id) => timed.isRevoked(id));
    assert.deepEqual(revoked, [true, false]);
  });

  test("fails closed where `only` throws", async () => {
    const reason = new Error("no data");
    const timed = new Timed(1, {
      only() {
        throw reason;
      },
    });
    const made = service({ revocation: timed.list });
    const { response, setCookie } = await visit(made, COOKIE, (session) => {
      void session.destroy();
    });
    assert.deepEqual([response.status, setCookie], [503, [CLEARING]]);
    assert.deepEqual(made.errors, ["ERR_SESSION_REVOCATION"]);
  });
});

test("a list whose clock is years ahead reports that it cannot revoke", async () => {
  const heard: SessionError[] = [];
  const onError = (error: SessionError): unknown => heard.push(error);
  const made = service({ revocation: memoryRevocation(), onError });
  const { response } = await visit(made, COOKIE, (session) => {
    void session.destroy();
  });
  assert.deepEqual([response.status, heard.length], [503, 1]);
  full(heard[0], /^until must be later than the list's clock/);
  const { cause } = heard[0] as SessionError;
  assert.throws(() => {
    throw cause;
  }, configRefusal(/until/));
});
