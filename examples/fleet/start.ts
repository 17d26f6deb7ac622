/**
 * The fleet on one machine, with nginx-light, redis-server and openssl of Debian: in a folder with these
 * files, where `bulla`, `redis` and `tsx` are installed,
 *
 *     node --import tsx start.ts
 *
 * and open https://localhost:8443/count. Ctrl-C ends all of it; a process that is killed is started again.
 * To rotate keys, change keys.json and send SIGHUP, three times: append the new key (it opens), put it first
 * (it seals), and `maxAge` later remove the old one.
 */

import { type ChildProcess, execFileSync, fork, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { EventEmitter, once } from "node:events";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";

const PORTS = ["3001", "3002", "3003"];

process.chdir(import.meta.dirname);
mkdirSync("temp", { recursive: true }); // nginx's
if (!existsSync("keys.json")) {
  const key = randomBytes(32).toString("base64url");
  writeFileSync("keys.json", JSON.stringify([key]), { mode: 0o600 });
}
if (!existsSync("cert.pem")) {
  const request =
    "req -x509 -newkey rsa:2048 -nodes -subj /CN=localhost -keyout key.pem -out cert.pem";
  execFileSync("openssl", request.split(" "), { stdio: "ignore" });
}

const programs = new Map<string, () => ChildProcess>([
  [
    "redis",
    () => spawn("redis-server", ["redis.conf"], { stdio: ["ignore", "ignore", "inherit"] }),
  ],
  ...PORTS.map((port) => [port, () => fork("server.ts", { env: { ...process.env, PORT: port } })]),
  ["nginx", () => spawn("nginx", ["-p", ".", "-c", "nginx.conf"], { stdio: "inherit" })],
] as [string, () => ChildProcess][]);

const running = new Map<string, ChildProcess>();
const ready = new EventEmitter();
let ending = false;

for (const name of programs.keys()) keep(name);

/** Starts a program, and starts it again a second after it ends. */
function keep(name: string): void {
  if (ending) return;
  const child = programs.get(name)?.() as ChildProcess;
  running.set(name, child);
  child.on("message", () => ready.emit(name));
  child.once("error", ({ message }) => end(message));
  child.once("exit", () => {
    running.delete(name);
    setTimeout(keep, ending ? 0 : 1000, name);
  });
}

function end(why: string): void {
  console.log(why);
  ending = true;
  for (const child of running.values()) child.kill();
}

process.on("SIGHUP", async () => {
  for (const port of PORTS) {
    running.get(port)?.kill();
    await once(ready, port);
  }
  console.log("All processes have the new keys");
});
process.once("SIGINT", end);
process.once("SIGTERM", end);

await Promise.all(PORTS.map((port) => once(ready, port)));
console.log("https://localhost:8443/count");
