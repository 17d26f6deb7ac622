/** examples/tanstack, built for production by Nitro. `more` has the other code of its page. */

import { deepEqual, equal, match, ok } from "node:assert/strict";
import { test } from "node:test";
import { application } from "../support/application.ts";
import { browse, visit } from "../support/browser.ts";
import { besides, late, Visitor, walks } from "../support/walks.ts";

/** The build makes the addresses of server functions, and a page has them. */
const paths = { home: "/", me: "/me", login: "", note: "", logout: "" };
let [broken, both, rename] = ["", "", ""];

const app = application("tanstack", {
  build: ["vite", "build"],
  types: ["tsc", "-p", "."],
  entry: ".output/server/index.mjs",
  me: "?",
  deed: "?",
  async prepare() {
    [paths.login = "", paths.note = "", paths.logout = ""] = await actionsOf("/");
    [broken = "", both = "", rename = ""] = await actionsOf("/more");
  },
});

async function actionsOf(path: string): Promise<string[]> {
  const { text } = await new Visitor(app.site()).ask(path);
  return [...text.matchAll(/action="([^"]+)"/g)].map(([, address = ""]) => address);
}

walks("wrap, in a request middleware", () => app.site({ paths }));
walks("edit, of its cookies", app.store);

for (const scripts of [true, false]) {
  test(`Chromium logs in and out, ${scripts ? "with" : "without"} scripts`, async () => {
    await browse(app.port, { scripts }, visit);
  });
}

test("a server function that the browser calls has the session", async () => {
  await browse(app.port, { scripts: true }, async (page, home) => {
    await page.goto(`${home}/more`, { waitUntil: "networkidle" });
    const called = page.waitForResponse((response) => response.url().includes("/_serverFn/"));
    await page.getByRole("link", { name: "home" }).click();
    ok((await (await called).headerValue("set-cookie"))?.startsWith("__Host-session="));
    await page.locator("h1", { hasText: "Hello stranger, visits: 1" }).waitFor();
    await page.reload();
    await page.locator("h1", { hasText: "Hello stranger, visits: 2" }).waitFor();
  });
});

besides(
  (more) => app.site({ paths, ...more }),
  (tom) => tom.ask(both, {}),
);

test("a server function edits the session of the store", async () => {
  const tom = new Visitor(app.store());
  equal((await tom.ask(rename, { user: "Ann" })).status, 303);
  equal(tom.written, 1);
  deepEqual(await tom.me(), { user: "Ann", visits: 0 });
});

test("a server function that fails keeps the change", async () => {
  const tom = new Visitor(app.site({ paths }));
  match((await tom.ask(broken, {})).text, /"error".*"broken"/);
  deepEqual(await tom.me(), { user: "Broken", visits: 0 });
});

test("a server route that throws loses the change, which is reported", async () => {
  const tom = new Visitor(app.site({ paths, isStore: true }));
  equal((await tom.ask("/thrown", {})).status, 500);
  equal(tom.written, 0);
  await app.printed("ERR_SESSION_UNSENT");
});

late("a deferred promise", () => app.site({ paths }));
