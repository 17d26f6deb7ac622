/**
 * The two example applications of klen/asgi-sessions (README.md, 1.2.4), with sessions of each type: one
 * remembers the user of the query string, one has a login and a logout.
 */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  cookieValue,
  FOURTEEN_DAYS,
  maxAgeOf,
  NAME,
  TYPES,
  unseal,
} from "../helpers/session-cookies.ts";
import { type Handler, Jar, PROTOCOLS } from "../helpers/session-server.ts";
import { type BagSession, optionsOf, type Service, service } from "../helpers/session-visit.ts";

/** The first application: `?tom` is stored and redirected; later visits greet the user. */
function greeter({ sessions }: Service): Handler {
  return (req, res) => {
    sessions.middleware(req, res, () => {
      const { session } = req as unknown as { session: BagSession };
      const [, user] = (req.url ?? "").split("?");
      if (user) {
        session.user = user;
        res.writeHead(307, { Location: "/" });
      }
      res.end(`Hello ${title(session.user ?? "anonymous")}`);
    });
  };
}

/** The second application: a login by path, and a logout that deletes the user from the session. */
function pages({ sessions }: Service): Handler {
  return (req, res) => {
    sessions.middleware(req, res, () => {
      const { session } = req as unknown as { session: BagSession };
      const [, page, user] = (req.url ?? "").split("/");
      if (page === "login") session.user = user;
      if (page === "logout") delete session.user;
      res.end(page === "" ? `Hello ${title(session.user ?? "Anonymous")}` : "Done");
    });
  };
}

function title(name: unknown): string {
  const text = String(name);
  return text.charAt(0).toUpperCase() + text.slice(1);
}

for (const [protocol, start] of Object.entries(PROTOCOLS)) {
  for (const type of TYPES) {
    describe(`${protocol}, ${type}`, () => {
      test("the query string redirects with 307, and the next visit says Hello Tom", async (t) => {
        const made = service(optionsOf(type));
        const site = await start(t, greeter(made));
        const jar = new Jar();
        const first = await site.ask("/");
        assert.deepEqual([first.status, first.text, first.setCookie], [200, "Hello Anonymous", []]);
        const redirect = await site.ask("/?tom");
        assert.deepEqual([redirect.status, redirect.headers.location], [307, "/"]);
        assert.equal(redirect.text, "Hello Tom");
        assert.equal(redirect.setCookie.length, 1);
        const [cookie = ""] = redirect.setCookie;
        assert.ok(cookie.startsWith(`${NAME}=`));
        assert.equal(maxAgeOf(cookie), FOURTEEN_DAYS);
        assert.deepEqual(unseal(type, cookieValue(cookie)).data, { user: "tom" });
        jar.keep(redirect);
        for (let round = 0; round < 3; round++) {
          const greeted = await site.ask("/", { headers: jar.headers });
          assert.deepEqual([greeted.status, greeted.text], [200, "Hello Tom"]);
          assert.deepEqual(greeted.setCookie, []);
        }
        const other = await site.ask("/?ann", { headers: jar.headers });
        assert.equal(other.text, "Hello Ann");
        jar.keep(other);
        assert.equal((await site.ask("/", { headers: jar.headers })).text, "Hello Ann");
        assert.equal((await site.ask("/")).text, "Hello Anonymous");
        assert.deepEqual([made.invalid, made.errors], [[], []]);
      });

      test("a login, a greeting, a logout, and a restart with another secret", async (t) => {
        const made = service(optionsOf(type));
        const site = await start(t, pages(made));
        const jar = new Jar();
        const walk = async (path: string) => {
          const reply = await site.ask(path, { headers: jar.headers });
          jar.keep(reply);
          assert.equal(reply.status, 200);
          return reply.text;
        };
        assert.equal(await walk("/"), "Hello Anonymous");
        assert.equal(await walk("/login/tom"), "Done");
        assert.equal(await walk("/"), "Hello Tom");
        assert.equal(await walk("/login/tom"), "Done");
        assert.equal(await walk("/"), "Hello Tom");
        assert.equal(await walk("/login/jim"), "Done");
        assert.equal(await walk("/"), "Hello Jim");
        assert.equal(await walk("/logout"), "Done");
        assert.equal(jar.cookies.size, 0);
        assert.equal(await walk("/"), "Hello Anonymous");
        assert.equal(await walk("/logout"), "Done");
        assert.deepEqual([made.invalid, made.errors], [[], []]);
        if (type === "base64") return;
        await walk("/login/tom");
        const restarted = service({ type, secret: "another secret, made at the restart" });
        const next = await start(t, pages(restarted));
        const reply = await next.ask("/", { headers: jar.headers });
        assert.deepEqual([reply.status, reply.text], [200, "Hello Anonymous"]);
        assert.deepEqual(reply.setCookie, []);
        assert.equal(restarted.invalid.length, 1);
        jar.keep(await next.ask("/login/ann", { headers: jar.headers }));
        assert.equal((await next.ask("/", { headers: jar.headers })).text, "Hello Ann");
      });
    });
  }
}
