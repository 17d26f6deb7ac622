/** examples/nuxt (Nitro 2, h3 1), built for production on Node; `more` has what its docs say besides. */

import { deepEqual, equal } from "node:assert/strict";
import { before, test } from "node:test";
import { browse, visit } from "../support/browser.ts";
import { shown } from "../support/docs.ts";
import { assemble } from "../support/project.ts";
import { Visitor, walks } from "../support/walks.ts";

const project = assemble("nuxt");
let port: number;

const attached = {
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
  project.run("nuxt", "build");
  port = await project.start(".output/server/index.mjs");
});

test("it is typed", () => {
  project.run("nuxt", "typecheck");
});

walks("middleware, of Node's requests", () => ({ port, ...attached }));
walks("edit, of its cookies", () => ({ port, ...stored }));

test("Chromium logs in and out", async () => {
  await browse(port, { scripts: true }, visit);
});

test("a cookie and a field of the route's own go beside the session's", async () => {
  const tom = new Visitor({ port, ...attached, others: ["theme"] });
  const { headers } = await tom.ask("/both");
  equal(headers["x-own"], "own");
  deepEqual([...tom.jar.cookies.keys()].sort(), ["__Host-session", "theme"]);
  deepEqual(await tom.me(), { user: "stranger", visits: 1 });
});

test("an error that is thrown keeps the change", async () => {
  const tom = new Visitor({ port, ...attached });
  equal((await tom.ask("/broken", {})).status, 418);
  deepEqual(await tom.me(), { user: "Broken", visits: 0 });
});

test("a route that the server asks itself reads the session, and writes in the store's way alone", async () => {
  // Its own response has no session: the route that asks does not touch it.
  const tom = new Visitor({ port, ...attached, isStore: true });
  await tom.send("login", { user: "Tom" });
  const { text } = await tom.ask("/outer");
  deepEqual(JSON.parse(text), { read: { user: "Tom", visits: 0 }, attached: 0, stored: 1 });
  deepEqual(await tom.me(), { user: "Tom", visits: 0 });
});

shown(
  "nuxt",
  "more/server/utils/stored.ts",
  "more/server/routes/store/login.post.ts",
  "more/server/routes/store/me.get.ts",
);
