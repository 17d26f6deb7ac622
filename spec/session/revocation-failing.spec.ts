/**
 * A revocation list that fails: everything that depends on it fails closed, and every failure is reported.
 */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type Revocation, SessionError } from "../../src/session.ts";
import {
  BEGAN,
  CLEARING,
  cookieOf,
  cookieValue,
  ENDS,
  idOf,
  OLD_ID,
  unseal,
} from "../helpers/session-cookies.ts";
import { exchange, OPENERS, type WithSession, writers } from "../helpers/session-entries.ts";
import { LISTS, type List, SlowList } from "../helpers/session-revocation.ts";
import { PROTOCOLS } from "../helpers/session-server.ts";
import {
  type BagSession,
  calledBack,
  configRefusal,
  rejection,
  request,
  type Service,
  service,
  sessionRefusal,
  turns,
  visit,
} from "../helpers/session-visit.ts";

const TOM = { user: "tom" };
const COOKIE = cookieOf("fernet", TOM);
const HEADERS = { headers: { cookie: COOKIE } };
const DOWN = new Error("the list is down");
const NEVER = new Promise<never>(() => {});
const ASYNCHRONOUS = configRefusal(/asynchronous|load|middleware/);

/** Checks the error of a failed list, and its cause where that is given. */
function isFailed(error: unknown, ...cause: unknown[]): true {
  assert.ok(error instanceof SessionError, String(error));
  const { name, code, message, status, statusCode } = error;
  const expected = sessionRefusal("ERR_SESSION_REVOCATION");
  assert.deepEqual({ name, code, message, status, statusCode }, expected);
  if (cause.length > 0) assert.equal(error.cause, cause[0]);
  return true;
}

/** The entries that reject; wrap answers with a 503 and is tested apart. */
const ENTRIES = Object.entries(OPENERS).filter(([how]) => how !== "wrap");

/** Checks that no entry opens a session with this list. */
async function assertClosed(
  revocation: Revocation,
  waits: boolean,
  ...cause: unknown[]
): Promise<void> {
  for (const [how, { open, waits: can }] of ENTRIES) {
    const made = service({ revocation });
    if (waits && !can) await assert.rejects(open(made, COOKIE), ASYNCHRONOUS, how);
    else await assert.rejects(open(made, COOKIE), (error) => isFailed(error, ...cause), how);
  }
  const heard: unknown[] = [];
  const { sessions } = service({ revocation, onError: (error) => heard.push(error) });
  const response = await sessions.wrap(() => assert.fail("the handler is not called"))(
    request(COOKIE),
  );
  assert.deepEqual([response.status, await response.text()], [503, "Service Unavailable"]);
  assert.equal(response.headers.get("Vary"), "Cookie");
  assert.equal(response.headers.get("Cache-Control"), "no-store");
  assert.deepEqual(response.headers.getSetCookie(), []);
  assert.equal(heard.length, 1);
  isFailed(heard[0], ...cause);
}

describe("an answer of isRevoked that is not a boolean fails closed", () => {
  const thenable = (answer: unknown): unknown => ({
    // biome-ignore lint/suspicious/noThenProperty: a list may return a thenable
    then(resolve: (answer: unknown) => void) {
      setImmediate(resolve, answer);
    },
  });
  const answers: Record<string, unknown> = {
    "1": 1,
    "0": 0,
    '""': "",
    '"yes"': "yes",
    undefined: undefined,
    null: null,
    NaN: Number.NaN,
    "an object": {},
    "an array": [],
    "a boxed boolean": new Boolean(false),
    // biome-ignore lint/suspicious/noThenProperty: a list may return this
    "an object whose then is not a function": { then: 5 },
    "a function": () => false,
  };
  for (const [what, answer] of Object.entries(answers)) {
    test(`${what}, at once`, async () => {
      await assertClosed({ isRevoked: () => answer as boolean, revoke() {} }, false);
    });
    test(`${what}, by a Promise`, async () => {
      await assertClosed({ isRevoked: async () => answer as boolean, revoke() {} }, true);
    });
    test(`${what}, by a thenable`, async () => {
      const isRevoked = (): never => thenable(answer) as never;
      await assertClosed({ isRevoked, revoke() {} }, true);
    });
  }

  test("and its cause says what the answer must be", async () => {
    const { sessions } = service({ revocation: { isRevoked: () => 1 as never, revoke() {} } });
    const { cause } = (await rejection(sessions.load(COOKIE))) as SessionError;
    assert.ok(cause instanceof TypeError);
    assert.equal(cause.message, "isRevoked must return true or false");
  });

  for (const answer of [true, false]) {
    test(`but ${answer} from a thenable is accepted`, async () => {
      const isRevoked = (): never => thenable(answer) as never;
      const made = service({ revocation: { isRevoked, revoke() {} } });
      assert.equal((await made.sessions.load(COOKIE)).isNew, answer);
    });
  }

  test("a then that throws fails closed", async () => {
    const isRevoked = (): never =>
      ({
        // biome-ignore lint/suspicious/noThenProperty: a list may return a thenable
        then() {
          throw DOWN;
        },
      }) as never;
    await assertClosed({ isRevoked, revoke() {} }, true, DOWN);
  });
});

