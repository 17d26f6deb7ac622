/** Clients that leave early: not an error, and no other client is harmed. */

import assert from "node:assert/strict";
import { once } from "node:events";
import type http from "node:http";
import net from "node:net";
import { describe, test } from "node:test";
import { app } from "../helpers/session-app.ts";
import { cookieOf, cookieValue, NAME, unseal } from "../helpers/session-cookies.ts";
import { PROTOCOLS, rawly, repliesIn, requestBytes, serve } from "../helpers/session-server.ts";
import { type BagSession, service, turns } from "../helpers/session-visit.ts";
import { ownCookie } from "../helpers/session-ways.ts";

const HEADERS = { cookie: cookieOf("fernet", { user: "tom" }) };

const EDITS: Record<string, (session: BagSession) => unknown> = {
  nothing: () => {},
  "a change": (session) => (session.user = "ann"),
  "a touch": (session) => session.touch(),
  "a destruction": (session) => session.destroy(),
  "a regeneration, and data": async (session) => {
    await session.regenerate();
    session.user = "ann";
  },
  "data that cannot be written": (session) => (session.count = 1n),
};

/** Actions of the handler after the client has left. */
const THEN: Record<string, (res: http.ServerResponse) => unknown> = {
  nothing: () => {},
  end: (res) => res.end("late"),
  "writeHead and end": (res) => res.writeHead(200, { "X-Way": "late" }).end("late"),
  "flushHeaders and end"(res) {
    res.flushHeaders();
    res.end();
  },
  "write and end"(res) {
    res.write("late");
    res.end("late");
  },
  destroy: (res) => res.destroy(),
};

for (const [protocol, start] of Object.entries(PROTOCOLS)) {
  for (const [then, act] of Object.entries(THEN)) {
    describe(`${protocol}: a client that leaves before the headers is not an error; then ${then}`, () => {
      for (const [what, edit] of Object.entries(EDITS)) {
        test(`after ${what}`, async (t) => {
          const left: Promise<unknown>[] = [];
          const { site, errors } = await app(start, t, async (session, res, req) => {
            if (req.url === "/next") {
              session.visits = 1;
              res.end("here");
              return;
            }
            left.push(once(res, "close").then(() => act(res)));
            await edit(session);
          });
          await site.leave("/", { headers: HEADERS });
          while (left.length === 0) await turns(1);
          await Promise.all(left);
          await turns();
          assert.deepEqual(
            errors.filter((code) => code !== "ERR_SESSION_DATA"),
            [],
          );
          if (what !== "data that cannot be written") assert.deepEqual(errors, []);
          const reply = await site.ask("/next");
          assert.deepEqual([reply.text, reply.setCookie.length], ["here", 1]);
        });
      }
    });
  }

  test(`${protocol}: changes after the client has left are not an error`, async (t) => {
    const left: Promise<unknown>[] = [];
    const { site, errors } = await app(start, t, (session, res) => {
      left.push(
        once(res, "close").then(() => {
          session.user = "late";
          res.end("late");
        }),
      );
    });
    await site.leave("/", { headers: HEADERS });
    while (left.length === 0) await turns(1);
    await Promise.all(left);
    await turns();
    assert.deepEqual(errors, []);
  });
}

describe("pipelined requests of one connection", () => {
  test("are answered in order, each with its own session", async (t) => {
    const made = service();
    const site = await serve(t, (req, res) => {
      const session = made.sessions.attach(req, res);
      const before = session.path;
      session.path = req.url;
      const end = () => res.writeHead(200, { "Content-Length": 2 }).end(req.url);
      assert.equal(before, req.url === "/3" ? "/1" : undefined);
      setTimeout(end, req.url === "/1" ? 9 : 1);
    });
    const cookie = cookieOf("fernet", { path: "/1" });
    const bytes = await rawly(
      site,
      requestBytes("/1") +
        requestBytes("/2") +
        requestBytes("/3", { headers: { Cookie: cookie } }) +
        requestBytes("/4", { last: true }),
    );
    const replies = repliesIn(bytes);
    assert.deepEqual(
      replies.map(({ text }) => text),
      ["/1", "/2", "/3", "/4"],
    );
    for (const reply of replies) {
      const { data } = unseal("fernet", cookieValue(ownCookie(reply, NAME)));
      assert.deepEqual(data, { path: reply.text });
    }
    assert.deepEqual([made.invalid, made.errors], [[], []]);
  });

  test("save works while an earlier response still holds the socket", async (t) => {
    const made = service();
    const ends: (() => void)[] = [];
    const without: boolean[] = [];
    const site = await serve(t, (req, res) => {
      const session = made.sessions.attach(req, res);
      session.path = req.url;
      without.push(res.socket === null);
      session.save();
      if (req.url === "/1") ends.push(() => res.end("/1"));
      else {
        res.end(req.url);
        assert.equal(res.headersSent, true);
        session.save();
        for (const end of ends) end();
      }
    });
    const bytes = await rawly(site, requestBytes("/1") + requestBytes("/2", { last: true }));
    const replies = repliesIn(bytes);
    assert.deepEqual(without, [false, true], "the second had no socket yet");
    assert.deepEqual(
      replies.map((reply) => unseal("fernet", cookieValue(ownCookie(reply, NAME))).data.path),
      ["/1", "/2"],
    );
    assert.deepEqual(made.errors, []);
  });

  test("a late change of a response that waits for the socket is reported", async (t) => {
    const made = service();
    const finished: Promise<unknown>[] = [];
    const first: http.ServerResponse[] = [];
    const site = await serve(t, (req, res) => {
      const session = made.sessions.attach(req, res);
      finished.push(once(res, "finish"));
      if (req.url === "/1") {
        first.push(res);
        return;
      }
      res.write("text");
      session.user = "ann";
      assert.throws(() => session.save(), { code: "ERR_SESSION_UNSENT" });
      res.end();
      first[0]?.end("first");
    });
    const bytes = await rawly(site, requestBytes("/1") + requestBytes("/2", { last: true }));
    await Promise.all(finished);
    await turns();
    assert.deepEqual(
      repliesIn(bytes).map(({ text, setCookie }) => [text, setCookie]),
      [
        ["first", []],
        ["text", []],
      ],
    );
    assert.deepEqual(made.errors, ["ERR_SESSION_UNSENT"]);
  });

  test("a client that leaves is not an error", async (t) => {
    const { site, errors } = await app(serve, t, (session, res, req) => {
      session.path = req.url;
      if (req.url === "/next") res.end("next");
    });
    const socket = net.connect(site.port, "localhost");
    const asked = once(site.server, "request");
    socket.write(requestBytes("/1") + requestBytes("/2") + requestBytes("/3"));
    await asked;
    await turns();
    socket.resetAndDestroy();
    await once(socket, "close");
    assert.equal((await site.ask("/next")).text, "next");
    assert.deepEqual(errors, []);
  });
});
