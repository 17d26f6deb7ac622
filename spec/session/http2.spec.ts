/** HTTP/2 only: parallel streams, no reason phrase, responses that bypass writeHead. */

import assert from "node:assert/strict";
import { once } from "node:events";
import type http from "node:http";
import http2 from "node:http2";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { app, ENTRIES, type Touching } from "../helpers/session-app.ts";
import { cookieOf, cookieValue, NAME, unseal } from "../helpers/session-cookies.ts";
import { Jar, serve2 } from "../helpers/session-server.ts";
import { type BagSession, service, turns } from "../helpers/session-visit.ts";

const FILE = fileURLToPath(import.meta.url);

/** Listens before the first request: Node warns of a reason phrase only once a process. */
const warnings: Error[] = [];
process.on("warning", (warning) => warnings.push(warning));

test("a hundred streams of one connection have separate sessions", async (t) => {
  const made = service();
  const site = await serve2(t, (req, res) => {
    const session = made.sessions.attach(req, res);
    const before = session.path;
    setTimeout(() => {
      session.path = req.url;
      res.end(`${before}`);
    }, Math.random() * 9);
  });
  const visits = Array.from({ length: 100 }, async (_, number) => {
    const jar = new Jar();
    jar.keep(await site.ask(`/${number}`));
    const reply = await site.ask(`/again/${number}`, { headers: jar.headers });
    assert.equal(reply.text, `/${number}`);
    const { data } = unseal("fernet", cookieValue(reply.setCookie[0]));
    assert.equal(data.path, `/again/${number}`);
  });
  await Promise.all(visits);
  assert.equal(site.connections(), 1);
  assert.deepEqual([made.invalid, made.errors], [[], []]);
});

describe("ending without a body sends the session", () => {
  const ends: Record<string, (res: http.ServerResponse) => unknown> = {
    "end()": (res) => res.end(),
    "end(callback)": (res) => res.end(() => {}),
    "end(null)": (res) => res.end(null),
    "end(undefined)": (res) => res.end(undefined),
    "end in a timer": (res) => setTimeout(() => res.end(), 1),
    "end twice": (res) => res.end() && res.end(),
    "statusCode and end": (res) => Object.assign(res, { statusCode: 204 }).end(),
    "the stream's end after flushHeaders": (res) => {
      res.flushHeaders();
      (res as unknown as http2.Http2ServerResponse).stream.end();
    },
  };
  for (const [what, end] of Object.entries(ends)) {
    test(`${what}`, async (t) => {
      const made = service();
      const site = await serve2(t, (req, res) => {
        made.sessions.attach(req, res).user = "tom";
        end(res);
      });
      const { status, setCookie, headers } = await site.ask("/");
      assert.equal(status, what.startsWith("statusCode") ? 204 : 200);
      assert.equal(unseal("fernet", cookieValue(setCookie[0])).data.user, "tom");
      assert.deepEqual([headers.vary, headers["cache-control"]], ["Cookie", "no-store"]);
      assert.deepEqual(made.errors, []);
    });
  }
});

describe("headers sent past the compatibility API carry no session, and the loss is reported", () => {
  const streamOf = (res: http.ServerResponse): http2.ServerHttp2Stream =>
    (res as unknown as http2.Http2ServerResponse).stream;
  const past: Record<string, (res: http.ServerResponse) => unknown> = {
    "stream.respondWithFile": (res) => streamOf(res).respondWithFile(FILE),
    "stream.respondWithFile, with a check of the file": (res) =>
      streamOf(res).respondWithFile(FILE, {}, { statCheck() {} }),
    "stream.respond and end": (res) => {
      streamOf(res).respond({ ":status": 200 });
      streamOf(res).end("file");
    },
    "stream.respond with an end": (res) =>
      streamOf(res).respond({ ":status": 200 }, { endStream: true }),
    "stream.respond, then the response's end": (res) => {
      streamOf(res).respond({ ":status": 200 });
      res.end("file");
    },
    "stream.respond in a timer": (res) =>
      setTimeout(() => streamOf(res).respond({ ":status": 200 }, { endStream: true }), 1),
  };
  const edits: Record<string, { edit: (session: BagSession) => unknown; told: boolean }> = {
    "a session that changed": { edit: (session) => (session.user = "ann"), told: true },
    "a session that was touched": { edit: (session) => session.touch(), told: true },
    "a session that was destroyed": { edit: (session) => void session.destroy(), told: true },
    "a session that was only read": { edit: (session) => session.user, told: false },
  };
  for (const [what, send] of Object.entries(past)) {
    for (const [state, { edit, told }] of Object.entries(edits)) {
      test(`${what}: ${state}`, async (t) => {
        for (const enter of Object.values(ENTRIES)) {
          const touching: Touching = (session, res) => {
            assert.equal(session.user, "tom");
            edit(session);
            send(res);
          };
          const { site, errors, closed } = await app(serve2, t, touching, {}, enter);
          const headers = { cookie: cookieOf("fernet", { user: "tom" }) };
          const reply = await site.ask("/", { headers });
          await closed();
          assert.equal(reply.status, 200);
          if (reply.setCookie.length > 0) assert.deepEqual([told, errors], [true, []]);
          else assert.deepEqual(errors, told ? ["ERR_SESSION_UNSENT"] : []);
        }
      });
    }
  }

  test("a stream that was reset before is not an error", async (t) => {
    const left: Promise<unknown>[] = [];
    const { site, errors } = await app(serve2, t, (session, res) => {
      session.user = "tom";
      left.push(once(res, "close").then(() => res.end("late")));
    });
    await site.leave("/");
    while (left.length === 0) await turns(1);
    await Promise.all(left);
    await turns();
    assert.deepEqual(errors, []);
  });

  test("a pushed stream carries no session", async (t) => {
    const { site, errors, closed } = await app(serve2, t, (session, res) => {
      session.user = "tom";
      streamOf(res).pushStream({ ":path": "/style.css" }, (error, stream) => {
        if (error !== null) return;
        stream.respond({ ":status": 200 });
        stream.end();
      });
      res.end("text");
    });
    const reply = await site.ask("/");
    await closed();
    assert.equal(unseal("fernet", cookieValue(reply.setCookie[0])).data.user, "tom");
    assert.deepEqual(errors, []);
  });
});

