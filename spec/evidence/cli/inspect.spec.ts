/**
 * `bulla inspect` says what a token or a cookie is, and if a secret proves it. These specs rely on: `--json` has a boolean
 * `proven`, the library's `code` where the secret refuses, and somewhere the content as an object. The tokens of
 * vectors/ are in vectors.spec.ts.
 */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { asgiSessions } from "../../../src/asgi.ts";
import { Fernet } from "../../../src/fernet.ts";
import { Jwt } from "../../../src/jwt.ts";
import { type SessionOptions, sessions } from "../../../src/session.ts";
import {
  AT_ONCE,
  bulla,
  ended,
  hide,
  holds,
  json,
  keyOf,
  type Run,
} from "../../helpers/cli-process.ts";
import {
  cookieValue,
  envelope,
  NAME,
  NOW,
  SECRET,
  seal,
  TYPES,
} from "../../helpers/session-cookies.ts";
import { jws } from "../../helpers/token-forge.ts";

const DATA = { user: "tom", roles: ["a", "b"], deep: { n: 1 } };
const DAY = 24 * 3600;
const secret = ["--secret", keyOf(SECRET)];
const OTHER = "another secret of more than 32 bytes";
const other = ["--secret", keyOf(OTHER)];
const at = (seconds: number) => ["--now", `${seconds}`];
const SIGNED = TYPES.filter((type) => type !== "base64");
const REFUSED = { fernet: "ERR_TOKEN_INVALID", jwt: "ERR_TOKEN_SIGNATURE" } as const;

process.removeAllListeners("warning").on("warning", () => {}); // base64 says that it is not signed

/** The whole Set-Cookie of a session that began at NOW. */
function issued(options: SessionOptions): string {
  const given = options.type === "base64" ? {} : { secret: SECRET };
  const { setCookie } = sessions<object>({ ...given, ...options, clock: () => NOW }).issue(DATA);
  hide(cookieValue(setCookie));
  return setCookie;
}

const inspect = (text: string, ...args: string[]) =>
  bulla(["inspect", "--json", ...args], { in: text });

/** Checks the exit status, and in `--json` `proven` and the code; returns the JSON. */
function says(run: Run, status: 0 | 1, proven: boolean, code?: string): Record<string, unknown> {
  ended(run, status);
  const said = json(run);
  assert.equal(said.proven ?? (status === 1 ? false : undefined), proven, run.stdout);
  if (code !== undefined) assert.equal(said.code, code);
  return said;
}

describe("not proven", { concurrency: AT_ONCE }, () => {
  const nothing = ["", "hello", "a.b", "Cookie:", "{}", "a".repeat(70_000)];
  for (const text of nothing) {
    test(`${JSON.stringify(text.slice(0, 20))} is not recognised`, async () => {
      const run = await inspect(text);
      assert.notEqual(run.status, 0, run.stdout);
      assert.doesNotMatch(run.stdout, /"proven":true/);
    });
  }

  for (const type of TYPES) {
    test(`${type}: without a secret it is recognised, and nothing is proven`, async () => {
      const value = cookieValue(issued({ type }));
      // Content that needs no secret is shown.
      const said = says(await inspect(value, ...at(NOW)), 0, false);
      assert.equal(holds(said, DATA), type !== "fernet");
      const { stdout } = ended(await bulla(["inspect", ...at(NOW)], { in: value }), 0);
      assert.match(stdout, new RegExp(type, "i"));
      assert.match(stdout, /prove|verified/i);
    });
  }

  test("base64 is shown, and no secret proves it", async () => {
    const value = cookieValue(issued({ type: "base64" }));
    for (const [text, args] of [
      [value, []],
      [`Cookie: ${NAME}=${value}`, []],
    ] as const) {
      const run = await inspect(text, ...secret, ...args, ...at(NOW));
      assert.ok(holds(says(run, 1, false), DATA));
    }
    // Claims that say `proven` themselves prove nothing.
    const forged = seal("base64", envelope({ proven: true }, { proven: true }));
    says(await inspect(forged, ...secret, ...at(NOW)), 1, false);
    says(await inspect(forged, ...at(NOW)), 0, false);
  });

  for (const type of SIGNED) {
    const code = REFUSED[type];
    test(`${type}: with a secret, a name or a type that it was not sealed for`, async () => {
      const value = cookieValue(issued({ type }));
      const another = type === "jwt" ? "fernet" : "jwt";
      const crossed = seal(type, envelope(DATA), { info: another });
      const rows: [text: string, ...args: string[]][] = [
        [value, ...other],
        [value, ...secret, "--name", "my"],
        [crossed, ...secret],
        [seal(type, envelope(DATA), { secret: OTHER }), ...secret],
      ];
      for (const [text, ...args] of rows) {
        says(await inspect(text, ...args, ...at(NOW)), 1, false, code);
      }
    });
    test(`${type}: with its last character changed`, async () => {
      const value = cookieValue(issued({ type }));
      const last = value.endsWith("A") ? "Q" : "A";
      const run = await inspect(value.slice(0, -1) + last, ...secret, ...at(NOW));
      assert.match(`${says(run, 1, false).code}`, /^ERR_/);
    });
    test(`${type}: after its end, and from the future`, async () => {
      const value = cookieValue(issued({ type, maxAge: DAY }));
      const rows = [
        [NOW + DAY, "ERR_TOKEN_EXPIRED"],
        [NOW - 61, "ERR_TOKEN_NOT_ACTIVE"],
      ] as const;
      for (const [now, code] of rows) {
        says(await inspect(value, ...secret, ...at(now)), 1, false, code);
      }
    });
    test(`${type}: with sealed claims that are not a session's`, async () => {
      for (const text of [envelope(DATA, { jti: "short" }), envelope(DATA, { exp: "x" })]) {
        says(
          await inspect(seal(type, text), ...secret, ...at(NOW)),
          1,
          false,
          "ERR_TOKEN_MALFORMED",
        );
      }
    });
  }
});

