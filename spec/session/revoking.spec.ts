/**
 * Revocation: the list is asked before a handler has the session, told before a response ends, and
 * what depends on it fails closed. With lists in memory, one of them asynchronous.
 */

import assert from "node:assert/strict";
import { once } from "node:events";
import type http from "node:http";
import { Readable } from "node:stream";
import { describe, test } from "node:test";
import { SessionError } from "../../src/session.ts";
import {
  CLEARING,
  cookieOf,
  cookieValue,
  ENDS,
  FOURTEEN_DAYS,
  NAME,
  NOW,
  unseal,
} from "../helpers/session-cookies.ts";
import { LISTS, List, SlowList } from "../helpers/session-revocation.ts";
import { Jar, PROTOCOLS, serve } from "../helpers/session-server.ts";
import {
  type BagSession,
  calledBack,
  request,
  type Service,
  service,
  sessionRefusal,
  visit,
} from "../helpers/session-visit.ts";
import { misuse } from "../helpers/token-refusals.ts";

const COOKIE = cookieOf("fernet", { user: "tom" });
const HEADERS = { headers: { cookie: COOKIE } };
const CANNOT_WAIT = "the revocation list is asynchronous: use load or middleware";
const FAILED = sessionRefusal("ERR_SESSION_REVOCATION");
const DOWN = new Error("the list is down");

type Requested = http.IncomingMessage & { session: BagSession | null };

/** A request as `attach` and `load` take it, without a socket. */
function fake(cookie = COOKIE): [req: http.IncomingMessage, res: http.ServerResponse] {
  const res = { headersSent: false, once() {} };
  return [{ headers: { cookie } } as http.IncomingMessage, res as never];
}

function isFailed(error: unknown): boolean {
  assert.ok(error instanceof SessionError);
  const { name, message, cause } = error;
  assert.deepEqual({ ...error, name, message }, FAILED);
  assert.equal(cause, DOWN);
  return true;
}

