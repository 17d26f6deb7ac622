/** examples/next, built by Next for production, and walked through: by requests, in Chromium, and with Redis. */

import { deepEqual, doesNotMatch, equal, match } from "node:assert/strict";
import { resolve } from "node:path";
import { after, before, beforeEach, describe, test } from "node:test";
import { sessions } from "bulla/session";
import { type Answer, compose, Guest, missing, run, Site } from "../../helpers/built-apps.ts";
import { openChromium } from "../../helpers/chromium.ts";
import { RedisServer } from "../../helpers/redis.ts";

const HERE = import.meta.dirname;
const EXAMPLE = resolve(HERE, "../../../../examples/next");
const NEXT = resolve(HERE, "node_modules/next/dist/bin/next");
const SESSION_SECRET = "a secret of some more than 32 bytes";
const NAME = "__Host-session";

const folder = resolve(HERE, "dist/example");
let site: Site;

function start(variables: Record<string, string>): Promise<Site> {
  return Site.start(folder, (port) => [NEXT, "start", "-p", port, "-H", "127.0.0.1"], variables);
}

before(async () => {
  compose(folder, EXAMPLE, resolve(HERE, "probe"));
  // Nothing is secret yet: the build evaluates every module, and needs no secret for it.
  delete process.env.SESSION_SECRET;
  run(folder, NEXT, "build");
  site = await start({ SESSION_SECRET });
});
after(() => site?.end());
beforeEach(() => site.forget());

/** The names of the cookies that an answer sets. */
function sets({ setCookie }: Answer): string[] {
  return setCookie.map((field) => field.split("=", 1)[0] ?? "");
}

async function loggedIn(user = "tom"): Promise<Guest> {
  const guest = new Guest(site);
  await guest.submit("/", "Log in", { user });
  return guest;
}

/** The cookie of a session that a renewal is due for: half its age has gone. */
function aged(): Guest {
  const clock = (): number => Math.floor(Date.now() / 1000) - 8 * 24 * 3600;
  const { setCookie } = sessions<{ user: string }>({ secret: SESSION_SECRET, clock }).issue({
    user: "ann",
  });
  const [, value = ""] = /=([^;]*)/.exec(setCookie) ?? [];
  return new Guest(site, [[NAME, value]]);
}

test("visits, a login, a message, notes and a logout: one Set-Cookie for each change", async () => {
  const guest = new Guest(site);
  for (const visits of [1, 2]) {
    const answer = await guest.ask("/");
    match(answer.text, new RegExp(`^Hello stranger, visits: ${visits} `));
    deepEqual(sets(answer), [NAME]);
  }

  const login = await guest.submit("/", "Log in", { user: "tom" });
  deepEqual([login.status, login.location, sets(login)], [303, "/account", [NAME]]);
  match(login.setCookie[0] ?? "", /; Path=\/; .*; Secure; HttpOnly; SameSite=lax$/);
  for (const _ of ["the page cannot delete it", "so it is there still"]) {
    const account = await guest.ask("/account");
    match(account.text, /^Welcome\. Notes of tom Add Log out$/);
    deepEqual(sets(account), []);
    equal(
      account.headers.get("Cache-Control"),
      "private, no-cache, no-store, max-age=0, must-revalidate",
    );
  }
  deepEqual(sets(await guest.ask("/api/session", { method: "DELETE" })), [NAME]);
  deepEqual(sets(await guest.ask("/api/session", { method: "DELETE" })), []);
  equal((await guest.ask("/account")).text, "Notes of tom Add Log out");

  for (const [note, notes] of [
    ["one", "one"],
    ["two", "one two"],
  ] as const) {
    const added = await guest.submit("/account", "Add", { note });
    deepEqual([added.status, sets(added)], [200, [NAME]]);
    // The page that comes with the action's answer has seen the change.
    equal(added.text, `Notes of tom ${notes} Add Log out`);
    equal((await guest.ask("/account")).text, added.text);
  }

  const facts = await guest.ask("/api/session");
  deepEqual(sets(facts), []);
  match(facts.headers.get("Vary") ?? "", /, Cookie,/);
  const { user, path } = JSON.parse(facts.html) as { user: string; path: string };
  deepEqual({ user, path }, { user: "tom", path: "/api/session" });

  const logout = await guest.submit("/account", "Log out");
  deepEqual([logout.status, logout.location], [303, "/"]);
  deepEqual(logout.setCookie, [`${NAME}=; Path=/; Max-Age=0; Secure; HttpOnly; SameSite=lax`]);
  deepEqual([...guest.cookies], []);
  const account = await guest.ask("/account");
  deepEqual([account.status, account.location, sets(account)], [307, "/", []]);
  doesNotMatch(site.output, /error|warning/i);
});

