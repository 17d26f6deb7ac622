/** The commands of `npm run`: what each needs, and its steps. `program`: the file whose head is the command's --help. */

import { existsSync, readdirSync } from "node:fs";
import { availableParallelism } from "node:os";
import { basename, join } from "node:path";

export const ROOT = join(import.meta.dirname, "../..");
const NODE = process.execPath;
const INTEROP = join(ROOT, "spec/interop");
const TSX = ["--import", "tsx"];
const [major, minor] = process.versions.node.split(".").map(Number);
/** Node runs TypeScript without tsx from 22.18 on: then the specs of src/ need nothing installed. */
const STRIPS = major > 22 || (major === 22 && minor >= 18);
const SOURCE = "--conditions=bulla-source";

// The needs of commands, each with the line that installs it.
const PACKAGES = { folder: ".", line: "npm ci" };
const PEERS = { folder: "spec/interop", line: "npm --prefix spec/interop ci" };
const MIGRATE = {
  folder: "spec/interop/apps/migrate",
  line: "npm --prefix spec/interop/apps/migrate ci",
};
const TYPEDOC = { folder: "spec/interop/docs", line: "npm --prefix spec/interop/docs ci" };
const SYSTEM = {
  programs: ["chromium", "nginx", "redis-server", "openssl", "python3"],
  python: "aiohttp_session, cryptography, flask, itsdangerous, jwt, starlette",
};
const STRIPPING = {
  unless: STRIPS,
  what: `Node 22.18 or later, and this is ${process.version}`,
  line: "npx --package=node@24 -- npm run coverage",
};

/** The specs of some folders of spec/, since neither cmd.exe nor Node 20 knows patterns of names. */
function specs(...folders) {
  return folders.flatMap((folder) =>
    readdirSync(join(ROOT, "spec", folder))
      .filter((name) => name.endsWith(".spec.ts"))
      .sort()
      .map((name) => join("spec", folder, name)),
  );
}