for (const [what, Made] of Object.entries(LISTS)) {
  const waits = Made === SlowList;

  describe(`${what}: what is asked`, () => {
    test("the id of a valid cookie, once a request, before the handler", async (t) => {
      const list = new Made();
      const made = service({ revocation: list });
      const site = await serve(t, (req, res) => {
        made.sessions.middleware(req, res, (error) => {
          assert.equal(error, undefined);
          list.calls.push("handler");
          const { session } = req as Requested;
          assert.equal((req as Requested).session, session);
          assert.equal(made.sessions.attach(req, res), session);
          res.end(`${session?.user}`);
        });
      });
      assert.equal((await site.ask("/", HEADERS)).text, "tom");
      assert.deepEqual(list.calls, ["ask an-old-id", "handler"]);
    });

    test("nothing, where no cookie opens", async () => {
      for (const cookie of ["", `${NAME}=garbage`, cookieOf("fernet", {}, { exp: NOW })]) {
        const list = new Made();
        const { sessions } = service({ revocation: list });
        assert.equal(sessions.read(cookie).isNew, true);
        assert.equal(sessions.attach(...fake(cookie)).isNew, true);
        assert.equal((await sessions.load(...fake(cookie))).isNew, true);
        let next = 0;
        sessions.middleware(...fake(cookie), () => next++);
        assert.equal(next, 1, "there is nothing to wait for");
        assert.deepEqual(list.calls, []);
      }
    });

    test("every way in has the session of an id that is not revoked", async () => {
      const { sessions } = service({ revocation: new Made() });
      assert.equal((await sessions.load(COOKIE)).user, "tom");
      assert.equal((await sessions.load(...fake())).user, "tom");
      assert.equal((await visit({ ...service(), sessions }, COOKIE)).session.user, "tom");
      if (waits) {
        misuse(() => sessions.read(COOKIE), "ERR_OPTION", CANNOT_WAIT);
        misuse(() => sessions.attach(...fake()), "ERR_OPTION", CANNOT_WAIT);
      } else {
        assert.equal(sessions.read(COOKIE).user, "tom");
        assert.equal(sessions.attach(...fake()).user, "tom");
      }
    });

    test("once for several calls of load, also at the same time; then attach has it too", async () => {
      const list = new Made();
      const { sessions } = service({ revocation: list });
      const pair = fake();
      const loaded = await Promise.all([sessions.load(...pair), sessions.load(...pair)]);
      for (const session of loaded) assert.equal(sessions.attach(...pair), session);
      assert.equal(await sessions.load(...pair), loaded[0]);
      assert.deepEqual(list.calls, ["ask an-old-id"]);
    });
  });

  test(`${what}: a revoked session is empty, its cookie cleared, onInvalid told, each once`, async (t) => {
    const list = new Made();
    list.revoked.set("an-old-id", ENDS);
    const made = service({ revocation: list });
    const { session, setCookie } = await visit(made, COOKIE);
    assert.deepEqual([Object.keys(session), session.isNew, setCookie], [[], true, [CLEARING]]);
    assert.notEqual(session.id, "an-old-id");
    assert.deepEqual(made.invalid.splice(0), ["ERR_SESSION_REVOKED"]);
    const site = await serve(t, async (req, res) => {
      const session = await made.sessions.load(req, res);
      assert.equal(await made.sessions.load(req, res), session);
      res.end(`${session.user}`);
    });
    const reply = await site.ask("/", HEADERS);
    assert.deepEqual([reply.text, reply.setCookie], ["undefined", [CLEARING]]);
    assert.deepEqual(made.invalid.splice(0), ["ERR_SESSION_REVOKED"]);
    assert.equal((await made.sessions.load(COOKIE)).isNew, true);
  });

  test(`${what}: of several cookies the newest that is not revoked wins`, async () => {
    const list = new Made();
    for (const id of ["newest", "second"]) list.revoked.set(id, ENDS);
    const made = service({ revocation: list, renewAfter: false });
    const cookie = ["third", "newest", "fourth", "second"]
      .map((jti) => {
        const exp = ENDS - ["newest", "second", "third", "fourth"].indexOf(jti);
        return cookieOf("fernet", { user: jti }, { jti, exp });
      })
      .join("; ");
    const { session, setCookie } = await visit(made, cookie);
    assert.deepEqual([session.user, session.id, setCookie], ["third", "third", []]);
    assert.deepEqual(list.calls, ["ask newest", "ask second", "ask third"]);
    assert.deepEqual(made.invalid, []);
    for (const id of ["third", "fourth"]) list.revoked.set(id, ENDS);
    const none = await visit(made, `${NAME}=garbage; ${cookie}`);
    assert.deepEqual([none.session.isNew, none.setCookie], [true, [CLEARING]]);
    assert.deepEqual(made.invalid, ["ERR_SESSION_REVOKED"]);
  });

  describe(`${what}: what is told`, () => {
    const rows: Record<
      string,
      { edit: (session: BagSession) => unknown; told: boolean; cookie?: string | undefined }
    > = {
      destroy: { edit: (session) => session.destroy(), told: true },
      regenerate: { edit: (session) => session.regenerate(), told: true },
      "destroy twice": { edit: (session) => [session.destroy(), session.destroy()], told: true },
      "regenerate, new data, destroy": {
        edit(session) {
          session.regenerate();
          session.user = "ann";
          session.destroy();
        },
        told: true,
      },
      "new data": { edit: (session) => (session.user = "ann"), told: false },
      "data that go": { edit: (session) => delete session.user, told: false },
      touch: { edit: (session) => session.touch(), told: false },
      "destroy of a new session": {
        edit(session) {
          session.user = "ann";
          session.destroy();
        },
        told: false,
        cookie: undefined,
      },
      "destroy of a bad one": {
        edit: (session) => session.destroy(),
        told: false,
        cookie: `${NAME}=garbage`,
      },
    };
    for (const [how, row] of Object.entries(rows)) {
      const cookie = "cookie" in row ? row.cookie : COOKIE;
      test(`${how}: ${row.told}`, async () => {
        const list = new Made();
        await visit(service({ revocation: list }), cookie, row.edit);
        assert.deepEqual([...list.revoked.keys()], row.told ? ["an-old-id"] : []);
        const tells = list.calls.filter((call) => call.startsWith("tell"));
        assert.equal(tells.length, row.told ? 1 : 0);
      });
    }

    test("null assigned to req.session", async (t) => {
      const list = new Made();
      const made = service({ revocation: list });
      const site = await serve(t, (req, res) => {
        made.sessions.middleware(req, res, () => {
          (req as Requested).session = null;
          res.end();
        });
      });
      assert.deepEqual((await site.ask("/", HEADERS)).setCookie, [CLEARING]);
      assert.deepEqual([...list.revoked.keys()], ["an-old-id"]);
    });

    const untils: readonly (readonly [maxAge: number, exp: number, until: number])[] = [
      [FOURTEEN_DAYS, NOW + 100, NOW + FOURTEEN_DAYS],
      [FOURTEEN_DAYS, NOW + FOURTEEN_DAYS, NOW + FOURTEEN_DAYS],
      [60, NOW + 100, NOW + 100],
      [100, NOW + 100, NOW + 100],
      [101, NOW + 100, NOW + 101],
    ];
    for (const [maxAge, exp, until] of untils) {
      for (const end of ["destroy", "regenerate"] as const) {
        test(`until max(exp, now + maxAge), by ${end}: ${exp - NOW}, ${maxAge}`, async () => {
          const list = new Made();
          const made = service({ revocation: list, maxAge });
          await visit(made, cookieOf("fernet", { user: "tom" }, { exp }), (session) =>
            session[end](),
          );
          assert.deepEqual([...list.revoked], [["an-old-id", until]]);
        });
      }
    }

    test("until the cookie's own exp, even if the session was touched to a nearer one", async () => {
      const list = new Made();
      const made = service({ revocation: list, maxAge: 60 });
      await visit(made, COOKIE, (session) => {
        session.touch();
        session.destroy();
      });
      assert.deepEqual([...list.revoked], [["an-old-id", ENDS]]);
    });

    test("done is called once the list has been told", async () => {
      for (const end of ["destroy", "regenerate"] as const) {
        const list = new Made();
        await visit(service({ revocation: list }), COOKIE, async (session) => {
          assert.equal(await calledBack((done) => session[end](done)), undefined);
          assert.deepEqual([...list.revoked.keys()], ["an-old-id"]);
          assert.equal(await calledBack((done) => session.save(done)), undefined);
        });
      }
    });
  });

  for (const [protocol, start] of Object.entries(PROTOCOLS)) {
    describe(`${protocol}, ${what}: the response's end waits until the list has been told`, () => {
      const ends: Record<string, (res: http.ServerResponse) => unknown> = {
        end: (res) => res.end(),
        "end with text": (res) => assert.equal(res.end("text"), res),
        "end with a callback": (res) => res.end("text", () => {}),
        "writeHead and end": (res) => res.writeHead(200).end("text"),
        "write and end": (res) => res.write("te") && res.end("xt"),
        "a pipe": (res) => Readable.from(["te", "xt"]).pipe(res),
        "a timer": (res) => setTimeout(() => res.end("text"), 1),
        "end twice": (res) => [res.end("text"), setTimeout(() => res.end(), 9)],
      };
      for (const [how, end] of Object.entries(ends)) {
        test(`${how}`, async (t) => {
          const list = new Made();
          const made = service({ revocation: list });
          const site = await start(t, async (req, res) => {
            const session = await made.sessions.load(req, res);
            session.regenerate();
            session.user = "ann";
            end(res);
          });
          const reply = await site.ask("/", HEADERS);
          assert.deepEqual([...list.revoked.keys()], ["an-old-id"]);
          assert.deepEqual([reply.status, reply.text], [200, how === "end" ? "" : "text"]);
          const { jti, data } = unseal("fernet", cookieValue(reply.setCookie[0]));
          assert.notEqual(jti, "an-old-id");
          assert.deepEqual(data, { user: "ann" });
          assert.deepEqual(made.errors, []);
        });
      }
    });

    describe(`${protocol}, ${what}: an end that has waited is the one that was asked for`, () => {
      test("what has wrapped end and writeHead since is not gone through twice", async (t) => {
        const list = new Made();
        const made = service({ revocation: list });
        const ended: unknown[] = [];
        const site = await start(t, async (req, res) => {
          const session = await made.sessions.load(req, res);
          const { end } = res;
          // As compression does: ends once, with more than it was given.
          res.end = ((text: string) => {
            ended.push(text);
            return ended.length === 1 ? end.call(res, `${text}, wrapped`, "utf8") : false;
          }) as never;
          session.destroy();
          res.end("text");
        });
        assert.equal((await site.ask("/", HEADERS)).text, "text, wrapped");
        assert.deepEqual(ended, ["text"]);
      });

      test("a second end, of which node:http says nothing, ends nothing", async (t) => {
        const list = new Made();
        const made = service({ revocation: list });
        const site = await start(t, async (req, res) => {
          const session = await made.sessions.load(req, res);
          session.destroy();
          assert.equal(res.end("text"), res);
          assert.equal(res.end(), res);
          res.once("finish", () => list.calls.push("finish"));
        });
        assert.equal((await site.ask("/", HEADERS)).text, "text");
        assert.deepEqual(list.calls.slice(0, 2), ["ask an-old-id", "tell an-old-id"]);
      });

      test("a callback alone is called", async (t) => {
        const list = new Made();
        const made = service({ revocation: list });
        let call = (_told: string) => {};
        const called = new Promise<string>((resolve) => {
          call = resolve;
        });
        const site = await start(t, async (req, res) => {
          (await made.sessions.load(req, res)).destroy();
          res.end(() => call([...list.revoked.keys()].join()));
        });
        assert.equal((await site.ask("/", HEADERS)).status, 200);
        assert.equal(await called, "an-old-id");
      });

      test("what an error handler ends with behind it is the response, whole", async (t) => {
        const list = new Made();
        const made = service({ revocation: list });
        const site = await start(t, async (req, res) => {
          const session = await made.sessions.load(req, res);
          session.destroy();
          res.setHeader("Content-Length", 4);
          res.end("text");
          if (res.headersSent) return;
          res.statusCode = 500;
          res.setHeader("Content-Length", 6);
          res.end("failed");
          res.end();
          res.end(null as never);
          res.end(() => {});
        });
        const reply = await site.ask("/", HEADERS);
        const expected = waits ? [500, "failed"] : [200, "text"];
        assert.deepEqual([reply.status, reply.text], expected);
        assert.deepEqual(reply.setCookie, [CLEARING]);
        assert.deepEqual([...list.revoked.keys()], ["an-old-id"]);
      });

      test("a session that is first touched behind the head waits as well", async (t) => {
        const list = new Made();
        const made = service({ revocation: list });
        const finished: Promise<unknown>[] = [];
        const site = await start(t, async (req, res) => {
          finished.push(once(res, "finish").then(() => list.calls.push("finish")));
          res.write("te");
          const session = await made.sessions.load(req, res);
          session.destroy();
          res.end("xt");
        });
        assert.equal((await site.ask("/", HEADERS)).text, "text");
        await Promise.all(finished);
        assert.deepEqual(list.calls, ["ask an-old-id", "tell an-old-id", "finish"]);
      });
    });

    test(`${protocol}, ${what}: a copied cookie is refused after the logout`, async (t) => {
      const list = new Made();
      const made = service({ revocation: list });
      const site = await start(t, (req, res) => {
        made.sessions.middleware(req, res, (error) => {
          assert.equal(error, undefined);
          const requested = req as Requested;
          if (req.url === "/login") {
            requested.session?.regenerate(() => {
              Object.assign(requested.session ?? {}, { user: "tom" });
              res.end("in");
            });
          } else if (req.url === "/logout") requested.session?.destroy(() => res.end("out"));
          else res.end(`${requested.session?.user}`);
        });
      });
      const jar = new Jar();
      jar.keep(await site.ask("/login"));
      const copy = jar.headers;
      assert.equal((await site.ask("/", { headers: copy })).text, "tom");
      jar.keep(await site.ask("/logout", { headers: jar.headers }));
      assert.equal(jar.cookies.size, 0);
      const replayed = await site.ask("/", { headers: copy });
      assert.deepEqual([replayed.status, replayed.text], [200, "undefined"]);
      assert.deepEqual(replayed.setCookie, [CLEARING]);
      assert.deepEqual(made.invalid, ["ERR_SESSION_REVOKED"]);
    });

    test(`${protocol}, ${what}: untouched, the session adds no header`, async (t) => {
      const list = new Made();
      const made = service({ revocation: list });
      const site = await start(t, (req, res) => {
        made.sessions.middleware(req, res, () => res.end("text"));
      });
      const { headers, setCookie, text } = await site.ask("/", HEADERS);
      assert.deepEqual([text, setCookie, headers.vary], ["text", [], undefined]);
    });
  }

  describe(`${what}: a list that cannot be asked fails closed`, () => {
    function down(): { list: List; made: Service; heard: SessionError[] } {
      const list = new Made();
      list.failure = { ask: DOWN };
      const heard: SessionError[] = [];
      const made = service({ revocation: list, onError: (error) => heard.push(error) });
      return { list, made, heard };
    }

    for (const [protocol, start] of Object.entries(PROTOCOLS)) {
      test(`${protocol}: middleware gives next the error, and no session`, async (t) => {
        const { made } = down();
        const site = await start(t, (req, res) => {
          made.sessions.middleware(req, res, (error) => {
            isFailed(error);
            res.statusCode = (error as SessionError).statusCode;
            res.end("sorry");
          });
        });
        const reply = await site.ask("/", HEADERS);
        assert.deepEqual([reply.status, reply.text, reply.setCookie], [503, "sorry", []]);
      });
    }

    test("load is rejected, in both forms", async () => {
      const { made } = down();
      await assert.rejects(made.sessions.load(COOKIE), isFailed);
      await assert.rejects(made.sessions.load(...fake()), isFailed);
    });

    test("wrap answers 503 by itself, and onError hears it", async () => {
      const { made, heard } = down();
      const handler = made.sessions.wrap(() => assert.fail("the handler is not asked"));
      const response = await handler(request(COOKIE));
      assert.equal(response.status, 503);
      assert.equal(await response.text(), "Service Unavailable");
      assert.equal(response.headers.get("Cache-Control"), "no-store");
      assert.deepEqual(response.headers.getSetCookie(), []);
      assert.equal(heard.length, 1);
      isFailed(heard[0]);
    });

    test("attach and read throw", async () => {
      const { made } = down();
      if (waits) {
        misuse(() => made.sessions.read(COOKIE), "ERR_OPTION", CANNOT_WAIT);
        misuse(() => made.sessions.attach(...fake()), "ERR_OPTION", CANNOT_WAIT);
        // Nobody waits for what then fails: no unhandled rejection ends the process.
        await new Promise((resolve) => setTimeout(resolve, 10));
      } else {
        assert.throws(() => made.sessions.read(COOKIE), isFailed);
        assert.throws(() => made.sessions.attach(...fake()), isFailed);
      }
    });

    test("a second candidate that cannot be asked is no less closed", async () => {
      const list = new Made();
      list.revoked.set("newest", ENDS);
      const asked = list.isRevoked.bind(list);
      list.isRevoked = (id) => {
        if (id !== "newest") list.failure = { ask: DOWN };
        return asked(id);
      };
      const { sessions } = service({ revocation: list });
      const cookie = `${COOKIE}; ${cookieOf("fernet", {}, { jti: "newest", exp: ENDS + 1 })}`;
      await assert.rejects(sessions.load(cookie), isFailed);
    });

    test("a session without a cookie needs no list", async () => {
      const { made } = down();
      assert.equal((await made.sessions.load("")).isNew, true);
      const { response } = await visit(made, undefined);
      assert.equal(response.status, 200);
    });
  });

  describe(`${what}: a list that cannot be told`, () => {
    function down(): { made: Service; heard: SessionError[] } {
      const list = new Made();
      list.failure = { tell: DOWN };
      const heard: SessionError[] = [];
      return { made: service({ revocation: list, onError: (error) => heard.push(error) }), heard };
    }

    for (const [protocol, start] of Object.entries(PROTOCOLS)) {
      for (const [edit, logout] of Object.entries({
        destroy: (session: BagSession) => session.destroy(),
        "regenerate, with new data": (session: BagSession) => {
          session.regenerate();
          session.user = "ann";
        },
      })) {
        test(`${protocol}: ${edit} makes a 503 without a cookie, heard of once`, async (t) => {
          const { made, heard } = down();
          const finished: Promise<unknown>[] = [];
          const site = await start(t, async (req, res) => {
            finished.push(once(res, "finish"));
            logout(await made.sessions.load(req, res));
            res.setHeader("Set-Cookie", "a=1");
            res.end("text");
          });
          const reply = await site.ask("/", HEADERS);
          await Promise.all(finished);
          await new Promise(setImmediate);
          assert.deepEqual([reply.status, reply.setCookie], [503, ["a=1"]]);
          assert.equal(reply.headers["cache-control"], "no-store");
          assert.equal(heard.length, 1);
          isFailed(heard[0]);
        });
      }

      test(`${protocol}: behind a head that went it is reported on finish, once`, async (t) => {
        const { made, heard } = down();
        const finished: Promise<unknown>[] = [];
        const site = await start(t, async (req, res) => {
          finished.push(once(res, "finish"));
          const session = await made.sessions.load(req, res);
          res.write("text");
          session.destroy();
          res.end();
        });
        const reply = await site.ask("/", HEADERS);
        await Promise.all(finished);
        await new Promise(setImmediate);
        assert.deepEqual([reply.status, reply.text], [200, "text"]);
        assert.equal(heard.length, 1);
        isFailed(heard[0]);
      });
    }

    test("done has the error, save throws it, and a Response becomes a 503", async () => {
      for (const end of ["destroy", "regenerate"] as const) {
        const { made, heard } = down();
        const handler = made.sessions.wrap(async (_request, session) => {
          isFailed(await calledBack((done) => session[end](done)));
          assert.deepEqual(Object.keys(session), []);
          assert.throws(() => session.save(), isFailed);
          isFailed(await calledBack((done) => session.save(done)));
          return new Response("text", { headers: { "Set-Cookie": "a=1" } });
        });
        const response = await handler(request(COOKIE));
        assert.deepEqual([response.status, response.headers.getSetCookie()], [503, []]);
        assert.equal(await response.text(), "Service Unavailable");
        assert.equal(heard.length, 1);
        isFailed(heard[0]);
      }
    });

    test("a Response waits for it by itself", async () => {
      const { made, heard } = down();
      const handler = made.sessions.wrap((_request, session) => {
        session.destroy();
        return new Response("text");
      });
      assert.equal((await handler(request(COOKIE))).status, 503);
      assert.equal(heard.length, 1);
    });
  });
}

