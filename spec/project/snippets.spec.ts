/**
 * Type-checks and runs every program of README.md, docs/ and docstrings, compares what it prints with its comments,
 * and sends a request to each route of a server.
 * A block that imports begins a program, and the blocks after it that do not import continue it.
 */

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { type Program, pageOf, pages, programsOf, read, sources } from "./pages.ts";

const run = promisify(execFile);
const root = fileURLToPath(new URL("../..", import.meta.url));

/** Pages whose code spec/interop runs, with the frameworks and test runners that they need. */
const ELSEWHERE = /^docs\/(?:frameworks\/|testing\.md)/;
const shown = [...pages.keys(), ...sources].filter((page) => !ELSEWHERE.test(page));
const withCode = shown.filter((page) => programsOf(page).length > 0);

// Inside spec/interop, where express, redis and bulla itself are found.
const folder = mkdtempSync(join(root, "spec/interop/.docs-"));
after(() => rmSync(folder, { recursive: true }));

// Starts a server on a free port, asks for each route of the program as one visitor with cookies, and stops it.
const visitor = join(folder, "visitor.mjs");
writeFileSync(
  visitor,
  `import { Server } from "node:http";
const { listen } = Server.prototype;
Server.prototype.listen = function () {
  return listen.call(this, 0, "127.0.0.1", async () => {
    const jar = new Map();
    for (const route of process.env.ROUTES.split(",")) {
      const [method, path] = route.split(" ");
      const url = "http://127.0.0.1:" + this.address().port + path;
      const form = new URLSearchParams("name=tom&password=clay&remember=on");
      const body = method === "POST" ? form : undefined;
      const cookie = [...jar].map((pair) => pair.join("=")).join("; ");
      const { status, headers } = await fetch(url, { method, body, headers: { cookie }, redirect: "manual" });
      console.log("answered", route, status);
      for (const [, name, value] of headers.getSetCookie().map((field) => /^([^=]+)=([^;]*)/.exec(field)))
        jar.set(name, value);
    }
    this.close().closeAllConnections();
  });
};
`,
);

function routesOf({ code }: Program): string[] {
  const found = code.matchAll(/\bapp\.(get|post)\("([^"]+)"/g);
  const routes = [...found].map(([, method = "", path]) => `${method.toUpperCase()} ${path}`);
  return routes.length > 0 ? routes : ["GET /"];
}

const VALUE = '(?:"[^"]*"|undefined|true|false)';
const PRINTS = new RegExp(String.raw`^ *console\.log\(.*\); // (${VALUE}(?: ${VALUE})*)`, "gm");

/** The expected output, from the comments behind the lines: `console.log(claims.sub); // "tom"`. */
function printedBy({ code }: Program): string[] {
  return [...code.matchAll(PRINTS)].map(([, values = ""]) => values.replaceAll('"', ""));
}

function fileOf({ page, line, extension, code }: Program): string {
  const name = join(folder, page.replace(/\W/g, "-"));
  mkdirSync(name, { recursive: true });
  const file = join(name, `line-${line}.${extension}`);
  writeFileSync(file, code);
  return file;
}

for (const page of withCode) {
  describe(page, { concurrency: 2 }, () => {
    const programs = programsOf(page);
    for (const program of programs) {
      const file = fileOf(program);
      it(`runs the program of line ${program.line}`, async () => {
        const routes = routesOf(program);
        const loader = process.execArgv.filter((arg) => arg.includes("tsx") || arg === "--import");
        const { stdout } = await run(
          process.execPath,
          [...loader, "--conditions=bulla-source", "--import", visitor, file],
          {
            env: {
              ...process.env,
              FERNET_KEY: `${"k".repeat(42)}g=`,
              ROUTES: routes.join(","),
              // Exactly 32 characters: Python's side takes no other length for type fernet.
              SESSION_SECRET: "a secret of 32 chars for a spec!",
            },
            timeout: 60_000,
          },
        );
        const lines = stdout.split("\n");
        for (const printed of printedBy(program)) {
          const at = lines.findIndex((line) => line.startsWith(printed));
          assert.ok(at >= 0, `${printed} is not in ${lines}`);
          lines.splice(0, at + 1);
        }
        if (!program.code.includes(".listen(")) return;
        const answers = [...stdout.matchAll(/^answered (.*) (\d+)$/gm)];
        assert.deepEqual(
          answers.map(([, route]) => route),
          routes,
        );
        for (const [answer, route = "", status] of answers) {
          assert.ok(Number(status) < (route.startsWith("GET") ? 300 : 500), answer);
        }
      });
    }

    it("type-checks, as in the project of a reader", async () => {
      const tsc = join(root, "node_modules", "typescript", "bin", "tsc");
      const name = join(folder, page.replace(/\W/g, "-"));
      const compilerOptions = {
        target: "es2023",
        lib: ["es2023", "es2024.string"],
        module: "nodenext",
        types: ["node"],
        strict: true,
        noUncheckedIndexedAccess: true,
        // README.md shows JavaScript, where a setting that may be missing needs no default.
        exactOptionalPropertyTypes: page !== "README.md",
        skipLibCheck: true,
        noEmit: true,
        allowJs: true,
        checkJs: true,
        customConditions: ["bulla-source"],
        allowImportingTsExtensions: true,
      };
      writeFileSync(join(name, "tsconfig.json"), JSON.stringify({ compilerOptions }));
      await run(process.execPath, [tsc, "-p", name]).catch(({ stdout }) => assert.fail(stdout));
    });
  });
}

describe("Pages", () => {
  it("README.md shows a whole program within the first 40 lines, and has 140 lines at most", () => {
    const lines = pageOf("README.md").split("\n");
    assert.match(lines.slice(0, 40).join("\n"), /^```js\nimport [\s\S]+\.listen\([\s\S]+^```$/m);
    assert.ok(lines.length <= 140, `${lines.length}`);
  });

  for (const page of pages.keys()) {
    it(`${page} names only npm scripts that exist`, () => {
      const { scripts } = JSON.parse(read("package.json"));
      for (const [, name = ""] of pageOf(page).matchAll(/npm run (?!-)([\w:-]+)/g)) {
        assert.ok(name in scripts, name);
      }
    });
  }
});
