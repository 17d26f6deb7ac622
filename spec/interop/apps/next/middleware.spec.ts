/** `wrap` as Next's middleware, before pages that the build made, in whole or in part. */

import { deepEqual, equal, match } from "node:assert/strict";
import { cpSync } from "node:fs";
import { resolve } from "node:path";
import { after, before, test } from "node:test";
import { sessions } from "bulla/session";
import { compose, run, Site } from "../../helpers/built-apps.ts";
import { Guest } from "../../helpers/guest.ts";
import { due, NAME, SESSION_SECRET } from "../../helpers/notes.ts";

const HERE = import.meta.dirname;
const EXAMPLE = resolve(HERE, "../../../../examples/next");
const NEXT = resolve(HERE, "node_modules/next/dist/bin/next");

interface Visit {
  user?: string;
  visits?: number;
}

const folder = resolve(HERE, "dist/middleware");
let site: Site;

before(async () => {
  compose(folder, resolve(HERE, "middleware"));
  for (const name of ["session.ts", "tsconfig.json"]) {
    cpSync(resolve(EXAMPLE, name), resolve(folder, name));
  }
  run(folder, NEXT, "build");
  site = await Site.start(folder, (port) => [NEXT, "start", "-p", port, "-H", "127.0.0.1"], {
    SESSION_SECRET,
  });
});
after(() => site?.end());

/** What cookies of the session hold. */
function held(fields: readonly string[]): Visit[] {
  const reader = sessions<Visit>({ secret: SESSION_SECRET });
  return fields.map((field) => ({ ...reader.read(field.replace(/;.*/, "")) }));
}

test("who changed nothing gets no cookie, and the page from the cache", async () => {
  for (const cookies of [[], [[NAME, "garbage"]]] as [string, string][][]) {
    const { status, setCookie, headers, text } = await new Guest(site, cookies).ask("/still");
    deepEqual([status, setCookie, text], [200, [], "still"]);
    equal(headers.get("Cache-Control"), "s-maxage=31536000");
  }
});

test("a page from the cache that carries a cookie is kept by no cache", async () => {
  const guest = new Guest(site);
  const { setCookie, headers, text } = await guest.ask("/still?visit");
  deepEqual([held(setCookie), text], [[{ visits: 1 }], "still"]);
  equal(headers.get("Cache-Control"), "no-store");
  deepEqual(held((await guest.ask("/still?visit")).setCookie), [{ visits: 2 }]);
});

test("a session that is due is renewed before a page", async () => {
  const guest = due(site);
  const answer = await guest.ask("/shell");
  deepEqual(held(answer.setCookie), [{ user: "ann" }]);
  match(answer.html, /ann, visits: 0\./);
  deepEqual((await guest.ask("/shell")).setCookie, []);
});

test("the part of a page that is made for the visitor sees what the request brought", async () => {
  const guest = new Guest(site);
  const first = await guest.ask("/shell?visit");
  match(first.html, /nobody, visits: 0\./);
  deepEqual(held(first.setCookie), [{ visits: 1 }]);
  match((await guest.ask("/shell")).html, /nobody, visits: 1\./);
});

test("a redirect carries the session", async () => {
  const { status, location, setCookie } = await new Guest(site).ask("/gate?visit");
  deepEqual([status, location, held(setCookie)], [303, "/", [{ visits: 1 }]]);
});

test("a session that is too large is a 500 without a cookie", async () => {
  const { status, setCookie } = await new Guest(site).ask("/still?big");
  deepEqual([status, setCookie], [500, []]);
  await site.printed("[ERR_SESSION_TOO_LARGE]");
});

test("an action writes one cookie; where the middleware wrote one too, the action's is the last", async () => {
  const alone = await new Guest(site).submit("/shell", "Log in");
  deepEqual(held(alone.setCookie), [{ user: "tom" }]);
  const guest = new Guest(site);
  const both = await guest.submit("/shell?visit", "Log in");
  // The action began with what the page's visit had left, as the middleware before it did.
  deepEqual(held(both.setCookie), [{ visits: 2 }, { visits: 1, user: "tom" }]);
  match((await guest.ask("/shell")).html, /tom, visits: 1\./);
});