for (const [protocol, start] of Object.entries(PROTOCOLS)) {
  test(`${protocol}: behind a list that answers at once a response ends at once`, async (t) => {
    const made = service({ revocation: new List() });
    const ended: boolean[] = [];
    const site = await start(t, async (req, res) => {
      (await made.sessions.load(req, res)).destroy();
      res.end("text");
      ended.push(res.writableEnded);
    });
    assert.equal((await site.ask("/", HEADERS)).text, "text");
    assert.deepEqual(ended, [true]);
  });
}

test("a Response waits until the list has been told", async () => {
  const list = new SlowList(20);
  const made = service({ revocation: list });
  const { response } = await visit(made, COOKIE, (session) => session.destroy());
  assert.deepEqual([...list.revoked.keys()], ["an-old-id"]);
  assert.deepEqual(response.headers.getSetCookie(), [CLEARING]);
});

for (const [protocol, start] of Object.entries(PROTOCOLS)) {
  for (const begun of [false, true]) {
    const what = begun ? "a response that has begun" : "a response";
    test(`${protocol}: an end that throws once it has waited breaks off ${what}, and no process`, async (t) => {
      const made = service({ revocation: new SlowList() });
      const warning = once(process, "warning");
      const site = await start(t, async (req, res) => {
        res.end = () => {
          // What cannot even be shown.
          throw Object.create(null);
        };
        (await made.sessions.load(req, res)).destroy();
        if (begun) res.write("text");
        res.end("text");
      });
      await assert.rejects(site.ask("/", HEADERS));
      const [{ code, message, detail = "" }] = await warning;
      const expected = ["BULLA_END", "a response could not be ended as asked", ""];
      assert.deepEqual([code, message, detail], expected);
    });
  }
}