test("an action that nobody may call changes nothing", async () => {
  const guest = await loggedIn();
  const { action, body } = await guest.form("/account", "Add", { note: "of nobody" });
  const answer = await new Guest(site).send(action, body);
  deepEqual([answer.status, answer.location, sets(answer)], [303, "/", []]);
  match((await guest.ask("/account")).text, /Notes of tom Add Log out$/);
});

test("a bad cookie is an empty session everywhere, and stays until something is written", async () => {
  for (const value of ["garbage", "", `gAAAAAB${"A".repeat(93)}`]) {
    const guest = new Guest(site, [[NAME, value]]);
    const facts = await guest.ask("/api/session");
    deepEqual([facts.status, sets(facts)], [200, []]);
    equal((JSON.parse(facts.html) as { user?: string }).user, undefined);
    const page = await guest.ask("/probe");
    deepEqual([page.status, sets(page)], [200, []]);
    match(page.text, /^seen: nobody, \. /);
    match((await guest.copy().ask("/")).text, /^Hello stranger, visits: 1 /);
    const written = await guest.submit("/probe", "twice");
    deepEqual([written.status, sets(written)], [200, [NAME]]);
    match((await guest.ask("/probe")).text, /^seen: nobody, first second\. /);
  }
});

test("after the logout a copied cookie opens nowhere", async () => {
  const guest = await loggedIn();
  const copied = guest.copy();
  match((await copied.ask("/probe")).text, /^seen: tom, /);
  equal(copied.cookies.size, 1);
  await guest.submit("/account", "Log out");

  match((await copied.ask("/probe")).text, /^seen: nobody, /);
  equal((await copied.ask("/account")).location, "/");
  const facts = await copied.ask("/api/session");
  equal((JSON.parse(facts.html) as { user?: string }).user, undefined);
  match((await copied.ask("/old")).text, /^nobody: \.$/);
  match(
    (await copied.copy().submit("/probe", "nested")).text,
    /^seen: nobody, outer inner last\. /,
  );
  match((await copied.copy().ask("/")).text, /^Hello stranger, visits: 1 /);
});

