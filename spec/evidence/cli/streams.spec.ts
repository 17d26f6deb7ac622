/**
 * The streams of `bulla`: stdin, stdout, files, pipes that end early, a full disk, no terminal, too much input.
 * These specs rely on: output ends with one added newline at most, and `decrypt` adds none.
 */

import assert from "node:assert/strict";
import {
  chmodSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  statSync,
  symlinkSync,
  truncateSync,
} from "node:fs";
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
  type How,
  hide,
  json,
  keyOf,
} from "../../helpers/cli-process.ts";

const JWT = Jwt.generateKey();
const FERNET = Fernet.generateKey();
const jwt = new Jwt(JWT);
const fernet = new Fernet(FERNET);
const TOKEN = jwt.sign({ sub: "tom" });
const SEALED = fernet.encrypt("hello");
const jwtKey = keyOf(JWT);
const fernetKey = keyOf(FERNET);
hide(TOKEN, SEALED);

/** Every command that reads, with an input that it accepts and one that it refuses. */
const COMMANDS: [args: string, good: string, bad: string][] = [
  [`sign --key ${jwtKey}`, '{"sub":"tom"}', "[1"],
  [`verify --key ${jwtKey}`, TOKEN, `${TOKEN}A`],
  [`encrypt --key ${fernetKey}`, "hello", ""],
  [`decrypt --key ${fernetKey}`, SEALED, `A${SEALED}`],
  [`rotate --key ${fernetKey} --key ${keyOf(Fernet.generateKey())}`, SEALED, `A${SEALED}`],
  ["inspect", TOKEN, "neither a token nor a field"],
];
const words = ([args]: [string, ...unknown[]]) => args.split(" ", 1)[0] as string;
/** `encrypt` takes every message. */
const REFUSING = COMMANDS.filter(([args]) => !args.startsWith("encrypt"));

describe("--in and --out", { concurrency: AT_ONCE }, () => {
  for (const row of COMMANDS) {
    const [args, good] = row;
    test(`${words(row)}: reads a file, and writes a new one that only its owner can read`, async () => {
      const path = fresh();
      const run = ended(await bulla(`${args} --in ${file(good)} --out ${path}`), 0);
      assert.equal(run.stdout, "");
      assert.equal(statSync(path).mode & 0o777, 0o600);
      assert.notEqual(readFileSync(path, "utf8"), "");
    });
  }
  for (const row of COMMANDS.filter(([args]) => /^(?:sign|decrypt|rotate)/.test(args))) {
    const [args, good] = row;
    test(`${words(row)}: keeps an existing file; refuses an input that cannot be read`, async () => {
      const there = file("mine");
      failed(await bulla(`${args} --out ${there}`, { in: good }), 2);
      assert.equal(readFileSync(there, "utf8"), "mine");
      failed(await bulla(`${args} --in ${fresh()}`), 2);
    });
  }
  for (const row of REFUSING) {
    const [args, , bad] = row;
    test(`${words(row)}: a refused input leaves no file`, async () => {
      const path = fresh();
      assert.notEqual((await bulla(`${args} --out ${path}`, { in: bad })).status, 0);
      assert.ok(!existsSync(path));
    });
  }
  test("a folder is refused as input", async () => {
    const folder = fresh();
    mkdirSync(folder);
    failed(await bulla(`inspect --in ${folder}`), 2);
  });
  test("a link is not followed", async () => {
    const [target, link] = [fresh(), fresh()];
    symlinkSync(target, link);
    failed(await bulla(`encrypt --key ${fernetKey} --out ${link}`, { in: "x" }), 2);
    assert.ok(!existsSync(target));
  });
  test("the input's own file is not overwritten", async () => {
    const path = file(SEALED);
    failed(await bulla(`decrypt --key ${fernetKey} --in ${path} --out ${path}`), 2);
    assert.equal(readFileSync(path, "utf8"), SEALED);
  });
});

describe("stdin", { concurrency: AT_ONCE }, () => {
  // `rotate` accepts an empty input, which has no token to refuse.
  for (const row of REFUSING.filter(([args]) => !args.startsWith("rotate"))) {
    const [args] = row;
    test(`${words(row)}: an empty or missing input is refused`, async () => {
      const stdio: How["stdio"] = args === "inspect" ? ["ignore", "pipe", "pipe"] : undefined;
      const run = await bulla(args, { in: "", ...(stdio && { stdio }) });
      assert.notEqual(run.status, 0);
      assert.equal(run.stdout, "");
    });
  }
  for (const ending of ["\r\n"]) {
    test(`one ${JSON.stringify(ending)} after a token is not part of it`, async () => {
      ended(await bulla(`verify --key ${jwtKey}`, { in: TOKEN + ending }), 0);
      const opened = await bulla(`decrypt --key ${fernetKey}`, { in: SEALED + ending });
      assert.equal(ended(opened, 0).stdout, "hello");
      ended(await bulla("inspect", { in: TOKEN + ending }), 0);
    });
  }
  test("input that comes late and in pieces is read to its end", async () => {
    const pieces = TOKEN.match(/.{1,40}/g) ?? [];
    const run = await bulla(`verify --key ${jwtKey}`, { in: pieces });
    ended(run, 0, "tom");
  });
  test("bytes that are not text are refused as a token, and accepted as a message", async () => {
    const bytes = Buffer.from(Array.from({ length: 512 }, (_, at) => at & 255));
    for (const [args] of REFUSING) {
      const run = await bulla(args, { in: bytes });
      assert.notEqual(run.status, 0);
      assert.equal(run.stdout, "");
    }
    const sealed = ended(await bulla(`encrypt --key ${fernetKey}`, { in: bytes }), 0);
    assert.deepEqual(Buffer.from(fernet.decrypt(sealed.stdout.trimEnd())), bytes);
    const opened = await bulla(`decrypt --key ${fernetKey}`, { in: sealed.stdout, raw: true });
    assert.deepEqual(ended(opened, 0).bytes, bytes);
  });
  test("a message keeps its newlines, and gets no other", async () => {
    for (const message of ["", "\ufeffa\r\n\n"]) {
      const sealed = ended(await bulla(`encrypt --key ${fernetKey}`, { in: message }), 0);
      assert.equal(fernet.decryptText(sealed.stdout.trimEnd()), message);
      const opened = await bulla(`decrypt --key ${fernetKey}`, { in: sealed.stdout, raw: true });
      assert.equal(ended(opened, 0).stdout, message);
    }
  });
});

