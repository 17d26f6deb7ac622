/**
 * Every function with options refuses an unknown option by name: a misspelt `ttl` must not silently switch
 * expiry off. session/config.spec.ts has more on sessions(), cookie.spec.ts on cookies.
 */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { decode, encode } from "../../src/base64url.ts";
import { type CookieAttributes, serializeCookie } from "../../src/cookie.ts";
import {
  Fernet,
  type FernetDecryptOptions,
  type FernetEncryptOptions,
  type FernetPolicy,
} from "../../src/fernet.ts";
import { Jwt, type JwtPolicy, type JwtSignOptions, type JwtVerifyOptions } from "../../src/jwt.ts";
import { type SessionCookieOptions, type SessionOptions, sessions } from "../../src/session.ts";
import { misuse, refused } from "../helpers/token-refusals.ts";

const SECRET = "a secret of some more than 32 bytes";
const FERNET_KEY = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
const FERNET = new Fernet(FERNET_KEY);
const FERNET_TOKEN = FERNET.encrypt("message");
const JWT = new Jwt(SECRET);
const JWT_TOKEN = JWT.sign({ sub: "tom" });

interface Taker {
  what: string;
  /** How an error message names it. */
  of: string;
  known: readonly string[];
  /** Options that it needs. */
  base?: object;
  /** Options that must not be `undefined`; all of them by default. */
  needed?: readonly string[];
  take(options: unknown): unknown;
}

const POLICY = [
  ...["issuer", "audience", "subject", "jwtId", "typ", "expiresIn", "notBefore", "issuedAt"],
  ...["clockTolerance", "maxTokenAge", "requiredClaims", "maxTokenLength"],
];
const SESSION = [
  ...["type", "seal", "cookie", "maxAge", "renewAfter", "maxLifetime", "longestAge", "revocation"],
  ...["onInvalid", "onError", "clock"],
];
const SESSION_COOKIE = [
  ...["name", "path", "domain", "secure", "sameSite", "partitioned", "priority", "persistent"],
];
const COOKIE = [
  ...["path", "domain", "maxAge", "expires", "secure", "httpOnly", "sameSite", "partitioned"],
  "priority",
];

const TAKERS: readonly Taker[] = [
  {
    what: "encode",
    of: "base64url",
    known: ["padding"],
    take: (options) => encode(Uint8Array.of(102), options as object),
  },
  {
    what: "decode",
    of: "base64url",
    known: ["padding"],
    take: (options) => decode("Zg", options as object),
  },
  {
    what: "Jwt",
    of: "Jwt",
    known: POLICY,
    take: (options) => new Jwt(SECRET, options as JwtPolicy),
  },
  {
    what: "sign",
    of: "sign",
    known: ["now", "expiresIn", "notBefore"],
    take: (options) => JWT.sign({}, options as JwtSignOptions),
  },
  {
    what: "verify",
    of: "verify",
    known: ["now"],
    take: (options) => JWT.verify(JWT_TOKEN, options as JwtVerifyOptions),
  },
  {
    what: "Fernet",
    of: "Fernet",
    known: ["ttl"],
    take: (options) => new Fernet(Fernet.generateKey(), options as FernetPolicy),
  },
  {
    what: "encrypt",
    of: "encrypt",
    known: ["now"],
    take: (options) => FERNET.encrypt("message", options as FernetEncryptOptions),
  },
  ...(["decrypt", "decryptText", "rotate"] as const).map((what) => ({
    what,
    of: "decrypt",
    known: ["ttl", "now"],
    take: (options: unknown) => FERNET[what](FERNET_TOKEN, options as FernetDecryptOptions),
  })),
  {
    what: "serializeCookie",
    of: "a cookie",
    known: COOKIE,
    needed: [],
    take: (options) => serializeCookie("a", "b", options as CookieAttributes),
  },
  {
    what: "sessions",
    of: "sessions",
    known: SESSION,
    base: { secret: SECRET },
    needed: ["secret", "seal", "revocation", "maxAge", "maxLifetime"],
    take: (options) => sessions(options as SessionOptions),
  },
  {
    what: "the cookie of sessions",
    of: "cookie",
    known: SESSION_COOKIE,
    needed: [],
    take: (options) => sessions({ secret: SECRET, cookie: options as SessionCookieOptions }),
  },
];