describe("A server action", () => {
  test("has one session for an edit within an edit, and writes it once", async () => {
    const guest = await loggedIn();
    const answer = await guest.submit("/probe", "nested");
    deepEqual([answer.status, sets(answer)], [200, [NAME]]);
    match(answer.text, /^seen: tom, outer inner last\. /);
  });

  test("edits twice, one after the other, and Next sends the last", async () => {
    const guest = await loggedIn();
    const answer = await guest.submit("/probe", "twice");
    deepEqual([answer.status, sets(answer)], [200, [NAME]]);
    match((await guest.ask("/probe")).text, /^seen: tom, first second\. /);
  });

  test("writes nothing where nothing has changed", async () => {
    const guest = await loggedIn();
    const answer = await guest.submit("/probe", "reading");
    deepEqual([answer.status, sets(answer)], [200, []]);
  });

  test("fails where the session is too large, and the session stays", async () => {
    const guest = await loggedIn();
    const answer = await guest.submit("/probe", "oversized");
    deepEqual([answer.status, sets(answer)], [500, []]);
    await site.printed("[ERR_SESSION_TOO_LARGE]");
    match((await guest.ask("/probe")).text, /^seen: tom, \. /);
  });

  test("that throws writes nothing, and says what it lost", async () => {
    const guest = await loggedIn();
    const answer = await guest.submit("/probe", "failing");
    deepEqual([answer.status, sets(answer)], [500, []]);
    await site.printed("[ERR_SESSION_UNSENT]");
    match((await guest.ask("/probe")).text, /^seen: tom, \. /);
  });

  test("that throws after a logout logs out all the same", async () => {
    const guest = await loggedIn();
    const answer = await guest.submit("/probe", "failingLogout");
    deepEqual([answer.status, sets(answer)], [500, [NAME]]);
    await site.printed("the action failed after the logout");
    deepEqual([...guest.cookies], []);
  });

  test("that says notFound() has changed the session", async () => {
    const guest = await loggedIn();
    const answer = await guest.submit("/probe", "notThere");
    deepEqual([answer.status, sets(answer)], [404, [NAME]]);
    match((await guest.ask("/probe")).text, /^seen: tom, looked for\. /);
  });

  test("renews a session that is due, though it changes nothing", async () => {
    const guest = aged();
    const answer = await guest.submit("/probe", "reading");
    deepEqual([answer.status, sets(answer)], [200, [NAME]]);
    match((await guest.ask("/probe")).text, /^seen: ann, /);
  });
});

describe("A page", () => {
  test("that edits fails where there is something to write, were it a renewal alone", async () => {
    const guest = await loggedIn();
    const unchanged = await guest.ask("/probe/page-edit");
    deepEqual([unchanged.status, sets(unchanged)], [200, []]);
    match(unchanged.text, /edited for tom\./);
    for (const [visitor, path] of [
      [guest, "/probe/page-edit?change=1"],
      [aged(), "/probe/page-edit"],
    ] as const) {
      const answer = await visitor.ask(path);
      deepEqual([answer.status, sets(answer)], [500, []]);
      await site.printed("Cookies can only be modified in a Server Action or Route Handler");
    }
  });

  test("reads a session that is due for renewal, and leaves it as it is", async () => {
    const answer = await aged().ask("/probe");
    deepEqual([answer.status, sets(answer)], [200, []]);
    match(answer.text, /^seen: ann, /);
  });

  test("reads while it streams, and a change that comes too late is refused aloud", async () => {
    const guest = await loggedIn();
    const read = await guest.ask("/probe/streamed");
    match(read.html, /late for tom\./);
    const changed = await guest.ask("/probe/streamed?change=1");
    deepEqual([changed.status, sets(changed)], [200, []]);
    match(changed.html, /refused: Cookies can only be modified in a Server Action/);
    match((await guest.ask("/probe")).text, /^seen: tom, \. /);
  });

  test("that the build made has nothing to do with sessions", async () => {
    const answer = await (await loggedIn()).ask("/probe/still");
    deepEqual([answer.status, sets(answer)], [200, []]);
    equal(answer.headers.get("Cache-Control"), "s-maxage=31536000");
  });

  test("of the Pages Router has the session of node:http", async () => {
    const guest = await loggedIn();
    const read = await guest.ask("/old");
    deepEqual([read.text, sets(read)], ["tom: .", []]);
    for (const [note, text] of [
      ["one", "tom: one."],
      ["two", "tom: one two."],
    ]) {
      const written = await guest.ask(`/old?note=${note}`);
      deepEqual([written.text, sets(written)], [text, [NAME]]);
      match(written.headers.get("Cache-Control") ?? "", /\bno-store\b/);
    }
    const copied = guest.copy();
    deepEqual((await guest.ask("/old?logout")).setCookie.length, 1);
    deepEqual([...guest.cookies], []);
    equal((await copied.ask("/old")).text, "nobody: .");
  });
});