describe("a full disk has status 2", { concurrency: AT_ONCE }, () => {
  const rows: [args: string, good: string][] = [
    ...COMMANDS.map(([args, good]) => [args, good] as [string, string]),
    ["keygen fernet", ""],
    ["check", ""],
    ["--help", ""],
    ["--version", ""],
  ];
  for (const row of rows) {
    test(words(row), async () => {
      const full = openSync("/dev/full", "w");
      const [args, good] = row;
      const how = { in: good, stdio: ["pipe", full, "pipe"] as ["pipe", number, "pipe"] };
      const run = await bulla(args, how);
      closeSync(full);
      ended(run, 2);
      assert.match(run.stderr, /^bulla: [^\n]+\n$/);
    });
  }
  test("but on stderr it does not change the status", async () => {
    const full = openSync("/dev/full", "w");
    const run = await bulla(`verify --key ${jwtKey}`, { in: "x", stdio: ["pipe", "pipe", full] });
    closeSync(full);
    assert.equal(run.status, 1);
  });
});

describe("pipes", { concurrency: AT_ONCE }, () => {
  const message = Buffer.alloc(3_000_000, "a line\n");
  const big = file(fernet.encrypt(message));

  test("a slow reader gets everything", async () => {
    const run = await bulla(`decrypt --key ${fernetKey} --in ${big}`, {
      also: ({ stdout }) => {
        stdout?.pause();
        setTimeout(() => stdout?.resume(), 400);
      },
    });
    assert.equal(ended(run, 0).bytes.length, message.length);
  });
  test("after a reader leaves, stderr has nothing of the message", async () => {
    const run = await bulla(`decrypt --key ${fernetKey} --in ${big}`, {
      also: ({ stdout }) => stdout?.destroy(),
    });
    assert.doesNotMatch(run.stderr, /a line/);
  });
  test("a reader of stderr that leaves does not change the status", async () => {
    const run = await bulla(`verify --key ${jwtKey}`, {
      in: "x",
      also: ({ stderr }) => stderr?.destroy(),
    });
    assert.equal(run.status, 1);
  });
});

describe("100 MB of input at most", { concurrency: 2 }, () => {
  const huge = file("");
  truncateSync(huge, 105_000_000);
  test("a longer file is refused", async () => {
    const run = await bulla(`encrypt --key ${fernetKey} --in ${huge}`);
    assert.notEqual(run.status, 0);
    assert.equal(run.stdout, "");
  });
  test("an endless stream is refused", async () => {
    const zero = openSync("/dev/zero", "r");
    const run = await bulla(`encrypt --key ${fernetKey}`, { stdio: [zero, "pipe", "pipe"] });
    closeSync(zero);
    assert.notEqual(run.status, 0);
    assert.equal(run.stdout, "");
  });
  test("99 MB are accepted", async () => {
    const most = file("");
    truncateSync(most, 99_000_000);
    const path = fresh();
    ended(await bulla(`encrypt --key ${fernetKey} --in ${most} --out ${path}`), 0);
    assert.ok(statSync(path).size >= 132_000_000);
  });
});

describe("--json is one line, whatever happens", { concurrency: AT_ONCE }, () => {
  for (const row of REFUSING.filter(([args]) => !args.startsWith("sign"))) {
    const [args, good, bad] = row;
    test(words(row), async () => {
      if (!args.startsWith("decrypt")) json(ended(await bulla(`${args} --json`, { in: good }), 0));
      const refused = ended(await bulla(`${args} --json`, { in: bad }), 1);
      assert.ok(`${refused.stdout}${refused.stderr}`.trimEnd().split("\n").length === 1);
    });
  }
  test("sign, encrypt and check", async () => {
    json(ended(await bulla(`sign --key ${jwtKey} --json`, { in: "{}" }), 0));
    json(ended(await bulla(`encrypt --key ${fernetKey} --json`, { in: "a\nb" }), 0));
    json(ended(await bulla("check --json"), 0));
  });
});

test("a file that nobody may read has status 2", async (t) => {
  if (process.getuid?.() === 0) return t.diagnostic("root may read everything: nothing was tested");
  const path = file(TOKEN);
  chmodSync(path, 0o000);
  failed(await bulla(`inspect --in ${path}`), 2);
});
