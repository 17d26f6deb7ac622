/** examples/nitro (Nitro 3, h3 2), built for production on Node. `more` has the other code of its page. */

import { deepEqual, equal, match } from "node:assert/strict";
import { test } from "node:test";
import { application } from "../support/application.ts";
import { besides, Visitor, walks } from "../support/walks.ts";

const app = application("nitro", {
  build: ["nitro", "build"],
  types: ["tsc", "-p", "."],
  entry: ".output/server/index.mjs",
});

walks("wrap, in a middleware", app.site);
walks("edit, of its cookies", app.store);

besides(app.site, (tom) => tom.ask("/both"), "x-own");

test("a thrown error loses the change, which is reported; Nitro answers as usual", async () => {
  const tom = new Visitor(app.site({ isStore: true }));
  const { status, text } = await tom.ask("/broken", {});
  deepEqual([status, tom.written], [418, 0]);
  match(text, /"message": "broken"/);
  await app.printed("ERR_SESSION_UNSENT");
});

test("a path without a route is answered within the middleware", async () => {
  const tom = new Visitor(app.site());
  const { status } = await tom.ask("/nowhere");
  deepEqual([status, tom.written], [404, 0]);
});

test("a route that the server calls itself has a session of its own", async () => {
  const tom = new Visitor(app.site());
  await tom.send("login", { user: "Tom" });
  const { text } = await tom.ask("/outer");
  deepEqual(JSON.parse(text), { inner: { user: "Inner" }, cookies: 1, user: "Tom" });
  equal(tom.written, 0);
  deepEqual(await tom.me(), { user: "Tom", visits: 0 });
});
