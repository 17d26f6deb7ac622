/** The demonstration in Chromium: with the mouse, with the keyboard alone, without JavaScript, and on a phone. */

import { deepEqual, equal, match, ok } from "node:assert/strict";
import { spawn } from "node:child_process";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { openChromium } from "./helpers/chromium.ts";

const TYPES = ["base64", "jwt", "fernet"];
const CODES = { jwt: "ERR_TOKEN_SIGNATURE", fernet: "ERR_TOKEN_INVALID" };

const program = fileURLToPath(new URL("../../examples/demo/server.ts", import.meta.url));
const server = spawn(process.execPath, ["--import", "tsx", "--conditions=bulla-source", program], {
  env: { ...process.env, PORT: "0" },
  stdio: ["ignore", "pipe", "inherit"],
});
let base: string;
let browser: Browser;

before(async () => {
  browser = await openChromium();
  for await (const chunk of server.stdout) {
    base = /http:\S+/.exec(String(chunk))?.[0] ?? "";
    if (base !== "") break;
  }
});

after(async () => {
  server.kill();
  await browser?.close();
});

/** Runs on a new page, which must report no error and send requests to no other server. */
async function onPage(options: BrowserContextOptions, run: (page: Page) => Promise<void>) {
  const context = await browser.newContext({ reducedMotion: "reduce", ...options });
  const page = await context.newPage();
  const wrong: string[] = [];
  page.on("console", (message) => wrong.push(message.text()));
  page.on("pageerror", (error) => wrong.push(error.message));
  page.on("requestfailed", (request) => {
    const { errorText } = request.failure() ?? {};
    // A click that comes before the page's icon cancels its request.
    if (errorText !== "net::ERR_ABORTED") wrong.push(`${errorText}: ${request.url()}`);
  });
  page.on("request", (request) => {
    if (new URL(request.url()).origin !== base) wrong.push(`elsewhere: ${request.url()}`);
  });
  page.on("response", (response) => {
    if (response.status() >= 400) wrong.push(`${response.status()} ${response.url()}`);
  });
  await page.goto(base);
  await run(page);
  deepEqual(wrong, []);
  await context.close();
}

async function cookies(page: Page): Promise<Record<string, string>> {
  const all = await page.context().cookies();
  for (const { httpOnly, sameSite } of all) deepEqual([httpOnly, sameSite], [true, "Lax"]);
  return Object.fromEntries(all.map(({ name, value }) => [name, value]));
}

async function login(page: Page): Promise<void> {
  await page.getByLabel("Your name").fill("Tom");
  await page.getByRole("button", { name: "Log in" }).click();
  await page.getByRole("heading", { name: "Logged in as Tom" }).waitFor();
}

async function tamper(page: Page, type: string): Promise<string> {
  await page.locator(`#${type}`).getByRole("button", { name: "Change it" }).click();
  return await page.locator(`#${type}-result`).innerText();
}

function differInOne(text: string, altered: string): void {
  equal(altered.length, text.length);
  equal([...text].filter((character, i) => character !== altered[i]).length, 1);
}

test("log in, see the three cookies, tamper, log out", async () => {
  await onPage({}, async (page) => {
    await login(page);
    const issued = await cookies(page);
    deepEqual(Object.keys(issued).sort(), TYPES.map((type) => `demo-${type}`).sort());
    equal(await page.evaluate("document.cookie"), "");
    for (const type of TYPES) {
      equal(await page.locator(`#${type} .token code`).textContent(), issued[`demo-${type}`]);
      ok((await page.locator(`#${type}-title`).innerText()).endsWith(type));
    }

    match(await tamper(page, "base64"), /Accepted.*believes in 7 sheep/s);
    differInOne(issued["demo-base64"] ?? "", (await cookies(page))["demo-base64"] ?? "");
    for (const [type, code] of Object.entries(CODES)) {
      const result = await tamper(page, type);
      match(result, /Refused/);
      ok(result.includes(code), result);
      ok(await page.locator(`#${type}-result`).evaluate((result) => result.matches(":target")));
      differInOne(issued[`demo-${type}`] ?? "", (await cookies(page))[`demo-${type}`] ?? "");
    }

    // The accepted cookie is the bad one, and must not look like a good one.
    const colour = (type: string) =>
      page.locator(`#${type}-result strong`).evaluate((verdict) => getComputedStyle(verdict).color);
    equal(await colour("jwt"), await colour("fernet"));
    ok((await colour("jwt")) !== (await colour("base64")));

    // After a login no card has a verdict.
    await login(page);
    for (const type of TYPES) equal(await page.locator(`#${type}-result`).count(), 0);
    await page.getByRole("button", { name: "Add a sheep" }).click();
    await page.getByText("4 sheep in your ledger").waitFor();
    await page.getByRole("button", { name: "Log out" }).click();
    await page.getByRole("button", { name: "Log in" }).waitFor();
    deepEqual(await cookies(page), {});
  });
});

