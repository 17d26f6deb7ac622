/** docs/testing.md: runs its code as it stands there, and runs Jest on the published package with the lines that it gives. */

import { deepEqual, equal, match, notEqual } from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { project, ROOT } from "./project.ts";

const MODULES = join(import.meta.dirname, "node_modules");
const page = readFileSync(join(ROOT, "docs/testing.md"), "utf8");
const shown = Object.fromEntries(
  [...page.matchAll(/^`([\w.-]+)`:\n\n```ts\n(.*?)^```$/gms)].map(([, name, text]) => [name, text]),
) as Record<string, string>;

/** The secret that the page gives to tests. */
const [, SESSION_SECRET = ""] = /SESSION_SECRET="([^"]+)"/.exec(page) ?? [];

/** Runs a program of node_modules in a folder. */
function run(
  folder: string,
  program: string,
  args: string[] = [],
  variables: Record<string, string> = {},
) {
  const env = Object.fromEntries(
    Object.entries({ ...process.env, SESSION_SECRET, ...variables }).filter(
      ([name]) => name !== "NODE_TEST_CONTEXT",
    ),
  );
  const found = program === "node" ? [] : [join(MODULES, program)];
  const all = [...found, ...args];
  const { status, stdout, stderr } = spawnSync(process.execPath, all, {
    cwd: folder,
    env,
    encoding: "utf8",
  });
  return { status, said: `${stdout}${stderr}` };
}

test("the page has code for supertest, inject, Playwright and time", () => {
  deepEqual(Object.keys(shown), [
    "app.ts",
    "supertest.test.ts",
    "inject.test.ts",
    "signed-in.spec.ts",
    "expiry.test.ts",
  ]);
});

test("it compiles", () => {
  const { status, said } = run(project(shown), "typescript/bin/tsc", ["-p", "."]);
  equal(status, 0, said);
});

