/** What is HTTP/2's alone: streams beside each other, no reason phrase, an end without a body. */

import assert from "node:assert/strict";
import { once } from "node:events";
import http2 from "node:http2";
import { describe, test } from "node:test";
import type { NodeResponse } from "../../src/session.ts";
import { cookieOf, cookieValue, NAME, unseal } from "../helpers/session-cookies.ts";
import { Jar, serve2 } from "../helpers/session-server.ts";
import { type BagSession, service, sessionRefusal } from "../helpers/session-visit.ts";

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

describe("an end that does not call writeHead, as a compatibility API may have it", () => {
  /** As much of a response of node:http2 as is used, whose `end` sends the head by itself. */
  function respond(edit: (session: BagSession) => unknown): Promise<Record<string, unknown>> {
    const fields = new Map<string, unknown>();
    return new Promise((resolve) => {
      const finish: (() => void)[] = [];
      const res = {
        stream: {},
        statusCode: 200,
        headersSent: false,
        getHeader: (name: string) => fields.get(name),
        setHeader: (name: string, value: unknown) => fields.set(name, value),
        removeHeader: (name: string) => fields.delete(name),
        writeHead: () => assert.fail("it is not called"),
        once: (_event: string, listener: () => void) => finish.push(listener),
        end() {
          res.headersSent = true;
          const { statusCode: status } = res;
          resolve({ status, ...Object.fromEntries(fields) });
          return res;
        },
      };
      const made = service();
      const session = made.sessions.attach({ headers: {} }, res as unknown as NodeResponse);
      edit(session);
      assert.equal(res.end(), res);
      session.late = true;
      assert.throws(() => session.save(), sessionRefusal("ERR_SESSION_HEADERS_SENT"));
      for (const listener of finish) listener();
      const [first, ...more] = made.errors;
      assert.deepEqual([first?.startsWith("ERR_SESSION_"), more], [true, []]);
    });
  }

  test("carries the session", async () => {
    const head = await respond((session) => (session.user = "tom"));
    const [cookie] = head["Set-Cookie"] as string[];
    assert.equal(unseal("fernet", cookieValue(cookie)).data.user, "tom");
    assert.deepEqual([head.status, head.Vary, head["Cache-Control"]], [200, "Cookie", "no-store"]);
  });

  test("becomes a 500 where it cannot be written", async () => {
    const head = await respond((session) => (session.count = 1n));
    assert.deepEqual([head.status, head["Set-Cookie"]], [500, undefined]);
  });
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
