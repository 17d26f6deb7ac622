/** examples/react-router, built by one version of React Router for production, and walked through. */

import { deepEqual, doesNotMatch, equal, match, notEqual } from "node:assert/strict";
import { cpSync } from "node:fs";
import { resolve } from "node:path";
import { after, before, beforeEach, describe, test } from "node:test";
import { sessions } from "../../../src/session.ts";
import { type Answer, compose, Guest, missing, run, Site } from "./built-apps.ts";
import { openChromium } from "./chromium.ts";

const EXAMPLE = resolve(import.meta.dirname, "../../../examples/react-router");
const PROBE = resolve(import.meta.dirname, "../apps/react-router/probe");
const SESSION_SECRET = "a secret of some more than 32 bytes";
const NAME = "__Host-session";
const CLEARING = `${NAME}=; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Path=/; HttpOnly; Secure; SameSite=Lax`;

/** The walks, in the package of this folder; `config` is its own, if it needs any. */
export function walk(here: string, config?: string): void {
  const folder = resolve(here, "dist/example");
  const bin = (name: string): string => resolve(here, "node_modules/.bin", name);
  let site: Site;

  before(async () => {
    compose(folder, EXAMPLE);
    cpSync(resolve(folder, "app/routes.ts"), resolve(folder, "app/example-routes.ts"));
    cpSync(PROBE, folder, { recursive: true });
    if (config !== undefined) cpSync(config, resolve(folder, "react-router.config.ts"));
    delete process.env.SESSION_SECRET;
    run(folder, bin("react-router"), "typegen");
    run(folder, bin("tsc"), "-p", ".");
    run(folder, bin("react-router"), "build");
    site = await start({ SESSION_SECRET });
  });
  after(() => site?.end());
  beforeEach(() => site.forget());

  function start(variables: Record<string, string>): Promise<Site> {
    return Site.start(
      folder,
      () => [bin("react-router-serve"), "build/server/index.js"],
      variables,
    );
  }

  async function loggedIn(user = "tom"): Promise<Guest> {
    const guest = new Guest(site);
    await guest.submit("/", "Log in", { user });
    return guest;
  }

  test("visits, a login, a message, notes and a logout: one Set-Cookie for each change", async () => {
    const guest = new Guest(site);
    for (const visits of [1, 2]) {
      const answer = await guest.ask("/");
      match(answer.text, new RegExp(`^Hello stranger, visits: ${visits} `));
      deepEqual(sets(answer), [NAME]);
      equal(answer.headers.get("Cache-Control"), "no-store");
      match(answer.headers.get("Vary") ?? "", /\bCookie\b/);
    }

    const login = await guest.submit("/", "Log in", { user: "tom" });
    deepEqual([login.status, login.location, sets(login)], [302, "/account", [NAME]]);
    match(login.setCookie[0] ?? "", /; Path=\/; HttpOnly; Secure; SameSite=Lax$/);
    const welcome = await guest.ask("/account");
    deepEqual([welcome.text, sets(welcome)], ["Welcome. Notes of tom Add Log out", [NAME]]);
    const account = await guest.ask("/account");
    deepEqual([account.text, sets(account)], ["Notes of tom Add Log out", []]);

    for (const [note, notes] of [
      ["one", "one"],
      ["two", "one two"],
    ] as const) {
      const added = await guest.submit("/account", "Add", { note });
      deepEqual([added.status, sets(added)], [200, [NAME]]);
      equal(added.text, `Notes of tom ${notes} Add Log out`);
      equal((await guest.ask("/account")).text, added.text);
    }

    const logout = await guest.submit("/account", "Log out");
    deepEqual([logout.status, logout.location, logout.setCookie], [302, "/", [CLEARING]]);
    deepEqual([...guest.cookies], []);
    const gone = await guest.ask("/account");
    deepEqual([gone.status, gone.location, sets(gone)], [302, "/", []]);
    doesNotMatch(site.output, /error|warning/i);
  });

  test("what a page fetches for its data and its actions carries the session too", async () => {
    const guest = await loggedIn();
    const headers = { Origin: site.base };
    const account = await guest.ask("/account.data");
    deepEqual([account.status, sets(account)], [200, [NAME]]);
    match(account.html, /Welcome\./);
    const again = await guest.ask("/account.data");
    deepEqual([again.status, sets(again)], [200, []]);
    doesNotMatch(again.html, /Welcome\./);
    const body = new URLSearchParams({ do: "oversized" });
    const large = await guest.ask("/probe.data", { method: "POST", body, headers });
    deepEqual([large.status, sets(large)], [500, []]);
    const logout = await guest.ask("/logout.data", { method: "POST", headers });
    deepEqual([logout.status, logout.setCookie], [202, [CLEARING]]);
  });

  test("an action that nobody may call changes nothing", async () => {
    const body = new URLSearchParams({ note: "of nobody" });
    const init = { method: "POST", body, headers: { Origin: site.base } };
    const answer = await new Guest(site).ask("/account", init);
    deepEqual([answer.status, answer.location, sets(answer)], [302, "/", []]);
  });

  test("a bad cookie is an empty session, and stays until something is written", async () => {
    for (const value of ["garbage", "", `gAAAAAB${"A".repeat(93)}`]) {
      const guest = new Guest(site, [[NAME, value]]);
      const page = await guest.ask("/probe");
      deepEqual([page.status, sets(page)], [200, []]);
      match(page.text, /^seen: nobody, \. /);
      const written = await guest.submit("/probe", "nested");
      deepEqual([written.status, sets(written)], [200, [NAME]]);
      match((await guest.ask("/probe")).text, /^seen: nobody, outer inner last\. /);
    }
  });

  test("after the logout a copied cookie opens nowhere", async () => {
    const guest = await loggedIn();
    const copied = guest.copy();
    match((await copied.ask("/probe")).text, /^seen: tom, /);
    await guest.submit("/account", "Log out");
    match((await copied.ask("/probe")).text, /^seen: nobody, /);
    equal((await copied.ask("/account")).location, "/");
    doesNotMatch((await copied.ask("/probe.data")).html, /tom/);
    match((await copied.submit("/probe", "nested")).text, /^seen: nobody, outer inner last\. /);
  });

  test("a session that is due is renewed, and one that is not gets no cookie", async () => {
    const clock = (): number => Math.floor(Date.now() / 1000) - 8 * 24 * 3600;
    const issuer = sessions<{ user: string }>({ secret: SESSION_SECRET, clock });
    const [, value = ""] = /=([^;]*)/.exec(issuer.issue({ user: "ann" }).setCookie) ?? [];
    const guest = new Guest(site, [[NAME, value]]);
    const renewed = await guest.ask("/probe");
    deepEqual(sets(renewed), [NAME]);
    match(renewed.text, /^seen: ann, /);
    notEqual(guest.cookies.get(NAME), value);
    deepEqual(sets(await guest.ask("/probe")), []);
  });

  describe("An action", () => {
    test("and what it calls have one session", async () => {
      const answer = await (await loggedIn()).submit("/probe", "nested");
      deepEqual([answer.status, sets(answer)], [200, [NAME]]);
      match(answer.text, /^seen: tom, outer inner last\. /);
    });

    test("writes nothing where nothing has changed", async () => {
      const answer = await (await loggedIn()).submit("/probe", "reading");
      deepEqual([answer.status, sets(answer)], [200, []]);
    });

    test("is a 500 where the session is too large, and the session stays", async () => {
      const guest = await loggedIn();
      const answer = await guest.submit("/probe", "oversized");
      deepEqual([answer.status, answer.html, sets(answer)], [500, "Internal Server Error", []]);
      await site.printed("[ERR_SESSION_TOO_LARGE]");
      match((await guest.ask("/probe")).text, /^seen: tom, \. /);
    });

    test("that throws a redirect has changed the session", async () => {
      const guest = await loggedIn();
      const answer = await guest.submit("/probe", "throwing");
      deepEqual([answer.status, answer.location, sets(answer)], [302, "/probe", [NAME]]);
      match((await guest.ask("/probe")).text, /^seen: tom, before the redirect\. /);
    });

    test("that throws an error has changed the session: the error page is a response like any", async () => {
      const guest = await loggedIn();
      const answer = await guest.submit("/probe", "failing");
      deepEqual([answer.status, sets(answer)], [500, [NAME]]);
      match((await guest.ask("/probe")).text, /^seen: tom, before the error\. /);
    });

    test("that throws after a logout logs out all the same", async () => {
      const guest = await loggedIn();
      const answer = await guest.submit("/probe", "logout");
      deepEqual([answer.status, answer.setCookie], [500, [CLEARING]]);
    });
  });

  test("a route without a page has parameters and a session", async () => {
    const answer = await (await loggedIn()).ask("/notes/seven");
    deepEqual(JSON.parse(answer.html), { user: "tom", flash: "Welcome.", notes: ["seven"] });
    deepEqual(sets(answer), [NAME]);
  });

  test("a promise of a loader reads the session, and hears from save that a change is too late", async () => {
    const guest = await loggedIn();
    const read = await guest.ask("/late");
    deepEqual(sets(read), []);
    match(read.html, /saved for tom\./);
    const changed = await guest.ask("/late?change");
    deepEqual(sets(changed), []);
    match(changed.html, /SessionError: the session changed, but no response carried the change/);
    match((await guest.ask("/probe")).text, /^seen: tom, \. /);
  });

  test("docs/frameworks/react-router.md has the whole example", () => {
    deepEqual(missing("docs/frameworks/react-router.md", "examples/react-router"), []);
  });

  test("without a secret the first request fails, and its log says what is missing", async () => {
    const bare = await start({});
    try {
      equal((await new Guest(bare).ask("/")).status, 500);
      await bare.printed("a secret must be 32 bytes or more, such as randomBytes(32)");
    } finally {
      await bare.end();
    }
  });

  describe("React Router's SessionStorage", () => {
    const LEGACY = "__Host-legacy";

    test("commits, flashes and destroys", async () => {
      const guest = new Guest(site);
      const empty = await guest.ask("/legacy");
      match(empty.text, /^undefined, undefined, undefined; \. /);
      deepEqual(sets(empty), []);
      const login = await guest.submit("/legacy", "login");
      deepEqual([login.status, login.location, sets(login)], [302, "/legacy", [LEGACY]]);
      match(
        login.setCookie[0] ?? "",
        /; Max-Age=1209600; Path=\/; HttpOnly; Secure; SameSite=Lax$/,
      );
      const welcome = await guest.ask("/legacy");
      match(welcome.text, /^tom, 1, Welcome\.; [\w-]{22}\. /);
      deepEqual(sets(welcome), [LEGACY]);
      const account = await guest.ask("/legacy");
      equal(account.text, welcome.text.replace("Welcome.", "undefined"));
      deepEqual(sets(account), []);

      // A login begins anew: under another id.
      await guest.submit("/legacy", "login");
      const other = await guest.ask("/legacy");
      match(other.text, /^tom, 1, Welcome\.; [\w-]{22}\. /);
      notEqual(other.text, welcome.text);

      const copied = guest.copy();
      const logout = await guest.submit("/legacy", "logout");
      deepEqual([logout.status, sets(logout), [...guest.cookies]], [302, [LEGACY], []]);
      match((await copied.ask("/legacy")).text, /^undefined, undefined, undefined; \. /);
    });

    test("takes a maxAge, and keeps it", async () => {
      const guest = new Guest(site);
      const login = await guest.submit("/legacy", "remember");
      match(login.setCookie[0] ?? "", /; Max-Age=2592000;/);
      match((await guest.ask("/legacy")).setCookie[0] ?? "", /; Max-Age=2592000;/);
    });

    test("throws a Response of 500 where the session is too large", async () => {
      const answer = await new Guest(site).submit("/legacy", "big");
      deepEqual([answer.status, sets(answer)], [500, []]);
      await site.printed("[ERR_SESSION_TOO_LARGE]");
    });

    test("a bad cookie is an empty session", async () => {
      const answer = await new Guest(site, [[LEGACY, "garbage"]]).ask("/legacy");
      match(answer.text, /^undefined, undefined, undefined; \. /);
      deepEqual(sets(answer), []);
    });
  });

  test("Chromium logs in, reloads, edits and logs out, and its console has no error", async () => {
    const browser = await openChromium();
    try {
      const page = await browser.newPage();
      const errors: string[] = [];
      page.on("pageerror", (error) => errors.push(String(error)));
      page.on("console", (message) => {
        if (["error", "warning"].includes(message.type())) errors.push(message.text());
      });
      const main = page.locator("main");
      const shows = async (text: string): Promise<void> => {
        await main.getByText(text, { exact: true }).waitFor();
      };
      await page.goto(`${site.base}/`, { waitUntil: "networkidle" });
      await shows("Hello stranger, visits: 1");
      await page.reload({ waitUntil: "networkidle" });
      await shows("Hello stranger, visits: 2");
      await page.getByLabel("user").fill("tom");
      await page.getByText("Log in").click();
      await shows("Notes of tom");
      await shows("Welcome.");
      await page.reload({ waitUntil: "networkidle" });
      await shows("Notes of tom");
      equal(await main.getByText("Welcome.").count(), 0);
      for (const note of ["one", "two"]) {
        await page.getByLabel("note").fill(note);
        await page.getByText("Add").click();
        await shows(note);
      }
      await page.reload({ waitUntil: "networkidle" });
      await shows("one");
      await shows("two");
      equal((await page.context().cookies()).length, 1);
      await page.getByText("Log out").click();
      // The page that follows counts a visit of nobody's.
      await shows("Hello stranger, visits: 1");
      await page.goto(`${site.base}/account`);
      await shows("Hello stranger, visits: 2");
      deepEqual(errors, []);
    } finally {
      await browser.close();
    }
  });
}

/** The names of the cookies that an answer sets. */
function sets({ setCookie }: Answer): string[] {
  return setCookie.map((field) => field.split("=", 1)[0] ?? "");
}
