/**
 * What comes after the head of a response: it is written no more, and not passed over in silence.
 */

import assert from "node:assert/strict";
import { once } from "node:events";
import { describe, test } from "node:test";
import { app } from "../helpers/session-app.ts";
import { cookieOf, cookieValue, NAME, unseal } from "../helpers/session-cookies.ts";
import { PROTOCOLS } from "../helpers/session-server.ts";
import {
  type Bag,
  type BagSession,
  calledBack,
  service,
  sessionRefusal,
} from "../helpers/session-visit.ts";
import { ownCookie } from "../helpers/session-ways.ts";

for (const [protocol, start] of Object.entries(PROTOCOLS)) {
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
    const { site, errors } = await app(start, t, (session, res) => {
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

  test(`${protocol}: an empty session that is destroyed late is as empty as its headers say`, async (t) => {
    const { site, errors } = await app(start, t, (session, res) => {
      res.write("text");
      session.destroy();
      res.end();
    });
    assert.equal((await site.ask("/")).text, "text");
    await new Promise(setImmediate);
    assert.deepEqual(errors, []);
  });

  test(`${protocol}: a change before a second head that is refused is reported all the same`, async (t) => {
    const made = service();
    const finished: Promise<unknown>[] = [];
    const site = await start(t, (req, res) => {
      finished.push(once(res, "finish"));
      const session = made.sessions.attach(req, res);
      res.write("text");
      session.user = "tom";
      assert.throws(() => res.writeHead(200), /headers/i);
      res.end();
    });
    assert.deepEqual((await site.ask("/")).setCookie, []);
    await Promise.all(finished);
    await new Promise(setImmediate);
    assert.deepEqual(made.errors, ["ERR_SESSION_HEADERS_SENT"]);
  });

  test(`${protocol}: writeHead and end return the response, as node has it`, async (t) => {
    const { site } = await app(start, t, (session, res, req) => {
      session.user = "tom";
      if (req.url === "/head") assert.equal(res.writeHead(200), res);
      if (req.url === "/spoilt") session.count = 1n;
      assert.equal(res.end("text"), res);
    });
    for (const path of ["/", "/head", "/spoilt"]) assert.equal((await site.ask(path)).text, "text");
  });
}
