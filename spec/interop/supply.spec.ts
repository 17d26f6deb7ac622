/** The supply chain: how the package is made, listed, sized and released. */

import { deepEqual, equal, match, ok } from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { after, before, describe, test } from "node:test";

const ROOT = resolve(import.meta.dirname, "../..");
const WORKFLOWS = join(ROOT, ".github/workflows");

// Without npm's own variables and the test runner's, which a child would obey.
const env = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => !/^npm_|^NODE_(OPTIONS|TEST_CONTEXT)$/.test(name)),
);

let folder: string;
before(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), "bulla-supply-")));
});
after(() => rmSync(folder, { recursive: true, force: true }));

test("two clones with different modes and times are packed to the same bytes", () => {
  const [first, second] = [packed("one", "022", 0), packed("two/deeper", "077", 1_700_000_000)];
  equal(first, second);
});

test("the SBOM has the package, its licence, and no dependency", () => {
  const bom = JSON.parse(run("npm run --silent sbom", ROOT));
  deepEqual([bom.bomFormat, bom.components], ["CycloneDX", []]);
  const { version, license } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
  const { purl, licenses } = bom.metadata.component;
  deepEqual([purl, licenses], [`pkg:npm/bulla@${version}`, [{ license: { id: license } }]]);
  deepEqual(bom.dependencies, [{ ref: `bulla@${version}`, dependsOn: [] }]);
});

test("a module above its budget, one without a budget, and a budget without a module are reported", () => {
  const real = JSON.parse(readFileSync(join(ROOT, "spec/project/supply/budget.json"), "utf8"));
  const { "bulla/cookie": cookie, ...rest } = real;
  ok(cookie);
  const light = { ...cookie, gzip: cookie.gzip - 1000 };
  // Where `npm pack` has built it: in the checkout itself another spec may be building.
  const built = join(folder, "one");
  const budget = join(folder, "budget.json");
  for (const [given, status] of [
    [real, 0],
    [{ ...real, "bulla/cookie": light }, 1],
    [rest, 1],
    [{ ...real, "bulla/more": cookie }, 1],
  ]) {
    writeFileSync(budget, JSON.stringify(given));
    equal(node(join(ROOT, "spec/project/supply/size.ts"), budget, built), status);
  }
});

