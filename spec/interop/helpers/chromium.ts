/** Chromium: Debian's, or the one in CHROMIUM. */

import { type Browser, chromium, type Page } from "playwright-core";

/** Besides localhost, the hosts are names of this machine too. */
export function openChromium(...hosts: readonly string[]): Promise<Browser> {
  const rules = [...hosts, "localhost"].map((host) => `MAP ${host} 127.0.0.1`);
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: [
      ...["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"],
      `--host-resolver-rules=${rules.join(", ")}`,
    ],
  });
}

/** The errors of a page from now on: uncaught ones, and those of its console. */
export function complaints(page: Page): string[] {
  const heard: string[] = [];
  page.on("pageerror", (error) => heard.push(String(error)));
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) heard.push(message.text());
  });
  return heard;
}
