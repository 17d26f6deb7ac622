/**
 * Requests and responses that stand in for others: made by Object.create(), or passed instead of the one that
 * is sent.
 */

import assert from "node:assert/strict";
import http from "node:http";
import { test } from "node:test";
import { cookieOf, NAME } from "../helpers/session-cookies.ts";
import { PROTOCOLS, serve } from "../helpers/session-server.ts";
import { service } from "../helpers/session-visit.ts";
import { ownCookie } from "../helpers/session-ways.ts";

test("two requests with one stand-in response have separate sessions", () => {
  const made = service();
  const stub: Record<string, unknown> = { headersSent: false };
  for (const name of ["writeHead", "once", "getHeader", "setHeader", "removeHeader"]) {
    stub[name] = () => undefined;
  }
  const res = stub as never;
  const tom = { headers: { cookie: cookieOf("fernet", { user: "tom" }) } };
  assert.equal(made.sessions.attach(tom, res).user, "tom");
  assert.equal(made.sessions.attach({ headers: {} }, res).user, undefined);
});

test("a response without getHeaderNames carries the session", () => {
  const made = service();
  const fields = new Map<string, string | readonly string[]>();
  const res = {
    headersSent: false,
    statusMessage: "",
    getHeader: (name: string) => fields.get(name),
    setHeader: (name: string, value: string | readonly string[]) => fields.set(name, value),
    removeHeader: (name: string) => fields.delete(name),
    writeHead: (_status: number) => {},
    once: () => {},
  };
  made.sessions.attach({ headers: {} }, res).user = "tom";
  res.writeHead(200);
  const [cookie] = fields.get("Set-Cookie") as string[];
  assert.equal(made.sessions.read(cookie?.split(";")[0]).user, "tom");
  assert.deepEqual([fields.get("Vary"), fields.get("Cache-Control")], ["Cookie", "no-store"]);
});

test("a response that never calls writeHead loses the change, and onError reports it", () => {
  const made = service();
  const listeners: (() => void)[] = [];
  const res = {
    headersSent: false,
    statusMessage: "",
    getHeader: () => undefined,
    setHeader: () => {},
    removeHeader: () => {},
    writeHead: () => {},
    once: (_event: "finish", listener: () => void) => listeners.push(listener),
  };
  made.sessions.attach({ headers: {} }, res).user = "tom";
  for (const listener of listeners) listener.call(res);
  assert.deepEqual(made.errors, ["ERR_SESSION_UNSENT"]);
});

test("a wrapper of writeHead gets pairs as pairs, and node:http rejects them where it always does", async (t) => {
  const made = service();
  const seen: unknown[] = [];
  const site = await serve(t, (req, res) => {
    const { writeHead } = res;
    res.writeHead = (...args: unknown[]) => {
      seen.push(args.at(-1));
      return writeHead.apply(res, args as never);
    };
    if (req.url === "/before") res.setHeader("X-Before", "yes");
    made.sessions.attach(req, res).user = "tom";
    const pairs = [
      ["X-One", "1"],
      ["X-Two", "2"],
    ] as never;
    if (req.url === "/before") assert.throws(() => res.writeHead(200, pairs), TypeError);
    else res.writeHead(200, pairs);
    res.end();
  });
  await site.ask("/");
  assert.deepEqual((seen[0] as unknown[]).slice(0, 2), [
    ["X-One", "1"],
    ["X-Two", "2"],
  ]);
  await site.ask("/before");
});

for (const [protocol, start] of Object.entries(PROTOCOLS)) {
  test(`${protocol}: a derived request, untouched at first, and its request share one session`, async (t) => {
    const made = service();
    const site = await start(t, (req, res) => {
      const derived = Object.create(req);
      made.sessions.middleware(derived, res, () => {});
      made.sessions.attach(req, res).a = 1;
      derived.session.b = 2;
      res.end(String(derived.session === made.sessions.attach(req, res)));
    });
    const reply = await site.ask("/");
    assert.equal(reply.text, "true");
    const read = made.sessions.read(ownCookie(reply, NAME).split(";")[0]);
    assert.deepEqual({ ...read }, { a: 1, b: 2 });
  });

  test(`${protocol}: a session that was first attached to a stand-in response is sent with the real one`, async (t) => {
    const made = service();
    const site = await start(t, (req, res) => {
      made.sessions.attach(req, new http.ServerResponse(req));
      made.sessions.attach(req, res).a = 1;
      res.end();
    });
    const reply = await site.ask("/");
    assert.deepEqual({ ...made.sessions.read(ownCookie(reply, NAME).split(";")[0]) }, { a: 1 });
  });

  test(`${protocol}: a derived response does not crash the process`, async (t) => {
    const made = service();
    const site = await start(t, (req, res) => {
      if (req.url === "/derived") made.sessions.attach(req, Object.create(res)).a = 1;
      res.end("text");
    });
    assert.equal((await site.ask("/derived")).text, "text");
    assert.equal((await site.ask("/")).text, "text");
  });

  test(`${protocol}: a status given as text is understood`, async (t) => {
    const made = service();
    const site = await start(t, (req, res) => {
      made.sessions.attach(req, res).bad = 1n;
      res.setHeader("Content-Length", 5);
      res.statusCode = "304" as never;
      res.end();
    });
    for (const _ of [1, 2]) {
      const reply = await site.ask("/");
      assert.deepEqual([reply.status, reply.headers["content-length"]], [500, undefined]);
    }
  });
}
