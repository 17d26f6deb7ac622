/** examples/react-router, built for production by one version of React Router, and tested. */

import { deepEqual, doesNotMatch, equal, match, notEqual } from "node:assert/strict";
import { cpSync } from "node:fs";
import { resolve } from "node:path";
import { after, before, beforeEach, describe, test } from "node:test";
import { compose, run, Site } from "./built-apps.ts";
import { Guest, sets } from "./guest.ts";
import { due, loggedIn as loggedInOf, NAME, notes, SESSION_SECRET } from "./notes.ts";

const EXAMPLE = resolve(import.meta.dirname, "../../../examples/react-router");
const PROBE = resolve(import.meta.dirname, "../apps/react-router/probe");
const CLEARING = `${NAME}=; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Path=/; HttpOnly; Secure; SameSite=Lax`;

export interface Version {
  /** The path at which a browser asks for the data of the first page. */
  readonly home: string;
  /** A configuration of its own. */
  readonly config?: string;
}

/** The tests, run in the package of this folder. */
export function walk(here: string, { home, config }: Version): void {
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

  const loggedIn = (): Promise<Guest> => loggedInOf(site);

  notes({
    site: () => site,
    start,
    moved: { action: 302, page: 302 },
    attributes: /; Path=\/; HttpOnly; Secure; SameSite=Lax$/,
    clearing: CLEARING,
    async greet(guest) {
      const welcome = await guest.ask("/account");
      deepEqual([welcome.text, sets(welcome)], ["Welcome. Notes of tom Add Log out", [NAME]]);
      equal(welcome.headers.get("Cache-Control"), "no-store");
      match(welcome.headers.get("Vary") ?? "", /\bCookie\b/);
    },
    async closed(nobody) {
      doesNotMatch((await nobody.ask("/probe.data")).html, /tom/);
      match((await nobody.ask("/")).text, /^Hello stranger, visits: 1 /);
    },
    greeted: () => async () => {},
    changes: [
      "GET /: 1",
      "GET /: 1",
      `POST ${home}?index: 1`,
      "GET /account.data: 1",
      "POST /account.data: 1",
      "POST /account.data: 1",
      "POST /logout.data: 1",
      `GET ${home}: 1`,
      "GET /: 1",
    ],
    // The page that follows the logout is a visit too.
    visits: 2,
  });

  test("the requests of a page for its data and its actions carry the session too", async () => {
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

  test("a session that is due is renewed, and one that is not gets no cookie", async () => {
    const guest = due(site);
    const value = guest.cookies.get(NAME);
    const renewed = await guest.ask("/probe");
    deepEqual(sets(renewed), [NAME]);
    match(renewed.text, /^seen: ann, /);
    notEqual(guest.cookies.get(NAME), value);
    deepEqual(sets(await guest.ask("/probe")), []);
  });

  describe("An action", () => {
    test("that throws a redirect has changed the session", async () => {
      const guest = await loggedIn();
      const answer = await guest.submit("/probe", "throwing");
      deepEqual([answer.status, answer.location, sets(answer)], [302, "/probe", [NAME]]);
      match((await guest.ask("/probe")).text, /^seen: tom, before the redirect\. /);
    });

    test("that throws an error has changed the session, since the error page is an ordinary response", async () => {
      const guest = await loggedIn();
      const answer = await guest.submit("/probe", "failing");
      deepEqual([answer.status, sets(answer)], [500, [NAME]]);
      match((await guest.ask("/probe")).text, /^seen: tom, before the error\. /);
    });

    test("that throws after a logout still logs out", async () => {
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

  test("a promise of a loader reads the session, and save tells it that a change is too late", async () => {
    const guest = await loggedIn();
    const read = await guest.ask("/late");
    deepEqual(sets(read), []);
    match(read.html, /saved for tom\./);
    const changed = await guest.ask("/late?change");
    deepEqual(sets(changed), []);
    match(changed.html, /SessionError: the session changed, but no response carried the change/);
    match((await guest.ask("/probe")).text, /^seen: tom, \. /);
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

      // A login begins a session with a new id.
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
}
