/** `examples/express.ts` on Express itself, which nothing outside this folder installs. */

import { deepEqual, equal, match } from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { test } from "node:test";
import { setTimeout } from "node:timers/promises";

const HERE = import.meta.dirname;
const EXAMPLE = resolve(HERE, "../../examples/express.ts");

test("login, visits and logout on Express", async (context) => {
  const folder = mkdtempSync(join(tmpdir(), "bulla-express-"));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  copyFileSync(EXAMPLE, join(folder, "express.ts"));
  symlinkSync(join(HERE, "node_modules"), join(folder, "node_modules"));
  writeFileSync(join(folder, "package.json"), '{ "type": "module" }');

  const port = await freePort();
  const args = ["--import", "tsx", "--conditions=bulla-source", "express.ts"];
  const server = spawn(process.execPath, args, {
    cwd: folder,
    env: { ...process.env, PORT: String(port), NODE_ENV: "development" },
    stdio: ["ignore", "inherit", "inherit"],
  });
  context.after(async () => {
    server.kill();
    if (server.exitCode === null && server.signalCode === null) await once(server, "exit");
  });

  let cookie = "";
  /** One request with the cookie of the last answer that set one. */
  async function ask(path: string, method: string): Promise<{ status: number; text: string }> {
    const url = `http://127.0.0.1:${port}${path}`;
    const response = await fetch(url, { method, headers: { cookie }, redirect: "manual" });
    [cookie = cookie] = response.headers.getSetCookie().map((line) => line.replace(/;.*/, ""));
    return { status: response.status, text: await response.text() };
  }

  await listening(port);
  deepEqual(await ask("/", "GET"), { status: 200, text: "Hello stranger, visits: 1\n" });
  deepEqual(await ask("/", "GET"), { status: 200, text: "Hello stranger, visits: 2\n" });
  const before = cookie;
  equal((await ask("/login", "POST")).status, 302);
  deepEqual(await ask("/", "GET"), { status: 200, text: "Hello Tom, visits: 1\n" });
  equal((await ask("/logout", "POST")).status, 302);
  match(cookie, /^session=$/);
  cookie = before;
  deepEqual(await ask("/", "GET"), { status: 200, text: "Hello stranger, visits: 3\n" });
  cookie = "session=forged";
  deepEqual(await ask("/", "GET"), { status: 200, text: "Hello stranger, visits: 1\n" });
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, "close");
  return port;
}

/** Waits for a server, 20 seconds at most. */
async function listening(port: number): Promise<void> {
  for (let tries = 0; tries < 200; tries++) {
    const up = await fetch(`http://127.0.0.1:${port}/up`).then(
      () => true,
      () => false,
    );
    if (up) return;
    await setTimeout(100);
  }
  throw new Error("the example does not listen");
}