test("never reads or sets a reason phrase, of which Node would warn", async (t) => {
  const made = service();
  const site = await serve2(t, (req, res) => {
    made.sessions.attach(req, res).count = 1n;
    if (req.url === "/body") res.writeHead(200, { "x-way": "object" });
    res.end(req.url === "/body" ? "text" : undefined);
  });
  for (const path of ["/", "/body"]) assert.equal((await site.ask(path)).status, 500);
  await new Promise(setImmediate);
  assert.deepEqual(warnings, []);
});

test("a change after an end without a body is found by save and reported", async (t) => {
  const made = service();
  const finished: Promise<unknown>[] = [];
  const site = await serve2(t, (req, res) => {
    finished.push(once(res, "finish"));
    const session = made.sessions.attach(req, res);
    session.user = "tom";
    res.end();
    session.user = "ann";
    assert.throws(() => session.save(), { code: "ERR_SESSION_UNSENT" });
  });
  const { setCookie } = await site.ask("/");
  await Promise.all(finished);
  await new Promise(setImmediate);
  assert.equal(unseal("fernet", cookieValue(setCookie[0])).data.user, "tom");
  assert.deepEqual(made.errors, ["ERR_SESSION_UNSENT"]);
});

test("a stream that is reset while its handler waits harms neither the process nor the connection", async (t) => {
  const made = service();
  const ended: Promise<unknown>[] = [];
  const site = await serve2(t, (req, res) => {
    const session = made.sessions.attach(req, res);
    session.visits = Number(session.visits ?? 0) + 1;
    if (req.url === "/") {
      res.end("here");
      return;
    }
    const way = req.url;
    ended.push(
      once(res, "close").then(() => {
        session.visits = 7;
        if (way === "/head") res.writeHead(200, { "X-Way": "late" });
        if (way === "/flush") res.flushHeaders();
        if (way === "/write") res.write("late");
        res.end("late");
      }),
    );
  });
  for (const path of ["/end", "/head", "/flush", "/write"]) await site.leave(path);
  while (ended.length < 4) await new Promise(setImmediate);
  await Promise.all(ended);
  const headers = { cookie: cookieOf("fernet", { visits: 1 }) };
  const reply = await site.ask("/", { headers });
  assert.deepEqual([reply.status, reply.text], [200, "here"]);
  assert.equal(unseal("fernet", cookieValue(reply.setCookie[0])).data.visits, 2);
  assert.equal(site.connections(), 1);
});

test("reads many cookie fields, as HTTP/2 splits them, as one list", async (t) => {
  const made = service();
  const site = await serve2(t, (req, res) => {
    res.end(`${made.sessions.attach(req, res).user}`);
  });
  const client = http2.connect(`http://localhost:${site.port}`);
  t.after(() => client.destroy());
  const cookie = ["a=1", `${NAME}2=x`, cookieOf("fernet", { user: "tom" }), "b=2"];
  const stream = client.request({ ":path": "/", cookie });
  let text = "";
  for await (const chunk of stream) text += chunk;
  assert.equal(text, "tom");
});
