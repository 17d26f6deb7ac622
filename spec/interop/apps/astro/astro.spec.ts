/** examples/astro, built for production by its adapter for Node; `more` has what its docs say besides. */

import { deepEqual, equal, match } from "node:assert/strict";
import { before, test } from "node:test";
import { browse, visit } from "../support/browser.ts";
import { shown } from "../support/docs.ts";
import { assemble } from "../support/project.ts";
import { Visitor, walks } from "../support/walks.ts";

const project = assemble("astro");
let port: number;

const wrapped = {
  paths: { home: "/", me: "/me", login: "/login", note: "/note", logout: "/logout" },
};
const stored = {
  paths: {
    home: "/store",
    me: "/store/me",
    login: "/store/login",
    note: "/store/note",
    logout: "/store/logout",
  },
  name: "__Host-stored",
  isStore: true,
};

before(async () => {
  project.run("astro", "build");
  port = await project.start("dist/server/entry.mjs");
});

test("it is typed", () => {
  project.run("astro", "check");
});

walks("wrap, in the middleware", () => ({ port, ...wrapped }));
walks("edit and read, of its cookies", () => ({ port, ...stored }));

test("Chromium logs in and out", async () => {
  await browse(port, { scripts: true }, visit);
});

test("a cookie of the page's own goes beside the session's", async () => {
  const tom = new Visitor({ port, ...wrapped, others: ["theme"] });
  await tom.ask("/both");
  deepEqual([...tom.jar.cookies.keys()].sort(), ["__Host-session", "theme"]);
  deepEqual(await tom.me(), { user: "stranger", visits: 1 });
});

test("an action has the session of the middleware", async () => {
  const tom = new Visitor({ port, ...wrapped });
  await tom.ask("/?_action=rename", { user: "Ann" });
  equal(tom.written, 1);
  deepEqual(await tom.me(), { user: "Ann", visits: 1 });
});

test("what a component changes comes too late, and save() says so", async () => {
  const tom = new Visitor({ port, ...wrapped });
  const { text } = await tom.late("/late");
  equal(tom.written, 0);
  match(text, /ERR_SESSION_UNSENT/);
  deepEqual(await tom.me(), { user: "stranger", visits: 0 });
});

test("an error that is thrown loses the change, and is told", async () => {
  // Astro makes that response outside the middleware.
  const tom = new Visitor({ port, ...wrapped, isStore: true });
  equal((await tom.ask("/broken", {})).status, 500);
  equal(tom.written, 0);
  await project.hears("ERR_SESSION_UNSENT");
});

test("an error page, and a page rewritten to, see the session as the request brought it", async () => {
  const tom = new Visitor({ port, ...wrapped });
  const { status, text } = await tom.ask("/gone");
  deepEqual([status, tom.written], [404, 1]);
  match(text, /Not found, stranger, visits: 0/);
  deepEqual(await tom.me(), { user: "stranger", visits: 7 });
  equal((await tom.ask("/moved")).text, JSON.stringify({ user: "stranger", visits: 7 }));
  deepEqual(await tom.me(), { user: "stranger", visits: 9 });
});

shown(
  "astro",
  "more/src/pages/store/index.astro",
  "more/src/pages/store/login.ts",
  "more/src/pages/store/me.ts",
);
