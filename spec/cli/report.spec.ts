/** The exact output of `inspect` for each kind of token and cookie, for times and for fields. */

import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { asgiSessions } from "../../src/asgi.ts";
import { readField } from "../../src/cli/field.ts";
import { durationOf, isoOf, whenOf } from "../../src/cli/when.ts";
import { Fernet } from "../../src/fernet.ts";
import { Jwt } from "../../src/jwt.ts";
import { bad, good, inside } from "../helpers/cli-inside.ts";
import { file, fresh } from "../helpers/cli-process.ts";
import { envelope, NAME, NOW, SECRET, seal } from "../helpers/session-cookies.ts";
import { jws } from "../helpers/token-forge.ts";

const JWT = Jwt.generateKey();
const FERNET = Fernet.generateKey();
const PYTHON = "0123456789abcdefghijklmnopqrstuv";
const SNAKE = PYTHON.toUpperCase();
const env = {
  JWT,
  FERNET,
  SECRET,
  PYTHON,
  SNAKE,
  OTHER: "another secret of some more than 32 bytes",
};
const HOUR = 3600;

const inspect = (text: string, ...args: string[]) =>
  inside(["inspect", "--now", `${NOW}`, ...args], { env, in: text });
const lines = async (text: string, ...args: string[]) =>
  good(await inspect(text, ...args))
    .trimEnd()
    .split("\n");
const line = async (text: string, ...args: string[]) =>
  JSON.parse(good(await inspect(text, "--json", ...args)));
/** Checks the error of a refused token and returns what stdout shows. */
async function refused(text: string, code: string, ...args: string[]): Promise<string> {
  const { status, stdout, stderr } = await inspect(text, ...args);
  assert.equal(status, 1);
  assert.match(stderr, new RegExp(`^bulla: ${code}: `));
  return stdout;
}