test("a list whose answer only has a then is waited for, and believed", async () => {
  // Its then gives nothing: what is chained to it would not wait.
  class Thenable {
    // biome-ignore lint/suspicious/noThenProperty: as a list of one's own may have it
    then(resolve: (answer: unknown) => void): void {
      setTimeout(resolve, 2, this.answer);
    }
    readonly answer: unknown;
    constructor(answer: unknown) {
      this.answer = answer;
    }
  }
  const thenable = (answer: unknown) => new Thenable(answer) as unknown as Promise<never>;
  const told: string[] = [];
  const made = service({
    revocation: {
      isRevoked: (id) => thenable(id === "revoked"),
      revoke: (id) => {
        setTimeout(() => told.push(id), 1);
        return thenable(undefined);
      },
    },
  });
  const revoked = cookieOf("fernet", { user: "tom" }, { jti: "revoked" });
  assert.equal((await made.sessions.load(revoked)).isNew, true);
  assert.equal((await made.sessions.load(COOKIE)).user, "tom");
  await visit(made, COOKIE, (session) => session.destroy());
  assert.deepEqual(told, ["an-old-id"]);
});

test("a session that is being loaded cannot be attached, and then can", async () => {
  const { sessions } = service({ revocation: new SlowList() });
  const pair = fake();
  const loading = sessions.load(...pair);
  misuse(() => sessions.attach(...pair), "ERR_OPTION", CANNOT_WAIT);
  const session = await loading;
  assert.equal(sessions.attach(...pair), session);
});

