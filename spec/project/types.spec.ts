/** Types: spec/project/types holds good and bad uses, which TypeScript has to judge as they are marked. */

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, parse } from "node:path";
import { type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const TYPESCRIPT = join(ROOT, "node_modules", "typescript");

/** What tsc says of a project; undefined, and the test is skipped, where it is not installed. */
function tsc(t: TestContext, project: string): { status: number | null; text: string } | undefined {
  if (!existsSync(TYPESCRIPT)) {
    t.skip("TypeScript is not installed: npm ci brings it");
    return undefined;
  }
  const { bin } = JSON.parse(readFileSync(join(TYPESCRIPT, "package.json"), "utf8"));
  const args = [join(TYPESCRIPT, bin.tsc), "-p", project, "--pretty", "false"];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: "utf8" });
  return { status, text: stdout + stderr };
}

test("sources and specs compile, and no use in spec/project/types that is marked bad does", (t) => {
  const said = tsc(t, join(ROOT, "spec"));
  if (said !== undefined) assert.deepEqual(said, { status: 0, text: "" });
});

test("SessionData that are augmented with a member's name make req.session useless", (t) => {
  const folder = mkdtempSync(join(tmpdir(), "bulla-types-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const module = JSON.stringify(join(ROOT, "src", "session.ts"));
  const config = {
    extends: join(ROOT, "spec", "tsconfig.json"),
    compilerOptions: {
      rootDir: parse(ROOT).root,
      typeRoots: [join(ROOT, "node_modules", "@types")],
      rewriteRelativeImportExtensions: false,
      allowImportingTsExtensions: true,
    },
    include: [],
    files: ["augmented.ts"],
  };
  writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(config));
  for (const [members, user] of [
    ["user?: string", true],
    ["user?: string; id?: string", false],
    ["user?: string; destroy: boolean", false],
  ] as const) {
    writeFileSync(
      join(folder, "augmented.ts"),
      [
        'import type { IncomingMessage } from "node:http";',
        `import type { Session } from ${module};`,
        `declare module ${module} { interface SessionData { ${members} } }`,
        "export const user = ({ session }: IncomingMessage): string | undefined => session.user;",
        "export type Used = Session;",
      ].join("\n"),
    );
    const said = tsc(t, folder);
    if (said === undefined) return;
    assert.equal(said.status === 0, user, `${members}\n${said.text}`);
    if (!user) assert.match(said.text, /augmented\.ts\(4,.*: error TS\d+: .*'never'/);
  }
});
