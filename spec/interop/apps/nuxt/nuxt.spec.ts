/** examples/nuxt (Nitro 2, h3 1), built for production on Node. `more` has the other code of its page. */

import { deepEqual, equal } from "node:assert/strict";
import { test } from "node:test";
import { application } from "../support/application.ts";
import { browse, visit } from "../support/browser.ts";
import { besides, Visitor, walks } from "../support/walks.ts";

const app = application("nuxt", {
  build: ["nuxt", "build"],
  types: ["nuxt", "typecheck"],
  entry: ".output/server/index.mjs",
});

walks("middleware, of Node's requests", app.site);
walks("edit, of its cookies", app.store);

test("Chromium logs in and out", async () => {
  await browse(app.port, { scripts: true }, visit);
});

besides(app.site, (tom) => tom.ask("/both"), "x-own");

test("a thrown error keeps the change", async () => {
  const tom = new Visitor(app.site());
  equal((await tom.ask("/broken", {})).status, 418);
  deepEqual(await tom.me(), { user: "Broken", visits: 0 });
});

test("a route that the server calls itself reads the session, and writes it only through the store", async () => {
  // The inner response has no session, and the calling route does not touch its own.
  const tom = new Visitor(app.site({ isStore: true }));
  await tom.send("login", { user: "Tom" });
  const { text } = await tom.ask("/outer");
  deepEqual(JSON.parse(text), { read: { user: "Tom", visits: 0 }, attached: 0, stored: 1 });
  deepEqual(await tom.me(), { user: "Tom", visits: 0 });
});
