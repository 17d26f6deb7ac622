/** examples/sveltekit, built for production by adapter-node; `more` has what its docs say besides. */

import { deepEqual, equal, match } from "node:assert/strict";
import { before, test } from "node:test";
import { browse, visit } from "../support/browser.ts";
import { shown } from "../support/docs.ts";
import { assemble } from "../support/project.ts";
import { Visitor, walks } from "../support/walks.ts";

const project = assemble("sveltekit");
let port: number;

const hooked = {
  paths: { home: "/", me: "/me", login: "/?/login", note: "/?/note", logout: "/?/logout" },
};
const stored = {
  paths: {
    home: "/store",
    me: "/store/me",
    login: "/store?/login",
    note: "/store?/note",
    logout: "/store?/logout",
  },
  name: "__Host-stored",
  isStore: true,
};

before(async () => {
  project.run("vite", "build");
  port = await project.start("build/index.js");
});

test("it is typed", () => {
  project.run("svelte-check", "--tsconfig", "./tsconfig.json", "--fail-on-warnings");
});

walks("wrap, in a handle hook", () => ({ port, ...hooked }));
walks("edit and read, of its cookies", () => ({ port, ...stored }));

for (const scripts of [true, false]) {
  test(`Chromium logs in and out, ${scripts ? "with" : "without"} scripts`, async () => {
    await browse(port, { scripts }, visit);
  });
}

test("an action that fails keeps the change of wrap, not that of edit", async () => {
  const tom = new Visitor({ port, ...hooked });
  equal((await tom.ask("/broken?/hook", {})).status, 500);
  deepEqual(await tom.me(), { user: "Broken", visits: 0 });
  const ann = new Visitor({ port, ...stored });
  equal((await ann.ask("/broken?/store", {})).status, 500);
  equal(ann.written, 0);
  await project.hears("ERR_SESSION_UNSENT");
});

test("what a promise of a load function changes comes too late, and save() says so", async () => {
  const tom = new Visitor({ port, ...hooked });
  const { text } = await tom.late("/late");
  equal(tom.written, 0);
  match(text, /ERR_SESSION_UNSENT/);
  deepEqual(await tom.me(), { user: "stranger", visits: 0 });
});

test("an endpoint that event.fetch calls has a session of its own: the outer one wins", async () => {
  // SvelteKit copies the inner cookie, and not the fields that came with it.
  const tom = new Visitor({ port, ...hooked, isStore: true });
  await tom.ask("/fetched");
  deepEqual(await tom.me(), { user: "Inner", visits: 0 });
  await tom.ask("/fetched?outer");
  deepEqual(await tom.me(), { user: "Inner", visits: 100 });
  const ann = new Visitor({ port, ...hooked });
  await ann.ask("/fetched?outer");
  deepEqual(await ann.me(), { user: "stranger", visits: 100 });
});

shown("sveltekit", "more/src/routes/store/+page.server.ts", "more/src/routes/store/me/+server.ts");