const NO_OBJECTS = [null, 0, 1, "", "padding", true, false, 1n, Symbol("padding"), [], () => {}];

for (const { what, of, known, base, needed = known, take } of TAKERS) {
  describe(`${what} checks its options`, () => {
    test("refuses options that are not an object", () => {
      for (const options of NO_OBJECTS) {
        const message = `the options of ${of} must be an object`;
        misuse(() => take(options), "ERR_OPTION", message, String(options));
      }
    });

    test("refuses an unknown name, and names close to a known one", () => {
      const close = known.flatMap((name) => [
        name.toUpperCase(),
        `${name} `,
        `${name}s`,
        name.slice(1),
        name.replace(/[A-Z]/, (letter) => `_${letter.toLowerCase()}`),
      ]);
      const foreign = ["tll", "", "0", "toString", "constructor", "__proto__", 'a"b', "\n"];
      for (const name of [...foreign, ...close].filter((name) => !known.includes(name))) {
        const message = `unknown option ${JSON.stringify(name)} of ${of}`;
        const own = Object.fromEntries([[name, undefined]]);
        misuse(() => take({ ...base, ...own }), "ERR_OPTION", message);
        misuse(() => take(Object.create(own)), "ERR_OPTION", message);
      }
    });

    test("refuses an unknown name among known ones", () => {
      const options = { ...base, ...Object.fromEntries(known.map((name) => [name, undefined])) };
      misuse(() => take({ ...options, tll: 60 }), "ERR_OPTION", `unknown option "tll" of ${of}`);
    });

    test("refuses undefined, own or inherited, where it would turn off a check", () => {
      for (const name of needed) {
        const message = `${name} must be a value, not undefined, as of an unset environment variable: set it, or leave it out`;
        const given = { ...base, [name]: undefined };
        misuse(() => take(given), "ERR_OPTION", message);
        misuse(() => take(Object.freeze(given)), "ERR_OPTION", message);
        misuse(() => take(Object.assign(Object.create(null), given)), "ERR_OPTION", message);
        misuse(() => take(Object.create(given)), "ERR_OPTION", message);
        misuse(() => take(getters(given)), "ERR_OPTION", message, `a getter of ${name}`);
      }
    });

    test("takes undefined as absent elsewhere, and accepts a frozen object and one without a prototype", () => {
      const absent = known.filter((name) => !needed.includes(name));
      for (const options of [{}, ...absent.map((name) => ({ [name]: undefined }))]) {
        const bare = Object.assign(Object.create(null), base, options);
        take({ ...base, ...options });
        take(Object.freeze(bare));
      }
    });
  });
}

/** An object of a class with these members as accessors, which are not enumerable. */
function getters(members: object): object {
  const prototype = {};
  for (const [name, value] of Object.entries(members)) {
    Object.defineProperty(prototype, name, { get: () => value, enumerable: false });
  }
  return Object.create(prototype);
}

test("options may be left out where none is needed", () => {
  for (const { take } of TAKERS.filter(({ base }) => base === undefined)) take(undefined);
  const message = "the options of sessions must be an object";
  misuse(() => sessions(undefined as unknown as SessionOptions), "ERR_OPTION", message);
});