for (const file of readdirSync(WORKFLOWS)) {
  const text = readFileSync(join(WORKFLOWS, file), "utf8");
  const lines = text.split("\n");

  describe(`.github/workflows/${file}`, () => {
    test("every action is pinned by a commit's hash, with its version beside it", () => {
      // A workflow of this repository is used at the same commit, so it has no hash.
      const uses = lines.filter((line) => /^\s*(- )?uses: (?!\.\/)/.test(line));
      ok(uses.length > 0);
      for (const line of uses) match(line, /uses: [\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
    });

    test("by default jobs may only read, and no credentials stay in the checkout", () => {
      match(text, /^permissions:\n {2}contents: read\n\n/m);
      const granted = lines.filter((line) => /^\s+[\w-]+: write/.test(line));
      const publishing = ["id-token", "contents", "id-token", "pages"];
      deepEqual(
        granted,
        file === "release.yml" ? publishing.map((what) => `      ${what}: write`) : [],
      );
      equal(/write-all|pull_request_target|secrets\./.test(text), false);
      const checkouts = text.match(
        /actions\/checkout@.*\n\s+with:\n(.*\n)*?\s+persist-credentials: false/g,
      );
      equal(checkouts?.length, text.match(/actions\/checkout@/g)?.length);
    });

    test("no text of an event is run as a command", () => {
      const commands = lines.filter((line) => /^\s*(- )?run:/.test(line));
      ok(commands.length > 0);
      for (const command of commands) ok(!/\$\{\{|[|>]-?$/.test(command), command);
    });
  });
}

test("the workflow fetches Wycheproof's files at the commit whose cases are counted", () => {
  const text = readFileSync(join(WORKFLOWS, "ci.yml"), "utf8");
  const [, commit = ""] = /C2SP\/wycheproof\/([0-9a-f]{40})\/testvectors_v1$/m.exec(text) ?? [];
  const [, short = ""] =
    /C2SP\/wycheproof \(commit ([0-9a-f]{7,40})\)/.exec(
      readFileSync(join(ROOT, "vectors/README.md"), "utf8"),
    ) ?? [];
  ok(short !== "" && commit.startsWith(short), `${commit} is not ${short}`);
  const files: { file: string }[] = JSON.parse(
    readFileSync(join(ROOT, "spec/helpers/wycheproof.json"), "utf8"),
  );
  const [, fetched = ""] = /\/\{([\w,]+)\}_test\.json"$/m.exec(text) ?? [];
  deepEqual(
    fetched.split(",").map((name) => `${name}_test.json`),
    files.map(({ file }) => file),
  );
  equal(text.match(/WYCHEPROOF: \$\{\{ runner\.temp \}\}\/wycheproof$/gm)?.length, 2);
});

test("the browser that the workflow links is the one that the specs start", () => {
  const text = readFileSync(join(WORKFLOWS, "ci.yml"), "utf8");
  match(text, /^ {6}CHROMIUM: \/usr\/local\/bin\/chromium$/m);
  match(text, /ln -s "\$\(command -v google-chrome\)" "\$CHROMIUM"$/m);
});

describe("a release needs a tag", () => {
  const release = (tag: string): number | null =>
    node(join(ROOT, "spec/project/supply/release.ts"), tag, ROOT);

  test("with the package's version, which the changelog has with a date", () => {
    const { version } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
    const changelog = readFileSync(join(ROOT, "CHANGELOG.md"), "utf8");
    const dated = new RegExp(
      `^## \\[${version.replaceAll(".", "\\.")}\\] - \\d{4}-\\d\\d-\\d\\d$`,
      "m",
    );
    equal(release(`v${version}`), dated.test(changelog) ? 0 : 1);
    // As CONTRIBUTING.md says: the head of the changelog, with the date.
    writeFileSync(join(folder, "package.json"), JSON.stringify({ version }));
    const day = changelog.replace(/^## \[.+$/m, `## [${version}] - 2026-01-02`);
    writeFileSync(join(folder, "CHANGELOG.md"), `${day}\n## [0.0.0] - 2026-01-01\n\nNothing.\n`);
    const program = join(ROOT, "spec/project/supply/release.ts");
    const argv = ["--import", import.meta.resolve("tsx"), program, `v${version}`];
    const { status, stdout } = spawnSync(process.execPath, argv, {
      cwd: folder,
      env,
      encoding: "utf8",
    });
    equal(status, 0);
    ok(stdout.length > 100 && day.includes(stdout.trim()) && !stdout.includes("Nothing."), stdout);
    for (const tag of ["v0.0.0", version, `v${version}-1`, "", "v"]) equal(release(tag), 1, tag);
  });
});

/** Clones under that umask, gives the files that time, packs, and returns the tarball's SHA-256. */
function packed(name: string, umask: string, time: number): string {
  const clone = join(folder, name);
  mkdirSync(clone, { recursive: true });
  run(`umask ${umask}; git clone --quiet --no-hardlinks ${ROOT} ${clone}`, folder);
  symlinkSync(join(ROOT, "node_modules"), join(clone, "node_modules"));
  for (const entry of readdirSync(clone, { recursive: true, withFileTypes: true })) {
    if (entry.isFile() && !entry.parentPath.includes(".git")) {
      utimesSync(join(entry.parentPath, entry.name), time, time);
    }
  }
  run(`umask ${umask}; npm pack --silent --pack-destination ${folder}/${name}`, clone);
  const tarball = readdirSync(clone).find((file) => file.endsWith(".tgz")) ?? "";
  return createHash("sha256")
    .update(readFileSync(join(clone, tarball)))
    .digest("hex");
}

/** The exit status of a program. */
function node(program: string, argument: string, cwd: string): number | null {
  return spawnSync(process.execPath, ["--import", "tsx", program, argument], { cwd, env }).status;
}

/** Runs a command to its good end and returns what it printed. */
function run(command: string, cwd: string): string {
  const { status, stdout, stderr } = spawnSync("sh", ["-c", command], {
    cwd,
    env,
    encoding: "utf8",
    timeout: 120_000,
  });
  equal(status, 0, `${command}\n${stdout}\n${stderr}`);
  return stdout;
}
