/** examples/next, built for production and tested by requests, in Chromium, and with Redis. */

import { deepEqual, equal, match } from "node:assert/strict";
import { resolve } from "node:path";
import { after, before, beforeEach, describe, test } from "node:test";
import { compose, run, Site } from "../../helpers/built-apps.ts";
import { Guest, sets } from "../../helpers/guest.ts";
import { due, loggedIn as loggedInOf, NAME, notes, SESSION_SECRET } from "../../helpers/notes.ts";
import { RedisServer } from "../../helpers/redis.ts";

const HERE = import.meta.dirname;
const EXAMPLE = resolve(HERE, "../../../../examples/next");
const NEXT = resolve(HERE, "node_modules/next/dist/bin/next");

const folder = resolve(HERE, "dist/example");
let site: Site;

function start(variables: Record<string, string>): Promise<Site> {
  return Site.start(folder, (port) => [NEXT, "start", "-p", port, "-H", "127.0.0.1"], variables);
}

before(async () => {
  compose(folder, EXAMPLE, resolve(HERE, "probe"));
  // Without a secret yet: the build evaluates every module, and must need none.
  delete process.env.SESSION_SECRET;
  run(folder, NEXT, "build");
  site = await start({ SESSION_SECRET });
});
after(() => site?.end());
beforeEach(() => site.forget());

const loggedIn = (): Promise<Guest> => loggedInOf(site);

notes({
  site: () => site,
  start,
  moved: { action: 303, page: 307 },
  attributes: /; Path=\/; .*; Secure; HttpOnly; SameSite=lax$/,
  clearing: `${NAME}=; Path=/; Max-Age=0; Secure; HttpOnly; SameSite=lax`,
  async greet(guest) {
    for (const _ of ["the page cannot delete it", "so it is still there"]) {
      const account = await guest.ask("/account");
      deepEqual([account.text, sets(account)], ["Welcome. Notes of tom Add Log out", []]);
      equal(
        account.headers.get("Cache-Control"),
        "private, no-cache, no-store, max-age=0, must-revalidate",
      );
    }
    for (const set of [[NAME], []]) {
      deepEqual(sets(await guest.ask("/api/session", { method: "DELETE" })), set);
    }
  },
  async closed(nobody) {
    const facts = await nobody.ask("/api/session");
    deepEqual([facts.status, sets(facts)], [200, []]);
    equal((JSON.parse(facts.html) as { user?: string }).user, undefined);
    equal((await nobody.ask("/old")).text, "nobody: .");
    match((await nobody.ask("/")).text, /^Hello stranger, visits: 1 /);
  },
  greeted(page) {
    const forgotten = page.waitForResponse((response) => response.request().method() === "DELETE");
    return async () => equal((await forgotten).status(), 204);
  },
  changes: [
    "GET /: 1",
    "GET /: 1",
    "POST /: 1",
    "DELETE /api/session: 1",
    "POST /account: 1",
    "POST /account: 1",
    "POST /account: 1",
    "GET /: 1",
  ],
  // The page that comes with the logout is not counted: nobody keeps that session.
  visits: 1,
});