for (const name of ["supertest.test.ts", "inject.test.ts", "expiry.test.ts"]) {
  test(`${name} passes`, () => {
    const args = ["--import", "tsx/esm", "--test", "--test-reporter=tap", name];
    const { status, said } = run(project(shown), "node", args);
    equal(status, 0, said);
    match(said, /^# pass [12]$/m);
  });
}

test("signed-in.spec.ts passes in Chromium", () => {
  const folder = project({
    ...shown,
    "server.ts": `import { app } from "./app.ts";
const server = app.listen(0, () => console.log(\`listening on \${server.address().port}\`));`,
    "playwright.config.ts": `import { defineConfig } from "@playwright/test";
export default defineConfig({
  testMatch: "signed-in.spec.ts",
  webServer: {
    command: "node --import tsx/esm server.ts",
    wait: { stdout: /listening on (?<app_port>\\d+)/ },
  },
  use: {
    baseURL: \`http://localhost:\${process.env.APP_PORT}\`,
    launchOptions: {
      executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
      args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"],
    },
  },
});`,
  });
  const { status, said } = run(folder, "@playwright/test/cli.js", ["test"]);
  equal(status, 0, said);
  match(said, /1 passed/);
});

/** A usual test of an application, in CommonJS. */
const TESTS = `
const visitors = sessions({
  secret: new Uint8Array(32).fill(7),
  cookie: { secure: false },
  revocation: memoryRevocation(),
});
const app = express();
app.use(visitors.middleware);
app.get("/me", (req, res) => res.send(\`Hello \${req.session.user}\`));
app.post("/login", async (req, res) => {
  await req.session.regenerate();
  req.session.user = "Tom";
  res.send("Welcome");
});
app.post("/logout", async (req, res) => {
  await req.session.destroy();
  res.send("Bye");
});
describe("bulla", () => {
  it("signs a request in", async () => {
    const { setCookie } = visitors.issue({ user: "Tom" });
    await request(app).get("/me").set("Cookie", setCookie.split(";", 1)).expect(200, "Hello Tom");
  });
  it("keeps an agent signed in until it leaves", async () => {
    const agent = request.agent(app);
    await agent.post("/login").expect(200);
    await agent.get("/me").expect("Hello Tom");
    await agent.post("/logout").expect("Set-Cookie", /Max-Age=0/);
    await agent.get("/me").expect("Hello undefined");
  });
  it("wraps a handler", async () => {
    const handler = visitors.wrap((_request, session) => {
      session.user = "Tom";
      return new Response("text");
    });
    const response = await handler(new Request("https://example.org/"));
    assert.equal(visitors.read(response.headers.getSetCookie()[0]).user, "Tom");
  });
  it("throws its own errors", () => {
    assert.throws(() => sessions({ secret: "short" }), ConfigError);
  });
});
`;
const BULLA = "{ ConfigError, memoryRevocation, sessions }";
const REQUIRED = `
const ${BULLA} = require("bulla/session");
const assert = require("node:assert/strict");
const express = require("express");
const request = require("supertest");
${TESTS}`;
const IMPORTED = `
import ${BULLA} from "bulla/session";
import assert from "node:assert/strict";
import express from "express";
import request from "supertest";
${TESTS}`;

/** A CommonJS project with the published package installed, in the layout of npm or of pnpm. */
function installed(layout: "npm" | "pnpm", files: Record<string, string>): string {
  const folder = project({ "package.json": "{}", ...files });
  const modules = join(folder, "node_modules");
  rmSync(modules);
  mkdirSync(modules);
  for (const name of ["@babel", "@types", "express", "supertest", "ts-jest", "typescript"]) {
    symlinkSync(join(MODULES, name), join(modules, name));
  }
  const place = layout === "npm" ? "bulla" : ".pnpm/bulla@0.1.0/node_modules/bulla";
  for (const part of ["dist", "src", "package.json"]) {
    cpSync(join(ROOT, part), join(modules, place, part), { recursive: true });
  }
  if (layout === "pnpm") symlinkSync(place, join(modules, "bulla"));
  return folder;
}

const [, flag = ""] = /NODE_OPTIONS=(\S+) npx jest/.exec(page) ?? [];
const [line = ""] = /transformIgnorePatterns: .*/.exec(page) ?? [];
const config = (more = "") => `module.exports = { testMatch: ["**/app.test.*"], ${more} };`;

const BABEL = {
  "app.test.js": IMPORTED,
  "babel.config.js": `module.exports = { presets: [["@babel/preset-env", { targets: { node: "current" } }]] };`,
};
const TS_JEST = {
  "app.test.ts": IMPORTED.replaceAll("(req, res)", "(req: any, res: any)").replace(
    "= sessions(",
    "= sessions<{ user?: string }>(",
  ),
  "tsconfig.json": `{ "compilerOptions": { "target": "es2023", "module": "commonjs", "strict": true,
    "esModuleInterop": true, "skipLibCheck": true, "allowJs": true, "types": ["node", "jest"] } }`,
};

const JEST = "jest/bin/jest.js";
interface Run {
  layout: "npm" | "pnpm";
  files: Record<string, string>;
  variables?: Record<string, string>;
}
const RUNS: Record<string, Run> = {
  alone: {
    layout: "npm",
    files: { "app.test.js": REQUIRED, "jest.config.js": config() },
    variables: { NODE_OPTIONS: flag },
  },
  "with Babel": { layout: "pnpm", files: { ...BABEL, "jest.config.js": config(line) } },
  "with ts-jest": {
    layout: "npm",
    files: {
      ...TS_JEST,
      "jest.config.js": config(`preset: "ts-jest/presets/js-with-ts", ${line}`),
    },
  },
};
for (const [how, { layout, files, variables }] of Object.entries(RUNS)) {
  test(`Jest ${how} runs the package that ${layout} installed`, () => {
    const { status, said } = run(installed(layout, files), JEST, [], variables);
    equal(status, 0, said);
    match(said, /^Tests: +4 passed, 4 total$/m);
  });

  test(`Jest ${how} without the line says that it must not require an ES module`, () => {
    const bare = { ...files, "jest.config.js": `${files["jest.config.js"]}`.replace(line, "") };
    const { status, said } = run(installed(layout, bare), JEST);
    notEqual(status, 0);
    match(said, /Must use import to load ES Module/);
  });
}

test("Mocha needs no configuration", () => {
  const folder = installed("npm", { "app.test.js": REQUIRED });
  const { status, said } = run(folder, "mocha/bin/mocha.js", ["--exit", "app.test.js"]);
  equal(status, 0, said);
  match(said, /^ +4 passing/m);
});
