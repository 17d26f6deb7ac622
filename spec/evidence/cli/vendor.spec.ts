/**
 * `bulla vendor`: the files that it writes, and those that it does not overwrite. Without TypeScript it can write no
 * JavaScript, and these specs report that. Differences that `--check` finds are in vendor-check.spec.ts.
 */

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { describe, test } from "node:test";
import { AT_ONCE, ended, failed, file, fresh } from "../../helpers/cli-process.ts";
import { ROOT, VERSION } from "../../helpers/cli-program.ts";
import {
  baseOf,
  check,
  fileOf,
  filesIn,
  importsOf,
  into,
  isHash,
  KINDS,
  MODULES,
  type Module,
  manifestOf,
  vendor,
  vendored,
} from "../../helpers/cli-vendor.ts";

test("reports which kinds are tested here", (t) => {
  if (!KINDS.includes("js")) t.diagnostic("TypeScript is not installed: --ts alone was tested");
  assert.ok(KINDS.includes("ts"));
});

describe("vendor refuses", { concurrency: AT_ONCE }, () => {
  for (const kind of KINDS) {
    test(`${kind}: to overwrite an edit, of one byte or of all, and leaves the others`, async () => {
      const shared = kind === "ts" ? [] : [fileOf(kind, "internal/hmac"), "LICENSE"];
      for (const edited of [fileOf(kind, "jwt"), ...shared]) {
        const folder = await vendored(kind, "jwt");
        const path = join(folder, edited);
        appendFileSync(path, " ");
        const before = filesIn(folder).map((name) => readFileSync(join(folder, name), "utf8"));
        const run = await into(folder, kind, "jwt");
        assert.notEqual(run.status, 0, edited);
        assert.ok(`${run.stdout}${run.stderr}`.includes(edited), run.stderr);
        const after = filesIn(folder).map((name) => readFileSync(join(folder, name), "utf8"));
        assert.deepEqual(after, before);
      }
    });
    test(`${kind}: to overwrite a file that it did not write`, async () => {
      const folder = fresh();
      mkdirSync(folder);
      const path = join(folder, fileOf(kind, "jwt"));
      writeFileSync(path, "mine");
      assert.notEqual((await into(folder, kind, "jwt")).status, 0);
      assert.deepEqual(readdirSync(folder), [fileOf(kind, "jwt")]);
      assert.equal(readFileSync(path, "utf8"), "mine");
    });
    test(`${kind}: to follow a link out of the folder`, async () => {
      const [target, folder, other] = [fresh(), fresh(), fresh()];
      for (const made of [target, folder, other]) mkdirSync(made);
      symlinkSync(target, join(folder, "internal"));
      symlinkSync(join(target, "new"), join(other, fileOf(kind, "jwt")));
      for (const made of [folder, other]) {
        assert.notEqual((await into(made, kind, "jwt")).status, 0);
      }
      assert.deepEqual(readdirSync(target), []);
    });
  }
  test("a folder that is a file, and one below a file", async () => {
    const there = file("mine");
    for (const folder of [there, join(there, "below")]) {
      failed(await vendor("--ts", "jwt", folder), 2);
    }
    assert.equal(readFileSync(there, "utf8"), "mine");
  });
  test("an unknown module, before it makes a folder", async () => {
    for (const name of ["internal/hmac", "../src/jwt", "JWT", "", "toString"]) {
      const folder = fresh();
      failed(await vendor("--ts", name, folder), 2);
      assert.ok(!existsSync(folder), name);
    }
  });
});

const SETS: Record<string, Module[][]> = {
  js: [...MODULES.map((name) => [name]), [...MODULES]],
  ts: [["base64url"], [...MODULES]],
};

for (const kind of KINDS) {
  describe(`vendor writes ${kind}`, { concurrency: AT_ONCE }, () => {
    for (const modules of SETS[kind] ?? []) {
      test(modules.join(" "), async () => {
        const folder = await vendored(kind, ...modules);
        isWhole(folder, kind, modules);
        isListed(folder, kind, modules);
        // Its self-test runs with no other file beside it.
        if (kind === "js") runIn(folder, "check.js");
      });
    }
    test("the same bytes in any folder, and again over itself", async () => {
      const one = await vendored(kind, "jwt");
      // Another system would take this name for a path.
      const two = join(fresh(" a b"), "C:\\x", "ключ");
      for (const run of [await into(two, kind, "jwt"), await into(two, kind, "jwt")]) ended(run, 0);
      assert.deepEqual(filesIn(one), filesIn(two));
      for (const name of filesIn(one)) {
        assert.deepEqual(readFileSync(join(one, name)), readFileSync(join(two, name)), name);
      }
    });
    test("more modules over fewer, with one TokenError", async () => {
      const folder = await vendored(kind, "jwt");
      ended(await into(folder, kind, "jwt", "fernet"), 0);
      isWhole(folder, kind, ["jwt", "fernet"]);
      isListed(folder, kind, ["jwt", "fernet"]);
      ended(await check(folder), 0);
    });
  });
}

