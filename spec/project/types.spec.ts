/** Types: TypeScript accepts the good uses in spec/project/types and refuses those marked as bad. */

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, parse } from "node:path";
import { type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const TYPESCRIPT = join(ROOT, "node_modules", "typescript");

/** The output of tsc for a project. Where TypeScript is not installed the test is skipped, and this is undefined. */
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

test("sources and specs compile, and the uses marked as bad in spec/project/types do not", (t) => {
  const said = tsc(t, join(ROOT, "spec"));
  if (said !== undefined) assert.deepEqual(said, { status: 0, text: "" });
});

test("req.session is unusable where SessionData is augmented with a member's name", (t) => {
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
