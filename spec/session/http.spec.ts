/**
 * Sessions over real sockets, on HTTP/1.1 with keep-alive and on HTTP/2: in every response that an
 * application can write, beside the fields that it sets itself.
 */

import assert from "node:assert/strict";
import type http from "node:http";
import { describe, test } from "node:test";
import { app, ENTRIES, lazyApp, type Touching } from "../helpers/session-app.ts";
import {
  ATTRIBUTES,
  cookieOf,
  cookieValue,
  FOURTEEN_DAYS,
  NAME,
  unseal,
} from "../helpers/session-cookies.ts";
import { type Asked, Jar, PROTOCOLS, rawly, serve } from "../helpers/session-server.ts";
import { type BagSession, service } from "../helpers/session-visit.ts";
import { besidesSession, ownCookie, waysOf } from "../helpers/session-ways.ts";

for (const [protocol, start] of Object.entries(PROTOCOLS)) {
  describe(`${protocol}: a session is sent with every way to write a response`, () => {
    for (const [what, { write, orElse = write, method = "GET" }] of waysOf(protocol)) {
      test(what, async (t) => {
        const made = service();
        const site = await start(t, (req, res) => {
          if (req.url === "/plain") return write(res);
          if (req.url === "/else") return orElse(res);
          const enter = ENTRIES[req.url?.slice(1) ?? ""] ?? assert.fail(req.url);
          return enter(made.sessions, req, res, (session) => {
            session.visits = Number(session.visits ?? 0) + 1;
            write(res);
          });
        });
        const [plain, other] = await Promise.all(
          ["/plain", "/else"].map(async (path) =>
            besidesSession(await site.ask(path, { method }), NAME),
          ),
        );
        const jar = new Jar();
        for (const [at, entry] of [...Object.keys(ENTRIES), "attach"].entries()) {
          const reply = await site.ask(`/${entry}`, { method, headers: jar.headers });
          const besides = besidesSession(reply, NAME);
          const lost = besides.setCookie.length !== plain?.setCookie.length;
          assert.deepEqual(besides, lost ? other : plain);
          const value = cookieValue(ownCookie(reply, NAME));
          assert.deepEqual(unseal("fernet", value).data, { visits: at + 1 });
          assert.equal(reply.headers.vary, "Cookie");
          assert.equal(reply.headers["cache-control"], "no-store");
          jar.keep(reply);
        }
        assert.deepEqual([made.invalid, made.errors], [[], []]);
      });
    }
  });

  test(`${protocol}: setHeader and the like are called only where the application calls them`, async (t) => {
    const calls = new Map<string, string[]>();
    const made = service();
    const ways = new Map(waysOf(protocol));
    const site = await start(t, (req, res) => {
      const [, what = "", way] = decodeURIComponent(req.url ?? "").split("/");
      countCalls(res, calls, req.url ?? "");
      if (way === "session") made.sessions.attach(req, res).user = "tom";
      return ways.get(what)?.write(res);
    });
    let compared = 0;
    for (const [what, { method = "GET" }] of ways) {
      // In some Nodes the other methods of node:http2 do not call writeHead; for an array it calls setHeader
      // itself.
      if (protocol === "HTTP/2" && !/^writeHead(?!.*array)/.test(what)) continue;
      const paths = ["plain", "session"].map((way) => `/${encodeURIComponent(what)}/${way}`);
      for (const path of paths) await site.ask(path, { method });
      const [plain, session] = paths.map((path) => calls.get(path));
      if (plain?.length !== 0) continue;
      assert.deepEqual(session, [], what);
      compared++;
    }
    assert.ok(compared > 8, `${compared} ways call none`);
  });

  test(`${protocol}: visits are counted over one keep-alive connection`, async (t) => {
    const { site, errors } = await app(start, t, (session, res) => {
      session.visits = Number(session.visits ?? 0) + 1;
      res.end(`${session.visits}`);
    });
    const jar = new Jar();
    for (let visits = 1; visits <= 10; visits++) {
      const reply = await site.ask("/", { headers: jar.headers });
      assert.equal(reply.text, `${visits}`);
      jar.keep(reply);
    }
    assert.equal(site.connections(), 1);
    assert.deepEqual(errors, []);
  });

  test(`${protocol}: concurrent requests have separate sessions`, async (t) => {
    const { site, errors, invalid } = await app(start, t, (session, res, req) => {
      const user = new URL(req.url ?? "", "http://localhost").searchParams.get("user");
      const before = session.user;
      setTimeout(() => {
        session.user = user;
        setTimeout(() => res.end(`${before} ${session.user}`), Math.random() * 5);
      }, Math.random() * 5);
    });
    const visits = Array.from({ length: 60 }, async (_, number) => {
      const jar = new Jar();
      for (let round = 0; round < 3; round++) {
        const reply = await site.ask(`/?user=${number}`, { headers: jar.headers });
        assert.equal(reply.text, `${round === 0 ? undefined : number} ${number}`);
        jar.keep(reply);
      }
      return jar.headers.cookie;
    });
    assert.equal(new Set(await Promise.all(visits)).size, 60);
    assert.deepEqual([errors, invalid], [[], []]);
  });

  test(`${protocol}: a login, a visit, a logout, and the cookies that the browser keeps`, async (t) => {
    const { site } = await lazyApp(start, t, async (req, res) => {
      if (req.url === "/login") {
        await req.session?.regenerate();
        (req.session as BagSession).user = "tom";
        res.writeHead(303, { Location: "/" }).end();
      } else if (req.url === "/logout") {
        await req.session?.destroy();
        res.writeHead(303, { Location: "/" }).end();
      } else res.end(`Hello ${req.session?.user ?? "stranger"}`);
    });
    const jar = new Jar();
    const walk = async (path: string) => {
      const reply = await site.ask(path, { headers: jar.headers });
      jar.keep(reply);
      return reply.text;
    };
    assert.equal(await walk("/"), "Hello stranger");
    assert.equal(jar.cookies.size, 0);
    await walk("/login");
    assert.equal(jar.cookies.size, 1);
    assert.equal(await walk("/"), "Hello tom");
    await walk("/logout");
    assert.equal(jar.cookies.size, 0);
    assert.equal(await walk("/"), "Hello stranger");
  });

  test(`${protocol}: replaces the session's own Set-Cookie and no other`, async (t) => {
    const others = [`${NAME}2=x`, `x${NAME}=y`, `${NAME.toLowerCase()}=z`, "a=1"];
    const touching: Record<string, Touching> = {
      "/set": (_session, res) => {
        res.setHeader("Set-Cookie", [`${NAME}=of-the-application`, ...others]);
        res.end();
      },
      "/object": (_session, res) =>
        res.writeHead(200, { "set-cookie": [`${NAME}=of-the-application`, ...others] }).end(),
      "/list": (_session, res) => {
        const all = [`${NAME}=of-the-application`, ...others];
        res
          .writeHead(
            200,
            all.flatMap((cookie) => ["Set-Cookie", cookie]),
          )
          .end();
      },
    };
    const { site } = await app(start, t, (session, res, req) => {
      session.user = "tom";
      touching[req.url ?? ""]?.(session, res, req);
    });
    for (const path of Object.keys(touching)) {
      const reply = await site.ask(path);
      const own = ownCookie(reply, NAME);
      assert.deepEqual(
        reply.setCookie.filter((cookie) => cookie !== own),
        others,
      );
      assert.equal(unseal("fernet", cookieValue(own)).data.user, "tom");
    }
  });

  test(`${protocol}: a session that is only read keeps the application's cookies of the same name`, async (t) => {
    const own = [`${NAME}=mine`, "undefined=1", `${NAME}=again`];
    const { site } = await app(start, t, (_session, res, req) => {
      if (req.url === "/set") res.setHeader("Set-Cookie", own);
      else res.writeHead(200, { "Set-Cookie": own });
      res.end("text");
    });
    const headers = { cookie: cookieOf("fernet", { user: "tom" }) };
    for (const path of ["/set", "/object"]) {
      assert.deepEqual((await site.ask(path, { headers })).setCookie, own);
    }
  });

  test(`${protocol}: keeps the application's cookies that are not strings`, async (t) => {
    const { site } = await app(start, t, (session, res) => {
      session.user = "tom";
      res.setHeader("Set-Cookie", ["a=1", { toString: () => "b=2" }] as never);
      res.end("text");
    });
    const reply = await site.ask("/");
    assert.deepEqual(besidesSession(reply, NAME).setCookie, ["a=1", "b=2"]);
    assert.equal(reply.setCookie.length, 3);
  });

  test(`${protocol}: reads several Cookie fields as one list`, async (t) => {
    const cookie = cookieOf("fernet", { user: "tom" });
    const asked: Asked[] = [
      { headers: { cookie: ["a=1", cookie] } },
      { headers: { cookie: [cookie, "a=1"] } },
      { headers: { cookie: ["a=1", `${NAME}=garbage`, cookie, "b=2"] } },
    ];
    const { site, invalid } = await app(start, t, (session, res) => res.end(`${session.user}`));
    for (const one of asked) assert.equal((await site.ask("/", one)).text, "tom");
    assert.deepEqual(invalid, []);
  });
}