test("middleware calls next once, and only when the list has answered", async () => {
  const { sessions } = service({ revocation: new SlowList() });
  const given: unknown[][] = [];
  const [req, res] = fake();
  await new Promise<void>((resolve) => {
    sessions.middleware(req, res, (...args) => {
      given.push(args);
      resolve();
    });
    assert.deepEqual(given, []);
  });
  await new Promise((resolve) => setTimeout(resolve, 5));
  assert.deepEqual(given, [[]]);
});

test("an upgrade with an asynchronous list loads the session of its request", async () => {
  const list = new SlowList();
  const { sessions } = service({ revocation: list });
  const [req] = fake();
  const session = await sessions.load(req);
  assert.deepEqual([session.user, "destroy" in session], ["tom", false]);
  list.revoked.set("an-old-id", ENDS);
  assert.equal((await sessions.load(req)).isNew, true);
});

test("a list says no by any value that is true", async () => {
  for (const [answer, revoked] of [
    [1, true],
    ["yes", true],
    [0, false],
    [null, false],
    [undefined, false],
  ]) {
    const made = service({ revocation: { isRevoked: () => answer as boolean, revoke() {} } });
    assert.equal(made.sessions.read(COOKIE).isNew, revoked);
    const slow = { isRevoked: async () => answer as boolean, revoke() {} };
    assert.equal((await service({ revocation: slow }).sessions.load(COOKIE)).isNew, revoked);
  }
});

test("a clock that gives no number is what next hears, where there is a list", async () => {
  const made = service({ revocation: new List(), clock: () => Number.NaN });
  const heard: unknown[] = [];
  made.sessions.middleware(...fake(), (error) => heard.push(error));
  assert.equal(heard.length, 1);
  const { name, code, message } = heard[0] as Error & { code: string };
  const expected = "the clock's time must be a finite number of seconds";
  assert.deepEqual([name, code, message], ["ConfigError", "ERR_OPTION", expected]);
});
