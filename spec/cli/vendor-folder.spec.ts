/**
 * `bulla vendor` on a package made for the test: which files it follows, and what an update, a failure and an
 * edit leave behind.
 */

import assert from "node:assert/strict";
import fs, {
  appendFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { dirname, join } from "node:path";
import { describe, mock, test } from "node:test";
import { bad, good, inside, type Ran } from "../helpers/cli-inside.ts";
import { file, fresh } from "../helpers/cli-process.ts";
import { filesIn } from "../helpers/cli-vendor.ts";

const MODULES = ["base64url", "jwt", "fernet", "cookie", "session", "asgi"];
const VECTORS = ["rfc4648", "rfc4231", "jose", "fernet", "rfc6265", "asgi-cookies"];

function put(folder: string, files: Record<string, string>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
}

/** A package of a version, whose jwt module uses every form of import. */
function packaged(version: string, more: Record<string, string> = {}): string {
  const root = fresh();
  const files: Record<string, string> = {
    "package.json": JSON.stringify({ version }),
    LICENSE: "a licence\n",
  };
  for (const name of VECTORS) files[`vectors/${name}.json`] = `["${name}"]\n`;
  for (const name of MODULES) {
    files[`dist/${name}.js`] =
      `export const a = "${version}";\n//# sourceMappingURL=${name}.js.map`;
    files[`dist/${name}.d.ts`] = "export declare const a: string;\n//# sourceMappingURL=x.map\n";
    files[`dist/cli/check/${name}.js`] = 'import { run } from "./run.js";\n';
    files[`dist/cli/check/${name}.d.ts`] = "export {};\n";
    files[`src/${name}.ts`] = 'import type { T } from "./internal/types.ts";\n';
    files[`src/cli/check/${name}.ts`] = 'import { run } from "./run.ts";\n';
  }
  files["dist/jwt.js"] = `import { a } from "./internal/a.js";
export * from "./internal/b.js";
import "./internal/c.js";
import fs from "node:fs";
`;
  files["dist/jwt.d.ts"] = 'export type T = import("./internal/types.ts").T;\n';
  files["dist/internal/a.js"] =
    'import { b } from "../internal/b.js";\nimport { a } from "../jwt.js";\n';
  for (const name of ["a", "b", "c", "types", "unused"]) {
    files[`dist/internal/${name}.js`] ??= "export {};\n";
    files[`dist/internal/${name}.d.ts`] = "export {};\n";
  }
  files["src/internal/types.ts"] = "export type T = string;\n";
  for (const kind of ["js", "d.ts"]) files[`dist/cli/check/run.${kind}`] = "export {};\n";
  files["src/cli/check/run.ts"] = "export {};\n";
  put(root, { ...files, ...more });
  return root;
}

const ROOT = packaged("1.0.0");
const NEXT = packaged("2.0.0", {
  "dist/jwt.js": 'import { a } from "./other/d.js";\n',
  "dist/jwt.d.ts": "export {};\n",
  "dist/other/d.js": "export {};\n",
  "dist/other/d.d.ts": "export {};\n",
});
const vendor = (...args: string[]) => inside(["vendor", ...args], { root: ROOT });
const next = (...args: string[]) => inside(["vendor", ...args], { root: NEXT });

async function vendored(...args: string[]): Promise<string> {
  const folder = fresh();
  good(await vendor(...args, folder));
  return folder;
}

/** Checks that the check failed and lists these differences on stdout and stderr. */
function differs({ status, stdout, stderr }: Ran, ...lines: string[]): void {
  assert.deepEqual(stdout.trimEnd().split("\n").toSorted(), lines.toSorted());
  assert.equal(status, 1);
  const said = stdout.trimEnd().replaceAll(": ", " ").replaceAll("\n", ", ");
  assert.equal(stderr, `bulla: ERR_VENDOR: not as bulla 1.0.0 writes it: ${said}\n`);
}

const JWT = [
  "LICENSE",
  "bulla.json",
  "check.js",
  ...["cli/check/jwt", "cli/check/run", "internal/a", "internal/b", "internal/c", "internal/types"]
    .concat("jwt")
    .flatMap((stem) => [`${stem}.d.ts`, `${stem}.js`]),
  "vectors/jose.json",
  "vectors/rfc4231.json",
  "vectors/rfc4648.json",
];

describe("vendor writes", () => {
  test("a module with everything it imports, its types, its check and its vectors", async () => {
    const folder = fresh();
    const said = good(await vendor("jwt", folder));
    assert.equal(said, `jwt of bulla 1.0.0: ${JWT.length} files; check.js runs the vectors\n`);
    assert.deepEqual(filesIn(folder), JWT.toSorted());
    const manifest = JSON.parse(readFileSync(join(folder, "bulla.json"), "utf8"));
    assert.deepEqual(
      Object.keys(manifest.files),
      JWT.filter((name) => name !== "bulla.json").toSorted(),
    );
    const { files: _, ...rest } = manifest;
    assert.deepEqual(rest, { bulla: "1.0.0", modules: ["jwt"], kind: "js" });
  });
  test("the files unchanged, except for links to source maps", async () => {
    const folder = await vendored("fernet");
    assert.equal(readFileSync(join(folder, "fernet.js"), "utf8"), 'export const a = "1.0.0";\n');
    const types = readFileSync(join(folder, "fernet.d.ts"), "utf8");
    assert.equal(types, "export declare const a: string;\n");
  });
  test("TypeScript, with the modules always in the same order", async () => {
    const folder = fresh();
    const { kind, files, modules } = JSON.parse(
      good(await vendor("fernet", "jwt", "fernet", folder, "--ts", "--json")),
    );
    assert.deepEqual([kind, files, modules], ["ts", filesIn(folder).length, ["jwt", "fernet"]]);
    const check = `// Runs the published vectors of jwt, fernet: node check.ts
import { tests as jwt } from "./cli/check/jwt.ts";
import { tests as fernet } from "./cli/check/fernet.ts";
import { run } from "./cli/check/run.ts";

process.exitCode = run([jwt, fernet], new URL("./vectors/", import.meta.url));
`;
    assert.equal(readFileSync(join(folder, "check.ts"), "utf8"), check);
    assert.ok(filesIn(folder).includes("internal/types.ts"));
    good(await vendor("--check", folder));
  });
  test("into a new folder and into an empty one", async () => {
    const deep = join(fresh(), "a", "b");
    good(await vendor("cookie", deep));
    good(await vendor("--check", deep));
    const empty = fresh();
    mkdirSync(empty);
    good(await vendor("cookie", `${empty}/`));
    assert.equal(filesIn(empty).length, filesIn(deep).length);
  });
  test("a newer version over an older one, and deletes files that are no longer needed", async () => {
    const folder = await vendored("jwt");
    good(await next("jwt", folder));
    assert.ok(readdirSync(folder).includes("other"));
    assert.ok(!readdirSync(folder).includes("internal"), "an empty folder stays");
    good(await next("--check", folder));
    good(await next("jwt", "cookie", folder));
    good(await next("cookie", folder));
    assert.ok(!filesIn(folder).includes("jwt.js"));
  });
});

describe("vendor refuses", () => {
  const said = "EEXIST: not bulla's, or edited, and not overwritten";
  test("an edited or extra file, a link, or a missing manifest, and changes nothing", async () => {
    const edits: [(folder: string) => void, string][] = [
      [(folder) => appendFileSync(join(folder, "jwt.js"), " "), "jwt.js"],
      [(folder) => writeFileSync(join(folder, "mine\u202e"), ""), "mine\\u202e"],
      [(folder) => symlinkSync("jwt.js", join(folder, "link")), "link"],
      [(folder) => writeFileSync(join(folder, "toString"), ""), "toString"],
    ];
    for (const [edit, name] of edits) {
      const folder = await vendored("jwt");
      edit(folder);
      const before = filesIn(folder);
      bad(await vendor("jwt", "cookie", folder), 2, `${said}: ${name}`);
      assert.deepEqual(filesIn(folder), before);
    }
    const folder = await vendored("jwt");
    rmSync(join(folder, "bulla.json"));
    bad(await vendor("jwt", folder), 2, /EEXIST/);
    writeFileSync(join(folder, "bulla.json"), "{}");
    bad(await vendor("jwt", folder), 2, /bulla\.json/);
  });
  test("and lists at most twenty files", async () => {
    const folder = fresh();
    put(
      folder,
      Object.fromEntries(Array.from({ length: 22 }, (_, index) => [`f${index + 10}`, ""])),
    );
    const names = Array.from({ length: 20 }, (_, index) => `f${index + 10}`).join(", ");
    bad(await vendor("jwt", folder), 2, `${said}: ${names} and 2 more`);
  });
  test("a file in place of the folder, too few arguments, an unknown module", async () => {
    bad(await vendor("jwt", file("mine")), 2, /^bulla: ENOTDIR: the folder: /);
    const modules = MODULES.join(", ");
    for (const args of [[], ["jwt"]]) {
      bad(await vendor(...args), 2, `ERR_OPTION: vendor takes modules, then a folder: ${modules}`);
    }
    bad(await vendor("cokie", fresh()), 2, "ERR_OPTION: unknown module: is it cookie?");
    bad(
      await vendor("jwt", "xyzzy", fresh()),
      2,
      `ERR_OPTION: unknown module: ${modules}; bulla --help tells more`,
    );
  });
  test("where the package is not built or lacks a file", async () => {
    const root = packaged("1.0.0");
    rmSync(join(root, "LICENSE"));
    bad(
      await inside(["vendor", "jwt", fresh()], { root }),
      2,
      "ENOENT: bulla's own LICENSE: there is no such file",
    );
    rmSync(join(root, "dist"), { recursive: true });
    bad(
      await inside(["vendor", "jwt", fresh()], { root }),
      2,
      "ENOENT: dist/ is not there: npm run build makes it",
    );
  });
  test("on a full disk, and leaves the folder as it was", async () => {
    const [old, none] = [await vendored("jwt"), fresh()];
    const before = filesIn(old);
    for (const folder of [old, none]) {
      const real = fs.writeFileSync;
      let count = 0;
      const ran = await inside(["vendor", "jwt", folder], {
        root: NEXT,
        during: async (run) => {
          const spy = mock.method(fs, "writeFileSync", (...args: Parameters<typeof real>) => {
            count += 1;
            if (count === 5) throw Object.assign(new Error(), { code: "ENOSPC" });
            real(...args);
          });
          syncBuiltinESMExports();
          try {
            return await run();
          } finally {
            spy.mock.restore();
            syncBuiltinESMExports();
          }
        },
      });
      bad(ran, 2, "ENOSPC: the folder: the disk is full");
    }
    assert.deepEqual(filesIn(old), before);
    good(await vendor("--check", old));
    assert.ok(!fs.existsSync(none));
  });
});

describe("vendor --check", () => {
  test("accepts an unchanged folder", async () => {
    const folder = await vendored("jwt");
    const count = JWT.length;
    assert.equal(
      good(await vendor("--check", folder)),
      `${count} files, as bulla 1.0.0 writes them\n`,
    );
    const said = JSON.parse(good(await vendor("--check", folder, "--json")));
    assert.deepEqual(said, { good: true, bulla: "1.0.0", differences: [] });
  });
  test("lists every change and its kind", async () => {
    const folder = await vendored("jwt");
    appendFileSync(join(folder, "jwt.js"), " ");
    rmSync(join(folder, "LICENSE"));
    writeFileSync(join(folder, "cookie.js"), "");
    writeFileSync(join(folder, "notes\u001b.txt"), "");
    rmSync(join(folder, "internal/a.js"));
    symlinkSync("b.js", join(folder, "internal/a.js"));
    differs(
      await vendor("--check", folder),
      "edited: jwt.js",
      "missing: LICENSE",
      "extra: cookie.js",
      "foreign: notes\\u001b.txt",
      "link: internal/a.js",
    );
    const ran = await vendor("--check", folder, "--json");
    assert.equal(ran.status, 1);
    const { good: whole, differences } = JSON.parse(ran.stdout);
    assert.equal(whole, false);
    assert.ok(differences.some((one: object) => "file" in one && one.file === "cookie.js"));
  });
  test("does not trust the manifest", async () => {
    const manifests: [string, string][] = [
      ["", "edited"],
      ['{"bulla":"1.0.0","modules":["jwt"],"kind":"js","files":[]}', "edited"],
      ['{"bulla":1,"modules":["jwt"],"kind":"js","files":{}}', "edited"],
      ['{"bulla":"1.0.0","modules":"jwt","kind":"js","files":{}}', "edited"],
      ['{"bulla":"1.0.0","modules":[],"kind":"js","files":{}}', "edited"],
      ['{"bulla":"1.0.0","modules":["../jwt"],"kind":"js","files":{}}', "edited"],
      ['{"bulla":"1.0.0","modules":["jwt"],"kind":"mjs","files":{}}', "edited"],
      ['{"bulla":"1.0.0","modules":["jwt"],"kind":"js","files":{}}', "edited"],
    ];
    for (const [text, what] of manifests) {
      const folder = await vendored("jwt");
      writeFileSync(join(folder, "bulla.json"), text);
      differs(await vendor("--check", folder), `${what}: bulla.json`);
    }
    const folder = await vendored("jwt");
    rmSync(join(folder, "bulla.json"));
    differs(await vendor("--check", folder), "missing: bulla.json");
  });
  test("refuses a folder of another version or without files, and wrong arguments", async () => {
    const folder = await vendored("jwt");
    const said = "bulla.json is not of bulla 2.0.0: check it with that version of the command";
    bad(await next("--check", folder), 1, `ERR_VENDOR: ${said}`);
    const none = "ENOENT: there is no such folder, or nothing in it";
    bad(await vendor("--check", fresh()), 2, none);
    const empty = fresh();
    mkdirSync(empty);
    bad(await vendor("--check", empty), 2, none);
    for (const args of [[], [folder, folder]]) {
      bad(await vendor("--check", ...args), 2, "ERR_OPTION: vendor --check takes one folder");
    }
    bad(
      await vendor("--check", folder, "--ts"),
      2,
      "ERR_OPTION: --ts is not for --check: bulla.json says it",
    );
  });
});