describe("A server action", () => {
  test("edits twice in a row, and Next sends the last edit", async () => {
    const guest = await loggedIn();
    const answer = await guest.submit("/probe", "twice");
    deepEqual([answer.status, sets(answer)], [200, [NAME]]);
    match((await guest.ask("/probe")).text, /^seen: tom, first second\. /);
  });

  test("that throws writes nothing, and reports the lost change", async () => {
    const guest = await loggedIn();
    const answer = await guest.submit("/probe", "failing");
    deepEqual([answer.status, sets(answer)], [500, []]);
    await site.printed("[ERR_SESSION_UNSENT]");
    match((await guest.ask("/probe")).text, /^seen: tom, \. /);
  });

  test("that throws after a logout still logs out", async () => {
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

  test("renews a session that is due, without a change", async () => {
    const guest = due(site);
    const answer = await guest.submit("/probe", "reading");
    deepEqual([answer.status, sets(answer)], [200, [NAME]]);
    match((await guest.ask("/probe")).text, /^seen: ann, /);
  });
});

describe("A page", () => {
  test("that edits fails where there is something to write, even a renewal", async () => {
    const guest = await loggedIn();
    const unchanged = await guest.ask("/probe/page-edit");
    deepEqual([unchanged.status, sets(unchanged)], [200, []]);
    match(unchanged.text, /edited for tom\./);
    for (const [visitor, path] of [
      [guest, "/probe/page-edit?change=1"],
      [due(site), "/probe/page-edit"],
    ] as const) {
      const answer = await visitor.ask(path);
      deepEqual([answer.status, sets(answer)], [500, []]);
      await site.printed("Cookies can only be modified in a Server Action or Route Handler");
    }
  });

  test("reads a session that is due for renewal, and does not renew it", async () => {
    const answer = await due(site).ask("/probe");
    deepEqual([answer.status, sets(answer)], [200, []]);
    match(answer.text, /^seen: ann, /);
  });

  test("reads while it streams, and a change that comes too late is an error", async () => {
    const guest = await loggedIn();
    const read = await guest.ask("/probe/streamed");
    match(read.html, /late for tom\./);
    const changed = await guest.ask("/probe/streamed?change=1");
    deepEqual([changed.status, sets(changed)], [200, []]);
    match(changed.html, /refused: Cookies can only be modified in a Server Action/);
    match((await guest.ask("/probe")).text, /^seen: tom, \. /);
  });

  test("that the build made does not touch sessions", async () => {
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
    const guest = await loggedIn();
    const answer = await guest.ask("/probe/api");
    deepEqual([answer.html, sets(answer)], ['{"user":"tom"}', []]);
    const facts = await guest.ask("/api/session");
    deepEqual(sets(facts), []);
    match(facts.headers.get("Vary") ?? "", /, Cookie,/);
    const { user, path } = JSON.parse(facts.html) as { user: string; path: string };
    deepEqual({ user, path }, { user: "tom", path: "/api/session" });
  });

  test("has one session where one wrap is inside another", async () => {
    const answer = await (await loggedIn()).ask("/probe/api?do=nested");
    deepEqual([answer.html, sets(answer)], ['["outer","inner"]', [NAME]]);
    equal(answer.headers.get("Cache-Control"), "no-store");
  });

  test("gets its parameters after the session", async () => {
    const answer = await (await loggedIn()).ask("/notes/seven");
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

  test("loses a change when Next's redirect() is thrown within wrap, and reports it", async () => {
    const guest = await loggedIn();
    const answer = await guest.ask("/probe/api?do=redirect");
    deepEqual([answer.status, answer.location, sets(answer)], [307, "/probe", []]);
    await site.printed("[ERR_SESSION_UNSENT]");
    match((await guest.ask("/probe")).text, /^seen: tom, \. /);
  });

  test("keeps a change when Next's redirect() is thrown within edit", async () => {
    const guest = await loggedIn();
    const answer = await guest.ask("/probe/api", { method: "POST" });
    deepEqual([answer.status, answer.location, sets(answer)], [307, "/probe", [NAME]]);
    match((await guest.ask("/probe")).text, /^seen: ann, \. /);
  });

  test("can set its own cookies too", async () => {
    const answer = await (await loggedIn()).ask("/probe/api?do=both");
    deepEqual(sets(answer).sort(), [NAME, "own"]);
  });

  test("that streams gets an error from save when a change is too late", async () => {
    const answer = await (await loggedIn()).ask("/probe/api?do=stream");
    deepEqual(sets(answer), []);
    equal(answer.html, "SessionError: the session changed, but no response carried the change");
  });
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

  test("a logout in one process counts in the other, and without the list nobody is let in", async () => {
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
    // A visitor without a session causes no question to the list.
    equal((await new Guest(one).ask("/probe")).status, 200);
  });
});