describe("a JWT", () => {
  const token = new Jwt(JWT, { expiresIn: HOUR }).sign({ sub: "tom" }, { now: NOW - HOUR / 2 });
  const open = [
    `JWT, ${token.length} characters`,
    "  header   anybody can read it",
    '    alg      "HS256"',
    '    typ      "JWT"',
    "  claims   anybody can read them",
    '    sub      "tom"',
    "    iat      1699998200  2023-11-14T21:43:20Z, 30 minutes ago",
    "    exp      1700001800  2023-11-14T22:43:20Z, in 30 minutes",
    "  verdict",
  ];
  const EXPIRED = "ERR_TOKEN_EXPIRED: the token has expired";

  test("without a key, with one, and with two", async () => {
    const nothing = "    proven   nothing: no key was given (--secret)";
    assert.deepEqual(await lines(token), [...open, nothing]);
    const proven = await lines(`${token}\r\n`, "--secret", "env:JWT");
    assert.deepEqual(proven, [...open, "    proven   by the key"]);
    const second = await lines(token, "--secret", "env:SECRET", "--secret", "env:JWT");
    assert.equal(second.at(-1), "    proven   by the second key");
  });
  test("refuses blanks and newlines that the library refuses", async () => {
    for (const text of [` ${token}`, `${token} `, `${token}\n\n`]) {
      await refused(text, "ERR_ENCODING", "--secret", "env:JWT");
    }
  });
  test("with a wrong key, and after its end", async () => {
    const wrong = await refused(token, "ERR_TOKEN_SIGNATURE", "--secret", "env:SECRET");
    assert.deepEqual(wrong.trimEnd().split("\n").slice(8), [
      "  verdict",
      "    refused  ERR_TOKEN_SIGNATURE: the signature does not match",
    ]);
    const late = await inside(["inspect", "--secret", "env:JWT", "--now", `${NOW + HOUR}`], {
      env,
      in: token,
    });
    assert.deepEqual(late.stdout.trimEnd().split("\n").slice(-2), [
      "    MAC      holds under the key",
      `    refused  ${EXPIRED}`,
    ]);
    assert.equal(late.stderr, `bulla: ${EXPIRED}\n`);
  });
  test("in JSON", async () => {
    const times = {
      iat: { seconds: NOW - HOUR / 2, iso: "2023-11-14T21:43:20Z", when: "30 minutes ago" },
      exp: { seconds: NOW + HOUR / 2, iso: "2023-11-14T22:43:20Z", when: "in 30 minutes" },
    };
    const all = {
      kind: "jwt",
      characters: token.length,
      header: { alg: "HS256", typ: "JWT" },
      claims: { sub: "tom", iat: NOW - HOUR / 2, exp: NOW + HOUR / 2 },
      times,
    };
    assert.deepEqual(await line(token), { ...all, proven: false });
    assert.deepEqual(await line(token, "--secret", "env:JWT"), { ...all, proven: true, key: 1 });
    const json = await refused(token, "", "--json", "--secret", "env:SECRET").catch(() => "");
    assert.equal(json, "", "in JSON the failure is JSON too");
    const ran = await inspect(token, "--json", "--secret", "env:SECRET");
    assert.deepEqual(JSON.parse(ran.stdout), {
      ...all,
      proven: false,
      code: "ERR_TOKEN_SIGNATURE",
    });
    assert.equal(JSON.parse(ran.stderr).code, "ERR_TOKEN_SIGNATURE");
  });
  test("applies the options of verify, and names the claim", async () => {
    assert.match(
      await refused(token, "ERR_TOKEN_CLAIM", "--secret", "env:JWT", "--issuer", "me"),
      /holds under the key\n {4}refused {2}ERR_TOKEN_CLAIM: the claim "iss" is missing/,
    );
    const ran = await inspect(token, "--json", "--secret", "env:JWT", "--issuer", "me");
    assert.equal(JSON.parse(ran.stdout).claim, "iss");
    assert.equal(JSON.parse(ran.stderr).claim, "iss");
    await refused(token, "ERR_TOKEN_EXPIRED", "--secret", "env:JWT", "--max-age", "60");
    good(await inspect(token, "--secret", "env:JWT", "--max-age", `${HOUR}`));
  });
  test("tries the second key when the first one's MAC holds but its claims are refused, and keeps that reason", async () => {
    const args = ["--secret", "env:JWT", "--secret", "env:SECRET", "--issuer", "me"];
    await refused(token, "ERR_TOKEN_CLAIM", ...args);
    await refused(token, "ERR_TOKEN_CLAIM", ...args.slice(2), ...args.slice(0, 2));
  });
  test("shows strange times and claims, and escapes names that could control a terminal", async () => {
    const wild = jws({ alg: "HS256" }, { iat: 1e300, exp: "soon", "\u202e": "\u009b" }, JWT);
    const shown = await lines(wild);
    assert.ok(shown.includes("    iat      1e+300  beyond the calendar"));
    assert.ok(shown.includes('    exp      "soon"'));
    assert.ok(shown.includes('    \\u202e   "\\u009b"'));
    const list = jws({ alg: "HS256" }, "[1]", JWT);
    assert.match(good(await inspect(list)), /header[\s\S]*refused {2}ERR_TOKEN_MALFORMED: /);
    await refused(list, "ERR_TOKEN_MALFORMED", "--secret", "env:JWT");
  });
  test("reports only the library's code for anything else", async () => {
    for (const [text, code] of [
      ["a.b", "ERR_TOKEN_MALFORMED"],
      ["a.b.c.d", "ERR_TOKEN_MALFORMED"],
      ["e30.e30.e3=", "ERR_ENCODING"],
      ["", "ERR_TOKEN_MALFORMED"],
      ["hello", "ERR_ENCODING"],
      ["aGVsbG8=", "ERR_TOKEN_MALFORMED"],
    ] as const) {
      assert.equal(await refused(text, code), "", text);
    }
  });
});