/** Runs Node in a folder, and returns what it prints. */
function runIn(folder: string, ...args: string[]): string {
  return execFileSync(process.execPath, args, {
    cwd: folder,
    encoding: "utf8",
    env: {},
    stdio: ["ignore", "pipe", "pipe"],
  });
}

/** Checks that the folder has the modules and their self-tests with all imports, and nothing else of src/. */
function isWhole(folder: string, kind: string, modules: readonly string[]): void {
  const files = filesIn(folder);
  const sources = files.filter((name) => /\.(?:ts|js)$/.test(name) && !/^check\./.test(name));
  const stems = new Set(sources.map((name) => name.replace(/(?:\.d)?\.[tj]s$/, ".ts")));
  // check.js runs those self-tests on the modules.
  const checked = modules.flatMap((name) => [name, `cli/check/${name}`]);
  const most = baseOf(checked, true);
  for (const name of baseOf(modules, kind === "ts")) assert.ok(stems.has(name), `lacks ${name}`);
  for (const name of stems) assert.ok(most.has(name), `has ${name}`);
  for (const name of modules) {
    const wanted = kind === "ts" ? [`${name}.ts`] : [`${name}.js`, `${name}.d.ts`];
    for (const path of wanted) assert.ok(files.includes(path), path);
  }
  for (const name of sources) {
    const text = readFileSync(join(folder, name), "utf8");
    assert.doesNotMatch(text, /sourceMappingURL/, name);
    for (const from of importsOf(text, true)) {
      const path = join(folder, dirname(name), from);
      const types = path.replace(/\.[tj]s$/, ".d.ts");
      assert.ok(existsSync(name.endsWith(".d.ts") ? types : path), `${name}: ${from}`);
    }
    if (kind !== "ts") continue;
    assert.ok(text.includes(readFileSync(join(ROOT, "src", name), "utf8").trim()), name);
  }
  const licence = readFileSync(join(folder, "LICENSE"), "utf8");
  assert.equal(licence, readFileSync(join(ROOT, "LICENSE"), "utf8"));
  assert.ok(files.every((name) => !name.endsWith(".map")));
}

/** Checks that bulla.json lists all other files, each with its hash. */
function isListed(folder: string, kind: string, modules: readonly string[]): void {
  const manifest = manifestOf(folder);
  assert.deepEqual(Object.keys(manifest).sort(), ["bulla", "files", "kind", "modules"]);
  assert.equal(manifest.bulla, VERSION);
  assert.deepEqual(manifest.modules.toSorted(), modules.toSorted());
  assert.match(manifest.kind, kind === "ts" ? /^(?:ts|typescript)$/i : /^(?:js|javascript)$/i);
  const listed = Object.keys(manifest.files).sort();
  assert.deepEqual(
    listed,
    filesIn(folder).filter((name) => name !== "bulla.json"),
  );
  for (const [name, hash] of Object.entries(manifest.files)) {
    assert.ok(isHash(hash, readFileSync(join(folder, name))), name);
    assert.ok(statSync(join(folder, name)).mode & 0o200, `${name} can be written`);
  }
}

if (KINDS.includes("js")) {
  describe("vendored JavaScript", { concurrency: AT_ONCE }, () => {
    test("check.js fails where the code is broken", async () => {
      const folder = await vendored("js", "jwt", "fernet");
      const path = join(folder, "internal/hmac.js");
      const text = readFileSync(path, "utf8");
      const broken = text.replaceAll(/0x36|\b54\b/g, "0x37");
      assert.notEqual(broken, text, "the inner pad of RFC 2104");
      writeFileSync(path, broken);
      assert.throws(() => runIn(folder, "check.js"));
    });
    test("can be imported, and has one TokenError", async () => {
      const folder = await vendored("js", "jwt", "fernet");
      const code = `
        const { Jwt, TokenError } = await import("./jwt.js");
        const fernet = await import("./fernet.js");
        const jwt = new Jwt(Jwt.generateKey());
        console.log(jwt.verify(jwt.sign({ sub: "tom" })).sub, fernet.TokenError === TokenError);`;
      assert.equal(runIn(folder, "--input-type=module", "-e", code), "tom true\n");
    });
  });
}
