/**
 * Right and wrong calls of `bulla`: words, options and numbers, help and version. The work of each command has a spec of
 * its own. These specs rely on: a failure begins with `bulla: `, and a message about an unknown word has the nearest
 * known one.
 */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { Fernet } from "../../../src/fernet.ts";
import { Jwt } from "../../../src/jwt.ts";
import {
  AT_ONCE,
  bulla,
  ended,
  failed,
  file,
  fresh,
  hide,
  json,
  keyOf,
  UNSAFE,
} from "../../helpers/cli-process.ts";
import { ROOT, SOURCE, VERSION } from "../../helpers/cli-program.ts";

const FERNET = Fernet.generateKey();
const JWT = Jwt.generateKey();
const TOKEN = new Jwt(JWT).sign({ sub: "tom" });
const SEALED = new Fernet(FERNET).encrypt("a message");
const key = keyOf(JWT);
const fernetKey = keyOf(FERNET);
const token = file(TOKEN);
const sealed = file(SEALED);
hide(TOKEN, SEALED, ...TOKEN.split("."));

describe("a key or a token in argv is refused, and not repeated", { concurrency: AT_ONCE }, () => {
  const rows: [what: string, args: string[]][] = [
    ["a token as the command", [TOKEN]],
    ["a token after verify", ["verify", "--key", key, TOKEN]],
    ["a token after inspect", ["inspect", TOKEN]],
    ["a cookie after inspect", ["inspect", `Cookie: __Host-session=${SEALED}`]],
    ["a token after decrypt", ["decrypt", "--key", fernetKey, SEALED]],
    ["a token as an option", ["verify", `--${TOKEN}`]],
    ["a token as a value where none is taken", ["verify", "--key", key, `--json=${TOKEN}`]],
    ["a key after keygen", ["keygen", JWT]],
    ["a JWT key", ["sign", "--key", JWT]],
    ["a JWT key with =", ["verify", `--key=${JWT}`]],
    ["a Fernet key", ["decrypt", "--key", FERNET, "--in", sealed]],
    ["a Fernet key as a variable's name", ["encrypt", "--key", `env:${FERNET}`]],
    ["a key as a number", ["verify", "--key", key, "--now", JWT]],
    ["a token as a module", ["vendor", TOKEN, fresh()]],
  ];
  for (const [what, args] of rows) {
    // bulla() checks that no failure prints them.
    test(what, async () => {
      failed(await bulla(args, { in: "" }), 2);
    });
  }
});

test("a key or a token in argv is refused with --json too, in one line", async () => {
  for (const args of [
    ["verify", "--json", "--key", key, TOKEN],
    ["sign", "--key", JWT, "--json"],
  ]) {
    const run = ended(await bulla(args), 2);
    assert.ok(`${run.stdout}${run.stderr}`.trimEnd().split("\n").length === 1, "one line");
  }
});

describe("misuse has status 2", { concurrency: AT_ONCE }, () => {
  const rows: [args: string, ...words: (string | RegExp)[]][] = [
    [""],
    ["verfy", /\bverify\b/],
    ["encript", /\bencrypt\b/],
    [`verify --key ${key} --isuer me`, /--issuer\b/],
    [`decrypt --key ${fernetKey} --tll 60`, /--ttl\b/],
    ["keygen jtw", /\bjwt\b/],
    ["keygen", /\bjwt\b.*\bfernet\b.*\bsecret\b/s],
    [`vendor cokie ${fresh()}`, /\bcookie\b/],
    // An option of another command is refused, not ignored.
    [`decrypt --key ${fernetKey} --issuer me`],
    [`verify --key ${key} --ttl 60`],
    ["check --key env:A"],
    ["rotate", /--key\b/],
    [`verify --key ${key} --issuer`],
    ["vendor"],
    ["vendor --check"],
  ];
  for (const [args, ...words] of rows) {
    test(`bulla ${args.replaceAll(/file:\S+|\/tmp\S+/g, "...")}`, async () => {
      const list = args === "" ? [] : args.split(" ");
      const run = await bulla(list, { in: "{}" });
      ended(run, 2, ...words);
      assert.equal(run.stdout, "");
      assert.notEqual(run.stderr, "");
    });
  }
});

