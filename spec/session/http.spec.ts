/**
 * Sessions over real sockets, on HTTP/1.1 with keep-alive and on HTTP/2: into every head that an
 * application can write, beside whatever it sets itself.
 */

import assert from "node:assert/strict";
import { once } from "node:events";
import net from "node:net";
import { describe, test } from "node:test";
import { app, lazyApp, type Touching } from "../helpers/session-app.ts";
import {
  ATTRIBUTES,
  cookieOf,
  cookieValue,
  envelope,
  FOURTEEN_DAYS,
  NAME,
  seal,
  unseal,
} from "../helpers/session-cookies.ts";
import {
  type Asked,
  type Handler,
  Jar,
  PROTOCOLS,
  type Site,
  serve,
} from "../helpers/session-server.ts";
import { type Bag, type BagSession, service } from "../helpers/session-visit.ts";
import { besidesSession, ownCookie, waysOf } from "../helpers/session-ways.ts";

for (const [protocol, start] of Object.entries(PROTOCOLS)) {
  describe(`${protocol}: a session goes with every head that an application writes`, () => {
    for (const [what, { write, plainly = write, method = "GET" }] of waysOf(protocol)) {
      test(`${what}`, async (t) => {
        const made = service();
        const site = await start(t, (req, res) => {
          if (req.url === "/plain") {
            plainly(res);
            return;
          }
          const session = made.sessions.attach(req, res);
          session.visits = Number(session.visits ?? 0) + 1;
          write(res);
        });
        const plain = await site.ask("/plain", { method });
        const jar = new Jar();
        for (const visits of [1, 2]) {
          const reply = await site.ask("/", { method, headers: jar.headers });
          assert.deepEqual(besidesSession(reply, NAME), besidesSession(plain, NAME));
          const value = cookieValue(ownCookie(reply, NAME));
          assert.deepEqual(unseal("fernet", value).data, { visits });
          assert.equal(reply.headers.vary, "Cookie");
          assert.equal(reply.headers["cache-control"], "no-store");
          jar.keep(reply);
        }
        assert.deepEqual([made.invalid, made.errors], [[], []]);
      });
    }
  });

  test(`${protocol}: visits are counted over one connection that is kept alive`, async (t) => {
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

  test(`${protocol}: concurrent requests have a session each`, async (t) => {
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

  test(`${protocol}: a login, a visit, a logout, and what the browser then keeps`, async (t) => {
    const { site } = await lazyApp(start, t, (req, res) => {
      if (req.url === "/login") {
        req.session?.regenerate(() => {
          (req.session as BagSession).user = "tom";
          res.writeHead(303, { Location: "/" }).end();
        });
      } else if (req.url === "/logout") {
        req.session?.destroy(() => res.writeHead(303, { Location: "/" }).end());
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

  describe(`${protocol}: Cache-Control and Vary of the application are kept`, () => {
    const rows: readonly (readonly [name: string, given: string | string[], got: string])[] = [
      ["Cache-Control", "private, max-age=60", "private, max-age=60"],
      ["cache-control", "no-cache", "no-cache"],
      ["Vary", "Accept", "Accept, Cookie"],
      ["Vary", "accept , ORIGIN", "accept , ORIGIN, Cookie"],
      ["Vary", ["Accept", "Origin"], "Accept,Origin, Cookie"],
      ["Vary", "Cookie", "Cookie"],
      ["vary", "Accept,cookie", "Accept,cookie"],
      ["VARY", "*", "*"],
      ["Vary", "Cookie-Consent", "Cookie-Consent, Cookie"],
      ["Vary", "", "Cookie"],
    ];
    for (const [name, given, got] of rows) {
      for (const how of ["setHeader", "writeHead"] as const) {
        test(`${name}: ${JSON.stringify(given)}, by ${how}`, async (t) => {
          const { site } = await app(start, t, (session, res) => {
            session.user = "tom";
            if (how === "setHeader") res.setHeader(name, given);
            else res.writeHead(200, { [name]: given });
            res.end();
          });
          const { headers } = await site.ask("/");
          const withSpaces = String(headers[name.toLowerCase()]).replaceAll(/ *, */g, ", ");
          assert.equal(withSpaces, got.replaceAll(/ *, */g, ", "));
          const other = name.toLowerCase() === "vary" ? "cache-control" : "vary";
          assert.equal(headers[other], other === "vary" ? "Cookie" : "no-store");
        });
      }
    }
  });

  describe(`${protocol}: the cookie is worked out anew until the headers are sent`, () => {
    const rows: Record<string, { touching: Touching; data: Bag | undefined }> = {
      "a save, then a change": {
        touching(session, res) {
          session.user = "tom";
          session.save();
          session.user = "ann";
          res.end();
        },
        data: { user: "ann" },
      },
      "a save, then its undoing": {
        touching(session, res) {
          session.user = "tom";
          session.save();
          delete session.user;
          res.end();
        },
        data: undefined,
      },
      "a head that is refused, then a change and another head": {
        touching(session, res) {
          session.user = "tom";
          assert.throws(() => res.writeHead(9));
          session.user = "ann";
          res.writeHead(200).end();
        },
        data: { user: "ann" },
      },
      "a head that is refused, then a destruction and another head": {
        touching(session, res) {
          session.user = "tom";
          assert.throws(() => res.writeHead(9));
          session.destroy();
          res.writeHead(200).end();
        },
        data: undefined,
      },
      "a change between writeHead's arguments and the body": {
        touching(session, res) {
          session.user = "ann";
          setTimeout(() => {
            session.user = "tim";
            res.end();
          }, 3);
        },
        data: { user: "tim" },
      },
    };
    for (const [what, { touching, data }] of Object.entries(rows)) {
      test(`${what}`, async (t) => {
        const { site, errors } = await app(start, t, (session, res, req) => {
          if (req.url === "/beside") res.setHeader("Set-Cookie", ["a=1"]);
          touching(session, res, req);
        });
        for (const [path, others] of [
          ["/", []],
          ["/beside", ["a=1"]],
        ] as const) {
          const { setCookie } = await site.ask(path);
          const own = setCookie.slice(others.length);
          assert.deepEqual(setCookie.slice(0, others.length), others);
          assert.equal(own.length, data === undefined ? 0 : 1);
          if (data === undefined) continue;
          assert.deepEqual(unseal("fernet", cookieValue(own[0])).data, data);
        }
        assert.deepEqual(errors, []);
      });
    }
  });

  test(`${protocol}: a Set-Cookie replaces its own cookie and no other`, async (t) => {
    const others = [`${NAME}2=x`, `x${NAME}=y`, `${NAME.toLowerCase()}=z`, "a=1"];
    const { site } = await app(start, t, (session, res) => {
      session.user = "tom";
      res.setHeader("Set-Cookie", [`${NAME}=of-the-application`, ...others]);
      res.end();
    });
    const { setCookie } = await site.ask("/");
    assert.deepEqual(setCookie.slice(0, -1), others);
    assert.equal(unseal("fernet", cookieValue(setCookie.at(-1))).data.user, "tom");
  });

  test(`${protocol}: a cookie of the application that is one text stays beside it`, async (t) => {
    const { site } = await app(start, t, (session, res) => {
      session.user = "tom";
      res.setHeader("Set-Cookie", "a=1; Path=/");
      res.end();
    });
    const { setCookie } = await site.ask("/");
    assert.equal(setCookie.length, 2);
    assert.equal(setCookie[0], "a=1; Path=/");
  });

  test(`${protocol}: a cookie that went into a head that failed is taken back, and its field`, async (t) => {
    const { site } = await app(start, t, (session, res, req) => {
      if (req.url === "/beside") res.setHeader("Set-Cookie", "a=1");
      session.user = "tom";
      // Of which class, is the runtime's own.
      assert.throws(() => res.writeHead(99));
      session.destroy();
      res.writeHead(200);
      res.end(`${res.hasHeader("Set-Cookie")}`);
    });
    const alone = await site.ask("/");
    assert.deepEqual([alone.text, alone.setCookie], ["false", []]);
    const beside = await site.ask("/beside");
    assert.deepEqual([beside.text, beside.setCookie], ["true", ["a=1"]]);
  });

  test(`${protocol}: several Cookie fields are one list`, async (t) => {
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

  test(`${protocol}: cookies of whatever name stay beside a session that is left as it was`, async (t) => {
    const own = [`${NAME}=mine`, "undefined=1"];
    const { site } = await app(start, t, (_session, res) => {
      res.setHeader("Set-Cookie", own);
      res.end("text");
    });
    const cookie = cookieOf("fernet", { user: "tom" });
    const { setCookie } = await site.ask("/", { headers: { cookie } });
    assert.deepEqual(setCookie, own);
  });

  test(`${protocol}: a client that goes away before the end harms nobody`, async (t) => {
    const { site } = await app(start, t, (session, res, req) => {
      session.visits = Number(session.visits ?? 0) + 1;
      if (req.url !== "/slow") {
        res.end("here");
        return;
      }
      res.once("close", () => setTimeout(() => res.end("too late"), 2));
    });
    await site.leave("/slow");
    await new Promise((resolve) => setTimeout(resolve, 20));
    assert.equal((await site.ask("/")).text, "here");
  });

  test(`${protocol}: a session that is left as it was is no error when its client goes`, async (t) => {
    const closed: Promise<unknown>[] = [];
    const { site, errors } = await app(start, t, (_session, res) => {
      closed.push(once(res, "close"));
    });
    const headers = { cookie: cookieOf("fernet", { user: "tom" }) };
    await site.leave("/", { headers });
    await Promise.all(closed);
    await new Promise((resolve) => setTimeout(resolve, 10));
    assert.equal(closed.length, 1);
    assert.deepEqual(errors, []);
  });
}

test("a raw request with several Cookie fields, in any case, is read as one list", async (t) => {
  const made = service();
  const site = await serve(t, (req, res) => {
    res.end(`${made.sessions.attach(req, res).user}`);
  });
  const reply = await raw(
    site,
    `GET / HTTP/1.1\r\nHost: x\r\nCOOKIE: a=1\r\ncookie: ${cookieOf("fernet", { user: "tom" })}\r\n` +
      "Cookie: b=2\r\nConnection: close\r\n\r\n",
  );
  assert.match(reply, /\r\n\r\n3\r\ntom\r\n|\r\n\r\ntom$/);
  assert.deepEqual(made.invalid, []);
});

test("pipelined requests are answered in order, each with its own session", async (t) => {
  const made = service();
  const handler: Handler = (req, res) => {
    const session = made.sessions.attach(req, res);
    session.path = req.url;
    setTimeout(
      () => res.writeHead(200, { "Content-Length": 2 }).end(req.url),
      req.url === "/1" ? 9 : 1,
    );
  };
  const site = await serve(t, handler);
  const one = (path: string, rest = "") => `GET ${path} HTTP/1.1\r\nHost: x\r\n${rest}\r\n`;
  const reply = await raw(site, one("/1") + one("/2") + one("/3", "Connection: close\r\n"));
  const cookies = [...reply.matchAll(/^Set-Cookie: (.*)$/gim)].map(([, cookie]) => cookie);
  assert.deepEqual(
    cookies.map((cookie) => unseal("fernet", cookieValue(cookie)).data.path),
    ["/1", "/2", "/3"],
  );
});

test("the header on the wire is one Set-Cookie line, as configured", async (t) => {
  const made = service();
  const site = await serve(t, (req, res) => {
    made.sessions.attach(req, res).user = "tom";
    res.end();
  });
  const reply = await raw(site, "GET / HTTP/1.0\r\n\r\n");
  const lines = reply.split("\r\n").filter((line) => /^set-cookie/i.test(line));
  assert.equal(lines.length, 1);
  const value = cookieValue(lines[0]?.slice("Set-Cookie: ".length));
  assert.equal(lines[0], `Set-Cookie: ${NAME}=${value}; Max-Age=${FOURTEEN_DAYS}${ATTRIBUTES}`);
});

test("an upgrade reads the session that a page has written", async (t) => {
  const made = service();
  const users: unknown[] = [];
  const site = await serve(t, (req, res) => {
    made.sessions.attach(req, res).user = "tom";
    res.end();
  });
  site.server.on("upgrade", (req, socket) => {
    const { user, isNew } = made.sessions.read(req);
    users.push(user, isNew);
    socket.end("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n");
  });
  const jar = new Jar();
  jar.keep(await site.ask("/"));
  for (const cookie of [
    jar.headers.cookie,
    `${NAME}=${seal("fernet", envelope({}), { name: "a" })}`,
  ]) {
    const upgrade = "Connection: Upgrade\r\nUpgrade: x\r\n";
    await raw(site, `GET / HTTP/1.1\r\nHost: x\r\n${upgrade}Cookie: ${cookie}\r\n\r\n`);
  }
  assert.deepEqual(users, ["tom", false, undefined, true]);
  assert.deepEqual(made.invalid, ["ERR_TOKEN_INVALID"]);
});

/** All that a server answers to these bytes. */
async function raw({ port }: Site, bytes: string): Promise<string> {
  const socket = net.connect(port, "localhost");
  socket.write(bytes);
  let text = "";
  for await (const chunk of socket) text += chunk;
  return text;
}