describe("a list that cannot be asked", () => {
  for (const reason of [DOWN, undefined, null, "down", new SessionError("ERR_SESSION_DATA")]) {
    test(`throws or rejects with ${reason}, which becomes the cause of the error`, async () => {
      const isRevoked = (): never => {
        throw reason;
      };
      await assertClosed({ isRevoked, revoke() {} }, false, reason);
      await assertClosed({ isRevoked: () => Promise.reject(reason), revoke() {} }, true, reason);
    });
  }

  test("an ERR_SESSION_REVOCATION of the list itself is passed on", async () => {
    const own = new SessionError("ERR_SESSION_REVOCATION", { cause: DOWN });
    const made = service({ revocation: { isRevoked: () => Promise.reject(own), revoke() {} } });
    assert.equal(await rejection(made.sessions.load(COOKIE)), own);
  });

  for (const [what, Made] of Object.entries(LISTS)) {
    test(`${what}: fails for a second id too`, async () => {
      const list = new Made();
      const newest = idOf("newest");
      list.revoked.set(newest, ENDS);
      const ask = list.isRevoked.bind(list);
      list.isRevoked = (id, session) => {
        if (id !== newest) list.failure = { ask: DOWN };
        return ask(id, session);
      };
      const made = service({ revocation: list });
      const cookie = `${COOKIE}; ${cookieOf("fernet", {}, { jti: newest, exp: ENDS + 1 })}`;
      isFailed(await rejection(made.sessions.load(cookie)), DOWN);
    });

    test(`${what}: a session without a cookie does not ask it`, async () => {
      const list = new Made();
      list.failure = { ask: DOWN };
      const made = service({ revocation: list });
      for (const cookie of [undefined, "other=1"]) {
        assert.equal((await made.sessions.load(cookie)).isNew, true);
        assert.equal((await visit(made, cookie)).response.status, 200);
      }
    });

    for (const [protocol, start] of Object.entries(PROTOCOLS)) {
      test(`${protocol}, ${what}: next gets the error, and req.session stays undefined`, async (t) => {
        const list = new Made();
        list.failure = { ask: DOWN };
        const made = service({ revocation: list });
        const site = await start(t, (req, res) => {
          made.sessions.middleware(req, res, (error) => {
            isFailed(error, DOWN);
            assert.equal((req as WithSession).session, undefined);
            assert.throws(() => ((req as WithSession).session = {} as never), configRefusal(/./));
            res.statusCode = (error as SessionError).statusCode;
            res.end("sorry");
          });
        });
        const reply = await site.ask("/", HEADERS);
        assert.deepEqual([reply.status, reply.text, reply.setCookie], [503, "sorry", []]);
      });
    }
  }
});

