/** examples/servers as programs, in a folder with their packages installed, and bulla as it is published. */

import { cpSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { after, type TestContext } from "node:test";
import { serve } from "../../helpers/processes.ts";

export const ROOT = resolve(import.meta.dirname, "../../../..");
const MODULES = join(import.meta.dirname, "node_modules");
const BUN = resolve(import.meta.dirname, "../../node_modules/.bin/bun");

/** The compiler settings of a reader's own project. */
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

/** Makes a folder with the examples and these files, and removes it after the specs of a file. */
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

/** The secret of the programs. */
export const SECRET = "a secret of some more than 32 bytes";

/** Starts a program that prints its address when it listens, and returns the address. */
export async function start(t: TestContext, folder: string, program: string): Promise<string> {
  const bun = program === "elysia.ts";
  const { server, address } = await serve(
    bun ? BUN : process.execPath,
    bun ? [program] : ["--import", "tsx/esm", program],
    { cwd: folder, env: { NODE_ENV: "development", SESSION_SECRET: SECRET } },
  );
  server.child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    // The specs provoke warnings about sessions, so these are not shown.
    if (!text.includes("SessionError")) process.stderr.write(text);
  });
  t.after(() => server.end());
  return address;
}