/** Not finite numbers, though JavaScript converts some of them. */
const NO_NUMBERS: readonly unknown[] = [
  ...[Number.NaN, Infinity, -Infinity, null, "", "60", "1e3", true, false, 60n],
  ...[Symbol("60"), {}, [], [60], new Date(), () => 60, new Number(60), { valueOf: () => 60 }],
];
const SECONDS = "a finite number of seconds";
const STRING = "a string, not empty";
const STRINGS = "strings, one or more, none empty";
const NO_STRINGS = [null, "", 0, 1, true, {}, [], ["tom"], Symbol("tom"), new String("tom")];
const NO_STRING_LISTS = [
  ...[null, 0, true, {}, [], [""], ["tom", ""], ["tom", 1], [undefined], [["tom"]]],
  ...[new Set(["tom"]), { length: 1, 0: "tom" }, new String("tom")],
];
const NO_BOOLEANS = [null, 0, 1, "", "true", "false", {}, [], new Boolean(true), Symbol("true")];

/** Objects without the two methods, and functions with both. */
function withoutMethods(one: string, other: string): readonly unknown[] {
  const method = () => undefined;
  const both = { [one]: method, [other]: method };
  return [
    ...[null, 0, 1n, true, "", method, Object.assign(() => {}, both), [], {}],
    ...[
      { [one]: method },
      { [other]: method },
      { ...both, [one]: "text" },
      { ...both, [other]: {} },
    ],
  ];
}

const VALUES: readonly [what: string, name: string, demand: string, wrong: readonly unknown[]][] = [
  ["encode", "padding", "a boolean", NO_BOOLEANS],
  ["decode", "padding", "a boolean", NO_BOOLEANS],
  ["Jwt", "issuer", STRING, [""]],
  ["Jwt", "issuer", STRINGS, NO_STRING_LISTS],
  ["Jwt", "subject", STRING, NO_STRINGS],
  ["Jwt", "jwtId", STRING, NO_STRINGS],
  ["Jwt", "typ", STRING, NO_STRINGS],
  ["Jwt", "audience", STRING, [""]],
  ["Jwt", "audience", STRINGS, NO_STRING_LISTS],
  ["Jwt", "requiredClaims", STRINGS, [...NO_STRING_LISTS, "", "exp"]],
  ["Jwt", "issuedAt", "a boolean", NO_BOOLEANS],
  ["Jwt", "expiresIn", SECONDS, NO_NUMBERS],
  ["Jwt", "notBefore", SECONDS, NO_NUMBERS],
  ["Jwt", "clockTolerance", `${SECONDS}, 0 or more`, [...NO_NUMBERS, -1, -Number.MIN_VALUE]],
  ["Jwt", "maxTokenAge", `${SECONDS}, 0 or more`, [...NO_NUMBERS, -1, -Number.MIN_VALUE]],
  [
    "Jwt",
    "maxTokenLength",
    "a positive whole number of characters",
    [...NO_NUMBERS, 0, -1, 0.5, 8192.5, 2 ** 53],
  ],
  ["sessions", "seal", "an object with the methods seal and open", withoutMethods("seal", "open")],
  [
    "sessions",
    "revocation",
    "an object with the methods isRevoked and revoke",
    withoutMethods("isRevoked", "revoke"),
  ],
  ["sign", "now", SECONDS, NO_NUMBERS],
  ["sign", "expiresIn", SECONDS, NO_NUMBERS],
  ["sign", "notBefore", SECONDS, NO_NUMBERS],
  ["verify", "now", SECONDS, NO_NUMBERS],
  ["Fernet", "ttl", `${SECONDS}, 0 or more`, [...NO_NUMBERS, -1, -Number.MIN_VALUE]],
  ["encrypt", "now", SECONDS, NO_NUMBERS],
  ["encrypt", "now", "0 or more", [-1, -0.5, -1e300]],
  ...["decrypt", "decryptText", "rotate"].flatMap((what): typeof VALUES => [
    [what, "ttl", `${SECONDS}, 0 or more`, [...NO_NUMBERS, -1, -Number.MIN_VALUE]],
    [what, "now", SECONDS, NO_NUMBERS],
  ]),
];

