/** Chromium (Debian's, or the one in CHROMIUM) keeps the promises of the session's cookie over https. */

import { deepEqual, equal, notEqual, ok } from "node:assert/strict";
import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { after, before, test } from "node:test";
import { type SameSite, sessions } from "bulla/session";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { certificate } from "./helpers/certificate.ts";
import { openChromium } from "./helpers/chromium.ts";

const MAX_AGE = 1000;
const NAMES = ["__Host-lax", "__Host-strict"];
/** Another site for the browser, though the same server answers. */
const ELSEWHERE = "elsewhere.test";

let now = Math.floor(Date.now() / 1000);
const [lax, strict] = (["lax", "strict"] as const).map((sameSite: SameSite) =>
  sessions<{ user?: string }>({
    secret: "a secret of some more than 32 bytes",
    maxAge: MAX_AGE,
    clock: () => now,
    cookie: { name: `__Host-${sameSite}`, sameSite },
  }),
) as [Made, Made];
type Made = ReturnType<typeof sessions<{ user?: string }>>;

/** The names of the cookies that came with each request, by path. */
const came = new Map<string, string[]>();

async function answer(req: IncomingMessage, res: ServerResponse): Promise<void> {
  const { pathname, searchParams } = new URL(req.url ?? "", "https://localhost");
  const names = (req.headers.cookie ?? "").split("; ").map((pair) => pair.split("=", 1)[0] ?? "");
  came.set(`${req.method} ${pathname}`, names.filter((name) => NAMES.includes(name)).sort());
  res.setHeader("Content-Type", "text/html");
  if (pathname === "/foreign") {
    res.end("<title>another site</title>");
    return;
  }
  const both = [lax.attach(req, res), strict.attach(req, res)];
  for (const session of both) {
    if (pathname === "/login") {
      await session.regenerate();
      session.user = searchParams.get("user") ?? "";
    }
    if (pathname === "/logout") await session.destroy();
  }
  res.end(both.map(({ user = "stranger" }) => user).join(" "));
}

const { key, cert } = certificate();
const server = createServer({ key, cert }, answer);
let browser: Browser;
let home: string;
let foreign: string;

before(async () => {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  home = `https://localhost:${port}`;
  foreign = `https://${ELSEWHERE}:${port}`;
  browser = await openChromium(ELSEWHERE);
});

after(async () => {
  await browser?.close();
  server.close();
  server.closeAllConnections();
});

async function visitor(run: (context: BrowserContext, page: Page) => Promise<void>): Promise<void> {
  const context = await browser.newContext({ ignoreHTTPSErrors: true });
  try {
    await run(context, await context.newPage());
  } finally {
    await context.close();
  }
}

async function see(page: Page, path = "/"): Promise<string> {
  await page.goto(home + path);
  return await page.innerText("body");
}

async function laxCookie(context: BrowserContext): Promise<string> {
  const found = (await context.cookies()).find(({ name }) => name === "__Host-lax");
  return found?.value ?? "";
}

test("the cookies are kept with their attributes, and no script sees them", async () => {
  await visitor(async (context, page) => {
    equal(await see(page, "/login?user=tom"), "tom tom");
    const kept = await context.cookies();
    const promised = { domain: "localhost", path: "/", httpOnly: true, secure: true };
    deepEqual(
      kept
        .map(({ name, domain, path, httpOnly, secure, sameSite }) => {
          return { name, domain, path, httpOnly, secure, sameSite };
        })
        .sort((one, other) => one.name.localeCompare(other.name)),
      [
        { name: "__Host-lax", ...promised, sameSite: "Lax" },
        { name: "__Host-strict", ...promised, sameSite: "Strict" },
      ],
    );
    for (const { expires } of kept) ok(Math.abs(expires - Date.now() / 1000 - MAX_AGE) < 60);
    equal(await page.evaluate("document.cookie"), "");
    // A script cannot overwrite them either, since they are HttpOnly.
    await page.evaluate("document.cookie = '__Host-lax=x; Secure; Path=/'");
    equal(await see(page), "tom tom");
  });
});

test("requests of another site carry no cookie, and its links only the Lax one", async () => {
  await visitor(async (_context, page) => {
    await see(page, "/login?user=tom");
    equal(await see(page, "/own"), "tom tom");
    deepEqual(came.get("GET /own"), NAMES);

    await page.goto(`${foreign}/foreign`);
    const within = async (path: string, method: string): Promise<string[] | undefined> => {
      const init = JSON.stringify({ method, mode: "no-cors", credentials: "include" });
      await page.evaluate(`fetch(${JSON.stringify(home + path)}, ${init}).then(() => 0)`);
      return came.get(`${method} ${path}`);
    };
    deepEqual(await within("/fetched", "GET"), []);
    deepEqual(await within("/fetched", "POST"), []);
    const image = `new Promise((done) => {
      const image = new Image(); image.onerror = done; image.src = "${home}/image"; }).then(() => 0)`;
    await page.evaluate(image);
    deepEqual(came.get("GET /image"), []);

    const leave = async (element: string): Promise<void> => {
      await page.goto(`${foreign}/foreign`);
      await page.setContent(element);
      await page.click("#go");
      await page.waitForURL(`${home}/**`);
    };
    await leave(`<form method="post" action="${home}/posted"><button id="go">go</button></form>`);
    deepEqual(came.get("POST /posted"), []);
    await leave(`<a id="go" href="${home}/linked">go</a>`);
    deepEqual(came.get("GET /linked"), ["__Host-lax"]);
    // Both are still there: a request of the site itself carries them.
    equal(await see(page, "/own"), "tom tom");
  });
});

test("after the logout both cookies are gone", async () => {
  await visitor(async (context, page) => {
    equal(await see(page, "/login?user=tom"), "tom tom");
    equal(await see(page, "/logout"), "stranger stranger");
    deepEqual(await context.cookies(), []);
    equal(await see(page), "stranger stranger");
  });
});

test("an unchanged session is renewed after half its age, and not before", async () => {
  await visitor(async (context, page) => {
    await see(page, "/login?user=tom");
    const issued = await laxCookie(context);
    now += MAX_AGE / 2 - 1;
    equal(await see(page), "tom tom");
    equal(await laxCookie(context), issued);
    now += 1;
    equal(await see(page), "tom tom");
    const renewed = await laxCookie(context);
    notEqual(renewed, issued);
    // The renewed cookie outlives the first one, and then expires too.
    now += MAX_AGE - 1;
    equal(await see(page), "tom tom");
    now += MAX_AGE;
    equal(await see(page), "stranger stranger");
  });
});

test("two tabs that log in as two users end as the last one", async () => {
  await visitor(async (context, one) => {
    const other = await context.newPage();
    equal(await see(one, "/login?user=tom"), "tom tom");
    equal(await see(other, "/login?user=ann"), "ann ann");
    for (const page of [one, other]) equal(await see(page), "ann ann");
    equal((await context.cookies()).length, 2);
    await see(one, "/logout");
    for (const page of [one, other]) equal(await see(page), "stranger stranger");
  });
});