describe("A route handler", () => {
  test("reads, and sets no cookie", async () => {
    const answer = await (await loggedIn()).ask("/probe/api");
    deepEqual([answer.html, sets(answer)], ['{"user":"tom"}', []]);
  });

  test("has one session for a wrap within a wrap", async () => {
    const answer = await (await loggedIn()).ask("/probe/api?do=nested");
    deepEqual([answer.html, sets(answer)], ['["outer","inner"]', [NAME]]);
    equal(answer.headers.get("Cache-Control"), "no-store");
  });

  test("has its parameters behind the session", async () => {
    const answer = await (await loggedIn()).ask("/probe/notes/seven");
    deepEqual(JSON.parse(answer.html), { user: "tom", flash: "Welcome.", notes: ["seven"] });
    deepEqual(sets(answer), [NAME]);
  });

  test("answers 500 where the session is too large", async () => {
    const guest = await loggedIn();
    const answer = await guest.ask("/probe/api?do=oversized");
    deepEqual([answer.status, sets(answer)], [500, []]);
    await site.printed("[ERR_SESSION_TOO_LARGE]");
    match((await guest.ask("/probe")).text, /^seen: tom, \. /);
  });

  test("redirects by a Response, which carries the session", async () => {
    for (const way of ["NextResponse", "Response"]) {
      const guest = await loggedIn();
      const answer = await guest.ask(`/probe/api?do=${way}`);
      deepEqual([answer.status, answer.location, sets(answer)], [303, "/probe", [NAME]]);
      match((await guest.ask("/probe")).text, /^seen: tom, carried\. /);
    }
  });

  test("loses a change by Next's redirect() within wrap, and says so", async () => {
    const guest = await loggedIn();
    const answer = await guest.ask("/probe/api?do=redirect");
    deepEqual([answer.status, answer.location, sets(answer)], [307, "/probe", []]);
    await site.printed("[ERR_SESSION_UNSENT]");
    match((await guest.ask("/probe")).text, /^seen: tom, \. /);
  });

  test("redirects by Next's redirect() within edit, which carries the session", async () => {
    const guest = await loggedIn();
    const answer = await guest.ask("/probe/api", { method: "POST" });
    deepEqual([answer.status, answer.location, sets(answer)], [307, "/probe", [NAME]]);
    match((await guest.ask("/probe")).text, /^seen: ann, \. /);
  });

  test("has its own cookies besides", async () => {
    const answer = await (await loggedIn()).ask("/probe/api?do=both");
    deepEqual(sets(answer).sort(), [NAME, "own"]);
  });

  test("that streams hears from save that a change is too late", async () => {
    const answer = await (await loggedIn()).ask("/probe/api?do=stream");
    deepEqual(sets(answer), []);
    equal(answer.html, "SessionError: the session changed, but no response carried the change");
  });
});

test("docs/frameworks/next.md has the whole example", () => {
  deepEqual(missing("docs/frameworks/next.md", "examples/next"), []);
});

test("without a secret the first request fails, and its log says what is missing", async () => {
  const bare = await start({});
  try {
    equal((await new Guest(bare).ask("/api/session")).status, 500);
    await bare.printed("a secret must be 32 bytes or more, such as randomBytes(32)");
  } finally {
    await bare.end();
  }
});