describe("a Fernet token", () => {
  const token = new Fernet(FERNET).encrypt("hello", { now: NOW - 60 });
  const open = [
    "Fernet token, 100 characters",
    "  times    anybody can read it",
    "    made     1699999940  2023-11-14T22:12:20Z, 1 minute ago",
  ];
  test("without a key and with it", async () => {
    const nothing = "    proven   nothing: no key was given (--secret)";
    assert.deepEqual(await lines(token), [...open, "  verdict", nothing]);
    assert.deepEqual(await lines(token, "--secret", "env:FERNET"), [
      ...open,
      "  message",
      '    text     "hello"',
      "  verdict",
      "    proven   by the key",
    ]);
    const bytes = new Fernet(FERNET).encrypt(Buffer.from([255]), { now: NOW });
    assert.deepEqual((await line(bytes, "--secret", "env:FERNET")).message, { base64url: "_w" });
  });
  test("applies a ttl", async () => {
    const shown = await refused(
      token,
      "ERR_TOKEN_EXPIRED",
      "--secret",
      "env:FERNET",
      "--ttl",
      "59",
    );
    assert.match(shown, /MAC {6}holds under the key/);
    assert.doesNotMatch(shown, /hello/);
    good(await inspect(token, "--secret", "env:FERNET", "--ttl", "60"));
  });
  test("refuses a key that fits no kind of token, and tries a session secret on a session", async () => {
    const said =
      "a Fernet key must be 44 characters of padded base64url, or 32 bytes: use Fernet.generateKey()";
    bad(await inspect(token, "--secret", "env:SECRET"), 2, `ERR_KEY: --secret: ${said}`);
    await refused(token.replaceAll("=", ""), "ERR_TOKEN_INVALID", "--secret", "env:SECRET");
  });
  test("does not recognise a truncated token or another version", async () => {
    assert.equal(await refused(token.slice(4), "ERR_TOKEN_MALFORMED"), "");
    assert.equal(await refused(`gQ${token.slice(2)}`, "ERR_TOKEN_MALFORMED"), "");
    const key = ["--secret", "env:FERNET"] as const;
    assert.equal(await refused(`gQ${token.slice(2)}`, "ERR_TOKEN_INVALID", ...key), "");
  });
});

