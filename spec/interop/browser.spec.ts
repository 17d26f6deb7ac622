/**
 * The demonstration in Chromium, as Debian has it (`apt-get install chromium`; CHROMIUM names another
 * one): with the mouse, with the keyboard alone, without JavaScript, and on a phone.
 */

import { deepEqual, equal, match, ok } from "node:assert/strict";
import { spawn } from "node:child_process";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";

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
  browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"],
  });
  for await (const chunk of server.stdout) {
    base = /http:\S+/.exec(String(chunk))?.[0] ?? "";
    if (base !== "") break;
  }
});

after(async () => {
  server.kill();
  await browser?.close();
});

/** Runs on a page of its own, which nothing may complain about and which may ask nobody else. */
async function onPage(options: BrowserContextOptions, run: (page: Page) => Promise<void>) {
  const context = await browser.newContext({ reducedMotion: "reduce", ...options });
  const page = await context.newPage();
  const wrong: string[] = [];
  page.on("console", (message) => wrong.push(message.text()));
  page.on("pageerror", (error) => wrong.push(error.message));
  page.on("requestfailed", (request) => {
    const { errorText } = request.failure() ?? {};
    // A click that comes before the page's icon breaks that off.
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
  await page.locator(`#${type}`).getByRole("button", { name: "Flip it" }).click();
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

    // None is left that the server believes; a login replaces them.
    await login(page);
    for (const type of TYPES) equal(await page.locator(`#${type}-result`).count(), 0);
    await page.getByRole("button", { name: "Add a sheep" }).click();
    await page.getByText("4 sheep in your ledger").waitFor();
    await page.getByRole("button", { name: "Log out" }).click();
    await page.getByRole("button", { name: "Log in" }).waitFor();
    deepEqual(await cookies(page), {});
  });
});

test("a character is picked in the cookie, or by its number", async () => {
  await onPage({}, async (page) => {
    await login(page);
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
    match((await focused()) ?? "", /^Flip it\s+in base64$/);
    await press("Tab", "ArrowDown", "Tab");
    match((await focused()) ?? "", /^Flip it\s+in jwt$/);
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
    match(await tamper(page, "fernet"), /Refused\s+ERR_TOKEN_INVALID/);
    await page.goto(base);
    await page.getByRole("button", { name: "Issue a new one" }).click();
    await page.locator("#fernet").getByRole("button", { name: "Flip it" }).waitFor();
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