describe("a value that is not a number of seconds has status 2", { concurrency: AT_ONCE }, () => {
  const bad = ["", "abc", "NaN", "1e400"];
  const rows = [
    ...bad.map((value) => [value, `verify --key ${key} --in ${token} --now`]),
    ...["", "-1"].map((value) => [value, `decrypt --key ${fernetKey} --in ${sealed} --ttl`]),
    ["x", `sign --key ${key} --expires-in`],
    ["-1", `verify --key ${key} --in ${token} --max-age`],
    ["", `verify --key ${key} --in ${token} --tolerance`],
    ["-1", `encrypt --key ${fernetKey} --now`],
  ] as [string, string][];
  for (const [value, args] of rows) {
    const [, command, option] = /^(\w+).* (--[\w-]+)$/.exec(args) ?? [];
    test(`${command} ${option} ${JSON.stringify(value)}`, async () => {
      const list = args.split(" ");
      const name = list.pop();
      failed(await bulla([...list, `${name}=${value}`], { in: "{}" }), 2);
    });
  }
});

const COMMANDS: Record<string, string[]> = {
  keygen: ["jwt", "fernet", "secret", "--out"],
  inspect: ["--secret", "--name"],
  sign: ["--key", "--issuer", "--audience", "--subject", "--typ", "--expires-in"],
  verify: ["--key", "--issuer", "--audience", "--subject", "--typ", "--max-age", "--tolerance"],
  encrypt: ["--key"],
  decrypt: ["--key", "--ttl"],
  rotate: ["--key", "--ttl"],
  check: [],
  vendor: ["--check", "--ts"],
};

describe("help and version", { concurrency: AT_ONCE }, () => {
  test("--help names every command, on stdout", async () => {
    const run = ended(await bulla("--help"), 0, ...Object.keys(COMMANDS), "--version");
    assert.equal(run.stderr, "");
  });
  for (const [command, words] of Object.entries(COMMANDS)) {
    test(`${command} --help names its options, and needs nothing else`, async () => {
      const run = ended(await bulla([command, "--help"]), 0, command, ...words);
      assert.equal(run.stderr, "");
      assert.ok(words.every((word) => run.stdout.includes(word)));
    });
  }
  test("the help of a command that takes keys says how to give one", async () => {
    ended(await bulla("verify --help"), 0, "env:", "file:", "raw:");
  });
  test("--version prints the package's version alone", async () => {
    assert.equal((await bulla("--version")).stdout.trim().replace(/^bulla /, ""), VERSION);
  });
});

describe("a message cannot control a terminal by what it repeats", { concurrency: AT_ONCE }, () => {
  const wild = "\u001b[31mx\u009b1m\u202ey\u2066z\u0007";
  const rows: [what: string, args: string[]][] = [
    ["a command", [`verify${wild}`]],
    ["an option", ["verify", `--issuer${wild}`]],
    ["a variable's name", ["sign", "--key", `env:${wild}`]],
    ["a key file's name", ["sign", "--key", `file:no${wild}`]],
    ["an input's name", ["inspect", "--in", `no${wild}`]],
    ["a folder's name", ["vendor", "--check", `no${wild}`]],
  ];
  for (const [what, args] of rows) {
    test(what, async () => {
      const run = await bulla(args);
      assert.notEqual(run.status, 0);
      assert.doesNotMatch(run.stdout + run.stderr, UNSAFE);
    });
  }
});

test("a pipe gets no colours, with or without NO_COLOR and --no-color", async () => {
  const args = ["inspect", "--in", token, "--now", "1700000000"];
  const plain = ended(await bulla(args), 0);
  for (const [more, env] of [
    [[], { NO_COLOR: "1" }],
    [["--no-color"], {}],
  ] as const) {
    assert.equal(ended(await bulla([...args, ...more], { env }), 0).stdout, plain.stdout);
  }
});

test("the sources run without a build, and print the same", async () => {
  const args = ["inspect", "--json", "--in", token, "--now", "1700000000"];
  const [source, quick] = await Promise.all([
    // Node finds tsx from that folder.
    bulla(args, { program: SOURCE, cwd: ROOT }),
    bulla(args),
  ]);
  assert.deepEqual(json(source), json(quick));
  assert.equal(source.status, 0);
});

test("src/bin.ts begins with the line by which a shell starts it", () => {
  const [bin] = SOURCE.slice(-1);
  assert.match(readFileSync(bin as string, "utf8"), /^#!\/usr\/bin\/env node\n/);
});
