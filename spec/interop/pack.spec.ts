/**
 * The packed tarball after its installation: contents, `import`, `require` and types.
 * NODES may name more Node binaries to run it on, separated as in PATH.
 */

import { deepEqual, equal, match } from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join, resolve } from "node:path";
import { after, before, test } from "node:test";
import { publint } from "publint";

const HERE = import.meta.dirname;
const ROOT = resolve(HERE, "../..");
const NODES = [process.execPath, ...(process.env.NODES?.split(delimiter) ?? [])];

/** The vectors that others published, which `bulla check` and a vendored folder run. */
const PUBLISHED = ["asgi-cookies", "fernet", "jose", "rfc4231", "rfc4648", "rfc6265"];

// Without the variables of npm and of the test runner, which a child would obey.
const env = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => !/^npm_|^NODE_(OPTIONS|TEST_CONTEXT)$/.test(name)),
);

/** The folder with the tarball, and beside it a project that has installed only that. */
let folder: string;
let tarball: string;
let project: string;
let installed: string;

before(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), "bulla-pack-")));
  run("npm", ["pack", "--pack-destination", folder], ROOT);
  tarball = join(folder, readdirSync(folder).find((name) => name.endsWith(".tgz")) ?? "");
  project = join(folder, "project");
  installed = join(project, "node_modules/bulla");
  mkdirSync(project);
  writeFileSync(join(project, "package.json"), '{ "private": true, "type": "module" }');
  run("npm", ["install", "--offline", "--no-audit", "--no-fund", tarball], project);
});

after(() => rmSync(folder, { recursive: true, force: true }));