describe("a list that never answers", () => {
  const revocation: Revocation = { isRevoked: () => NEVER, revoke: () => NEVER };

  test("attach and read throw a ConfigError, the others wait", async () => {
    const { sessions } = service({ revocation });
    assert.throws(() => sessions.read(COOKIE), ASYNCHRONOUS);
    assert.throws(() => sessions.attach(...exchange(COOKIE)), ASYNCHRONOUS);
    let settled = 0;
    const count = (): unknown => settled++;
    const [req, res] = exchange(COOKIE);
    sessions.middleware(req, res, count);
    void sessions.load(COOKIE).finally(count);
    void sessions.load(...exchange(COOKIE)).finally(count);
    void sessions
      .wrap(() => new Response())(request(COOKIE))
      .finally(count);
    await turns(5);
    assert.equal(settled, 0);
    assert.equal((req as WithSession).session, undefined);
    assert.throws(() => ((req as WithSession).session = null), configRefusal(/./));
    assert.throws(() => sessions.attach(req, res), ASYNCHRONOUS);
  });

  test("a failure after attach and read is not an unhandled rejection", async () => {
    const list = new SlowList();
    list.failure = { ask: DOWN };
    const { sessions } = service({ revocation: list });
    assert.throws(() => sessions.read(COOKIE), ASYNCHRONOUS);
    assert.throws(() => sessions.attach(...exchange(COOKIE)), ASYNCHRONOUS);
    // An unhandled rejection would fail the test.
    await turns(5);
    assert.equal(list.calls.length, 2);
  });

  test("a session can be attached after it was loaded, but not meanwhile", async () => {
    const { sessions } = service({ revocation: new SlowList() });
    const pair = exchange(COOKIE);
    const loading = sessions.load(...pair);
    assert.throws(() => sessions.attach(...pair), ASYNCHRONOUS);
    const session = await loading;
    assert.equal(sessions.attach(...pair), session);
  });
});

describe("a list that cannot be told", () => {
  const failing = (Made: new () => List): { made: Service; heard: SessionError[] } => {
    const list = new Made();
    list.failure = { tell: DOWN };
    const heard: SessionError[] = [];
    return { heard, made: service({ revocation: list, onError: (e) => heard.push(e) }) };
  };
  const logouts: Record<string, (session: BagSession) => Promise<void>> = {
    destroy: (session) => session.destroy(),
    regenerate: (session) => session.regenerate(),
  };
  for (const [what, Made] of Object.entries(LISTS)) {
    const waits = Made === SlowList;
    for (const [end, logout] of Object.entries(logouts)) {
      test(`${what}, ${end}: the promise rejects, done gets the error, save throws it`, async () => {
        const { made, heard } = failing(Made);
        const handler = made.sessions.wrap(async (_request, session) => {
          let promise: Promise<void> | undefined;
          const told = await calledBack((done) => {
            promise = session[end as "destroy"](done);
          });
          isFailed(told, DOWN);
          assert.ok(promise, "a Promise");
          isFailed(await rejection(promise), DOWN);
          assert.deepEqual(Object.keys(session), []);
          session.user = "ann";
          assert.throws(
            () => session.save(),
            (error) => isFailed(error, DOWN),
          );
          isFailed(await calledBack((done) => session.save(done)), DOWN);
          return new Response("text", { headers: { "Set-Cookie": "a=1" } });
        });
        const response = await handler(request(COOKIE));
        assert.equal(response.status, 503);
        assert.equal(response.headers.get("Cache-Control"), "no-store");
        assert.deepEqual(response.headers.getSetCookie(), [CLEARING]);
        assert.equal(heard.length, 1);
        isFailed(heard[0], DOWN);
      });

      for (const more of ["nothing", "new data"]) {
        test(`${what}, ${end}, then ${more}: wrap waits, and answers 503 with the deletion`, async () => {
          const { made, heard } = failing(Made);
          const handler = made.sessions.wrap((_request, session) => {
            void logout(session);
            if (more === "new data") session.user = "ann";
            return new Response("text");
          });
          const response = await handler(request(COOKIE));
          assert.deepEqual(
            [response.status, response.headers.getSetCookie(), heard.length],
            [503, [CLEARING], 1],
          );
        });

        test(`${what}, ${end}, then ${more}: node:http keeps its status and sends the deletion`, async (t) => {
          for (const [how, write] of writers(waits)) {
            if (how === "wrap") continue;
            const { made, heard } = failing(Made);
            const reply = await write(t, made, COOKIE, async (session) => {
              isFailed(await rejection(logout(session)), DOWN);
              if (more === "new data") session.user = "ann";
            });
            assert.deepEqual(reply, { status: 200, setCookie: [CLEARING] }, how);
            assert.equal(heard.length, 1, how);
            isFailed(heard[0], DOWN);
          }
        });
      }

      test(`${what}, ${end}, not awaited: onError gets the error, and no rejection is unhandled`, async (t) => {
        const unhandled: unknown[] = [];
        const hear = (reason: unknown): unknown => unhandled.push(reason);
        process.on("unhandledRejection", hear);
        t.after(() => process.off("unhandledRejection", hear));
        for (const [how, write] of writers(waits)) {
          for (const done of [undefined, () => {}]) {
            const { made, heard } = failing(Made);
            await write(t, made, COOKIE, (session) => {
              if (done === undefined) void logout(session);
              else void session[end as "destroy"](done);
            });
            await turns(5);
            assert.deepEqual([heard.length, unhandled], [1, []], how);
            isFailed(heard[0], DOWN);
          }
        }
      });

      test(`${what}, ${end}: one failing id among several is enough`, async () => {
        const twin = idOf("twin");
        const second = cookieOf("fernet", TOM, { jti: twin, iat: BEGAN - 1 });
        for (const [bad, told] of [
          [OLD_ID, twin],
          [twin, OLD_ID],
        ]) {
          const list = new Made();
          const tell = list.revoke.bind(list);
          list.revoke = (id, until, session) => {
            if (id === bad) throw DOWN;
            return tell(id, until, session);
          };
          const made = service({ revocation: list });
          const handler = made.sessions.wrap((_request, session) => {
            void logout(session);
            return new Response();
          });
          const { status, headers } = await handler(request(`${COOKIE}; ${second}`));
          assert.deepEqual([status, headers.getSetCookie()], [503, [CLEARING]]);
          assert.deepEqual([[...list.revoked.keys()], made.errors.length], [[told], 1]);
        }
      });
    }
  }

  for (const reason of [undefined, null, "down", new SessionError("ERR_SESSION_DATA")]) {
    test(`throws or rejects with ${reason}, which becomes the cause of the error`, async () => {
      const isRevoked = (): boolean => false;
      const revokes: Revocation["revoke"][] = [
        () => {
          throw reason;
        },
        () => Promise.reject(reason),
      ];
      for (const revoke of revokes) {
        await visit(service({ revocation: { isRevoked, revoke } }), COOKIE, async (session) => {
          isFailed(await rejection(session.destroy()), reason);
        });
      }
    });
  }

  test("the result of revoke does not matter", async () => {
    for (const given of [undefined, null, 0, false, "no", {}, Promise.resolve(false)]) {
      const revoke = (): never => given as never;
      const made = service({ revocation: { isRevoked: () => false, revoke } });
      const { response } = await visit(made, COOKIE, (session) => session.destroy());
      assert.deepEqual([response.status, made.errors], [200, []]);
    }
  });

  for (const [protocol, start] of Object.entries(PROTOCOLS)) {
    test(`${protocol}: a failure after the headers were sent is reported`, async (t) => {
      const { made, heard } = failing(SlowList);
      let ending: Promise<void> | undefined;
      const site = await start(t, async (req, res) => {
        const session = await made.sessions.load(req, res);
        ending = session.regenerate();
        session.user = "ann";
        res.end("text");
      });
      const reply = await site.ask("/", HEADERS);
      assert.deepEqual([reply.status, reply.text], [200, "text"]);
      assert.deepEqual(unseal("fernet", cookieValue(reply.setCookie[0])).data, { user: "ann" });
      assert.ok(ending, "a Promise");
      isFailed(await rejection(ending), DOWN);
      assert.equal(heard.length, 1);
    });
  }
});

