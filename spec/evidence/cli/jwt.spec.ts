/**
 * `bulla sign` and `bulla verify` treat the claims of a JWT under a policy as the class Jwt does. These specs rely on:
 * `sign` prints the token, `verify --json` has the claims somewhere as an object.
 */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type Claims, Jwt, type JwtPolicy } from "../../../src/jwt.ts";
import {
  AT_ONCE,
  bulla,
  ended,
  failed,
  file,
  hide,
  holds,
  json,
  keyOf,
} from "../../helpers/cli-process.ts";
import { jws } from "../../helpers/token-forge.ts";

const NOW = 1_700_000_000;
const [NEW, OLD, FOREIGN] = [Jwt.generateKey(), Jwt.generateKey(), Jwt.generateKey()];
const [newKey, oldKey] = [keyOf(NEW), keyOf(OLD)];
hide(FOREIGN);
const CLAIMS = { sub: "tom", n: 1.5, deep: { list: [null, true, "é"] } };
const at = (seconds: number) => ["--now", `${seconds}`];
const sign = (claims: unknown, ...args: string[]) =>
  bulla(["sign", "--key", newKey, ...at(NOW), ...args], {
    in: typeof claims === "string" ? claims : JSON.stringify(claims),
  });
const verify = (token: string, ...args: string[]) =>
  bulla(["verify", "--key", newKey, ...args], { in: token });

/** Signed by the class, at NOW. */
function token(claims: Claims, policy: JwtPolicy = {}, key = NEW): string {
  const made = new Jwt(key, policy).sign(claims, { now: NOW });
  hide(made);
  return made;
}

describe("verify refuses with status 1, and says the code", { concurrency: AT_ONCE }, () => {
  const good = token(CLAIMS);
  const [head, payload] = good.split(".");
  const hour = token(CLAIMS, { expiresIn: 3600 });
  const rows: [what: string, code: string, token: string, ...args: string[]][] = [
    ["another key", "ERR_TOKEN_SIGNATURE", token(CLAIMS, {}, FOREIGN)],
    ["alg none", "ERR_TOKEN_ALGORITHM", jws({ alg: "none" }, CLAIMS, NEW)],
    ["crit", "ERR_TOKEN_CRITICAL", jws({ alg: "HS256", crit: ["x"] }, CLAIMS, NEW)],
    ["two parts", "ERR_TOKEN_MALFORMED", `${head}.${payload}`],
    ["padding", "ERR_ENCODING", `${good}=`],
    ["at its exp", "ERR_TOKEN_EXPIRED", hour, ...at(NOW + 3600)],
    ["at the tolerance's end", "ERR_TOKEN_EXPIRED", hour, ...at(NOW + 3605), "--tolerance", "5"],
    ["before nbf", "ERR_TOKEN_NOT_ACTIVE", token({ nbf: NOW }), ...at(NOW - 1)],
    ["too old", "ERR_TOKEN_EXPIRED", good, "--max-age", "60", ...at(NOW + 61)],
    ["no exp", "ERR_TOKEN_CLAIM", good, "--expires-in", "60", ...at(NOW)],
    ["no iss", "ERR_TOKEN_CLAIM", good, "--issuer", "me"],
    ["another iss", "ERR_TOKEN_CLAIM", token({ iss: "you" }), "--issuer", "me"],
    ["another aud", "ERR_TOKEN_CLAIM", token({ aud: "b" }), "--audience", "a"],
    ["an aud where no audience is expected", "ERR_TOKEN_CLAIM", token({ aud: "b" })],
    ["another typ", "ERR_TOKEN_CLAIM", good, "--typ", "at+jwt"],
    ["two tokens", "ERR_", `${good}\n${good}\n`],
  ];
  for (const [what, code, text, ...args] of rows) {
    test(what, async () => {
      failed(await verify(text, ...args), 1, new RegExp(`^bulla: ${code}.*: `));
    });
  }
  test("the error names the claim", async () => {
    failed(await verify(good, "--issuer", "me"), 1, "ERR_TOKEN_CLAIM", "iss");
    const run = ended(await verify(good, "--issuer", "me", "--json"), 1, "ERR_TOKEN_CLAIM");
    assert.ok(holds(json(run), "ERR_TOKEN_CLAIM"));
  });
});

