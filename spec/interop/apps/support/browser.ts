/** Chromium on a built application, through a proxy that ends TLS. */

import { deepEqual, equal } from "node:assert/strict";
import { once } from "node:events";
import { request } from "node:http";
import { createServer } from "node:https";
import type { Page } from "playwright-core";
import { certificate } from "../../helpers/certificate.ts";
import { complaints, openChromium } from "../../helpers/chromium.ts";

/** Runs a walk on a new page, with or without scripts, and fails if the page reports errors. */
export async function browse(
  port: number,
  { scripts }: { scripts: boolean },
  walk: (page: Page, home: string) => Promise<void>,
): Promise<void> {
  const proxy = createServer(certificate(), (req, res) => {
    const { method, url, headers } = req;
    const asked = {
      port,
      method,
      path: url,
      headers: { ...headers, "x-forwarded-proto": "https" },
    };
    const passed = request({ host: "127.0.0.1", ...asked }, (reply) => {
      res.writeHead(reply.statusCode ?? 502, reply.rawHeaders);
      reply.pipe(res);
    });
    req.pipe(passed);
  });
  proxy.listen(0, "127.0.0.1");
  await once(proxy, "listening");
  const { port: open } = proxy.address() as { port: number };
  const browser = await openChromium();
  try {
    const context = await browser.newContext({
      ignoreHTTPSErrors: true,
      javaScriptEnabled: scripts,
    });
    const page = await context.newPage();
    const heard = complaints(page);
    await walk(page, `https://localhost:${open}`);
    deepEqual(heard, []);
  } finally {
    await browser.close();
    proxy.close();
    proxy.closeAllConnections();
  }
}

/** Logs in, reloads, edits and logs out on the page that every example has. */
export async function visit(page: Page, home: string): Promise<void> {
  const sees = async (greeting: string): Promise<void> => {
    await page.locator("h1", { hasText: new RegExp(`^Hello ${greeting}, visits: `) }).waitFor();
  };
  await page.goto(`${home}/`, { waitUntil: "networkidle" });
  await sees("stranger");
  await page.getByLabel("User").fill("Tom");
  await page.getByRole("button", { name: "Log in" }).click();
  await sees("Tom");
  equal(await page.getByRole("status").innerText(), "Welcome.");
  await page.reload({ waitUntil: "networkidle" });
  await sees("Tom");
  equal(await page.getByRole("status").count(), 0);
  await page.getByLabel("Note").fill("clay");
  await page.getByRole("button", { name: "Add" }).click();
  await page.getByRole("listitem").waitFor();
  await page.reload({ waitUntil: "networkidle" });
  deepEqual(await page.getByRole("listitem").allInnerTexts(), ["clay"]);
  const kept = await page.context().cookies();
  const facts = kept.map(({ name, httpOnly, secure }) => ({ name, httpOnly, secure }));
  deepEqual(facts, [{ name: "__Host-session", httpOnly: true, secure: true }]);
  await page.getByRole("button", { name: "Log out" }).click();
  await sees("stranger");
  await page.reload({ waitUntil: "networkidle" });
  await sees("stranger");
  equal(await page.getByRole("listitem").count(), 0);
}
