/** The output of the commands that make and open tokens, to a terminal, a file or a program. */

import assert from "node:assert/strict";
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  statSync,
  truncateSync,
} from "node:fs";
import { describe, test } from "node:test";
import { Fernet } from "../../src/fernet.ts";
import { decodeUnverified, Jwt } from "../../src/jwt.ts";
import { bad, good, inside } from "../helpers/cli-inside.ts";
import { file, fresh } from "../helpers/cli-process.ts";

const [JWT, OTHER, FERNET, OLD] = [
  Jwt.generateKey(),
  Jwt.generateKey(),
  Fernet.generateKey(),
  Fernet.generateKey(),
];
const env = { JWT, OTHER, FERNET, OLD };
const NOW = 1_700_000_000;

describe("keygen", () => {
  const KINDS = { jwt: /^[\w-]{43}$/, fernet: /^[\w-]{43}=$/, secret: /^[\w-]{43}$/ };
  for (const [kind, form] of Object.entries(KINDS)) {
    test(`${kind}, on stdout, in JSON and in a file`, async () => {
      assert.match(
        good(await inside(["keygen", kind])),
        new RegExp(`${form.source.slice(0, -1)}\n$`),
      );
      const said = JSON.parse(good(await inside(["keygen", kind, "--json"])));
      assert.equal(said.kind, kind);
      assert.match(said.key, form);
      const path = fresh();
      assert.equal(good(await inside(["keygen", kind, "--out", path, "--json"])), "");
      assert.match(JSON.parse(readFileSync(path, "utf8")).key, form);
    });
  }
  test("writes no key to a stdout that others can read, but to a file of --out", async () => {
    const open = fresh();
    const fd = openSync(open, "w", 0o644);
    const said = "ERR_KEY: others could read the key: write it with --out FILE, as your own";
    bad(await inside("keygen jwt", { stdout: fd }), 2, said);
    assert.equal(statSync(open).size, 0);
    assert.equal((await inside(["keygen", "jwt", "--out", fresh()], { stdout: fd })).status, 0);
    closeSync(fd);
  });
});

describe("sign and verify", () => {
  const POLICY: [option: string, ...values: string[]][] = [
    ["issuer", "me"],
    ["audience", "a", "b"],
    ["subject", "tom"],
    ["jwt-id", "7"],
    ["typ", "at+jwt"],
    ["expires-in", "60"],
    ["not-before", "-5"],
    ["tolerance", "2"],
    ["max-age", "30"],
    ["max-length", "500"],
    ["require", "sub", "jti"],
  ];
  const args = POLICY.flatMap(([option, ...values]) =>
    values.map((value) => `--${option}=${value}`),
  );
  const sign = (...more: string[]) =>
    inside(["sign", "--key", "env:JWT", "--now", `${NOW}`, ...more], { env, in: "{}" });
  const verify = (token: string, ...more: string[]) =>
    inside(["verify", "--key", "env:JWT", ...more], { env, in: token });

  test("each option sets its option of the policy", async () => {
    const token = good(await sign(...args)).trim();
    const policy = {
      issuer: "me",
      audience: ["a", "b"],
      subject: "tom",
      jwtId: "7",
      typ: "at+jwt",
      expiresIn: 60,
      notBefore: -5,
      clockTolerance: 2,
      maxTokenAge: 30,
      maxTokenLength: 500,
      requiredClaims: ["sub", "jti"],
    };
    assert.equal(token, new Jwt(JWT, policy).sign({}, { now: NOW }));
    assert.equal(decodeUnverified(token).header.typ, "at+jwt");
    const claims = new Jwt(JWT, policy).verify(token, { now: NOW });
    const shown = good(await verify(token, ...args, "--now", `${NOW}`));
    assert.equal(shown, `${JSON.stringify(claims, undefined, 2)}\n`);
    const line = good(await verify(token, ...args, "--now", `${NOW}`, "--json"));
    assert.equal(line, `${JSON.stringify(claims)}\n`);
  });
  for (const [option, value] of [
    ["issuer", "you"],
    ["audience", "c"],
    ["subject", "ann"],
    ["jwt-id", "8"],
    ["typ", "JWT"],
    ["require", "user"],
  ] as const) {
    test(`refuses another ${option}`, async () => {
      const token = good(await sign(...args)).trim();
      const mine = args.filter((arg) => !arg.startsWith(`--${option}=`));
      const ran = await verify(token, ...mine, `--${option}=${value}`, "--now", `${NOW}`);
      bad(ran, 1, /^bulla: ERR_TOKEN_CLAIM: the claim "\w+" is missing/);
    });
  }
  test("refuses a token longer than --max-length", async () => {
    bad(
      await verify("a".repeat(501), "--max-length", "500"),
      1,
      "ERR_TOKEN_TOO_LARGE: the token is too large",
    );
    bad(
      await verify("a.b", "--max-length", "1.5"),
      2,
      /^bulla: ERR_OPTION: maxTokenLength must be/,
    );
  });
  test("sign --json prints the token", async () => {
    const { token } = JSON.parse(good(await sign("--json")));
    assert.equal(token, new Jwt(JWT).sign({}, { now: NOW }));
  });
  test("refuses claims that are not UTF-8 or not an object", async () => {
    for (const input of [Buffer.from([0x7b, 0xff, 0x7d]), "[]", "", "{"]) {
      const ran = await inside("sign --key env:JWT", { env, in: input });
      bad(ran, 2, "ERR_OPTION: the claims must be a JSON object");
    }
  });
  test("refuses a token that is not ASCII", async () => {
    const token = good(await sign()).trim();
    // U+0141, cut to a latin1 byte, would be "A".
    for (const input of [token.replace("e", "\u0141"), Buffer.from(`${token}\xff`, "latin1")]) {
      const ran = await inside("verify --key env:JWT", { env, in: input });
      bad(ran, 1, /^bulla: ERR_(?:ENCODING|TOKEN_MALFORMED): /);
    }
  });
});

