/** Chromium: Debian's, or the one that CHROMIUM names. */

import { type Browser, chromium } from "playwright-core";

export function openChromium(): Promise<Browser> {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"],
  });
}
