/** wrap over a socket: fetch as the client, and a small server of fetch handlers. */

import assert from "node:assert/strict";
import { once } from "node:events";
import http from "node:http";
import type { AddressInfo } from "node:net";
import { describe, type TestContext, test } from "node:test";
import { TYPES } from "../helpers/session-cookies.ts";
import { Jar } from "../helpers/session-server.ts";
import { optionsOf, service } from "../helpers/session-visit.ts";

const PARTED = new Response(null, { status: 204 });

describe("visits, a redirect after the login, and a logout", () => {
  for (const type of TYPES) {
    test(`of type ${type}`, async (t) => {
      const made = service(optionsOf(type));
      const handler = made.sessions.wrap(async (request, session) => {
        const { pathname, origin } = new URL(request.url);
        if (pathname === "/login") {
          await session.regenerate();
          session.user = await request.text();
          return Response.redirect(`${origin}/`, 303);
        }
        if (pathname === "/logout") {
          await session.destroy();
          return PARTED;
        }
        if (pathname === "/members" && session.user === undefined) {
          throw Response.redirect(`${origin}/login`, 307);
        }
        session.visits = Number(session.visits ?? 0) + 1;
        return new Response(`Hello ${session.user ?? "stranger"}, ${session.visits}`);
      });
      const origin = await host(t, handler);
      const jar = new Jar();
      const walk = async (path: string, init: RequestInit = {}) => {
        const { headers } = jar;
        const response = await fetch(origin + path, { ...init, headers, redirect: "manual" });
        jar.keep({ setCookie: response.headers.getSetCookie() });
        return `${response.status} ${await response.text()}`;
      };
      assert.equal(await walk("/"), "200 Hello stranger, 1");
      assert.equal(await walk("/"), "200 Hello stranger, 2");
      assert.equal(await walk("/members"), "307 ");
      assert.equal(await walk("/login", { method: "POST", body: "tom" }), "303 ");
      assert.equal(await walk("/"), "200 Hello tom, 1");
      const users = await Promise.all(Array.from({ length: 20 }, () => walk("/")));
      for (const text of users) assert.match(text, /^200 Hello tom, \d+$/);
      assert.equal(await walk("/logout"), "204 ");
      assert.equal(jar.cookies.size, 0);
      assert.equal(await walk("/"), "200 Hello stranger, 1");
      assert.deepEqual([made.invalid, made.errors], [[], []]);
    });
  }
});

test("twenty visitors at the same time keep separate sessions, with one shared Response", async (t) => {
  const { sessions } = service();
  const handler = sessions.wrap(async (request, session) => {
    const user = new URL(request.url).searchParams.get("user");
    await new Promise(setImmediate);
    if (user !== null) session.user = user;
    else if (session.user !== undefined) return new Response(`${session.user}`);
    return PARTED;
  });
  const origin = await host(t, handler);
  await Promise.all(
    Array.from({ length: 20 }, async (_, index) => {
      const login = await fetch(`${origin}/?user=visitor${index}`);
      const jar = new Jar();
      jar.keep({ setCookie: login.headers.getSetCookie() });
      const reply = await fetch(origin, { headers: jar.headers });
      assert.equal(await reply.text(), `visitor${index}`);
    }),
  );
  const stranger = await fetch(origin);
  assert.deepEqual([stranger.status, stranger.headers.getSetCookie()], [204, []]);
});

/** Starts a small server of fetch handlers until the test ends. */
async function host(
  t: TestContext,
  handler: (request: Request) => Promise<Response>,
): Promise<string> {
  const server = http.createServer(async (req, res) => {
    const chunks: Buffer[] = [];
    for await (const chunk of req) chunks.push(chunk);
    const headers = new Headers();
    for (let at = 0; at < req.rawHeaders.length; at += 2) {
      headers.append(req.rawHeaders[at] ?? "", req.rawHeaders[at + 1] ?? "");
    }
    const body = chunks.length === 0 ? {} : { body: Buffer.concat(chunks) };
    const url = `http://localhost:${(server.address() as AddressInfo).port}${req.url}`;
    const method = req.method ?? "GET";
    const response = await handler(new Request(url, { method, headers, ...body })).catch(
      (thrown: Response) => thrown,
    );
    res.statusCode = response.status;
    for (const [name, value] of response.headers) res.appendHeader(name, value);
    res.end(Buffer.from(await response.arrayBuffer()));
  });
  server.listen(0, "localhost");
  await once(server, "listening");
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  return `http://localhost:${(server.address() as AddressInfo).port}`;
}
