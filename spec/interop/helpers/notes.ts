/** The tests that examples/next and examples/react-router share: both count visits and keep notes of visitors who log in. */

import { deepEqual, doesNotMatch, equal, match } from "node:assert/strict";
import { describe, test } from "node:test";
import type { Page } from "playwright-core";
import { sessions } from "../../../src/session.ts";
import type { Site } from "./built-apps.ts";
import { complaints, openChromium } from "./chromium.ts";
import { Guest, sets } from "./guest.ts";

export const NAME = "__Host-session";
export const SESSION_SECRET = "a secret of some more than 32 bytes";

/** The differences between the two. */
export interface Notes {
  site(): Site;
  start(variables: Record<string, string>): Promise<Site>;
  /** The statuses of redirects. */
  readonly moved: Readonly<Record<"action" | "page", number>>;
  /** The attributes at the end of a cookie, and the field that deletes it. */
  readonly attributes: RegExp;
  readonly clearing: string;
  /** Visits the page that shows the message, until the message is deleted. */
  greet(guest: Guest): Promise<void>;
  /** Visits the other places that open a session, with this bad cookie. */
  closed(nobody: Guest): Promise<void>;
  /** In Chromium, after the login: waits for the page to delete the message. */
  greeted(page: Page): () => Promise<void>;
  /** In Chromium: the requests that set a cookie, and how many; and the visits shown after the logout. */
  readonly changes: readonly string[];
  readonly visits: number;
}

export async function loggedIn(site: Site, user = "tom"): Promise<Guest> {
  const guest = new Guest(site);
  await guest.submit("/", "Log in", { user });
  return guest;
}

/** Ann, whose session is due for renewal after more than half its age. */
export function due(site: Site): Guest {
  const clock = (): number => Math.floor(Date.now() / 1000) - 8 * 24 * 3600;
  const issuer = sessions<{ user: string }>({ secret: SESSION_SECRET, clock });
  const [, value = ""] = /=([^;]*)/.exec(issuer.issue({ user: "ann" }).setCookie) ?? [];
  return new Guest(site, [[NAME, value]]);
}

/** The tests that both run. */
export function notes(kept: Notes): void {
  const { site, moved } = kept;

  test("visits, a login, a message, notes and a logout: one Set-Cookie for each change", async () => {
    const guest = new Guest(site());
    for (const visits of [1, 2]) {
      const answer = await guest.ask("/");
      match(answer.text, new RegExp(`^Hello stranger, visits: ${visits} `));
      deepEqual(sets(answer), [NAME]);
    }

    const login = await guest.submit("/", "Log in", { user: "tom" });
    deepEqual([login.status, login.location, sets(login)], [moved.action, "/account", [NAME]]);
    match(login.setCookie[0] ?? "", kept.attributes);
    await kept.greet(guest);
    const account = await guest.ask("/account");
    deepEqual([account.text, sets(account)], ["Notes of tom Add Log out", []]);

    for (const [note, all] of [
      ["one", "one"],
      ["two", "one two"],
    ] as const) {
      const added = await guest.submit("/account", "Add", { note });
      deepEqual([added.status, sets(added)], [200, [NAME]]);
      // The page that comes with the action's answer shows the change.
      equal(added.text, `Notes of tom ${all} Add Log out`);
      equal((await guest.ask("/account")).text, added.text);
    }

    const logout = await guest.submit("/account", "Log out");
    deepEqual(
      [logout.status, logout.location, logout.setCookie],
      [moved.action, "/", [kept.clearing]],
    );
    deepEqual([...guest.cookies], []);
    const gone = await guest.ask("/account");
    deepEqual([gone.status, gone.location, sets(gone)], [moved.page, "/", []]);
    doesNotMatch(site().output, /error|warning/i);
  });

  test("an action without a login changes nothing", async () => {
    const guest = await loggedIn(site());
    const { action, body } = await guest.form("/account", "Add", { note: "of nobody" });
    const answer = await new Guest(site()).send(action, body);
    deepEqual([answer.status, answer.location, sets(answer)], [moved.action, "/", []]);
    match((await guest.ask("/account")).text, /Notes of tom Add Log out$/);
  });

  test("a bad cookie is an empty session everywhere, and stays until something is written", async () => {
    for (const value of ["garbage", "", `gAAAAAB${"A".repeat(93)}`]) {
      const guest = new Guest(site(), [[NAME, value]]);
      const page = await guest.ask("/probe");
      deepEqual([page.status, sets(page)], [200, []]);
      match(page.text, /^seen: nobody, \. /);
      await kept.closed(guest.copy());
      const written = await guest.submit("/probe", "nested");
      deepEqual([written.status, sets(written)], [200, [NAME]]);
      match((await guest.ask("/probe")).text, /^seen: nobody, outer inner last\. /);
    }
  });

  test("after the logout a copied cookie opens nowhere", async () => {
    const guest = await loggedIn(site());
    const copied = guest.copy();
    match((await copied.ask("/probe")).text, /^seen: tom, /);
    await guest.submit("/account", "Log out");
    match((await copied.ask("/probe")).text, /^seen: nobody, /);
    equal((await copied.ask("/account")).location, "/");
    await kept.closed(copied.copy());
    match((await copied.submit("/probe", "nested")).text, /^seen: nobody, outer inner last\. /);
  });

  describe("An action", () => {
    test("shares one session with the functions that it calls, and writes it once", async () => {
      const answer = await (await loggedIn(site())).submit("/probe", "nested");
      deepEqual([answer.status, sets(answer)], [200, [NAME]]);
      match(answer.text, /^seen: tom, outer inner last\. /);
    });

    test("writes nothing where nothing has changed", async () => {
      const answer = await (await loggedIn(site())).submit("/probe", "reading");
      deepEqual([answer.status, sets(answer)], [200, []]);
    });

    test("is a 500 where the session is too large, and the session stays", async () => {
      const guest = await loggedIn(site());
      const answer = await guest.submit("/probe", "oversized");
      deepEqual([answer.status, sets(answer)], [500, []]);
      doesNotMatch(answer.html, /tom|xxx/);
      await site().printed("[ERR_SESSION_TOO_LARGE]");
      match((await guest.ask("/probe")).text, /^seen: tom, \. /);
    });
  });

  test("without a secret the first request fails, and the log says what is missing", async () => {
    const bare = await kept.start({});
    try {
      equal((await new Guest(bare).ask("/")).status, 500);
      await bare.printed("a secret must be 32 bytes or more, such as randomBytes(32)");
    } finally {
      await bare.end();
    }
  });

  test("Chromium logs in, reloads, edits and logs out, and its console has no error", async () => {
    const browser = await openChromium();
    try {
      await walk(await browser.newPage(), kept);
    } finally {
      await browser.close();
    }
  });
}

