/** The examples as programs: in a folder that has installed what they import, as their readers have it. */

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import {
  cpSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { TestContext } from "node:test";

const INTEROP = resolve(import.meta.dirname, "..");
const EXAMPLES = resolve(INTEROP, "../../examples");

/** The examples' names with their texts. */
export const examples = new Map(
  readdirSync(EXAMPLES)
    .filter((name) => name.endsWith(".ts"))
    .map((name) => [name, readFileSync(join(EXAMPLES, name), "utf8")]),
);

/** A new folder with these files, where the packages of spec/interop are installed. */
export function project(files: Record<string, string> = {}): {
  folder: string;
  remove: () => void;
} {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "bulla-project-")));
  for (const name of examples.keys()) cpSync(join(EXAMPLES, name), join(folder, name));
  symlinkSync(join(INTEROP, "node_modules"), join(folder, "node_modules"));
  const tsconfig = {
    extends: join(INTEROP, "tsconfig.json"),
    compilerOptions: { rootDir: "/", typeRoots: [join(INTEROP, "node_modules/@types")] },
    include: ["*.ts"],
  };
  const written = {
    "package.json": '{ "type": "module" }',
    "tsconfig.json": JSON.stringify(tsconfig),
    ...files,
  };
  for (const [name, text] of Object.entries(written)) writeFileSync(join(folder, name), text);
  return { folder, remove: () => rmSync(folder, { recursive: true }) };
}

/** Starts a program that prints its address when it listens, and returns the address. */
export async function start(
  t: TestContext,
  folder: string,
  program: string,
  variables: Record<string, string> = {},
): Promise<string> {
  const args = ["--import", "tsx", "--conditions=bulla-source", program];
  const env = { ...process.env, NODE_ENV: "development", ...variables };
  const child = spawn(process.execPath, args, {
    cwd: folder,
    env: { ...env, PORT: String(await freePort()) },
    stdio: ["ignore", "pipe", "inherit"],
  });
  t.after(() => ended(child));
  let text = "";
  for await (const chunk of child.stdout) {
    text += chunk;
    const [address] = /https?:\/\/localhost:\d+/.exec(text) ?? [];
    if (address !== undefined) return address;
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