describe("sessions", () => {
  const DATA = { user: "tom" };
  const claims = envelope(DATA);
  const ours = {
    fernet: seal("fernet", claims, {}),
    jwt: seal("jwt", claims, {}),
    base64: seal("base64", claims, {}),
  };
  const body = [
    "  times",
    "    written  1699999990  2023-11-14T22:13:10Z, 10 seconds ago",
    "    begun    1699999990  2023-11-14T22:13:10Z, 10 seconds ago",
    "    expires  1701209590  2023-11-28T22:13:10Z, in 13 days",
    "  session",
    '    id       "an-old-id-of-16-bytesA"',
  ];
  const secret = ["--secret", "env:SECRET"];

  for (const [type, note] of [
    ["fernet", ""],
    ["jwt", "     anybody can read them"],
  ] as const) {
    test(`${type}: as a value, with --name, in a field, and under another name`, async () => {
      const value = ours[type];
      const rest = [...body, `  data${note}`, '    user     "tom"'];
      const head = type === "jwt" ? ["  header   anybody can read it"] : [];
      const shown = await lines(value, ...secret);
      assert.equal(shown[0], `session of type ${type}, ${value.length} characters`);
      assert.equal(shown[1], head[0] ?? "  times");
      const from = shown.indexOf("  times");
      assert.deepEqual(shown.slice(from), [...rest, "  verdict", "    proven   by the key"]);
      for (const [text, ...args] of [
        [value, "--name", NAME],
        [`Cookie: theme=dark; ${NAME}=${value}`, "--name", NAME],
        [`${NAME}=${value}`],
      ] as [string, ...string[]][]) {
        const [title = "", ...same] = await lines(text, ...secret, ...args);
        assert.equal(title, `${NAME}: ${shown[0]}`);
        assert.deepEqual(same, shown.slice(1));
      }
      const code = type === "jwt" ? "ERR_TOKEN_SIGNATURE" : "ERR_TOKEN_INVALID";
      await refused(value, code, ...secret, "--name", "other");
      await refused(value, code, "--secret", "env:OTHER");
      bad(await inspect(value, "--secret", "env:NONE"), 2, /not set/);
    });
    test(`${type}: expires by its own end, or by --max-age`, async () => {
      const late = ["inspect", ...secret, "--now", "1701209590"];
      assert.match((await inside(late, { env, in: ours[type] })).stderr, /ERR_TOKEN_EXPIRED/);
      await refused(ours[type], "ERR_TOKEN_EXPIRED", ...secret, "--max-age", "10");
      good(await inspect(ours[type], ...secret, "--max-age", "11"));
      bad(
        await inspect(ours[type], ...secret, "--max-age", "0"),
        2,
        /maxAge must be whole seconds/,
      );
    });
  }
  test("jwt without a secret shows what anybody can read", async () => {
    const shown = await lines(ours.jwt);
    assert.equal(shown[0], `session of type jwt, ${ours.jwt.length} characters`);
    assert.ok(shown.includes('    typ      "session+jwt"'));
    assert.ok(shown.includes('    data     {"user":"tom"}'));
    assert.deepEqual((await line(ours.jwt)).type, "jwt");
  });
  test("base64 is never proven", async () => {
    const shown = [
      `session of type base64, ${ours.base64.length} characters`,
      ...body,
      "  data     anybody can read and forge them",
      '    user     "tom"',
      "  verdict",
    ];
    const nothing = "    proven   nothing: type base64 is not signed";
    assert.deepEqual(await lines(ours.base64), [...shown, nothing]);
    const said = await inspect(ours.base64, ...secret);
    assert.equal(said.status, 1);
    const why = "ERR_TOKEN_SIGNATURE: type base64 is not signed: no key proves it";
    assert.equal(said.stderr, `bulla: ${why}\n`);
    const expired = seal("base64", envelope(DATA, { exp: NOW }), {});
    assert.match(good(await inspect(expired)), /refused {2}ERR_TOKEN_EXPIRED/);
  });
  test("finds the session among many cookies", async () => {
    const field = `Cookie: a=1; ${NAME}=${ours.fernet}; b="x"; ${NAME}=${ours.jwt}; bad name=1`;
    const said = await line(field, ...secret);
    assert.deepEqual([said.kind, said.proven], ["cookie", true]);
    assert.deepEqual(
      said.cookies.map(({ name, kind, proven }: Record<string, unknown>) => [name, kind, proven]),
      [
        ["a", "unknown", false],
        [NAME, "session", true],
        [NAME, "session", true],
      ],
    );
    assert.ok(!JSON.stringify(said).includes(ours.fernet.slice(0, 40)));
    const shown = good(await inspect(field, ...secret));
    assert.match(shown, /^a: not recognised, 1 character\n\n__Host-session: session/);
    bad(
      await inspect(field, "--name", "none"),
      1,
      "ERR_TOKEN_MALFORMED: there is no cookie of that name",
    );
  });
  test("refuses a field of foreign cookies, but lists them", async () => {
    const ran = await inspect("Cookie: sid=0123456789abcdef");
    assert.equal(ran.status, 1);
    assert.equal(ran.stderr, "bulla: ERR_TOKEN_MALFORMED: no cookie of bulla's is recognised\n");
    assert.match(ran.stdout, /^sid: not recognised/);
    assert.doesNotMatch(ran.stdout, /0123456789/);
    const none = await inspect("Cookie: ", "--json");
    assert.deepEqual(JSON.parse(none.stdout), {
      kind: "cookie",
      proven: false,
      code: "ERR_TOKEN_MALFORMED",
      cookies: [],
    });
    assert.match((await inspect("Cookie:")).stdout, /^no cookie that a server reads\n$/);
  });
  test("explains the attributes of a Set-Cookie", async () => {
    const expires = "Thu, 01 Jan 1970 00:00:00 GMT";
    const text = `Set-Cookie: ${NAME}=${ours.fernet}; Max-Age=1209600; Expires=${expires}; Secure; x=\u202e`;
    const shown = good(await inspect(text, ...secret)).split("\n\n");
    assert.equal(shown.length, 2);
    assert.deepEqual(shown[1]?.trimEnd().split("\n"), [
      "Set-Cookie",
      "  attributes",
      "    Max-Age     1209600  14 days",
      "    Expires     Thu, 01 Jan 1970 00:00:00 GMT  1970-01-01T00:00:00Z, 53 years ago",
      "    Secure      yes",
      "    x           \\u202e",
    ]);
    const said = await line(text, ...secret);
    assert.deepEqual([said.kind, said.proven], ["set-cookie", true]);
    assert.deepEqual(said.attributes, {
      "Max-Age": "1209600",
      Expires: expires,
      Secure: true,
      x: "\u202e",
    });
  });
  test("reports the code of a recognised cookie that is refused", async () => {
    const ran = await inspect(`Cookie: ${NAME}=${ours.fernet}`, "--secret", "env:OTHER", "--json");
    assert.equal(ran.status, 1);
    assert.equal(JSON.parse(ran.stdout).code, "ERR_TOKEN_INVALID");
  });
});