test("reads several Cookie fields in any case as one list, in raw bytes", async (t) => {
  const made = service();
  const site = await serve(t, (req, res) => {
    res.end(`${made.sessions.attach(req, res).user}`);
  });
  const reply = await rawly(
    site,
    `GET / HTTP/1.1\r\nHost: x\r\nCOOKIE: a=1\r\ncookie: ${cookieOf("fernet", { user: "tom" })}\r\n` +
      "Cookie: b=2\r\nConnection: close\r\n\r\n",
  );
  assert.match(reply, /\r\n\r\ntom$/);
  assert.deepEqual(made.invalid, []);
});

test("sends one Set-Cookie line with the configured attributes", async (t) => {
  const made = service();
  const site = await serve(t, (req, res) => {
    made.sessions.attach(req, res).user = "tom";
    res.end();
  });
  const reply = await rawly(site, "GET / HTTP/1.0\r\n\r\n");
  const lines = reply.split("\r\n").filter((line) => /^set-cookie/i.test(line));
  assert.equal(lines.length, 1);
  const value = cookieValue(lines[0]?.slice("Set-Cookie: ".length));
  assert.equal(lines[0], `Set-Cookie: ${NAME}=${value}; Max-Age=${FOURTEEN_DAYS}${ATTRIBUTES}`);
});

/** Records the calls of a response's methods that set fields. */
function countCalls(res: http.ServerResponse, calls: Map<string, string[]>, path: string): void {
  const called: string[] = [];
  calls.set(path, called);
  for (const name of ["setHeader", "setHeaders", "appendHeader", "removeHeader"] as const) {
    const original: unknown = res[name];
    if (typeof original !== "function") continue;
    const counting = (...field: unknown[]): unknown => {
      called.push(name);
      return Reflect.apply(original, res, field);
    };
    Object.assign(res, { [name]: counting });
  }
}
