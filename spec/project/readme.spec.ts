// README.md is true: every block of TypeScript in it type-checks and runs, and every npm script it names is there.

import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));
const readme = readFileSync(join(root, "README.md"), "utf8");
const blocks = [...readme.matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map(([, code]) => code as string);

// Within the package, so that `bulla/...` resolves as its own name.
const folder = mkdtempSync(join(root, "spec/project/.readme-"));
after(() => rmSync(folder, { recursive: true }));

const files = blocks.map((code, index) => {
  const file = join(folder, `block-${index + 1}.ts`);
  writeFileSync(file, code.includes("import ") ? code : `${code}\nexport {};\n`);
  return file;
});

// A server that a block starts gets a free port, answers one request, and ends.
const visitor = join(folder, "visitor.mjs");
writeFileSync(
  visitor,
  `import { get, Server } from "node:http";
const { listen } = Server.prototype;
Server.prototype.listen = function () {
  return listen.call(this, 0, "127.0.0.1", () => {
    get({ port: this.address().port, agent: false }, (response) => {
      console.log("status", response.statusCode, response.headers["set-cookie"]?.length ?? 0);
      response.resume().on("end", () => this.close());
    });
  });
};
`,
);

describe("README.md", () => {
  it("shows a whole program within the first 20 lines", () => {
    const head = readme.split("\n").slice(0, 20).join("\n");
    assert.match(head, /^```ts\n[\s\S]+^```$/m);
  });

  for (const [index, file] of files.entries()) {
    it(`runs block ${index + 1}: ${(blocks[index] as string).split("\n", 1)[0]}`, () => {
      const loader = process.execArgv.filter((arg) => arg.includes("tsx") || arg === "--import");
      const { status, stdout, stderr } = spawnSync(
        process.execPath,
        [...loader, "--conditions=bulla-source", "--import", visitor, file],
        { encoding: "utf8", timeout: 20_000 },
      );
      assert.equal(status, 0, stderr);
      if ((blocks[index] as string).includes(".listen(")) assert.match(stdout, /^status 200/m);
    });
  }

  it("type-checks every block", (t) => {
    const tsc = join(root, "node_modules", "typescript", "bin", "tsc");
    if (!existsSync(tsc)) {
      t.skip("TypeScript is not installed");
      return;
    }
    const config = {
      extends: "../../tsconfig.json",
      compilerOptions: { noUnusedLocals: false },
      include: ["*.ts", "../../../src"],
    };
    writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(config));
    execFileSync(process.execPath, [tsc, "-p", folder], { encoding: "utf8", stdio: "pipe" });
  });

  it("names npm scripts that are there", () => {
    const { scripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
    for (const [, name] of readme.matchAll(/npm run ([\w:]+)/g))
      assert.ok(scripts[name as string], name);
    assert.ok(scripts.start && scripts.test);
  });
});