test("one failing id is reported at once, even while another gets no answer", async () => {
  const revoke = (id: string): Promise<void> => (id === OLD_ID ? Promise.reject(DOWN) : NEVER);
  const made = service({ revocation: { isRevoked: () => false, revoke } });
  const older = cookieOf("fernet", TOM, { jti: idOf("older"), iat: BEGAN - 1 });
  const session = made.sessions.attach(...exchange(`${COOKIE}; ${older}`));
  void session.destroy();
  await turns();
  assert.deepEqual(made.errors, ["ERR_SESSION_REVOCATION"]);
});

test("a list that failed is asked again by the next call for the same request", async () => {
  let failing = true;
  const isRevoked = async (): Promise<boolean> => {
    if (failing) throw DOWN;
    return false;
  };
  const { sessions } = service({ revocation: { isRevoked, revoke() {} } });
  const [req, res] = exchange(COOKIE);
  const handler = sessions.wrap((_request, { user }) => new Response(String(user)));
  const asked = request(COOKIE);
  isFailed(await rejection(sessions.load(req, res)), DOWN);
  assert.equal((await handler(asked)).status, 503);
  failing = false;
  assert.equal((await sessions.load(req, res)).user, "tom");
  assert.equal(await (await handler(asked)).text(), "tom");
});
