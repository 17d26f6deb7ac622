/**
 * `bulla vendor --check` finds all that differs from what this command would write. It trusts no hash in the manifest:
 * whoever edits a file can edit the manifest too. These specs rely on: a difference has status 1 and is named.
 */

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import {
  appendFileSync,
  copyFileSync,
  cpSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import {
  AT_ONCE,
  ended,
  failed,
  file,
  fresh,
  type Run,
  UNSAFE,
} from "../../helpers/cli-process.ts";
import {
  check,
  editManifest,
  fileOf,
  KINDS,
  manifestOf,
  rehash,
  vendored,
} from "../../helpers/cli-vendor.ts";

const [kind = "ts", ...others] = KINDS;
const [jwt, hmac] = [fileOf(kind, "jwt"), fileOf(kind, "internal/hmac")];
const good = await vendored(kind, "jwt");

/** Copies a good folder, changes the copy, and runs --check on it. */
async function changed(change: (folder: string) => void): Promise<Run> {
  const folder = fresh();
  cpSync(good, folder, { recursive: true });
  change(folder);
  return check(folder);
}

/** Changes one byte of a file, and with it what the code does. */
function flip(path: string): [before: Buffer, after: Buffer] {
  const before = readFileSync(path);
  const after = Buffer.from(before);
  const at = after.lastIndexOf("=") + 1;
  after[at] = (after[at] as number) ^ 1;
  writeFileSync(path, after);
  return [before, after];
}

function notGood(run: Run): void {
  assert.notEqual(run.status, 0);
  assert.notEqual(`${run.stdout}${run.stderr}`, "");
}

describe(`--check, ${kind}`, { concurrency: AT_ONCE }, () => {
  test("an unchanged folder is good", async () => {
    ended(await changed(() => {}), 0);
  });

  for (const name of [jwt, hmac, "LICENSE"]) {
    test(`one byte of ${name} changed`, async () => {
      ended(await changed((folder) => void flip(join(folder, name))), 1, name);
    });
  }
  test("one byte changed, and its hash in the manifest with it", async () => {
    const run = await changed((folder) => {
      const [before, after] = flip(join(folder, hmac));
      editManifest(folder, (manifest) => rehash(manifest, hmac, before, after));
    });
    ended(run, 1, hmac);
  });
  test("an added newline, a cut file, and one with another file's contents", async () => {
    ended(await changed((folder) => appendFileSync(join(folder, jwt), "\n")), 1, jwt);
    ended(await changed((folder) => truncateSync(join(folder, hmac))), 1, hmac);
    const swap = (folder: string) => copyFileSync(join(folder, jwt), join(folder, hmac));
    ended(await changed(swap), 1, hmac);
  });

  for (const name of [`more.${kind}`, `internal/more.${kind}`, ".hidden", "new/more.txt"]) {
    test(`${name} added`, async () => {
      const add = (folder: string) => {
        mkdirSync(join(folder, "new"), { recursive: true });
        if (!name.startsWith("new/")) rmSync(join(folder, "new"), { recursive: true });
        writeFileSync(join(folder, name), "export {};\n");
      };
      ended(await changed(add), 1, name.replace(/^new\/.*/, "new"));
    });
  }
  test("an added file that the manifest lists with its hash", async () => {
    const contents = "export {};\n";
    const name = `internal/more.${kind}`;
    const run = await changed((folder) => {
      writeFileSync(join(folder, name), contents);
      editManifest(folder, ({ files }) => {
        files[name] = createHash("sha256").update(contents).digest("hex");
      });
    });
    ended(run, 1, name);
  });

  test("a missing file, also where the manifest does not list it", async () => {
    const run = await changed((folder) => rmSync(join(folder, hmac)));
    ended(run, 1, hmac);
    const both = await changed((folder) => {
      rmSync(join(folder, hmac));
      editManifest(folder, ({ files }) => delete files[hmac]);
    });
    ended(both, 1, hmac);
  });
  test("a changed file that the manifest does not list", async () => {
    const run = await changed((folder) => {
      flip(join(folder, hmac));
      editManifest(folder, ({ files }) => delete files[hmac]);
    });
    ended(run, 1, hmac);
  });

  test("another version", async () => {
    for (const version of ["0.0.1"]) {
      const run = await changed((folder) =>
        editManifest(folder, (manifest) => {
          manifest.bulla = version;
        }),
      );
      notGood(run);
    }
  });
  test("other modules, or another kind, than the files", async () => {
    const edits: ((folder: string) => void)[] = [
      (folder) => editManifest(folder, (manifest) => manifest.modules.push("fernet")),
      (folder) => editManifest(folder, (manifest) => void (manifest.modules = [])),
      (folder) => editManifest(folder, (manifest) => void (manifest.modules = ["base64url"])),
      (folder) => editManifest(folder, (manifest) => void (manifest.modules = ["../jwt"])),
      (folder) => editManifest(folder, (manifest) => void (manifest.kind = "other")),
    ];
    for (const edit of edits) notGood(await changed(edit));
  });

  test("a link in the place of a file, of a folder, of the manifest", async () => {
    for (const name of [jwt, hmac, "internal", "bulla.json", "LICENSE"]) {
      const run = await changed((folder) => {
        const away = fresh();
        // It has the same contents, but can be changed from elsewhere later.
        renameSync(join(folder, name), away);
        symlinkSync(away, join(folder, name));
      });
      notGood(run);
    }
  });
  test("an added link", async () => {
    notGood(await changed((folder) => symlinkSync("/", join(folder, "more"))));
    notGood(await changed((folder) => symlinkSync(jwt, join(folder, `internal/${jwt}`))));
  });
  test("a folder in the place of a file", async () => {
    const run = await changed((folder) => {
      rmSync(join(folder, hmac));
      mkdirSync(join(folder, hmac));
    });
    notGood(run);
  });

  const SECRET = "what no output may hold";
  const secret = file(SECRET);
  for (const path of [
    "../outside",
    `..${secret}`,
    `internal/../../${secret}`,
    `./${jwt}`,
    `internal\\hmac.${kind}`,
    "C:\\outside",
    `${jwt}::$DATA`,
    `${jwt}\0`,
    "",
    "__proto__",
    "\u001b[31m\u202e",
  ]) {
    test(`the manifest lists ${JSON.stringify(path.replace(secret, "/..."))}`, async () => {
      const run = await changed((folder) => {
        const { files, ...rest } = manifestOf(folder);
        const entries = Object.entries(files).map((pair) => pair.map((one) => JSON.stringify(one)));
        const hash = JSON.stringify(createHash("sha256").update(SECRET).digest("hex"));
        const text = [...entries, [JSON.stringify(path), hash]].map((pair) => pair.join(":"));
        const head = JSON.stringify(rest).slice(0, -1);
        writeFileSync(join(folder, "bulla.json"), `${head},"files":{${text.join(",")}}}`);
      });
      notGood(run);
      assert.doesNotMatch(`${run.stdout}${run.stderr}`, new RegExp(SECRET));
    });
  }

  test("an invalid manifest", async () => {
    for (const text of ["", "null", "{}"]) {
      const run = await changed((folder) =>
        writeFileSync(join(folder, "bulla.json"), text, "latin1"),
      );
      notGood(run);
    }
  });
  test("a foreign file's name cannot control a terminal", async () => {
    const name = "more\u001b[2J\u009b\u202e\n.js";
    const run = await changed((folder) => writeFileSync(join(folder, name), ""));
    ended(run, 1);
    assert.doesNotMatch(`${run.stdout}${run.stderr}`, UNSAFE);
  });
});

for (const other of others) {
  test(`--check, ${other}: a good folder, and one with several differences, which are all named`, async () => {
    const folder = await vendored(other, "jwt");
    ended(await check(folder), 0);
    const [edited, missing, more] = ["jwt", "internal/hmac", "internal/more"].map((name) =>
      fileOf(other, name),
    ) as [string, string, string];
    flip(join(folder, edited));
    rmSync(join(folder, missing));
    writeFileSync(join(folder, more), "");
    ended(await check(folder), 1, edited, missing, more);
  });
}

test("a missing folder, a file in its place, and a folder that was not vendored have status 2", async () => {
  const empty = fresh();
  mkdirSync(empty);
  for (const folder of [fresh(), file("text"), empty]) failed(await check(folder), 2);
});
