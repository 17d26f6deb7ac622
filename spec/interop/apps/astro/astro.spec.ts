/** examples/astro, built for production by its adapter for Node. `more` has the other code of its page. */

import { deepEqual, equal, match } from "node:assert/strict";
import { test } from "node:test";
import { application } from "../support/application.ts";
import { browse, visit } from "../support/browser.ts";
import { besides, late, Visitor, walks } from "../support/walks.ts";

const app = application("astro", {
  build: ["astro", "build"],
  types: ["astro", "check"],
  entry: "dist/server/entry.mjs",
});

walks("wrap, in the middleware", app.site);
walks("edit and read, of its cookies", app.store);

test("Chromium logs in and out", async () => {
  await browse(app.port, { scripts: true }, visit);
});

besides(app.site, (tom) => tom.ask("/both"));

test("an action has the session of the middleware", async () => {
  const tom = new Visitor(app.site());
  await tom.ask("/?_action=rename", { user: "Ann" });
  equal(tom.written, 1);
  deepEqual(await tom.me(), { user: "Ann", visits: 1 });
});

late("a component", app.site);

test("a thrown error loses the change, which is reported", async () => {
  // Astro makes that response outside the middleware.
  const tom = new Visitor(app.site({ isStore: true }));
  equal((await tom.ask("/broken", {})).status, 500);
  equal(tom.written, 0);
  await app.printed("ERR_SESSION_UNSENT");
});

test("an error page and a rewritten page see the session of the request", async () => {
  const tom = new Visitor(app.site());
  const { status, text } = await tom.ask("/gone");
  deepEqual([status, tom.written], [404, 1]);
  match(text, /Not found, stranger, visits: 0/);
  deepEqual(await tom.me(), { user: "stranger", visits: 7 });
  equal((await tom.ask("/moved")).text, JSON.stringify({ user: "stranger", visits: 7 }));
  deepEqual(await tom.me(), { user: "stranger", visits: 9 });
});