describe("proven", { concurrency: AT_ONCE }, () => {
  for (const type of SIGNED) {
    const set = issued({ type });
    const value = cookieValue(set);
    const ways: [what: string, text: string][] = [
      ["a Set-Cookie field", `Set-Cookie: ${set}`],
      ["a Cookie field", `Cookie: a=b; ${NAME}=${value}; c="d"`],
      ["a Cookie field alone", `cookie: ${NAME}=${value}\r\n`],
    ];
    for (const [what, text] of ways) {
      test(`${type}: in ${what}`, async () => {
        const run = await inspect(text, ...secret, ...at(NOW + 1));
        assert.ok(holds(says(run, 0, true), DATA), run.stdout);
      });
    }
    test(`${type}: with another cookie name`, async () => {
      const other = issued({ type, cookie: { name: "my" } });
      const field = `Cookie: ${NAME}=x; my=${cookieValue(other)}`;
      says(await inspect(field, ...secret, "--name", "my", ...at(NOW)), 0, true);
    });
    test(`${type}: by one of two secrets`, async () => {
      says(await inspect(value, ...other, ...secret, ...at(NOW)), 0, true);
    });
    test(`${type}: until its last second, whatever its lifetime`, async () => {
      const long = cookieValue(issued({ type, maxAge: 60 * DAY }));
      says(await inspect(long, ...secret, ...at(NOW + 60 * DAY - 1)), 0, true);
      says(await inspect(value, ...secret, ...at(NOW - 60)), 0, true);
    });
    test(`${type}: printed with its content and its id`, async () => {
      const { stdout } = ended(await bulla(["inspect", ...secret, ...at(NOW)], { in: value }), 0);
      assert.match(stdout, /tom/);
      const { read } = sessions<object>({ type, secret: SECRET, clock: () => NOW });
      assert.ok(stdout.includes(read(`${NAME}=${value}`).id));
    });
  }

  test("a JWT and a Fernet token, by their own key", async () => {
    const key = Jwt.generateKey();
    const token = new Jwt(key).sign(DATA);
    assert.ok(holds(says(await inspect(token, "--secret", keyOf(key)), 0, true), "tom"));
    const fernetKey = Fernet.generateKey();
    const sealed = new Fernet(fernetKey).encrypt("a message");
    says(await inspect(sealed, "--secret", keyOf(fernetKey)), 0, true);
    says(await inspect(sealed, "--secret", keyOf(Fernet.generateKey())), 1, false, REFUSED.fernet);
    says(await inspect(token, "--secret", keyOf(Jwt.generateKey())), 1, false, REFUSED.jwt);
  });

  test("an asgi-sessions cookie is recognised without a secret", async () => {
    const asgi = { base64: undefined, jwt: SECRET, fernet: "kZ7rS0mC/9yXw+Qe5TtHu2LbVn41GdPa" };
    for (const type of TYPES) {
      const secret = asgi[type];
      const made = asgiSessions<object>({ type, ...(secret === undefined ? {} : { secret }) });
      const { setCookie } = made.issue(DATA);
      const run = await inspect(`Set-Cookie: ${setCookie}`, "--name", "session");
      // A base64 cookie of Python has no envelope, so it need not be recognised.
      says(run, type === "base64" && run.status === 1 ? 1 : 0, false);
    }
  });
});

test("control, C1 and bidi characters are escaped in names, claims, headers and attributes", async () => {
  const wild = "\u001b[2J\u009b31m\u202e\u2066\u200f\u007f\0\t";
  const key = Jwt.generateKey();
  const token = jws({ alg: "HS256", kid: wild, typ: wild }, { [wild]: { sub: wild } }, key);
  const session = seal("jwt", envelope({ [wild]: wild }));
  const rows: [text: string, ...args: string[]][] = [
    [token],
    [session, ...secret],
    [seal("base64", envelope({ [wild]: wild }))],
    [`Cookie: a${wild}=${wild}; ${NAME}=${session}`, ...secret],
    [`Set-Cookie: ${NAME}=${session}; Path=${wild}; ${wild}`, ...secret],
    [wild],
  ];
  // bulla() checks the escapes in all output.
  const plain = rows.map(([text, ...args]) =>
    bulla(["inspect", ...args, ...at(NOW)], { in: text }),
  );
  await Promise.all(plain);
  const run = await inspect(token);
  assert.ok(holds(says(run, 0, false), { [wild]: { sub: wild } }));
});

test("data that imitate the output of --json do not change it", async () => {
  const data = { proven: false, code: "ERR_TOKEN_EXPIRED", user: "tom" };
  says(await inspect(seal("jwt", envelope(data)), ...secret, ...at(NOW)), 0, true);
  const claims = { proven: true, kind: "fernet" };
  const token = jws({ alg: "HS256", proven: true }, claims, Jwt.generateKey());
  says(await inspect(token), 0, false);
});
