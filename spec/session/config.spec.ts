/** Every wrong option of sessions() is a ConfigError that names it. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type SessionOptions, sessions } from "../../src/session.ts";
import { SECRET } from "../helpers/session-cookies.ts";
import { configRefusal } from "../helpers/session-visit.ts";
import { misuse } from "../helpers/token-refusals.ts";

const secret = SECRET;
const FOURTEEN_DAYS = 14 * 24 * 3600;
const prefixed = (prefix: string): string => `if the cookie's name has the prefix ${prefix}`;
const ownSeal = { seal: String, open: String };
const list = { isRevoked: () => false, revoke() {} };

const warned: (Error & { code?: string })[] = [];
process.on("warning", (warning) => warned.push(warning));

// First in this file: no session of type base64 may exist before it.
test("type base64 warns once a process, other types do not", async () => {
  for (const type of ["fernet", "jwt"] as const) sessions({ secret, type });
  sessions({ secret });
  sessions({ seal: ownSeal });
  await new Promise(setImmediate);
  assert.equal(warned.length, 0);
  for (let round = 0; round < 3; round++) sessions({ type: "base64" });
  await new Promise(setImmediate);
  assert.deepEqual(
    warned.map(({ code }) => code),
    ["BULLA_BASE64"],
  );
  assert.equal(
    warned[0]?.message,
    'sessions of type "base64" are neither signed nor secret: anybody can read and forge them',
  );
});

describe("a wrong option is a ConfigError that names it", () => {
  const whole = (least: number, most: number) => `whole seconds from ${least} to ${most}`;
  const nothing = () => {};
  const wrong: readonly (readonly [options: unknown, message: string])[] = [
    [undefined, "the options of sessions must be an object"],
    [null, "the options of sessions must be an object"],
    ["secret", "the options of sessions must be an object"],
    [[], "the options of sessions must be an object"],
    [{ secret, secrets: [secret] }, 'unknown option "secrets" of sessions'],
    [{ secret, maxage: 60 }, 'unknown option "maxage" of sessions'],
    [{ secret, rolling: true }, 'unknown option "rolling" of sessions'],
    [{ secret, toString: String }, 'unknown option "toString" of sessions'],
    [{ secret, '__proto__"': 1 }, 'unknown option "__proto__\\"" of sessions'],
    [
      JSON.parse(`{"secret":"${SECRET}","__proto__":{"maxAge":60}}`),
      'unknown option "__proto__" of sessions',
    ],
    [Object.create({ secret, maxage: 60 }), 'unknown option "maxage" of sessions'],
    [{ secret, maxage: undefined }, 'unknown option "maxage" of sessions'],
    ...["none", null, ["jwt"], "toString", "Fernet", 1].map(
      (type) => [{ secret, type }, "type must be one of fernet, jwt, base64"] as const,
    ),
    ...[0, -1, 0.5, 60.5, Number.NaN, Infinity, 34_560_001, "60", null, 60n].map(
      (maxAge) => [{ secret, maxAge }, `maxAge must be ${whole(1, 34_560_000)}`] as const,
    ),
    ...[0, -1, 0.5, Number.NaN, Infinity, "60", null, 2 ** 53].map(
      (maxLifetime) =>
        [{ secret, maxLifetime }, `maxLifetime must be ${whole(1, 2 ** 53 - 1)}`] as const,
    ),
    ...[0, 60, FOURTEEN_DAYS - 1, 34_560_001, 2e6 + 0.5, Number.NaN, Infinity, "2000000", null].map(
      (longestAge) =>
        [{ secret, longestAge }, `longestAge must be ${whole(FOURTEEN_DAYS, 34_560_000)}`] as const,
    ),
    [{ secret, maxAge: 60, longestAge: 59 }, `longestAge must be ${whole(60, 34_560_000)}`],
    ...[-1, Number.NaN, Infinity, "60", true, null].map(
      (renewAfter) =>
        [
          { secret, renewAfter },
          "renewAfter must be false or a finite number of seconds, 0 or more",
        ] as const,
    ),
    ...["onInvalid", "onError", "clock"].flatMap((name) =>
      ["warn", {}, null, 1].map(
        (value) => [{ secret, [name]: value }, `${name} must be a function`] as const,
      ),
    ),
    ...[null, {}, nothing, "redis", 1, true, { open: nothing, revoke: nothing }].flatMap(
      (value) => [
        [
          { secret, revocation: value },
          "revocation must be an object with the methods isRevoked and revoke",
        ] as const,
        [{ seal: value }, "seal must be an object with the methods seal and open"] as const,
      ],
    ),
    ...[null, "name", 1, [], true].map(
      (cookie) => [{ secret, cookie }, "the options of cookie must be an object"] as const,
    ),
    [{ secret, cookie: { httpOnly: false } }, 'unknown option "httpOnly" of cookie'],
    [{ secret, cookie: { maxAge: 1 } }, 'unknown option "maxAge" of cookie'],
    [{ secret, cookie: { expires: new Date() } }, 'unknown option "expires" of cookie'],
    ...["", "a b", "a=b", "a;b", "é", '"a"', "a\r\nb", 1, null, {}].map((name) => {
      const message = "the cookie's name must be a token (RFC 9110 section 5.6.2)";
      return [{ secret, cookie: { name } }, message] as const;
    }),
    ...[513, 1100, 5000].map((length) => {
      const message = "name must be at most 512 characters long";
      return [{ secret, cookie: { name: "n".repeat(length) } }, message] as const;
    }),
    ...["", "app", "/a;b", "/\r\nSet-Cookie: x", 1, null].map((path) => {
      const demand =
        'ASCII text from "/" on, without ";" and control characters, 1024 bytes at most';
      return [{ secret, cookie: { path } }, `path must be ${demand}`] as const;
    }),
    ...["", ".example.org", "a b", "example.org; Secure", 1, null].map((domain) => {
      const message = "domain must be a host name without a leading dot";
      return [{ secret, cookie: { domain } }, message] as const;
    }),
    ...(["secure", "partitioned", "persistent"] as const).flatMap((name) =>
      [1, "true", "auto", null].map(
        (value) => [{ secret, cookie: { [name]: value } }, `${name} must be a boolean`] as const,
      ),
    ),
    ...["Lax", true, "", null].map((sameSite) => {
      const message = "sameSite must be one of lax, strict, none";
      return [{ secret, cookie: { sameSite } }, message] as const;
    }),
    [{ secret, cookie: { priority: "High" } }, "priority must be one of low, medium, high"],
    [
      { secret, cookie: { sameSite: "none", secure: false } },
      'secure must be true if sameSite is "none"',
    ],
    [
      { secret, cookie: { partitioned: true, secure: false } },
      "secure must be true if partitioned is",
    ],
    ...["__Host-a", "__host-a", "__HOST-session"].flatMap((name) => [
      [
        { secret, cookie: { name, secure: false } },
        `secure must be true ${prefixed(name.slice(0, 7))}`,
      ] as const,
      [
        { secret, cookie: { name, path: "/app" } },
        `path must be "/" ${prefixed(name.slice(0, 7))}`,
      ] as const,
      [
        { secret, cookie: { name, domain: "a.org" } },
        `domain must be absent ${prefixed(name.slice(0, 7))}`,
      ] as const,
    ]),
    [
      { secret, cookie: { name: "__SECURE-a", secure: false } },
      `secure must be true ${prefixed("__SECURE-")}`,
    ],
  ];
  for (const [options, message] of wrong) {
    test(`${message}: ${show(options)}`, () => {
      misuse(() => sessions(options as SessionOptions), "ERR_OPTION", message);
    });
  }
});

describe("contradicting options are a ConfigError", () => {
  const EITHER = "give either seal, or type and secret, not both";
  const rows: Record<string, [options: unknown, message: string]> = {
    "seal beside secret": [{ seal: ownSeal, secret }, EITHER],
    "seal beside a function secret": [{ seal: ownSeal, secret: () => secret }, EITHER],
    "seal beside type": [{ seal: ownSeal, type: "jwt" }, EITHER],
    "seal beside both": [{ seal: ownSeal, type: "jwt", secret }, EITHER],
    "revocation beside base64": [
      { type: "base64", revocation: list },
      'revocation must be left out: anybody can forge the ids of type "base64"',
    ],
  };
  for (const [what, [options, message]] of Object.entries(rows)) {
    test(`${what}`, () => {
      misuse(() => sessions(options as SessionOptions), "ERR_OPTION", message);
    });
  }

  test("but revocation works with every other type, and with a seal", () => {
    for (const rest of [{ secret }, { secret, type: "jwt" as const }, { seal: ownSeal }]) {
      assert.equal(sessions({ ...rest, revocation: list }).read("").isNew, true);
    }
  });
});

describe("an option that is undefined", () => {
  for (const name of [
    "type",
    "cookie",
    "renewAfter",
    "longestAge",
    "onInvalid",
    "onError",
    "clock",
  ]) {
    test(`counts as absent: ${name}`, () => {
      assert.equal(sessions({ secret, [name]: undefined }).read("").isNew, true);
    });
  }
  const cookie = "name path domain secure sameSite partitioned priority persistent";
  for (const name of cookie.split(" ")) {
    test(`counts as absent: ${name} of cookie`, () => {
      assert.equal(sessions({ secret, cookie: { [name]: undefined } }).read("").isNew, true);
    });
  }

  for (const name of ["seal", "revocation", "maxAge", "maxLifetime"]) {
    test(`is a ConfigError, so that no check is lost: ${name}`, () => {
      const expected = configRefusal(new RegExp(`^${name} `));
      assert.throws(() => sessions({ secret, [name]: undefined }), expected);
    });
  }

  test("is a ConfigError, so that no check is lost: secret", () => {
    for (const rest of [{}, { type: "jwt" }, { type: "base64" }, { seal: ownSeal }]) {
      assert.throws(() => sessions({ ...rest, secret: undefined } as object), {
        name: "ConfigError",
        code: /^ERR_(OPTION|KEY)$/,
        message: /secret/,
      });
    }
  });
});

describe("a wrong secret is a ConfigError", () => {
  const short = "a secret must be 32 bytes or more, such as randomBytes(32)";
  const publicKey =
    "a secret must be secret bytes such as randomBytes(32), not the text of a PEM, an SSH key or a JWK";
  const secrets: readonly (readonly [secret: unknown, message: string])[] = [
    [[], "no secret was given: make one with randomBytes(32), once, and keep it"],
    [7, "a secret must be a string or bytes, such as randomBytes(32)"],
    [{ secret }, "a secret must be a string or bytes, such as randomBytes(32)"],
    [[secret, undefined], "a secret must be a string or bytes, such as randomBytes(32)"],
    [[[secret]], "a secret must be a string or bytes, such as randomBytes(32)"],
    [[() => secret], "a secret must be a string or bytes, such as randomBytes(32)"],
    [Array(2), "a secret must be a string or bytes, such as randomBytes(32)"],
    ["", `${short}; this one is empty: is its environment variable set?`],
    ["x".repeat(31), short],
    ["é".repeat(15), short],
    [new Uint8Array(31), short],
    [[secret, "old"], short],
    ["\ud800".repeat(40), "a secret must be well-formed text, or bytes such as randomBytes(32)"],
    [`-----BEGIN PUBLIC KEY-----\n${"A".repeat(64)}`, publicKey],
    [`ssh-ed25519 ${"A".repeat(64)} tom`, publicKey],
    [JSON.stringify({ kty: "oct", k: "A".repeat(43) }), publicKey],
  ];
  for (const type of ["fernet", "jwt"] as const) {
    for (const [given, message] of secrets) {
      test(`${message}, of type ${type}: ${show(given)}`, () => {
        misuse(() => sessions({ type, secret: given as string }), "ERR_KEY", message);
      });
    }

    test(`no secret, of type ${type}`, () => {
      const none = "no secret was given: make one with randomBytes(32), once, and keep it";
      misuse(() => sessions({ type }), "ERR_KEY", none);
      misuse(() => sessions({ type, secret: null as never }), "ERR_KEY", none);
    });
  }
});

function show(value: unknown): string {
  if (value === undefined || typeof value === "number") return String(value);
  return JSON.stringify(value, (_name, inner) =>
    typeof inner === "bigint" || typeof inner === "function" ? String(inner) : inner,
  ).slice(0, 60);
}
