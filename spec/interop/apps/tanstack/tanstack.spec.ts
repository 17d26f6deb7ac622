/** examples/tanstack, built for production by Nitro; `more` has what its docs say besides. */

import { deepEqual, equal, match, ok } from "node:assert/strict";
import { before, test } from "node:test";
import { browse, visit } from "../support/browser.ts";
import { shown } from "../support/docs.ts";
import { assemble } from "../support/project.ts";
import { Visitor, walks } from "../support/walks.ts";

const project = assemble("tanstack");
let port: number;

const stored = {
  paths: {
    home: "/store",
    me: "/store?me",
    login: "/store?login",
    note: "/store?note",
    logout: "/store?logout",
  },
  name: "__Host-stored",
  isStore: true,
};
/** Server functions have addresses that the build makes: a page names them. */
const wrapped = { paths: { home: "/", me: "/me", login: "", note: "", logout: "" } };
let [broken, both, rename] = ["", "", ""];

async function actionsOf(path: string): Promise<string[]> {
  const { text } = await new Visitor({ port, ...wrapped }).ask(path);
  return [...text.matchAll(/action="([^"]+)"/g)].map(([, address = ""]) => address);
}

before(async () => {
  project.run("vite", "build");
  port = await project.start(".output/server/index.mjs");
  const [login = "", note = "", logout = ""] = await actionsOf("/");
  Object.assign(wrapped.paths, { login, note, logout });
  [broken = "", both = "", rename = ""] = await actionsOf("/more");
});

test("it is typed", () => {
  project.run("tsc", "-p", ".");
});

walks("wrap, in a request middleware", () => ({ port, ...wrapped }));
walks("edit, of its cookies", () => ({ port, ...stored }));

for (const scripts of [true, false]) {
  test(`Chromium logs in and out, ${scripts ? "with" : "without"} scripts`, async () => {
    await browse(port, { scripts }, visit);
  });
}

test("a server function that the browser calls has the session", async () => {
  await browse(port, { scripts: true }, async (page, home) => {
    await page.goto(`${home}/more`, { waitUntil: "networkidle" });
    const called = page.waitForResponse((response) => response.url().includes("/_serverFn/"));
    await page.getByRole("link", { name: "home" }).click();
    ok((await (await called).headerValue("set-cookie"))?.startsWith("__Host-session="));
    await page.locator("h1", { hasText: "Hello stranger, visits: 1" }).waitFor();
    await page.reload();
    await page.locator("h1", { hasText: "Hello stranger, visits: 2" }).waitFor();
  });
});

test("a cookie that the function sets goes beside the session's", async () => {
  const tom = new Visitor({ port, ...wrapped, others: ["theme"] });
  await tom.ask(both, {});
  deepEqual([...tom.jar.cookies.keys()].sort(), ["__Host-session", "theme"]);
  deepEqual(await tom.me(), { user: "stranger", visits: 1 });
});

test("a server function edits the session of the store", async () => {
  const tom = new Visitor({ port, ...stored });
  equal((await tom.ask(rename, { user: "Ann" })).status, 303);
  equal(tom.written, 1);
  deepEqual(await tom.me(), { user: "Ann", visits: 0 });
});

test("a server function that fails keeps the change", async () => {
  const tom = new Visitor({ port, ...wrapped });
  match((await tom.ask(broken, {})).text, /"error".*"broken"/);
  deepEqual(await tom.me(), { user: "Broken", visits: 0 });
});

test("a server route that throws loses the change, and is told", async () => {
  const tom = new Visitor({ port, ...wrapped, isStore: true });
  equal((await tom.ask("/thrown", {})).status, 500);
  equal(tom.written, 0);
  await project.hears("ERR_SESSION_UNSENT");
});

test("what a deferred promise changes comes too late, and save() says so", async () => {
  const tom = new Visitor({ port, ...wrapped });
  const { text } = await tom.late("/late");
  equal(tom.written, 0);
  match(text, /ERR_SESSION_UNSENT/);
  deepEqual(await tom.me(), { user: "stranger", visits: 0 });
});

shown("tanstack", "more/src/stored.server.ts", "more/src/rename.ts");
