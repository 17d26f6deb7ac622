/** What is HTTP/2's alone: streams beside each other, no reason phrase, an end without a body. */

import assert from "node:assert/strict";
import { once } from "node:events";
import http2 from "node:http2";
import { describe, test } from "node:test";
import { cookieOf, cookieValue, NAME, unseal } from "./helpers/session-cookies.ts";
import { Jar, serve2 } from "./helpers/session-server.ts";
import { service } from "./helpers/session-visit.ts";

test("a hundred streams of one connection have a session each", async (t) => {
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

describe("an end without a body carries the session", () => {
  const ends: Record<string, (res: import("node:http").ServerResponse) => unknown> = {
    "end()": (res) => res.end(),
    "end(callback)": (res) => res.end(() => {}),
    "end(null)": (res) => res.end(null),
    "end(undefined)": (res) => res.end(undefined),
    "end in a timer": (res) => setTimeout(() => res.end(), 2),
    "end twice": (res) => res.end() && res.end(),
    "statusCode and end": (res) => Object.assign(res, { statusCode: 204 }).end(),
    "the stream's end behind flushHeaders": (res) => {
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

test("a session that cannot be written sets no reason phrase, of which Node would warn", async (t) => {
  const warnings: Error[] = [];
  const hear = (warning: Error) => warnings.push(warning);
  process.on("warning", hear);
  t.after(() => process.off("warning", hear));
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

test("a change behind an end without a body is found by save, and reported", async (t) => {
  const made = service();
  const finished: Promise<unknown>[] = [];
  const site = await serve2(t, (req, res) => {
    finished.push(once(res, "finish"));
    const session = made.sessions.attach(req, res);
    session.user = "tom";
    res.end();
    session.user = "ann";
    assert.throws(() => session.save(), { code: "ERR_SESSION_HEADERS_SENT" });
  });
  const { setCookie } = await site.ask("/");
  await Promise.all(finished);
  await new Promise(setImmediate);
  assert.equal(unseal("fernet", cookieValue(setCookie[0])).data.user, "tom");
  assert.deepEqual(made.errors, ["ERR_SESSION_HEADERS_SENT"]);
});

test("a stream that is reset while its handler waits harms neither process nor connection", async (t) => {
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

test("many cookie fields, as HTTP/2 splits them, are one list", async (t) => {
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
