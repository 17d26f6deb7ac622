/** Each command of `npm run` says what it does, and what is missing where nothing is installed. */

import { deepEqual, doesNotMatch, equal, match } from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { after, describe, it } from "node:test";

interface Command {
  readonly program?: string;
  readonly needs: readonly { readonly line?: string }[];
  readonly installs?: boolean;
  readonly also?: Readonly<Record<string, Command>>;
}

const ROOT = join(import.meta.dirname, "../..");
// Imported by a variable path, since it has no types.
const path = new URL("commands.mjs", import.meta.url).href;
const { COMMANDS } = (await import(path)) as { COMMANDS: Readonly<Record<string, Command>> };

/** Every command as its words: "bench", "bench http". */
const all = Object.entries(COMMANDS).flatMap(([name, command]) => [
  [name, command] as const,
  ...Object.entries(command.also ?? {}).map(([word, part]) => [`${name} ${word}`, part] as const),
]);

/** A clone where nothing is installed, with only the files that these commands read. */
const bare = mkdtempSync(join(tmpdir(), "bulla-commands-"));
after(() => rmSync(bare, { recursive: true }));
const programs = all.flatMap(([, { program }]) => program ?? []);
for (const file of [
  ".ci/debian",
  "package.json",
  "spec/project/commands.mjs",
  "spec/project/run.mjs",
  ...programs,
]) {
  mkdirSync(dirname(join(bare, file)), { recursive: true });
  cpSync(join(ROOT, file), join(bare, file));
}
mkdirSync(join(bare, "src"));

function run(folder: string, words: string, env: NodeJS.ProcessEnv = process.env) {
  const args = ["spec/project/run.mjs", ...words.split(" ")];
  return spawnSync(process.execPath, args, { cwd: folder, encoding: "utf8", env });
}

describe("npm run", () => {
  it("has a line for each command that every shell can run", () => {
    const { scripts } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
    const lines = Object.keys(COMMANDS).map((name) => [name, `node spec/project/run.mjs ${name}`]);
    deepEqual(scripts, Object.fromEntries(lines));
  });

  for (const [words, { needs, installs }] of all) {
    it(`${words} -- --help says what it does`, () => {
      const { status, stdout, stderr } = run(bare, `${words} --help`);
      equal(status, 0, stderr);
      match(stdout, /^\w.{30,}/);
      // The head of a program begins with the name of its command.
      if (stdout.startsWith("npm run")) equal(stdout.split(":", 1)[0], `npm run ${words}`);
      doesNotMatch(stdout, /\*\//);
    });

    const lines = needs.flatMap(({ line }) =>
      line?.includes("npm ci") || line?.includes(" ci") ? line : [],
    );
    if (lines.length === 0 || installs) continue;
    it(`${words} names the line that installs what it needs`, () => {
      const { status, stdout, stderr } = run(bare, words);
      deepEqual([status, stdout], [1, ""]);
      match(stderr, /^npm run [\w ]+ needs .+\n[^\n]+\n$/);
      equal(stderr.includes(lines.join(" && ")), true, stderr);
    });
  }

  it("check installs what it needs, and ends where that fails", () => {
    const bin = join(bare, "bin");
    mkdirSync(bin);
    writeFileSync(join(bin, "npm"), '#!/bin/sh\necho "npm was called: $*"\nexit 1\n');
    chmodSync(join(bin, "npm"), 0o755);
    const env = { ...process.env, PATH: `${bin}${delimiter}${process.env.PATH}` };
    const { status, stdout, stderr } = run(bare, "check", env);
    deepEqual([status, stderr], [1, ""]);
    match(stdout, /== npm ci\nnpm was called: ci\n$/);
  });

  it("coverage names a newer Node where this one is too old", () => {
    const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
    const old = major < 22 || (major === 22 && minor < 18);
    const { stderr } = run(bare, "coverage");
    equal(stderr.includes("npx --package=node@24 -- npm run coverage"), old);
  });

  it("an unknown command, option or file ends with one line", () => {
    equal(run(bare, "toString").status, 2);
    const wrong = ["fuzz --secondz 9", "soak --sessions 5", "timing --samples x"];
    for (const words of [...wrong, "requirements --al"]) {
      const [name = ""] = words.split(" ");
      const program = COMMANDS[name]?.program ?? "";
      const args = ["--import", "tsx", "--expose-gc", program, ...words.split(" ").slice(1)];
      const { status, stderr } = spawnSync(process.execPath, args, { cwd: ROOT, encoding: "utf8" });
      equal(status, 2, `${words}: ${stderr}`);
      match(stderr, new RegExp(`^[^\\n]+ The options: npm run ${name} -- --help\\n$`));
    }
  });
});
