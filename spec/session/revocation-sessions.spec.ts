/** Sessions with memoryRevocation: what logged out stays out, and a list that cannot be told fails closed. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { memoryRevocation, SessionError } from "../../src/session.ts";
import { full, Timed } from "../helpers/memory-revocation.ts";
import { CLEARING, cookieOf, cookieValue, ENDS, NAME, NOW } from "../helpers/session-cookies.ts";
import { List } from "../helpers/session-revocation.ts";
import { optionRefusal, service, visit } from "../helpers/session-visit.ts";

/** An `onError`, and what it heard. */
function listener(): { heard: SessionError[]; onError: (error: SessionError) => void } {
  const heard: SessionError[] = [];
  return { heard, onError: (error) => heard.push(error) };
}

describe("memoryRevocation: sessions with it", () => {
  const COOKIE = cookieOf("fernet", { user: "tom" });

  for (const end of ["destroy", "regenerate"] as const) {
    test(`${end}: the old id is refused until max(exp, now + maxAge), at once`, async () => {
      for (const [maxAge, until] of [
        [60, ENDS],
        [ENDS - NOW + 7, ENDS + 7],
      ] as const) {
        const timed = new Timed();
        const made = service({ revocation: timed.list, maxAge });
        assert.equal(made.sessions.read(COOKIE).user, "tom");
        await visit(made, COOKIE, (session) => session[end]());
        const replayed = await visit(made, COOKIE);
        assert.deepEqual([replayed.session.isNew, replayed.setCookie], [true, [CLEARING]]);
        assert.deepEqual(made.invalid, ["ERR_SESSION_REVOKED"]);
        timed.now = until - 1;
        assert.equal(timed.list.isRevoked("an-old-id"), true);
        timed.now = until;
        assert.equal(timed.list.isRevoked("an-old-id"), false);
      }
    });
  }

  test("a cookie that another request renewed while a slow logout ran stays out as well", async () => {
    const timed = new Timed();
    const { clock, list } = timed;
    const made = service({ revocation: list, clock, maxAge: 60 });
    const begun = cookieOf("fernet", { user: "tom" }, { iat: NOW, exp: NOW + 60 });
    let renewed = "";
    await visit(made, begun, async (session) => {
      timed.now = NOW + 50;
      const beside = await visit(made, begun, (other) => other.touch());
      renewed = `${NAME}=${cookieValue(beside.setCookie[0])}`;
      session.destroy();
    });
    for (timed.now = NOW + 50; timed.now < NOW + 120; timed.now++) {
      assert.equal(made.sessions.read(renewed).user, undefined, `after ${timed.now - NOW} seconds`);
    }
  });

  test("a full list: the logout is answered by 503, the session stays, and onError hears why", async () => {
    const timed = new Timed(1);
    timed.list.revoke("another", ENDS);
    const { heard, onError } = listener();
    const made = service({ revocation: timed.list, onError });
    const { response, setCookie } = await visit(made, COOKIE, (session) => session.destroy());
    assert.deepEqual([response.status, setCookie, heard.length], [503, [], 1]);
    full(1)(heard[0]);
    assert.equal(made.sessions.read(COOKIE).user, "tom");
  });

  test("a list whose clock is years ahead of the sessions' does not pretend to revoke", async () => {
    const { heard, onError } = listener();
    const made = service({ revocation: memoryRevocation(), onError });
    const { response } = await visit(made, COOKIE, (session) => session.destroy());
    const over = optionRefusal("until must be later than the revocation list's clock");
    assert.equal(response.status, 503);
    const { cause } = heard[0] as SessionError;
    assert.throws(() => {
      throw cause;
    }, over);
  });

  test("an error of the list's own is not wrapped again, but one of another status is", async () => {
    for (const [thrown, wrapped] of [
      [new SessionError("ERR_SESSION_REVOCATION"), false],
      [new SessionError("ERR_SESSION_DATA"), true],
    ] as const) {
      const list = new List();
      list.failure = { tell: thrown };
      const { heard, onError } = listener();
      const made = service({ revocation: list, onError });
      assert.equal(
        (await visit(made, COOKIE, (session) => session.destroy())).response.status,
        503,
      );
      list.failure = { ask: thrown };
      await assert.rejects(made.sessions.load(COOKIE), (error: SessionError) => {
        heard.push(error);
        return true;
      });
      assert.equal(heard.length, 2);
      for (const error of heard) {
        assert.equal(error.code, "ERR_SESSION_REVOCATION");
        assert.equal(wrapped ? error.cause : error, thrown);
      }
    }
  });
});