describe("sign refuses anything but an object of claims, and claims that contradict an option", {
  concurrency: AT_ONCE,
}, () => {
  const rows: [what: string, claims: unknown, ...args: string[]][] = [
    ["no JSON", "{"],
    ["a list", [1]],
    ["null", "null"],
    ["nothing", ""],
    ["exp as text", { exp: "tomorrow" }],
    ["exp beside --expires-in", { exp: NOW + 60 }, "--expires-in", "60"],
    ["another aud", { aud: "b" }, "--audience", "a"],
  ];
  for (const [what, claims, ...args] of rows) {
    test(what, async () => {
      const run = await sign(claims, ...args);
      assert.ok(run.status === 1 || run.status === 2);
      assert.equal(run.stdout, "");
      assert.match(run.stderr, /^bulla: \S/);
    });
  }
  test("claims that are too large have the library's code", async () => {
    failed(await sign({ long: "x".repeat(8192) }), 1, "ERR_TOKEN_TOO_LARGE");
  });
  test("a contradiction has status 2", async () => {
    failed(await sign({ iss: "you" }, "--issuer", "me"), 2, "ERR_OPTION");
  });
});

describe("sign prints what the class signs, verify what it verifies", {
  concurrency: AT_ONCE,
}, () => {
  const rows: [what: string, args: string[], policy: JwtPolicy][] = [
    ["no policy", [], {}],
    ["audience", ["--audience", "a"], { audience: "a" }],
    ["expiry", ["--expires-in", "3600"], { expiresIn: 3600 }],
    [
      "all of them",
      ["--issuer=me", "--audience=a", "--subject=tom", "--typ=at+jwt", "--expires-in=60"],
      { issuer: "me", audience: "a", subject: "tom", typ: "at+jwt", expiresIn: 60 },
    ],
    ["a value like an option", ["--issuer=--json"], { issuer: "--json" }],
  ];
  for (const [what, args, policy] of rows) {
    test(what, async () => {
      const made = ended(await sign(CLAIMS, ...args), 0).stdout;
      assert.equal(made, `${token(CLAIMS, policy)}\n`);
      const opened = ended(await verify(made, ...args, ...at(NOW + 1), "--json"), 0);
      const claims = new Jwt(NEW, policy).verify(made.trimEnd(), { now: NOW + 1 });
      assert.ok(holds(json(opened), claims), opened.stdout);
    });
  }
  test("without --now the time is the machine's", async () => {
    const made = await bulla(["sign", "--key", newKey], { in: "{}" });
    const { iat } = new Jwt(NEW).verify(ended(made, 0).stdout.trimEnd());
    assert.ok(Math.abs((iat as number) - Date.now() / 1000) < 30);
    failed(await verify(token(CLAIMS, { expiresIn: 60 })), 1, "ERR_TOKEN_EXPIRED");
  });
  test("--tolerance and --max-age accept a token up to their limits", async () => {
    const hour = token(CLAIMS, { expiresIn: 3600 });
    ended(await verify(hour, "--tolerance", "5", ...at(NOW + 3604)), 0);
    ended(await verify(hour, "--max-age", "60", ...at(NOW + 60)), 0);
  });
  test("the first key signs, all verify", async () => {
    const both = ["--key", newKey, "--key", oldKey];
    const made = await bulla(["sign", ...both, ...at(NOW)], { in: "{}" });
    assert.equal(ended(made, 0).stdout.trimEnd(), token({}));
    ended(await bulla(["verify", ...both], { in: token(CLAIMS, {}, OLD) }), 0);
    failed(await bulla(["verify", ...both], { in: token(CLAIMS, {}, FOREIGN) }), 1, "SIGNATURE");
  });
  test("claims can come from a file", async () => {
    const path = file(JSON.stringify(CLAIMS));
    const args = ["sign", "--key", newKey, "--in", path, ...at(NOW)];
    assert.equal(ended(await bulla(args), 0).stdout.trimEnd(), token(CLAIMS));
  });
  test("__proto__ is a claim like any other", async () => {
    const text = '{"__proto__":{"admin":true},"sub":"tom"}';
    const made = ended(await sign(text), 0).stdout.trimEnd();
    const payload = Buffer.from(made.split(".")[1] ?? "", "base64url").toString();
    assert.ok(payload.startsWith(text.slice(0, -1)), payload);
    ended(await verify(made, "--json"), 0, '"__proto__"');
  });
});

test("control, C1 and bidi characters of claims are escaped, and keep their meaning", async () => {
  const wild = "\u001b[2J\u009b31m\u202e\u2066\u2069\u200f\u061c\u007f\0\r\n\t";
  const claims = { sub: wild, [`name${wild}`]: [wild], lone: "\ud800" };
  const made = jws({ alg: "HS256" }, claims, NEW);
  // bulla() checks the escapes in all output.
  ended(await verify(made), 0);
  assert.ok(holds(json(ended(await verify(made, "--json"), 0)), claims));
});