function mirrors() {
  return readdirSync(join(ROOT, "src"), { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && existsSync(join(ROOT, "spec", entry.name)))
    .map(({ name }) => name);
}

/** Starts the test runner. Options among the arguments are added; files among them replace `files`. */
function tests(flags, files, args = []) {
  const given = args.filter((argument) => !argument.startsWith("-"));
  const options = args.filter((argument) => argument.startsWith("-"));
  // The runner alone would leave one core idle.
  const runner = ["--test", `--test-concurrency=${availableParallelism()}`];
  return [NODE, ...flags, ...runner, ...options, ...(given.length > 0 ? given : files)];
}

const program =
  (file, ...flags) =>
  (args) => [{ run: [NODE, ...TSX, ...flags, file, ...args] }];
const npm = (...args) => [
  ...(process.env.npm_execpath ? [NODE, process.env.npm_execpath] : ["npm"]),
  ...args,
];
/** Has no titles, since `npm pack` must print only its own lines. */
const BUILD = [{ remove: "dist" }, { run: [NODE, "node_modules/typescript/bin/tsc"] }];
/** The folders of spec/ that mirror src/, and the attacks. */
const OF_SRC = [".", ...mirrors(), "evidence/attacks"];
const OF_THE_REPOSITORY = ["cli", "fuzz", "mutation", "requirements", "timing"].map(
  (name) => `evidence/${name}`,
);
const COVERAGE = ["--experimental-test-coverage", "--test-coverage-include=src/**"];
for (const what of ["lines", "branches", "functions"]) COVERAGE.push(`--test-coverage-${what}=100`);

export const COMMANDS = {
  start: {
    help: `Shows a login, and its session in the three types, on http://127.0.0.1:3000.
PORT=3001 npm start takes another port.`,
    needs: [PACKAGES],
    steps: program("examples/demo/server.ts", SOURCE),
  },
  test: {
    help: `Tests what src/ does, in a minute.

    npm test -- spec/jwt.spec.ts             some files
    npm test -- --test-name-pattern=expired  some tests
    WYCHEPROOF=FOLDER npm test               Wycheproof's files too`,
    needs: STRIPS ? [] : [PACKAGES],
    steps: (args) => [{ run: tests(STRIPS ? [] : TSX, specs(...OF_SRC, "evidence/memory"), args) }],
  },
  coverage: {
    help: "Runs the specs of src/, and fails where a line, branch or function of src/ is not covered. Nothing has to be installed.",
    needs: [STRIPPING],
    steps: () => [{ run: tests(COVERAGE, specs(...OF_SRC)) }],
  },
  check: {
    help: "Checks the repository itself: types, lint, format, documentation, requirements, size. Installs what it needs.",
    needs: [PACKAGES, PEERS],
    installs: true,
    steps: () => [
      {
        title: "types of src and spec",
        run: [NODE, "node_modules/typescript/bin/tsc", "-p", "spec"],
      },
      { title: "types of spec/interop", run: npm("--prefix", INTEROP, "run", "types") },
      { title: "lint and format", run: npm("--prefix", INTEROP, "run", "lint") },
      { title: "specs of the repository", run: tests(TSX, specs("project", ...OF_THE_REPOSITORY)) },
      { title: "requirements", run: [NODE, ...TSX, "spec/evidence/requirements/run.ts"] },
      ...BUILD,
      { title: "size", run: [NODE, ...TSX, "spec/project/supply/size.ts"] },
    ],
  },
  ci: {
    help: `Runs every check, on Node 20 to 26: ten minutes or more. Needs Debian, as root or with the packages installed.
WYCHEPROOF=FOLDER npm run ci runs Wycheproof's files too.`,
    needs: [{ programs: ["bash"] }],
    steps: () => [{ run: ["bash", ".ci/run"] }],
  },
  interop: {
    help: `Runs bulla with frameworks, a fleet, a browser, other runtimes, and other implementations' tokens.

    npm run interop -- session.spec.ts   some files of spec/interop
    npm run interop apps                 builds and tests an application of each framework
    npm run interop apps next nuxt       some of them`,
    needs: [PACKAGES, PEERS, MIGRATE, SYSTEM],
    steps: (args) => [
      {
        cwd: INTEROP,
        run: tests(
          [...TSX, SOURCE],
          specs("interop").map((file) => basename(file)),
          args,
        ),
      },
    ],
    also: {
      apps: {
        help: "Builds and tests an application of each framework, or of those that are named: npm run interop apps next nuxt",
        needs: [PACKAGES, PEERS],
        steps: (args) => [{ run: [NODE, "spec/interop/apps/run.mjs", ...args] }],
      },
    },
  },
  bench: {
    program: "spec/bench/run.ts",
    needs: [PACKAGES, PEERS],
    steps: (args) => [...BUILD, ...program("spec/bench/run.ts", "--expose-gc")(args)],
    also: {
      http: {
        program: "spec/bench/http.ts",
        needs: [PACKAGES, PEERS],
        steps: (args) => [...BUILD, ...program("spec/bench/http.ts")(args)],
      },
      fleet: {
        program: "spec/bench/fleet.ts",
        needs: [PACKAGES, PEERS, { programs: ["nginx", "redis-server"] }],
        steps: (args) => [...BUILD, ...program("spec/bench/fleet.ts")(args)],
      },
      scaling: {
        program: "spec/bench/scaling.ts",
        needs: [PACKAGES, PEERS],
        steps: (args) => [...BUILD, ...program("spec/bench/scaling.ts", "--expose-gc")(args)],
      },
    },
  },
  fuzz: {
    program: "spec/evidence/fuzz/run.ts",
    needs: [PACKAGES],
    steps: program("spec/evidence/fuzz/run.ts"),
  },
  timing: {
    program: "spec/evidence/timing/run.ts",
    needs: [PACKAGES],
    steps: program("spec/evidence/timing/run.ts"),
  },
  soak: {
    program: "spec/evidence/soak/run.ts",
    needs: [PACKAGES],
    steps: program("spec/evidence/soak/run.ts", "--expose-gc"),
  },
  mutation: {
    program: "spec/interop/mutation.ts",
    needs: [PACKAGES, PEERS],
    steps: program("spec/interop/mutation.ts"),
  },
  requirements: {
    program: "spec/evidence/requirements/run.ts",
    needs: [PACKAGES],
    steps: program("spec/evidence/requirements/run.ts"),
  },
  figures: {
    program: "spec/project/figures.ts",
    needs: [PACKAGES],
    steps: () => [
      { run: [NODE, ...TSX, "spec/project/figures.ts"] },
      { run: [NODE, ...TSX, "spec/project/command-line.ts"] },
    ],
  },
  docs: {
    help: `Writes the reference of every export, with the guide, to reference/index.html. Installs what it needs, and
fails where an export has no docstring.`,
    needs: [PACKAGES, TYPEDOC],
    installs: true,
    steps: (args) => [
      {
        cwd: join(ROOT, TYPEDOC.folder),
        run: [NODE, "node_modules/typedoc/bin/typedoc", ...args],
      },
    ],
  },
  size: {
    program: "spec/project/supply/size.ts",
    needs: [PACKAGES],
    steps: (args) => [...BUILD, ...program("spec/project/supply/size.ts")(args)],
  },
  sbom: {
    help: "Prints the software bill of materials as CycloneDX JSON: the package alone, since it has no dependencies.",
    needs: [],
    steps: () => [{ run: npm("sbom", "--sbom-format", "cyclonedx", "--omit", "dev") }],
  },
  build: {
    help: "Builds src/ into dist/, as it is published.",
    needs: [PACKAGES],
    steps: () => BUILD,
  },
  prepack: {
    help: "Builds the package, with the same file modes on every machine. npm runs it before it packs.",
    needs: [PACKAGES],
    steps: () => [...BUILD, { readable: true }],
  },
};