describe("refuses a value of a wrong type or range, and says what it should be", () => {
  for (const [what, name, demand, wrong] of VALUES) {
    test(`${name} of ${what} must be ${demand}`, () => {
      const taker = TAKERS.find((one) => one.what === what);
      assert.ok(taker);
      for (const value of wrong) {
        const message = `${name} must be ${demand}`;
        misuse(() => taker.take({ [name]: value }), "ERR_OPTION", message, shown(value));
      }
    });
  }
});

test("checks `now` even without a ttl, and options before the token", () => {
  const now = `now must be ${SECONDS}`;
  for (const what of ["decrypt", "decryptText", "rotate"] as const) {
    misuse(() => FERNET[what]("", { now: Number.NaN }), "ERR_OPTION", now);
    const tll = { tll: 60 } as FernetDecryptOptions;
    misuse(() => FERNET[what]("", tll), "ERR_OPTION", 'unknown option "tll" of decrypt');
  }
  misuse(() => JWT.verify("", { now: Number.NaN }), "ERR_OPTION", now);
  misuse(
    () => decode("=", { pading: true } as object),
    "ERR_OPTION",
    'unknown option "pading" of base64url',
  );
});

test("reads a policy when the Jwt is made, and does not change it", () => {
  const policy = {
    issuer: ["me"],
    audience: ["you"],
    requiredClaims: ["role"],
    maxTokenAge: 60,
    maxTokenLength: 8192,
  };
  const before = structuredClone(policy);
  const jwt = new Jwt(SECRET, policy);
  const token = jwt.sign({ role: "king" }, { now: 0 });
  assert.deepEqual(policy, before);
  policy.issuer.push("all");
  policy.audience.push("all");
  policy.requiredClaims.push("crown");
  Object.assign(policy, { issuer: ["you"], maxTokenAge: 0, maxTokenLength: 1 });
  const claims = jwt.verify(token, { now: 60 });
  assert.deepEqual(claims, { role: "king", iat: 0, iss: "me", aud: ["you"] });
  assert.deepEqual(jwt.sign({ role: "king" }, { now: 0 }), token);
});

describe("accepts inherited options and those of a class", () => {
  class Policy {
    get maxTokenAge(): number {
      return 60;
    }
    get issuer(): string {
      return "me";
    }
  }
  for (const [what, policy] of [
    ["inherited", Object.create({ maxTokenAge: 60, issuer: "me" })],
    ["of a class", new Policy()],
  ] as [string, JwtPolicy][]) {
    test(`a policy, ${what}`, () => {
      const jwt = new Jwt(SECRET, policy);
      const token = jwt.sign({}, { now: 0 });
      assert.deepEqual(jwt.verify(token, { now: 60 }), { iat: 0, iss: "me" });
      refused(() => jwt.verify(token, { now: 61 }), "ERR_TOKEN_EXPIRED");
    });
  }

  test("of a cookie and of a session, each read once", async () => {
    let reads = 0;
    const cookie = Object.create({ sameSite: "strict", domain: "example.org", priority: "high" });
    const options = Object.create({
      secret: SECRET,
      cookie,
      get maxAge() {
        return reads++ === 0 ? 60 : Number.NaN;
      },
    });
    const { wrap } = sessions<{ user?: string }>(options);
    const response = await wrap((_request, session) => {
      session.user = "tom";
      return new Response();
    })(new Request("https://example.org/"));
    assert.match(
      String(response.headers.getSetCookie()),
      /^__Secure-session=[^;]+; Max-Age=60; Domain=example.org; Path=\/; HttpOnly; Secure; SameSite=Strict; Priority=High$/,
    );
  });

  test("and ignores what is added to Object.prototype later", () => {
    const jwt = new Jwt(SECRET);
    const token = jwt.sign({ exp: 1000 });
    Object.defineProperty(Object.prototype, "clockTolerance", { configurable: true, value: 1e12 });
    try {
      refused(() => jwt.verify(token), "ERR_TOKEN_EXPIRED");
    } finally {
      Reflect.deleteProperty(Object.prototype, "clockTolerance");
    }
  });

  test("ignores Object.prototype where no options are given", () => {
    for (const [name, value] of [
      ["clockTolerance", 1e12],
      ["ttl", 0],
      ["padding", true],
    ] as const) {
      Object.defineProperty(Object.prototype, name, { configurable: true, value });
    }
    try {
      const token = new Jwt(SECRET).sign({ exp: 1000 });
      refused(() => new Jwt(SECRET).verify(token), "ERR_TOKEN_EXPIRED");
      const fernet = new Fernet(FERNET_KEY);
      assert.equal(fernet.decryptText(fernet.encrypt("message", { now: 1 })), "message");
      assert.equal(new Fernet(Fernet.generateKey()).encrypt("").at(-1), "=");
      assert.equal(encode(Uint8Array.of(102)), "Zg");
    } finally {
      for (const name of ["clockTolerance", "ttl", "padding"]) {
        Reflect.deleteProperty(Object.prototype, name);
      }
    }
  });

  test("checks the very attributes that it writes", () => {
    let reads = 0;
    const attributes = {
      get path() {
        return reads++ === 0 ? "/" : "/; Domain=example.com";
      },
    };
    assert.equal(serializeCookie("a", "1", attributes), "a=1; Path=/");
  });
});

