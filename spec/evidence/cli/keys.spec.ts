/** The keys that `bulla` takes, in three forms, and those that `keygen` makes. */

import assert from "node:assert/strict";
import {
  chmodSync,
  closeSync,
  existsSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { decode } from "../../../src/base64url.ts";
import { Fernet } from "../../../src/fernet.ts";
import { Jwt, type JwtKey } from "../../../src/jwt.ts";
import { AT_ONCE, bulla, ended, failed, file, fresh, hide } from "../../helpers/cli-process.ts";

const NOW = 1_700_000_000;
const JWT = Jwt.generateKey();
const FERNET = Fernet.generateKey();
hide(JWT, FERNET);
const CLAIMS = '{"sub":"tom"}';
const sign = (key: string, env: Record<string, string> = {}) =>
  bulla(["sign", "--key", key, "--now", `${NOW}`], { in: CLAIMS, env });

/** Checks that `sign` used exactly this key. */
async function signsWith(key: JwtKey, form: string, env: Record<string, string> = {}) {
  const run = ended(await sign(form, env), 0);
  assert.equal(run.stdout.trimEnd(), new Jwt(key).sign({ sub: "tom" }, { now: NOW }));
}

describe("an invalid key is refused with status 2", { concurrency: AT_ONCE }, () => {
  const folder = fresh();
  mkdirSync(folder);
  const pem = "-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE\n-----END";
  const jwk = `{"kty":"oct","k":"${JWT}"}`;
  const rows: [what: string, form: string, env?: Record<string, string>][] = [
    ["a variable that is not set", "env:BULLA_NO_SUCH_KEY"],
    ["a variable that is empty", "env:KEY", { KEY: "" }],
    ["a file that is not there", `file:${fresh()}`],
    ["a folder", `file:${folder}`],
    ["an empty file", `file:${file("")}`],
    ["no bytes", `raw:${file("")}`],
    ["no path", "file:"],
    ["a key of 31 bytes", "env:KEY", { KEY: "k".repeat(31) }],
    ["31 bytes", `raw:${file(Buffer.alloc(31, 7))}`],
    ["31 bytes and the newline that is dropped", `file:${file(`${"k".repeat(31)}\n`)}`],
    ["text that is not UTF-8", `file:${file(Buffer.alloc(40, 0xff))}`],
    ["a PEM", `file:${file(pem)}`],
    ["a JWK's JSON", `file:${file(jwk)}`],
    ["a PEM's bytes", `raw:${file(pem)}`],
    ["another form", `base64:${JWT}`],
  ];
  for (const [what, form, env = {}] of rows) {
    test(what, async () => {
      hide(...Object.values(env));
      failed(await sign(form, env), 2);
    });
  }
  test("also after a good one", async () => {
    const args = ["verify", "--key", "env:KEY", "--key", "env:BULLA_NO_SUCH_KEY"];
    const token = new Jwt(JWT).sign({ sub: "tom" });
    failed(await bulla(args, { in: token, env: { KEY: JWT } }), 2);
  });
  test("a JWT key for Fernet, with the library's code", async () => {
    const env = { KEY: JWT };
    failed(await bulla("encrypt --key env:KEY", { in: "x", env }), 2, "ERR_KEY");
    failed(await bulla("decrypt --key env:KEY", { in: "gAAA", env }), 2, "ERR_KEY");
  });
});

describe("forms of a key", { concurrency: AT_ONCE }, () => {
  test("env: takes the text unchanged", () => signsWith(JWT, "env:KEY", { KEY: JWT }));
  test("file: drops the last newline", () => signsWith(JWT, `file:${file(`${JWT}\n`)}`));
  test("file: needs no newline", () => signsWith(JWT, `file:${file(JWT)}`));
  test("file: drops CR LF as one newline", () => signsWith(JWT, `file:${file(`${JWT}\r\n`)}`));
  test("file: drops one newline and no more", () =>
    signsWith(`${JWT}\n`, `file:${file(`${JWT}\n\n`)}`));
  test("file: drops no space", () => signsWith(` ${JWT} `, `file:${file(` ${JWT} \n`)}`));
  test("file: is UTF-8", () => signsWith("ключ".repeat(8), `file:${file("ключ".repeat(8))}`));
  test("raw: takes the bytes unchanged", () => {
    const bytes = Buffer.concat([Buffer.alloc(32, 0xff), Buffer.from("\r\n")]);
    return signsWith(bytes, `raw:${file(bytes)}`);
  });
  test("raw: takes the 32 bytes of a Fernet key", async () => {
    const raw = `raw:${file(decode(FERNET, { padding: true }))}`;
    const run = ended(await bulla(["encrypt", "--key", raw], { in: "hello" }), 0);
    assert.equal(new Fernet(FERNET).decryptText(run.stdout.trimEnd()), "hello");
  });
  test("a path may have colons, backslashes and spaces", async () => {
    const folder = fresh(" a folder");
    mkdirSync(folder);
    for (const name of ["C:\\keys\\key", "key "]) {
      writeFileSync(join(folder, name), JWT);
      const args = ["sign", "--key", `file:${name}`, "--now", `${NOW}`];
      const run = ended(await bulla(args, { in: CLAIMS, cwd: folder }), 0);
      assert.equal(run.stdout.trimEnd(), new Jwt(JWT).sign({ sub: "tom" }, { now: NOW }), name);
    }
  });
});

const MAKES: Record<string, (text: string) => unknown> = {
  jwt: (text) => {
    assert.match(text, /^[\w-]{43}$/);
    new Jwt(text);
  },
  fernet: (text) => {
    assert.match(text, /^[\w-]{43}=$/);
    new Fernet(text);
  },
  secret: (text) => assert.match(text, /^[\x21-\x7e]{43,}$/),
};

describe("keygen", { concurrency: AT_ONCE }, () => {
  for (const [kind, judge] of Object.entries(MAKES)) {
    test(`${kind} prints a new key each time`, async () => {
      const [one, two] = await Promise.all([bulla(["keygen", kind]), bulla(["keygen", kind])]);
      for (const run of [one, two]) {
        assert.match(ended(run, 0).stdout, /^[^\n]+\n$/);
        judge(run.stdout.trimEnd());
      }
      assert.notEqual(one.stdout, two.stdout);
    });
  }

  test("--out writes a file that only its owner can read, and file: reads it", async () => {
    const path = fresh();
    const run = ended(await bulla(["keygen", "jwt", "--out", path]), 0);
    const text = readFileSync(path, "utf8");
    MAKES.jwt?.(text.trimEnd());
    assert.equal(statSync(path).mode & 0o777, 0o600);
    assert.ok(!`${run.stdout}${run.stderr}`.includes(text.trimEnd()), "the key is not printed too");
    await signsWith(text.trimEnd(), `file:${path}`);
  });

  test("the file is private under any umask", async () => {
    const path = fresh();
    const before = process.umask(0);
    const running = bulla(["keygen", "fernet", "--out", path]);
    process.umask(before);
    ended(await running, 0);
    assert.equal(statSync(path).mode & 0o777, 0o600);
  });

  test("an existing file keeps its contents and its mode", async () => {
    for (const contents of ["another key\n", ""]) {
      const path = file(contents);
      chmodSync(path, 0o640);
      failed(await bulla(["keygen", "jwt", "--out", path]), 2);
      assert.equal(readFileSync(path, "utf8"), contents);
      assert.equal(statSync(path).mode & 0o777, 0o640);
    }
  });

  test("a link is neither followed nor replaced", async () => {
    const [target, there] = [fresh(), file("mine")];
    for (const to of [target, there]) {
      const link = fresh();
      symlinkSync(to, link);
      failed(await bulla(["keygen", "jwt", "--out", link]), 2);
      assert.ok(lstatSync(link).isSymbolicLink());
    }
    assert.ok(!existsSync(target), "a link to nothing made a file");
    assert.equal(readFileSync(there, "utf8"), "mine");
  });

  test("a folder, a path in a missing folder, and a device are refused", async () => {
    const folder = fresh();
    mkdirSync(folder);
    for (const path of [folder, join(folder, "no/key"), "/dev/null", ""]) {
      failed(await bulla(["keygen", "jwt", "--out", path]), 2);
    }
    assert.deepEqual(readdirSync(folder), []);
  });

  test("--out may be a name that is a path on another system", async () => {
    const folder = fresh();
    mkdirSync(folder);
    const name = "C:\\keys\\a:b";
    ended(await bulla(["keygen", "jwt", "--out", name], { cwd: folder }), 0);
    assert.deepEqual(readdirSync(folder), [name]);
  });

  for (const [mode, status] of [
    [0o644, 2],
    [0o640, 2],
    [0o604, 2],
    [0o600, 0],
  ] as const) {
    test(`a file of mode ${mode.toString(8)} as stdout is ${status === 0 ? "written" : "refused"}`, async () => {
      const path = file("");
      chmodSync(path, mode);
      const fd = openSync(path, "w");
      const run = await bulla("keygen jwt", { stdio: ["ignore", fd, "pipe"] });
      closeSync(fd);
      const text = readFileSync(path, "utf8");
      ended(run, status);
      if (status === 0) {
        MAKES.jwt?.(text.trimEnd());
        return;
      }
      assert.equal(text, "", "a key that others can read");
      assert.match(run.stderr, /^bulla: .*--out/s, "the error names --out");
    });
  }
});