async function walk(page: Page, kept: Notes): Promise<void> {
  const { base } = kept.site();
  const heard = complaints(page);
  const responses: Promise<string>[] = [];
  page.on("response", (response) => {
    const asked = `${response.request().method()} ${response.url().replace(base, "")}`;
    const count = response.headerValues("Set-Cookie").then(({ length }) => length);
    responses.push(count.then((cookies) => (cookies === 0 ? "" : `${asked}: ${cookies}`)));
  });
  const main = page.locator("main");
  const shows = async (...texts: string[]): Promise<void> => {
    for (const text of texts) await main.getByText(text, { exact: true }).waitFor();
  };
  const idle = { waitUntil: "networkidle" } as const;

  await page.goto(`${base}/`, idle);
  await shows("Hello stranger, visits: 1");
  await page.reload(idle);
  await shows("Hello stranger, visits: 2");

  await page.getByLabel("user").fill("tom");
  const greeted = kept.greeted(page);
  await page.getByText("Log in").click();
  await shows("Notes of tom", "Welcome.");
  equal(page.url(), `${base}/account`);
  await greeted();
  await page.reload(idle);
  await shows("Notes of tom");
  equal(await main.getByText("Welcome.").count(), 0);

  for (const note of ["one", "two"]) {
    await page.getByLabel("note").fill(note);
    await page.getByText("Add").click();
    await shows(note);
  }
  await page.reload(idle);
  await shows("one", "two");

  const cookies = await page.context().cookies();
  deepEqual(
    cookies.map(({ name, path, httpOnly, secure, sameSite }) => [
      ...[name, path, httpOnly, secure, sameSite],
    ]),
    [[NAME, "/", true, true, "Lax"]],
  );
  await page.getByText("Log out").click();
  await shows("Hello stranger, visits: 1");
  equal(page.url(), `${base}/`);
  const copied = new Guest({ base }, [[NAME, cookies[0]?.value ?? ""]]);
  equal((await copied.ask("/account")).location, "/");
  await page.goto(`${base}/account`, idle);
  await shows(`Hello stranger, visits: ${kept.visits}`);

  deepEqual((await Promise.all(responses)).filter(Boolean), kept.changes);
  deepEqual(heard, []);
}
