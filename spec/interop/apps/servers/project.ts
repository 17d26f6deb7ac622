/** examples/servers as programs: in a folder that has installed what they import, and bulla as it is published. */

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { after, type TestContext } from "node:test";

export const ROOT = resolve(import.meta.dirname, "../../../..");
const MODULES = join(import.meta.dirname, "node_modules");

/** The settings of a reader's own project. */
export const SETTINGS = {
  target: "es2023",
  module: "nodenext",
  types: ["node"],
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  allowImportingTsExtensions: true,
  experimentalDecorators: true,
  noEmit: true,
};

/** A new folder with the examples and these files, until the specs of a file have run. */
export function project(files: Record<string, string> = {}): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "bulla-servers-")));
  after(() => rmSync(folder, { recursive: true }));
  cpSync(join(ROOT, "examples/servers"), folder, { recursive: true });
  symlinkSync(MODULES, join(folder, "node_modules"));
  const written = {
    "package.json": '{ "type": "module" }',
    "tsconfig.json": JSON.stringify({
      compilerOptions: { ...SETTINGS, skipLibCheck: true },
      include: ["*.ts"],
    }),
    ...files,
  };
  for (const [name, text] of Object.entries(written)) writeFileSync(join(folder, name), text);
  return folder;
}

/** What the programs have as their secret. */
export const SECRET = "a secret of some more than 32 bytes";

/** Starts a program that prints its address when it listens, and returns the address. */
export async function start(t: TestContext, folder: string, program: string): Promise<string> {
  const [command, ...args] =
    program === "elysia.ts"
      ? [join(MODULES, ".bin/bun")]
      : [process.execPath, "--import", "tsx/esm"];
  const port = await freePort();
  const child = spawn(command as string, [...args, program], {
    cwd: folder,
    env: { ...process.env, NODE_ENV: "development", SESSION_SECRET: SECRET, PORT: String(port) },
    stdio: ["ignore", "pipe", "pipe"],
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    // Warnings of sessions are what the specs provoke.
    if (!text.includes("SessionError")) process.stderr.write(text);
  });
  t.after(() => ended(child));
  let text = "";
  for await (const chunk of child.stdout) {
    text += chunk;
    if (text.includes(`http://localhost:${port}`)) return `http://localhost:${port}`;
  }
  throw new Error(`${program} ended and had printed ${JSON.stringify(text)}`);
}

async function ended(child: ChildProcess): Promise<void> {
  child.kill();
  if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0);
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, "close");
  return port;
}
