/** Types: the examples compile under strict settings; types/ has good and bad uses. */

import { deepEqual, match, notEqual } from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { project, SETTINGS } from "./project.ts";

function tsc(folder: string, ...more: string[]): { status: number | null; stdout: string } {
  const compiler = join(import.meta.dirname, "node_modules/typescript/bin/tsc");
  const args = [compiler, "-p", folder, "--pretty", "false", ...more];
  const { status, stdout } = spawnSync(process.execPath, args, { encoding: "utf8" });
  return { status, stdout };
}

test("the examples and types/good.ts compile, and the uses marked in types/bad.ts do not", () => {
  const files = Object.fromEntries(
    ["good.ts", "bad.ts"].map((name) => [
      name,
      readFileSync(join(import.meta.dirname, "types", name), "utf8"),
    ]),
  );
  deepEqual(tsc(project(files)), { status: 0, stdout: "" });
});

test("the specs compile", () => {
  deepEqual(tsc(import.meta.dirname), { status: 0, stdout: "" });
});

// docs/frameworks/express.md says what to remove when a project leaves express-session.
describe("beside the types of express-session", () => {
  const folder = project({
    "tsconfig.json": JSON.stringify({
      compilerOptions: { ...SETTINGS, skipLibCheck: false },
      include: ["app.ts"],
    }),
    "app.ts": `import { type Session, sessions } from "bulla/session";
import express from "express";
declare module "bulla/session" {
  interface SessionData { user?: string }
}
express().use(sessions({ secret: "32 bytes or more that only tests have" }).middleware, (req) => {
  const session: Session = req.session;
  const user: string | undefined = req.session.user;
  const began: Promise<void> = req.session.regenerate();
  // @ts-expect-error: a member of express-session's
  req.session.cookie;
  return [session, user, began];
});`,
  });
  const both = ["--types", "node,express-session"];

  test("without them all compiles, the libraries too", () => {
    deepEqual(tsc(folder), { status: 0, stdout: "" });
  });

  test("with them Express's own Request does not compile: it cannot have both sessions", () => {
    const { status, stdout } = tsc(folder, ...both);
    notEqual(status, 0);
    const [first = "", ...rest] = stdout.trimEnd().split("\n");
    match(first, /express-serve-static-core\/index\.d\.ts\(\d+,\d+\): error TS2320: /);
    for (const line of rest) match(line, /^ /, "one error alone");
  });

  test("with them and skipLibCheck req.session is bulla's", () => {
    deepEqual(tsc(folder, ...both, "--skipLibCheck"), { status: 0, stdout: "" });
  });
});