/** Formats a value for a message: a template fails on some values, JSON on others. */
function shown(value: unknown): string {
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

describe("reads an option once, before any other work: a getter may call back", () => {
  const now = 1_700_000_000;
  const age = 10;
  const jwt = new Jwt(SECRET, { expiresIn: age });
  const signed = jwt.sign({ sub: "tom" }, { now });
  const fernet = new Fernet([Fernet.generateKey(), Fernet.generateKey()]);
  const encrypted = fernet.encrypt("message", { now });
  const forged = fernet.encrypt("another message", { now: 1 });

  /** An option with its value at the first read and NaN after it. */
  const once = (name: string, value: number): object => {
    let reads = 0;
    return Object.defineProperty({}, name, {
      enumerable: true,
      get() {
        jwt.sign({ sub: "another" }, { now: 1 });
        fernet.decrypt(forged);
        return reads++ === 0 ? value : Number.NaN;
      },
    });
  };
  const decrypting = (ttl: number) => Object.assign(once("now", now + age), { ttl });

  for (const [what, call, expected] of [
    ["sign", () => jwt.verify(jwt.sign({}, once("now", now)), { now }).iat, now],
    ["sign, expiresIn", () => jwt.verify(jwt.sign({}, once("expiresIn", 60))).sub, undefined],
    ["verify", () => jwt.verify(signed, once("now", now)).sub, "tom"],
    ["encrypt", () => fernet.timestamp(fernet.encrypt("x", once("now", now))), now],
    ["decryptText", () => fernet.decryptText(encrypted, once("ttl", 1e12)), "message"],
    ["decryptText, now", () => fernet.decryptText(encrypted, decrypting(age)), "message"],
    ["rotate", () => fernet.timestamp(fernet.rotate(encrypted, decrypting(age))), now],
  ] as [string, () => unknown, unknown][]) {
    test(what, () => assert.equal(call(), expected));
  }

  for (const [what, call] of [
    ["verify", () => jwt.verify(signed, once("now", now + age))],
    ["decrypt", () => fernet.decrypt(encrypted, decrypting(age - 1))],
    ["rotate", () => fernet.rotate(encrypted, decrypting(age - 1))],
  ] as [string, () => unknown][]) {
    test(`${what}, expired`, () => refused(call, "ERR_TOKEN_EXPIRED"));
  }

  test("padding", () => {
    let reads = 0;
    const options = {
      get padding(): boolean {
        return ++reads === 1;
      },
    };
    assert.equal(encode(Uint8Array.of(102), options), "Zg==");
  });
});