test("the tarball has dist, src, docs, published vectors, the pages of the root, LICENSE and package.json, and nothing else", () => {
  const sources = filesIn(join(ROOT, "src"));
  const built = sources.flatMap((name) => {
    const stem = name.replace(/\.ts$/, "");
    return [`${stem}.d.ts`, `${stem}.d.ts.map`, `${stem}.js`, `${stem}.js.map`];
  });
  const expected = [
    "CHANGELOG.md",
    "LICENSE",
    "README.md",
    "SECURITY.md",
    "package.json",
    ...filesIn(join(ROOT, "docs")).map((name) => `docs/${name}`),
    ...built.map((name) => `dist/${name}`),
    ...sources.map((name) => `src/${name}`),
    ...PUBLISHED.map((name) => `vectors/${name}.json`),
  ];
  const packed = run("tar", ["-tzf", tarball], folder).trimEnd().split("\n");
  deepEqual(packed.map((name) => name.replace(/^package\//, "")).sort(), expected.sort());
});

test("the installation adds no other package and runs no script", () => {
  const modules = readdirSync(join(project, "node_modules"));
  deepEqual(
    modules.filter((name) => !name.startsWith(".")),
    ["bulla"],
  );
  const manifest = readManifest(installed);
  const lists = ["dependencies", "peerDependencies", "optionalDependencies", "bundleDependencies"];
  const hooks = ["preinstall", "install", "postinstall", "prepare"];
  deepEqual(
    lists.filter((name) => name in manifest),
    [],
  );
  deepEqual(
    hooks.filter((name) => name in manifest.scripts),
    [],
  );
});

test("every source map leads to a source in the tarball", () => {
  const maps = filesIn(join(installed, "dist")).filter((name) => name.endsWith(".map"));
  for (const name of maps) {
    const path = join(installed, "dist", name);
    const { sources } = JSON.parse(readFileSync(path, "utf8")) as { sources: string[] };
    equal(sources.length, 1);
    for (const source of sources) equal(existsSync(join(dirname(path), source)), true, source);
  }
});

for (const node of NODES) {
  const version = run(node, ["--version"], HERE).trim();
  for (const program of ["import.mjs", "require.cjs"]) {
    test(`${program} works under Node ${version}`, () => {
      consumer("use.mjs");
      equal(run(node, [consumer(program)], project), "used\n");
    });
  }
}

const settings = {
  "nodenext, an ES module": { module: "nodenext", file: "types.mts" },
  "nodenext, CommonJS": { module: "nodenext", file: "types.cts" },
  bundler: { module: "preserve", moduleResolution: "bundler", file: "types.ts" },
};

for (const typescript of ["typescript", "typescript5"]) {
  const compiler = join(HERE, "node_modules", typescript);
  for (const [name, { file, ...resolution }] of Object.entries(settings)) {
    test(`types hold under ${name}, TypeScript ${readManifest(compiler).version}`, () => {
      const types = join(project, "node_modules/@types");
      if (!existsSync(types)) symlinkSync(join(HERE, "node_modules/@types"), types);
      const compilerOptions = {
        ...resolution,
        target: "es2023",
        types: ["node"],
        strict: true,
        exactOptionalPropertyTypes: true,
        noUncheckedIndexedAccess: true,
        noEmit: true,
      };
      const config = { compilerOptions, files: [consumer("types.ts", file)] };
      writeFileSync(join(project, "tsconfig.json"), JSON.stringify(config));
      run(process.execPath, [join(compiler, "bin/tsc"), "-p", project], project);
    });
  }
}

const MODULES = ["fernet", "jwt", "session"];
/** Vendored TypeScript has imports that end in .ts, which need a bundler or Node's own stripping. */
const KINDS = {
  js: { flags: [], settings: {} },
  ts: { flags: ["--ts"], settings: { allowImportingTsExtensions: true } },
};

for (const [kind, { flags, settings: own }] of Object.entries(KINDS)) {
  test(`the installed command vendors ${MODULES.join(", ")} as ${kind}, each alone and together`, () => {
    const bulla = join(project, "node_modules/.bin/bulla");
    for (const modules of [...MODULES.map((name) => [name]), MODULES]) {
      const vendored = join(folder, "vendored", kind, modules.join("-"));
      run(bulla, ["vendor", ...flags, ...modules, vendored], project);
      writeFileSync(join(folder, "vendored/package.json"), '{ "type": "module" }');
      run(bulla, ["vendor", "--check", vendored], project);
      for (const node of NODES) {
        const strips = run(node, ["-p", "Boolean(process.features.typescript)"], folder);
        if (kind === "ts" && strips !== "true\n") continue;
        match(
          run(node, [join(vendored, `check.${kind}`)], folder),
          /^rfc4648\.json: 28 of 28 pass$/m,
        );
      }
      const config = {
        compilerOptions: {
          ...own,
          module: "nodenext",
          target: "es2023",
          lib: ["es2024"],
          types: ["node"],
          typeRoots: [join(HERE, "node_modules/@types")],
          strict: true,
          noEmit: true,
        },
        include: [vendored],
      };
      const tsconfig = `${vendored}.json`;
      writeFileSync(tsconfig, JSON.stringify(config));
      for (const typescript of ["typescript", "typescript5", "typescript58"]) {
        run(
          process.execPath,
          [join(HERE, "node_modules", typescript, "bin/tsc"), "-p", tsconfig],
          folder,
        );
      }
    }
  });
}

test("publint finds nothing", async () => {
  const { buffer, byteOffset, length } = readFileSync(tarball);
  const pack = { tarball: buffer.slice(byteOffset, byteOffset + length) as ArrayBuffer };
  deepEqual((await publint({ strict: true, pack })).messages, []);
});

test("attw finds nothing, with the profile for ES modules", () => {
  const attw = join(HERE, "node_modules/.bin/attw");
  run(attw, ["--profile", "esm-only", "--no-definitely-typed", tarball], folder);
});

/** Runs a command, checks that it succeeds, and returns its output. */
function run(command: string, args: string[], cwd: string): string {
  const { error, status, stdout, stderr } = spawnSync(command, args, {
    cwd,
    env,
    encoding: "utf8",
    timeout: 120_000,
  });
  equal(status, 0, `${command} ${args.join(" ")}: ${error ?? ""}\n${stdout}\n${stderr}`);
  return stdout;
}

/** Copies a program of consumer/ into the project. */
function consumer(name: string, as = name): string {
  const path = join(project, as);
  copyFileSync(join(HERE, "consumer", name), path);
  return path;
}

/** The files below a folder, as relative paths. */
function filesIn(path: string): string[] {
  return readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(path.length + 1));
}

function readManifest(path: string): { version: string; scripts: object } {
  return JSON.parse(readFileSync(join(path, "package.json"), "utf8"));
}
