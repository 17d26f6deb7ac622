/** examples/nitro (Nitro 3, h3 2), built for production on Node; `more` has what its docs say besides. */

import { deepEqual, equal, match } from "node:assert/strict";
import { before, test } from "node:test";
import { shown } from "../support/docs.ts";
import { assemble } from "../support/project.ts";
import { Visitor, walks } from "../support/walks.ts";

const project = assemble("nitro");
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
  project.run("nitro", "build");
  port = await project.start(".output/server/index.mjs");
});

test("it is typed", () => {
  project.run("tsc", "-p", ".");
});

walks("wrap, in a middleware", () => ({ port, ...wrapped }));
walks("edit, of its cookies", () => ({ port, ...stored }));

test("a cookie and a field of the route's own go beside the session's", async () => {
  const tom = new Visitor({ port, ...wrapped, others: ["theme"] });
  const { headers } = await tom.ask("/both");
  equal(headers["x-own"], "own");
  deepEqual([...tom.jar.cookies.keys()].sort(), ["__Host-session", "theme"]);
  deepEqual(await tom.me(), { user: "stranger", visits: 1 });
});

test("an error that is thrown loses the change, and is told; Nitro answers it as ever", async () => {
  const tom = new Visitor({ port, ...wrapped, isStore: true });
  const { status, text } = await tom.ask("/broken", {});
  deepEqual([status, tom.written], [418, 0]);
  match(text, /"message": "broken"/);
  await project.hears("ERR_SESSION_UNSENT");
});

test("a path that no route has is answered within the middleware", async () => {
  const tom = new Visitor({ port, ...wrapped });
  const { status } = await tom.ask("/nowhere");
  deepEqual([status, tom.written], [404, 0]);
});

test("a route that the server asks itself has a session of its own", async () => {
  const tom = new Visitor({ port, ...wrapped });
  await tom.send("login", { user: "Tom" });
  const { text } = await tom.ask("/outer");
  deepEqual(JSON.parse(text), { inner: { user: "Inner" }, cookies: 1, user: "Tom" });
  equal(tom.written, 0);
  deepEqual(await tom.me(), { user: "Tom", visits: 0 });
});

shown(
  "nitro",
  "more/server/stored.ts",
  "more/server/routes/store/login.post.ts",
  "more/server/routes/store/me.get.ts",
);