describe("keys", () => {
  const sign = (...keys: string[]) =>
    inside(["sign", ...keys.flatMap((key) => ["--key", key])], { env, in: "{}" });
  test("names the key that is wrong, and does not print it", async () => {
    const forms =
      "must be env:NAME, file:PATH (text) or raw:PATH (bytes): a key itself is seen by others";
    // One key of 64 begins with "-", which is not a value.
    const key = `k${JWT}`;
    bad(await sign(key), 2, `ERR_OPTION: --key ${forms}`);
    bad(await sign(`-${JWT}`), 2, "ERR_OPTION: --key needs a value");
    bad(await sign("env:JWT", key), 2, `ERR_OPTION: --key (the second) ${forms}`);
    bad(
      await sign("env:JWT", "env:JWT", "env:JWT", "env:"),
      2,
      `ERR_OPTION: --key (the 4th) ${forms}`,
    );
    bad(await sign("env:toString"), 2, "ERR_KEY: --key: that environment variable is not set");
    bad(await sign("file:no such file"), 2, "ENOENT: --key: there is no such file");
    const text = `file:${file(Buffer.alloc(40, 0xff))}`;
    bad(await sign(text), 2, "ERR_KEY: --key: its text is not UTF-8; raw:PATH takes bytes");
    bad(await sign(), 2, "ERR_OPTION: --key is needed: env:NAME, file:PATH or raw:PATH");
  });
  test("drops one newline of text, and none of bytes", async () => {
    for (const [form, text, key] of [
      ["file", `${JWT}\n`, JWT],
      ["file", `${JWT}\r\n`, JWT],
      ["file", `${JWT}\n\n`, `${JWT}\n`],
      ["raw", `${JWT}\n`, `${JWT}\n`],
    ] as const) {
      const token = good(await sign(`${form}:${file(text)}`)).trim();
      new Jwt(key).verify(token);
    }
  });
});

describe("encrypt and decrypt", () => {
  const token = (message: string | Uint8Array) => new Fernet(FERNET).encrypt(message, { now: NOW });
  const decrypt = (message: string | Uint8Array, terminal: boolean, ...more: string[]) =>
    inside(["decrypt", "--key", "env:FERNET", ...more], { env, in: token(message), terminal });

  test("a file gets the bytes, a terminal only printable text", async () => {
    const wild = "a\u001b[2Jb\u009b\u202e\tc";
    assert.equal(good(await decrypt(wild, false)), wild);
    assert.equal(good(await decrypt(wild, true)), "a\\u001b[2Jb\\u009b\\u202e\tc\n");
    assert.equal(good(await decrypt("one\ntwo\n", true)), "one\ntwo\n");
    for (const binary of [Buffer.from([0xff]), "a\0b"]) {
      const said = "the message is not text, and this is a terminal: take --out FILE, or a pipe";
      bad(await decrypt(binary, true), 2, `ERR_OPTION: ${said}`);
      const path = fresh();
      good(await decrypt(binary, true, "--out", path));
      assert.deepEqual(readFileSync(path), Buffer.from(binary));
    }
  });
  test("--json prints the text or the bytes, and the time", async () => {
    const made = { timestamp: NOW, iso: "2023-11-14T22:13:20Z" };
    for (const [message, said] of [
      ["\u202e", { text: "\u202e" }],
      [Buffer.from([0xff, 0xfe]), { base64url: "__4" }],
    ] as const) {
      const line = good(await decrypt(message, true, "--json"));
      assert.deepEqual(JSON.parse(line), { ...said, ...made });
      assert.ok(!line.includes("\u202e"));
    }
    const args = ["encrypt", "--key", "env:FERNET", "--now", `${NOW}`, "--json"];
    const ran = await inside(args, { env, in: "hello" });
    assert.equal(
      new Fernet(FERNET).decryptText(JSON.parse(good(ran)).token, { ttl: 0, now: NOW }),
      "hello",
    );
  });
  test("applies a ttl", async () => {
    bad(await decrypt("x", false, "--ttl", "60", "--now", `${NOW + 61}`), 1, /ERR_TOKEN_EXPIRED/);
    assert.equal(good(await decrypt("x", false, "--ttl", "60", "--now", `${NOW + 60}`)), "x");
  });
});