test("after the logout a copy of the cookie is sent again", async () => {
  for (const javaScriptEnabled of [true, false]) {
    await onPage({ javaScriptEnabled }, async (page) => {
      await login(page);
      const issued = await cookies(page);
      await page.getByRole("button", { name: "Log out" }).click();
      await page.getByText("You are logged out").waitFor();
      const results = [/Accepted.*no use/s, /Refused.*ERR_SESSION_REVOKED/s, /Refused.*REVOKED/s];
      for (const [index, type] of TYPES.entries()) {
        await page.locator(`#${type}`).getByRole("button", { name: "Send the copy" }).click();
        match(await page.locator(`#${type}-result`).innerText(), results[index] as RegExp);
      }
      deepEqual(await cookies(page), issued);
    });
  }
});

test("on a phone the cookies are visible after the login", async () => {
  await onPage({ viewport: { width: 390, height: 844 }, isMobile: true }, async (page) => {
    await login(page);
    for (const [name, value] of Object.entries(await cookies(page))) {
      const link = page.getByRole("link", { name: `${name}=${value}` });
      const { x, y, width, height } = (await link.boundingBox()) ?? {
        x: -1,
        y: -1,
        width: 0,
        height: 0,
      };
      ok(x >= 0 && y >= 0 && x + width <= 390 && y + height <= 844, `${name}: ${x} ${y}`);
    }
    await page.getByRole("link", { name: "demo-fernet" }).click();
    ok(await page.locator("#fernet-cookie").evaluate((section) => section.matches(":target")));
  });
});

test("a character is picked in the cookie, or by its number", async () => {
  await onPage({}, async (page) => {
    await login(page);
    await page.locator("#jwt").getByText("Click a character of the cookie").waitFor();
    const input = page.locator("#jwt").getByLabel("Character");
    const characters = page.locator("#jwt .token i");
    await characters.nth(6).click();
    equal(await input.inputValue(), "7");
    await input.fill("9");
    equal(await page.locator("#jwt .chosen").count(), 1);
    match((await characters.nth(8).getAttribute("class")) ?? "", /chosen/);
    match(await tamper(page, "jwt"), /Character 9 was changed/);
  });
});

test("with the keyboard alone", async () => {
  await onPage({}, async (page) => {
    const press = (...keys: string[]) =>
      keys.reduce((done, key) => done.then(() => page.keyboard.press(key)), Promise.resolve());
    const focused = () => page.evaluate(() => document.activeElement?.textContent?.trim());

    await press("Tab");
    equal(await focused(), "Skip to the three cookies");
    await press("Tab");
    await page.keyboard.type("Tom");
    await press("Tab");
    equal(await focused(), "Log in");
    await press("Enter");
    await page.getByRole("heading", { name: "Logged in as Tom" }).waitFor();

    // The skip link leads past the buttons of the head to the first card's own.
    await press("Tab", "Enter", "Tab", "Tab");
    match((await focused()) ?? "", /^Change it\s+in base64$/);
    await press("Tab", "ArrowDown", "Tab");
    match((await focused()) ?? "", /^Change it\s+in jwt$/);
    const outline = await page.evaluate("getComputedStyle(document.activeElement).outlineStyle");
    equal(outline, "solid");
    await press("Enter");
    match(await page.locator("#jwt-result").innerText(), /Refused\s+ERR_TOKEN_SIGNATURE/);

    await page.goto(base);
    await press("Tab", "Tab", "Tab");
    equal(await focused(), "Log out");
    await press("Space");
    await page.getByRole("button", { name: "Log in" }).waitFor();
    deepEqual(await cookies(page), {});
  });
});

test("without JavaScript", async () => {
  await onPage({ javaScriptEnabled: false }, async (page) => {
    await login(page);
    equal(await page.getByText("Click a character of the cookie").first().isVisible(), false);
    match(await tamper(page, "fernet"), /Refused\s+ERR_TOKEN_INVALID/);
    await page.goto(base);
    await page.getByRole("button", { name: "Issue a new one" }).click();
    await page.locator("#fernet").getByRole("button", { name: "Change it" }).waitFor();
    await page.getByRole("button", { name: "Log out" }).click();
    await page.getByRole("button", { name: "Log in" }).waitFor();
    deepEqual(await cookies(page), {});
  });
});

for (const width of [375, 1280]) {
  for (const colorScheme of ["light", "dark"] as const) {
    test(`no horizontal scroll at ${width} px, ${colorScheme}`, async () => {
      await onPage({ viewport: { width, height: 812 }, colorScheme }, async (page) => {
        const fits = async () => {
          await page.waitForLoadState();
          equal(await page.evaluate("document.documentElement.scrollWidth"), width);
        };
        await fits();
        await page.getByLabel("Your name").fill("W".repeat(40));
        await page.getByRole("button", { name: "Log in" }).click();
        await page.getByRole("button", { name: "Log out" }).waitFor();
        await fits();
        await tamper(page, "jwt");
        await fits();
      });
    });
  }
}