describe("sessions of asgi-sessions", () => {
  const issue = (type: "fernet" | "jwt" | "base64", now = NOW) =>
    asgiSessions<object>({
      type,
      ...(type !== "base64" && { secret: PYTHON }),
      clock: () => now,
    })
      .issue({ user: "tom" })
      .setCookie.split(";", 1)[0] as string;
  process.removeAllListeners("warning").on("warning", () => {}); // type base64 warns that it is not signed

  for (const type of ["fernet", "jwt"] as const) {
    test(`${type}, in a field and with --name, with text and bytes as keys`, async () => {
      const text = issue(type);
      const said = await line(`Cookie: ${text}`, "--secret", "env:PYTHON");
      assert.deepEqual(said.cookies[0].data, { user: "tom" });
      assert.deepEqual([said.cookies[0].kind, said.cookies[0].type], ["asgi-session", type]);
      assert.equal("expires" in (said.cookies[0].times ?? {}), type === "fernet");
      const value = text.slice("session=".length);
      const [title] = await lines(value, "--secret", "env:PYTHON", "--name", "session");
      const what = `session of asgi-sessions of type ${type}, ${value.length} characters`;
      assert.equal(title, `session: ${what}`);
      const code = type === "jwt" ? "ERR_TOKEN_SIGNATURE" : "ERR_TOKEN_INVALID";
      await refused(`Cookie: ${text}`, code, "--secret", "env:SNAKE");
      // Python's secret is text, so bytes can only be the key of a token.
      const raw = `raw:${file(PYTHON)}`;
      const plain = await line(value, "--secret", raw, "--name", "session");
      assert.equal(plain.kind, type);
    });
  }
  test("fernet expires after 14 days, or by --max-age", async () => {
    const text = `Cookie: ${issue("fernet", NOW - 14 * 24 * HOUR)}`;
    await refused(text, "ERR_TOKEN_EXPIRED", "--secret", "env:PYTHON");
    good(await inspect(text, "--secret", "env:PYTHON", "--max-age", `${15 * 24 * HOUR}`));
  });
  test("jwt with an option for claims is read as a JWT", async () => {
    const text = `Cookie: ${issue("jwt")}`;
    await refused(text, "ERR_TOKEN_CLAIM", "--secret", "env:PYTHON", "--issuer", "me");
    good(await inspect(text, "--secret", "env:PYTHON", "--max-age", "60"));
  });
  test("base64, with padding and without", async () => {
    const text = issue("base64");
    assert.deepEqual((await line(text)).cookies[0].data, { user: "tom" });
    const bare = text.slice("session=".length);
    assert.deepEqual((await line(bare)).kind, "asgi-session");
    assert.equal((await line(bare.replace("=", ""))).code, "ERR_ENCODING");
  });
});