describe("rotate", () => {
  const old = new Fernet(OLD);
  const args = ["rotate", "--key", "env:FERNET", "--key", "env:OLD"];
  const tokens = (count: number) =>
    Array.from({ length: count }, (_, index) => old.encrypt(`${index}`, { now: NOW + index }));
  const isRotated = (text: string, count: number): void => {
    const fernet = new Fernet(FERNET);
    const lines = text.split("\n");
    assert.equal(lines.length, count);
    for (const [index, line] of lines.entries()) {
      assert.equal(fernet.decryptText(line, { ttl: 0, now: NOW + index }), `${index}`);
    }
  };
  const COUNT = 50_000;
  const many = tokens(COUNT).join("\n");

  test("rotates more tokens than it holds in memory, in order, and deletes its temporary files", async () => {
    const folder = fresh();
    for (const name of ["TMPDIR", "TEMP"]) {
      mkdirSync(folder, { recursive: true });
      const ran = await inside(args, { env: { ...env, [name]: folder }, in: many });
      isRotated(good(ran).trimEnd(), COUNT);
      assert.deepEqual(readdirSync(folder), []);
    }
    const path = fresh();
    good(await inside([...args, "--out", path], { env, in: many }));
    isRotated(readFileSync(path, "utf8").trimEnd(), COUNT);
  });
  test("writes nothing where the last token is bad", async () => {
    const folder = fresh();
    const spoilt = `${many}\nno token`;
    const said = `ERR_TOKEN_INVALID: line ${COUNT + 1}: the token is invalid`;
    bad(
      await inside(args, { env: { ...env, TMPDIR: folder }, in: tokens(1).concat("x").join("\n") }),
      1,
      /line 2/,
    );
    bad(await inside(args, { env, in: spoilt }), 1, said);
    const path = fresh();
    bad(await inside([...args, "--out", path], { env, in: spoilt }), 1, said);
    assert.ok(!existsSync(path));
  });
  test("names a temporary folder that does not exist", async () => {
    const ran = await inside(args, { env: { ...env, TMPDIR: fresh() }, in: many });
    bad(ran, 2, "ENOENT: a temporary file: there is no such file");
  });
  test("accepts an empty input, as text and as JSON", async () => {
    assert.equal(good(await inside(args, { env, in: "" })), "");
    assert.equal(good(await inside([...args, "--json"], { env, in: "" })), '{"tokens":[]}\n');
  });
  test("--json prints the tokens in order", async () => {
    const said = JSON.parse(
      good(await inside([...args, "--json"], { env, in: tokens(3).join("\n") })),
    );
    isRotated(said.tokens.join("\n"), 3);
  });
  test("lines end in LF or CR LF; an empty line is not a token", async () => {
    const [one, two] = tokens(2);
    isRotated(good(await inside(args, { env, in: `${one}\r\n${two}\r\n` })).trimEnd(), 2);
    bad(await inside(args, { env, in: `${one}\n\n${two}` }), 1, /line 2: the token is invalid/);
    bad(await inside(args, { env, in: `${one}\r${two}` }), 1, /line 1: the token is invalid/);
  });
  test("refuses a line that never ends", async () => {
    const path = file("");
    truncateSync(path, 100_200_000);
    const said = "ERR_TOKEN_TOO_LARGE: a line is too long for a token";
    bad(await inside([...args, "--in", path], { env }), 1, said);
  });
});