test("Chromium logs in, reloads, edits and logs out, and its console has no error", async () => {
  const browser = await openChromium();
  try {
    const page = await browser.newPage();
    const errors: string[] = [];
    page.on("pageerror", (error) => errors.push(String(error)));
    page.on("console", (message) => {
      if (message.type() === "error" || message.type() === "warning") errors.push(message.text());
    });
    const changes: Promise<string>[] = [];
    page.on("response", (response) => {
      const asked = `${response.request().method()} ${response.url().replace(site.base, "")}`;
      const count = response.headerValues("Set-Cookie").then(({ length }) => length);
      changes.push(count.then((cookies) => (cookies === 0 ? "" : `${asked}: ${cookies}`)));
    });
    const main = page.locator("main");
    const shows = async (text: string): Promise<void> => {
      await main.getByText(text, { exact: true }).waitFor();
    };

    await page.goto(`${site.base}/`);
    await shows("Hello stranger, visits: 1");
    await page.reload();
    await shows("Hello stranger, visits: 2");

    await page.getByLabel("user").fill("tom");
    const forgotten = page.waitForResponse((response) => response.request().method() === "DELETE");
    await page.getByText("Log in").click();
    await shows("Notes of tom");
    await shows("Welcome.");
    equal(page.url(), `${site.base}/account`);
    equal((await forgotten).status(), 204);
    await page.reload();
    await shows("Notes of tom");
    equal(await main.getByText("Welcome.").count(), 0);

    for (const note of ["one", "two"]) {
      await page.getByLabel("note").fill(note);
      await page.getByText("Add").click();
      await shows(note);
    }
    await page.reload();
    await shows("one");
    await shows("two");

    const [cookie] = await page.context().cookies();
    const { name, path, httpOnly, secure, sameSite } = cookie ?? {};
    deepEqual(
      { name, path, httpOnly, secure, sameSite },
      { name: NAME, path: "/", httpOnly: true, secure: true, sameSite: "Lax" },
    );
    await page.getByText("Log out").click();
    await page.waitForURL(`${site.base}/`);
    // The page that comes with the logout is no visit that anybody keeps.
    await shows("Hello stranger, visits: 1");
    deepEqual(await page.context().cookies(), []);
    const copied = new Guest(site, [[NAME, cookie?.value ?? ""]]);
    equal((await copied.ask("/account")).location, "/");
    await page.goto(`${site.base}/account`);
    await shows("Hello stranger, visits: 1");

    const changed = await Promise.all(changes);
    deepEqual(changed.filter(Boolean), [
      "GET /: 1",
      "GET /: 1",
      "POST /: 1",
      "DELETE /api/session: 1",
      "POST /account: 1",
      "POST /account: 1",
      "POST /account: 1",
      "GET /: 1",
    ]);
    deepEqual(errors, []);
  } finally {
    await browser.close();
  }
});

describe("With Redis", () => {
  let redis: RedisServer;
  let sites: Site[] = [];

  before(async () => {
    redis = await RedisServer.start();
    const started = (): Promise<Site> => start({ SESSION_SECRET, REDIS_URL: redis.url });
    sites = [await started(), await started()];
  });
  after(async () => {
    await Promise.all(sites.map((one) => one.end()));
    await redis?.remove();
  });

  test("who logged out in one process is out in the other, and no one is let in without the list", async () => {
    const [one, other] = sites as [Site, Site];
    const guest = new Guest(one);
    await guest.submit("/", "Log in", { user: "tom" });
    const [here, there] = [guest.copy(), new Guest(other, guest.cookies)];
    match((await there.ask("/probe")).text, /^seen: tom, /);
    await guest.submit("/account", "Log out");
    for (const copied of [here, there]) {
      match((await copied.ask("/probe")).text, /^seen: nobody, /);
      equal((await copied.ask("/probe/api")).html, '{"user":null}');
      match((await copied.copy().submit("/probe", "twice")).text, /^seen: nobody, first second\. /);
      equal((await copied.ask("/old")).text, "nobody: .");
      match((await copied.copy().ask("/")).text, /^Hello stranger, visits: 1 /);
    }

    const ann = new Guest(one);
    await ann.submit("/", "Log in", { user: "ann" });
    const { action, body } = await new Guest(one).form("/probe", "twice");
    await redis.kill();
    const acted = await ann.send(action, body);
    deepEqual([acted.status, sets(acted)], [500, []]);
    const route = await ann.ask("/probe/api");
    deepEqual([route.status, sets(route)], [503, []]);
    for (const path of ["/probe", "/", "/old"]) {
      const answer = await ann.ask(path);
      deepEqual([answer.status, sets(answer)], [500, []], path);
    }
    // Who has no session is not asked about.
    equal((await new Guest(one).ask("/probe")).status, 200);
  });
});
