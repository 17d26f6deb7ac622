/** examples/sveltekit, built for production by adapter-node. `more` has the other code of its page. */

import { deepEqual, equal } from "node:assert/strict";
import { test } from "node:test";
import { application } from "../support/application.ts";
import { browse, visit } from "../support/browser.ts";
import { late, Visitor, walks } from "../support/walks.ts";

const app = application("sveltekit", {
  build: ["vite", "build"],
  types: ["svelte-check", "--tsconfig", "./tsconfig.json", "--fail-on-warnings"],
  entry: "build/index.js",
  deed: "?/",
});

walks("wrap, in a handle hook", app.site);
walks("edit and read, of its cookies", app.store);

for (const scripts of [true, false]) {
  test(`Chromium logs in and out, ${scripts ? "with" : "without"} scripts`, async () => {
    await browse(app.port, { scripts }, visit);
  });
}

test("an action that fails keeps a change under wrap, and loses one under edit", async () => {
  const tom = new Visitor(app.site());
  equal((await tom.ask("/broken?/hook", {})).status, 500);
  deepEqual(await tom.me(), { user: "Broken", visits: 0 });
  const ann = new Visitor(app.store());
  equal((await ann.ask("/broken?/store", {})).status, 500);
  equal(ann.written, 0);
  await app.printed("ERR_SESSION_UNSENT");
});

late("a promise of a load function", app.site);

test("an endpoint called by event.fetch has a session of its own, and the outer session is the one kept", async () => {
  // SvelteKit copies the inner cookie, but not its Vary and Cache-Control.
  const tom = new Visitor(app.site({ isStore: true }));
  await tom.ask("/fetched");
  deepEqual(await tom.me(), { user: "Inner", visits: 0 });
  await tom.ask("/fetched?outer");
  deepEqual(await tom.me(), { user: "Inner", visits: 100 });
  const ann = new Visitor(app.site());
  await ann.ask("/fetched?outer");
  deepEqual(await ann.me(), { user: "stranger", visits: 100 });
});
