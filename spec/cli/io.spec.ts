/** What commands read and write, where the machine does not do as it is asked. */

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

/** Runs `work` while a function of node:fs answers otherwise: with an error as often as there are codes. */
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
/** The same where a function fails. */
const signs = (name: Parameters<typeof failing>[0], codes: string[], ...more: string[]) =>
  inside(["sign", "--key", "env:JWT", "--now", "0", ...more], {
    env,
    in: CLAIMS,
    during: (run) => failing(name, codes, run),
  });
const SIGNED = new Jwt(JWT).sign({ sub: "tom" }, { now: 0 });

// What a command is made of is loaded before anything fails.
before(async () => {
  good(await sign());
  good(await inside("keygen jwt"));
});

describe("a descriptor that is not blocking", () => {
  test("is read once there is something", async () => {
    const ran = await signs("readSync", ["EAGAIN", "EAGAIN"]);
    assert.equal(good(ran), `${SIGNED}\n`);
  });
  test("is written once it takes something", async () => {
    assert.equal(good(await signs("writeSync", ["EAGAIN", "EAGAIN"])), `${SIGNED}\n`);
  });
  test("the end of a pipe on Windows is an end", async () => {
    bad(await signs("readSync", ["EOF"]), 2, "ERR_OPTION: the claims must be a JSON object");
  });
});

describe("what cannot be read or written is told by its option", () => {
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

describe("--out is there as a whole, or not at all", () => {
  const folderOf = (path: string) =>
    readdirSync(dirname(path)).filter((name) => name.endsWith(".part"));

  test("and is its owner's alone", async () => {
    const path = fresh();
    assert.equal(good(await sign("--out", path)), "");
    assert.equal(readFileSync(path, "utf8"), `${SIGNED}\n`);
    assert.equal(statSync(path).mode & 0o777, 0o600);
    assert.deepEqual(folderOf(path), []);
  });
  test("a disk that fills leaves nothing", async () => {
    const path = fresh();
    const ran = await signs("writeSync", ["ENOSPC"], "--out", path);
    bad(ran, 2, "ENOSPC: --out: the disk is full");
    assert.ok(!fs.existsSync(path));
    assert.deepEqual(folderOf(path), []);
  });
  test("a name that is taken while it is written is not taken over", async () => {
    const path = fresh();
    const ran = await signs("linkSync", ["EEXIST"], "--out", path);
    bad(ran, 2, "EEXIST: --out: it is there already, and nothing is overwritten");
    assert.deepEqual(folderOf(path), []);
  });
  test("a name that is taken is told before anything is read", async () => {
    const path = file("mine");
    bad(
      await sign("--out", path),
      2,
      "EEXIST: --out: it is there already, and nothing is overwritten",
    );
    assert.equal(readFileSync(path, "utf8"), "mine");
  });
  test("a folder that is not there", async () => {
    bad(await sign("--out", `${fresh()}/x`), 2, "ENOENT: --out: there is no such file");
  });
});

test("input of 100 MB and a byte is too large", async () => {
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

test("a key of a million bytes is taken, one more is not", async () => {
  for (const [size, status] of [
    [1_000_000, 0],
    [1_000_001, 1],
  ] as const) {
    const path = fresh();
    writeFileSync(path, "k".repeat(size));
    assert.equal((await inside(["sign", "--key", `raw:${path}`], { in: "{}" })).status, status);
  }
});
