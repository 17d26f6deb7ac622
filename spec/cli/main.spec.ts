/** How a command is found, how its options are read, and how a failure is reported. */

import assert from "node:assert/strict";
import { closeSync, openSync, readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { nearest, parseOptions } from "../../src/cli/args.ts";
import { Failure, failureOf, fileFailure } from "../../src/cli/failure.ts";
import { PROCESS } from "../../src/cli/main.ts";
import { ConfigError, TokenError } from "../../src/internal/errors.ts";
import { bad, good, inside } from "../helpers/cli-inside.ts";
import { file, fresh } from "../helpers/cli-process.ts";
import { VERSION } from "../helpers/cli-program.ts";

const COMMANDS = ["keygen", "inspect", "sign", "verify", "encrypt", "decrypt", "rotate", "check"];
const ALL = [...COMMANDS, "vendor"];

describe("arguments", () => {
  test("--help, -h and help print the help of all commands or of one", async () => {
    const general = good(await inside("--help"));
    for (const spelling of ["-h", "help"]) assert.equal(good(await inside(spelling)), general);
    for (const name of ALL) {
      const own = good(await inside(["help", name]));
      assert.ok(own.startsWith(`bulla ${name} `) || own.startsWith(`bulla ${name}\n`), own);
      assert.equal(good(await inside([name, "--help"])), own);
      assert.equal(good(await inside([name, "one", "two", "--help"])), own);
      assert.notEqual(own, general);
    }
  });
  test("--version prints the package's version", async () => {
    for (const args of ["--version", "keygen --version"]) {
      assert.equal(good(await inside(args)), `${VERSION}\n`);
    }
  });
  test("an unknown command names the nearest one, and does not repeat the argument", async () => {
    bad(await inside("isnpect"), 2, "ERR_OPTION: unknown command: is it inspect?");
    bad(await inside("help verfy"), 2, "ERR_OPTION: unknown command: is it verify?");
    const all = ALL.join(", ");
    bad(await inside("xyzzy"), 2, `ERR_OPTION: unknown command: ${all}; bulla --help tells more`);
    bad(await inside([]), 2, `ERR_OPTION: which command? ${all}; bulla --help tells more`);
    bad(await inside("toString"), 2, /unknown command/);
    bad(await inside("help toString"), 2, /unknown command/);
    bad(
      await inside("keygen"),
      2,
      "ERR_OPTION: which keygen? jwt, fernet, secret; bulla --help tells more",
    );
    bad(await inside("keygen frenet"), 2, "ERR_OPTION: unknown keygen: is it fernet?");
  });
  test("an extra argument is refused with the place where input is read", async () => {
    const said = "what it works on is read from stdin or --in FILE: arguments are seen by others";
    for (const name of ["inspect", "sign", "verify", "encrypt", "decrypt", "rotate"]) {
      bad(await inside([name, "word"]), 2, `ERR_OPTION: ${said}`);
    }
    bad(await inside("check word"), 2, "ERR_OPTION: check takes no argument");
    bad(
      await inside("keygen jwt fernet"),
      2,
      "ERR_OPTION: keygen makes one key: jwt, fernet or secret",
    );
  });
});

describe("options", () => {
  const options = {
    key: "texts",
    in: "text",
    now: "seconds",
    most: "count",
    check: "flag",
  } as const;
  const refused = (args: string[], message: string): void => {
    assert.throws(() => parseOptions(args, options), { code: "ERR_OPTION", message, status: 2 });
  };
  test("takes both spellings, and other arguments between them", () => {
    const argv = [
      "a",
      "--key",
      "env:A",
      "--key=env:B",
      "b",
      "--now=-1.5",
      "--most",
      "7",
      "--check",
    ];
    const args = parseOptions([...argv, "--check", "--", "--in"], options);
    assert.deepEqual(args.words, ["a", "b", "--in"]);
    assert.deepEqual(args.texts("key"), ["env:A", "env:B"]);
    assert.deepEqual([args.number("now"), args.number("most")], [-1.5, 7]);
    assert.deepEqual([args.has("check"), args.has("in")], [true, false]);
    assert.deepEqual(
      [args.text("in"), args.texts("in"), args.number("in")],
      [undefined, [], undefined],
    );
  });
  test("explains a wrong option without repeating its value", () => {
    refused(["--nwo", "1"], "unknown option: is it --now?");
    refused(["-k"], "unknown option: is it --key?");
    refused(["--xyzzy"], "unknown option");
    refused(["--toString"], "unknown option");
    refused(["--key"], "--key needs a value");
    refused(["--key="], "--key needs a value");
    refused(["--key", "--json"], "--key needs a value");
    refused(["--check=yes"], "--check takes no value");
    refused(["--in", "a", "--in", "b"], "--in is given more than once");
    for (const value of ["1s", "1e3", "0x1", ".5", "5.", " 1"]) {
      refused([`--now=${value}`], "--now must be seconds");
      refused([`--most=${value}`], "--most must be a number");
    }
  });
  test('takes a value that looks like an option after "="', () => {
    assert.equal(parseOptions(["--in=--key"], options).text("in"), "--key");
  });
});

test("finds the nearest word: a beginning, an extension, or the fewest changed letters", () => {
  const known = ["issuer", "audience", "in", "inspect"];
  for (const [word, near] of [
    ["isuer", "issuer"],
    ["issuers", "issuer"],
    ["AUDIENCE", "audience"],
    ["aud", "audience"],
    ["audeince", "audience"],
    ["insp", "inspect"],
    ["inpsetc", "inspect"],
    ["im", "in"],
    ["xx", undefined],
    ["", undefined],
    ["audience".repeat(4), undefined],
  ] as const) {
    assert.equal(nearest(word, known), near, word);
  }
  assert.equal(nearest("abcd", ["abdc", "abxx"]), "abdc", "neighbours exchanged are one step");
  assert.equal(nearest("abcdef", ["abxxxx"]), undefined, "four steps are too many");
  assert.equal(nearest("abcdefg", ["abcdxxx"]), "abcdxxx", "three are not");
});

describe("failures", () => {
  const told = (error: unknown, place?: string) => {
    const { status, code, message, claim } = failureOf(error, place);
    return [status, code, message, claim];
  };
  test("keeps the code of the library's errors, and adds the place", () => {
    const claim = new TokenError("ERR_TOKEN_CLAIM", "aud");
    assert.deepEqual(told(claim), [1, "ERR_TOKEN_CLAIM", claim.message, "aud"]);
    const expired = new TokenError("ERR_TOKEN_EXPIRED");
    assert.deepEqual(told(expired, "line 3"), [
      1,
      "ERR_TOKEN_EXPIRED",
      "line 3: the token has expired",
      undefined,
    ]);
    assert.deepEqual(told(new ConfigError("ERR_KEY", "a key"), "--secret"), [
      2,
      "ERR_KEY",
      "--secret: a key",
      undefined,
    ]);
    const own = new Failure(1, "ERR_VENDOR", "as it is");
    assert.equal(failureOf(own, "elsewhere"), own);
  });
  test("reports only the code of any other error", () => {
    const secret = "a key that stands in a text";
    for (const [error, code] of [
      [Object.assign(new Error(secret), { code: "ENOMEM" }), "ENOMEM"],
      [Object.assign(new Error(secret), { code: secret }), "ERR_INTERNAL"],
      [Object.assign(new Error(secret), { code: `E_${secret}` }), "ERR_INTERNAL"],
      [Object.assign(new Error(secret), { code: 7 }), "ERR_INTERNAL"],
      [new RangeError(secret), "ERR_INTERNAL"],
    ] as const) {
      assert.deepEqual(told(error), [2, code, "the command failed", undefined]);
    }
    assert.deepEqual(told(new Error(secret), "here")[2], "here: the command failed");
  });
  test("reports a file error with its option", () => {
    const { status, code, message } = fileFailure({ code: "EISDIR" }, "--in");
    assert.deepEqual([status, code, message], [2, "EISDIR", "--in: it is a folder"]);
    const { message: other } = fileFailure({ code: "EMFILE" }, "--in");
    assert.equal(other, "--in: it cannot be read or written");
    assert.equal(fileFailure(new Error(), "--in").code, "ERR_FILE");
    const own = new Failure(1, "ERR_VENDOR", "as it is");
    assert.equal(fileFailure(own, "elsewhere"), own);
  });
  test("--json reports a failure as one line of JSON on stderr", async () => {
    const ran = await inside(["verify", "--key", "env:KEY", "--json"], { env: { KEY: "short" } });
    assert.deepEqual([ran.status, ran.stdout], [2, ""]);
    assert.deepEqual(JSON.parse(ran.stderr), {
      code: "ERR_KEY",
      message: "a JWT key must be 32 bytes or more, such as randomBytes(32)",
    });
  });
  test("the status shows a failure even when stderr cannot be written", async () => {
    const closed = openSync(file(""), "r");
    const { status } = await inside("verify", { stderr: closed });
    closeSync(closed);
    assert.equal(status, 2);
  });
});

test("the terminal check asks the process's own stdout", () => {
  assert.equal(PROCESS.isTerminal(), process.stdout.isTTY === true);
});

test("bin.ts runs the arguments of the process", async () => {
  const [argv, path] = [process.argv, fresh()];
  process.argv = [...argv.slice(0, 2), "keygen", "jwt", "--out", path];
  try {
    await import("../../src/bin.ts");
  } finally {
    process.argv = argv;
  }
  assert.equal(process.exitCode, 0);
  assert.match(readFileSync(path, "utf8"), /^[\w-]{43}\n$/);
});
