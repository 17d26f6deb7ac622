/** `wrap` as Next's middleware, before pages that the build made in whole or in part. */

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

/** The data of the session in cookies. */
function held(fields: readonly string[]): Visit[] {
  const reader = sessions<Visit>({ secret: SESSION_SECRET });
  return fields.map((field) => ({ ...reader.read(field.replace(/;.*/, "")) }));
}

test("a request without a change gets no cookie, and the page from the cache", async () => {
  for (const cookies of [[], [[NAME, "garbage"]]] as [string, string][][]) {
    const { status, setCookie, headers, text } = await new Guest(site, cookies).ask("/still");
    deepEqual([status, setCookie, text], [200, [], "still"]);
    equal(headers.get("Cache-Control"), "s-maxage=31536000");
  }
});

test("a page from the cache with a cookie is not cached again", async () => {
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

test("the visitor's part of a page sees the session of the request", async () => {
  const guest = new Guest(site);
  const first = await guest.ask("/shell?visit");
  match(first.html, /nobody, visits: 0\./);
  deepEqual(held(first.setCookie), [{ visits: 1 }]);
  match((await guest.ask("/shell")).html, /nobody, visits: 1\./);
});

test("a page that reads a session gives Next nothing to complain of", async () => {
  site.forget();
  for (const path of ["/shell", "/whole"]) {
    match((await new Guest(site).ask(path)).html, /nobody, visits: 0\./);
    match((await due(site).ask(path)).html, /ann, visits: 0\./);
  }
  equal(site.output, "");
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

test("an action writes one cookie, which comes after the middleware's", async () => {
  const alone = await new Guest(site).submit("/shell", "Log in");
  deepEqual(held(alone.setCookie), [{ user: "tom" }]);
  const guest = new Guest(site);
  const both = await guest.submit("/shell?visit", "Log in");
  // The action began with the session of the page's visit, as the middleware before it did.
  deepEqual(held(both.setCookie), [{ visits: 2 }, { visits: 1, user: "tom" }]);
  match((await guest.ask("/shell")).html, /tom, visits: 1\./);
});
