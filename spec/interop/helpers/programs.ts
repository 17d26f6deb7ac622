/** The examples as programs, in a folder with their packages installed, as readers have them. */

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
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { TestContext } from "node:test";
import { serve } from "./processes.ts";

const INTEROP = resolve(import.meta.dirname, "..");
const EXAMPLES = resolve(INTEROP, "../../examples");

/** The names of the examples, with their texts. */
export const examples = new Map(
  readdirSync(EXAMPLES)
    .filter((name) => name.endsWith(".ts"))
    .map((name) => [name, readFileSync(join(EXAMPLES, name), "utf8")]),
);

/** Makes a folder with these files, where the packages of spec/interop are installed. */
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
  const { server, address } = await serve(
    process.execPath,
    ["--import", "tsx", "--conditions=bulla-source", program],
    {
      cwd: folder,
      env: { NODE_ENV: "development", ...variables },
      stdio: ["ignore", "pipe", "inherit"],
    },
  );
  t.after(() => server.end());
  return address;
}