describe("output", () => {
  const token = new Jwt(JWT).sign({}, { now: NOW });
  const run = (terminal: boolean, more: string[] = [], given: Record<string, string> = {}) =>
    inside(["inspect", "--now", `${NOW}`, ...more], { env: given, in: token, terminal });

  test("a terminal gets colours, unless they are switched off", async () => {
    const plain = good(await run(false));
    assert.ok(!plain.includes("\u001b"));
    const colours = good(await run(true));
    assert.notEqual(colours, plain);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: terminal colours begin with ESC
    assert.equal(colours.replaceAll(/\u001b\[\d+m/g, ""), plain);
    assert.ok(colours.includes("\u001b[33mnothing: no key was given"));
    assert.equal(good(await run(true, [], { NO_COLOR: "" })), colours);
    assert.equal(good(await run(true, [], { NO_COLOR: "1" })), plain);
    assert.equal(good(await run(true, ["--no-color"])), plain);
    assert.equal(good(await run(true, [], { TERM: "dumb" })), plain);
    const path = fresh();
    good(await run(true, ["--out", path]));
    assert.equal(readFileSync(path, "utf8"), plain);
  });
  test("a file gets nothing that is refused", async () => {
    const path = fresh();
    bad(await run(false, ["--secret", "env:KEY", "--out", path], { KEY: FERNET }), 1, /SIGNATURE/);
    assert.ok(!existsSync(path));
  });
  test("uses the current time without --now", async () => {
    const mine = new Jwt(JWT).sign({});
    assert.match(good(await inside("inspect", { in: mine })), /iat .*, (?:now|\d seconds? ago)\n/);
  });
});

test("reads a token, or a field with its name or without", () => {
  const cookie = { kind: "cookie", attributes: [] };
  const set = { kind: "set-cookie" };
  for (const [text, field] of [
    ["a.b.c", { kind: "token", cookies: [{ name: "", value: "a.b.c" }], attributes: [] }],
    ["abc==", { kind: "token", cookies: [{ name: "", value: "abc==" }], attributes: [] }],
    ["a=1", { ...cookie, cookies: [{ name: "a", value: "1" }] }],
    [
      "cookie :a=1;b=2",
      {
        ...cookie,
        cookies: [
          { name: "a", value: "1" },
          { name: "b", value: "2" },
        ],
      },
    ],
    ["a=1; Path=/", { ...set, cookies: [{ name: "a", value: "1" }], attributes: [["Path", "/"]] }],
    [
      "a=1; Path=/; b=2",
      {
        ...cookie,
        cookies: [
          { name: "a", value: "1" },
          { name: "Path", value: "/" },
          { name: "b", value: "2" },
        ],
      },
    ],
    [
      "SET-COOKIE: a = 1 ;; HttpOnly ; x = y",
      {
        ...set,
        cookies: [{ name: "a", value: "1" }],
        attributes: [
          ["HttpOnly", undefined],
          ["x", "y"],
        ],
      },
    ],
    ["Set-Cookie: a b=1", { ...set, cookies: [], attributes: [] }],
    ['Set-Cookie: a="1"', { ...set, cookies: [], attributes: [] }],
    ["Set-Cookie: a", { ...set, cookies: [{ name: "a", value: "" }], attributes: [] }],
    [`Cookie: ${"n".repeat(513)}=1`, { ...cookie, cookies: [] }],
  ] as const) {
    assert.deepEqual(readField(text), field, text);
  }
  assert.throws(() => readField(`Cookie: a=${"1".repeat(1_000_000)}`), {
    code: "ERR_TOKEN_TOO_LARGE",
  });
  assert.equal(readField(`Cookie: a=${"1".repeat(999_998)}`).cookies.length, 1);
});

test("writes times in words", () => {
  for (const [seconds, words] of [
    [0, "now"],
    [0.5, "now"],
    [1, "in 1 second"],
    [59, "in 59 seconds"],
    [-60, "1 minute ago"],
    [61, "in 1 minute 1 second"],
    [150, "in 2 minutes 30 seconds"],
    [185, "in 3 minutes"],
    [-3599, "59 minutes ago"],
    [7200, "in 2 hours"],
    [90_000, "in 1 day 1 hour"],
    [14 * 86_400, "in 14 days"],
    [2_629_800, "in 1 month"],
    [-31_557_600 * 41, "41 years ago"],
  ] as const) {
    assert.equal(whenOf(NOW + seconds, NOW), words);
  }
  assert.equal(durationOf(0), "0 seconds");
  assert.equal(isoOf(1.9), "1970-01-01T00:00:01Z");
  assert.equal(isoOf(-1), "1969-12-31T23:59:59Z");
  assert.equal(isoOf(8.64e12), "+275760-09-13T00:00:00Z");
  assert.equal(isoOf(8.64e12 + 1), undefined);
  assert.equal(isoOf(Number.NaN), undefined);
});
