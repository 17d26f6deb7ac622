/** Reading and writing of the commands when the system reports errors. */

import assert from "node:assert/strict";
import fs, { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { dirname } from "node:path";
import { before, describe, mock, test } from "node:test";
import { Fernet } from "../../src/fernet.ts";
import { Jwt } from "../../src/jwt.ts";
import { bad, good, inside } from "../helpers/cli-inside.ts";
import { file, fresh } from "../helpers/cli-process.ts";

const JWT = Jwt.generateKey();
const FERNET = Fernet.generateKey();
const env = { JWT, FERNET };
const CLAIMS = '{"sub":"tom"}';

/** Runs `work` while the first calls of a function of node:fs fail, one with each code. */
async function failing<V>(
  name: "readSync" | "writeSync" | "linkSync",
  codes: string[],
  work: () => Promise<V>,
): Promise<V> {
  const real = fs[name] as (...args: unknown[]) => unknown;
  const left = [...codes];
  const spy = mock.method(fs, name, (...args: unknown[]) => {
    const code = left.shift();
    if (code === undefined) return real(...args);
    throw Object.assign(new Error("a text that is not told"), { code });
  });
  syncBuiltinESMExports();
  try {
    return await work();
  } finally {
    spy.mock.restore();
    syncBuiltinESMExports();
    assert.deepEqual(left, [], "all of them were met");
  }
}

const sign = (...more: string[]) =>
  inside(["sign", "--key", "env:JWT", "--now", "0", ...more], { env, in: CLAIMS });
/** Signs while a function fails. */
const signs = (name: Parameters<typeof failing>[0], codes: string[], ...more: string[]) =>
  inside(["sign", "--key", "env:JWT", "--now", "0", ...more], {
    env,
    in: CLAIMS,
    during: (run) => failing(name, codes, run),
  });
const SIGNED = new Jwt(JWT).sign({ sub: "tom" }, { now: 0 });

// Loads the commands' modules before anything fails.
before(async () => {
  good(await sign());
  good(await inside("keygen jwt"));
});

describe("non-blocking descriptors", () => {
  test("reading tries again until there is input", async () => {
    const ran = await signs("readSync", ["EAGAIN", "EAGAIN"]);
    assert.equal(good(ran), `${SIGNED}\n`);
  });
  test("writing tries again until there is room", async () => {
    assert.equal(good(await signs("writeSync", ["EAGAIN", "EAGAIN"])), `${SIGNED}\n`);
  });
  test("EOF, which a closed pipe gives on Windows, ends the input", async () => {
    bad(await signs("readSync", ["EOF"]), 2, "ERR_OPTION: the claims must be a JSON object");
  });
});

describe("a failure to read or write names the option", () => {
  test("stdin", async () => {
    bad(await signs("readSync", ["EIO"]), 2, "EIO: the claims: it cannot be read or written");
  });
  test("stdout", async () => {
    const ran = await signs("writeSync", ["EPIPE"]);
    bad(ran, 2, "EPIPE: stdout: nobody reads it");
  });
  test("keygen's stdout", async () => {
    const ran = await inside("keygen jwt", {
      during: (run) => failing("writeSync", ["ENOSPC"], run),
    });
    bad(ran, 2, "ENOSPC: the command failed");
  });
});

describe("--out writes a whole file or none", () => {
  const folderOf = (path: string) =>
    readdirSync(dirname(path)).filter((name) => name.endsWith(".part"));

  test("which only its owner can read", async () => {
    const path = fresh();
    assert.equal(good(await sign("--out", path)), "");
    assert.equal(readFileSync(path, "utf8"), `${SIGNED}\n`);
    assert.equal(statSync(path).mode & 0o777, 0o600);
    assert.deepEqual(folderOf(path), []);
  });
  test("leaves nothing when the disk is full", async () => {
    const path = fresh();
    const ran = await signs("writeSync", ["ENOSPC"], "--out", path);
    bad(ran, 2, "ENOSPC: --out: the disk is full");
    assert.ok(!fs.existsSync(path));
    assert.deepEqual(folderOf(path), []);
  });
  test("does not overwrite a file that appears meanwhile", async () => {
    const path = fresh();
    const ran = await signs("linkSync", ["EEXIST"], "--out", path);
    bad(ran, 2, "EEXIST: --out: it is there already, and nothing is overwritten");
    assert.deepEqual(folderOf(path), []);
  });
  test("refuses an existing file before it reads anything", async () => {
    const path = file("mine");
    bad(
      await sign("--out", path),
      2,
      "EEXIST: --out: it is there already, and nothing is overwritten",
    );
    assert.equal(readFileSync(path, "utf8"), "mine");
  });
  test("refuses a folder that does not exist", async () => {
    bad(await sign("--out", `${fresh()}/x`), 2, "ENOENT: --out: there is no such file");
  });
});

test("input of more than 100 MB is too large", async () => {
  const path = file("");
  for (const [size, status] of [
    [100_000_001, 1],
    [1000, 0],
  ] as const) {
    fs.truncateSync(path, size);
    const { status: actual } = await inside(["encrypt", "--key", "env:FERNET", "--in", path], {
      env,
    });
    assert.equal(actual, status);
  }
});

test("a key has at most a million bytes", async () => {
  for (const [size, status] of [
    [1_000_000, 0],
    [1_000_001, 1],
  ] as const) {
    const path = fresh();
    writeFileSync(path, "k".repeat(size));
    assert.equal((await inside(["sign", "--key", `raw:${path}`], { in: "{}" })).status, status);
  }
});
