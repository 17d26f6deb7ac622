/** The options of sessions(): every wrong one, what each does to the cookie, secrets and seals. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type SessionOptions, sessions } from "../../src/session.ts";
import {
  ATTRIBUTES,
  cookieValue,
  envelope,
  FOURTEEN_DAYS,
  NAME,
  NOW,
  SECRET,
  seal,
  type Type,
  unseal,
} from "../helpers/session-cookies.ts";
import { optionsOf, type Service, service, visit } from "../helpers/session-visit.ts";
import { misuse } from "../helpers/token-refusals.ts";

const secret = SECRET;
const LIFETIME = "whole seconds from 1 to 34560000";
const DATE = "false or a finite number of seconds, 0 or more";
const METHODS = {
  revocation: "revocation must be an object with the methods isRevoked and revoke",
  seal: "seal must be an object with the methods seal and open",
};
const HOST = "where the cookie's name has the prefix __Host-";

const warned: (Error & { code?: string })[] = [];
process.on("warning", (warning) => warned.push(warning));

// The first of all: the process has made no session of that type before.
test("type base64 says once a process that it is neither signed nor secret, no other does", async () => {
  for (const type of ["fernet", "jwt"] as const) sessions({ secret, type });
  sessions({ secret });
  sessions({ seal: { seal: String, open: String } });
  await new Promise(setImmediate);
  assert.deepEqual(warned, []);
  for (let round = 0; round < 3; round++) sessions({ type: "base64" });
  await new Promise(setImmediate);
  const message =
    'sessions of type "base64" are neither signed nor secret: anybody can read and forge them';
  assert.deepEqual(
    warned.map(({ code, message }) => ({ code, message })),
    [{ code: "BULLA_BASE64", message }],
  );
});

describe("a wrong option is a ConfigError that names it", () => {
  const nothing = () => {};
  const wrong: readonly (readonly [options: unknown, message: string])[] = [
    [undefined, "the options of sessions must be an object"],
    [null, "the options of sessions must be an object"],
    ["secret", "the options of sessions must be an object"],
    [[], "the options of sessions must be an object"],
    [{ secret, secrets: [secret] }, 'unknown option "secrets" of sessions'],
    [{ secret, maxage: 60 }, 'unknown option "maxage" of sessions'],
    [{ secret, rolling: true }, 'unknown option "rolling" of sessions'],
    [{ secret, '__proto__"': 1 }, 'unknown option "__proto__\\"" of sessions'],
    [Object.create({ secret, maxage: 60 }), 'unknown option "maxage" of sessions'],
    [{ secret, type: "none" }, "type must be one of fernet, jwt, base64"],
    [{ secret, type: null }, "type must be one of fernet, jwt, base64"],
    [{ secret, type: ["jwt"] }, "type must be one of fernet, jwt, base64"],
    [{ secret, type: "toString" }, "type must be one of fernet, jwt, base64"],
    ...[0, -1, 0.5, 60.5, Number.NaN, Infinity, 34_560_001, "60", null, 60n].map(
      (maxAge) => [{ secret, maxAge }, `maxAge must be ${LIFETIME}`] as const,
    ),
    ...[-1, Number.NaN, Infinity, "60", true, null].map(
      (renewAfter) => [{ secret, renewAfter }, `renewAfter must be ${DATE}`] as const,
    ),
    ...[0, -1, 0.5, Number.NaN, Infinity, "60", null, 2 ** 53].map((maxLifetime) => {
      const demand = "whole seconds from 1 to 9007199254740991";
      return [{ secret, maxLifetime }, `maxLifetime must be ${demand}`] as const;
    }),
    ...["onInvalid", "onError", "clock"].flatMap((name) =>
      ["warn", {}, null, 1].map(
        (value) => [{ secret, [name]: value }, `${name} must be a function`] as const,
      ),
    ),
    ...(["revocation", "seal"] as const).flatMap((name) =>
      [null, {}, nothing, "redis", 1, true, { open: nothing, revoke: nothing }].map((value) => {
        const rest = name === "seal" ? {} : { secret };
        return [{ ...rest, [name]: value }, METHODS[name]] as const;
      }),
    ),
    [
      { secret, seal: { seal: String, open: String } },
      "seal stands instead of type and secret, not beside them",
    ],
    [
      { type: "jwt", seal: { seal: String, open: String } },
      "seal stands instead of type and secret, not beside them",
    ],
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
      const message = "name must be of 512 characters or less";
      return [{ secret, cookie: { name: "n".repeat(length) } }, message] as const;
    }),
    ...["", "app", "/a;b", "/\r\nSet-Cookie: x", 1, null].map((path) => {
      const demand = 'text from "/" on, without ";" and control characters';
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
      'secure must be true where sameSite is "none"',
    ],
    [
      { secret, cookie: { partitioned: true, secure: false } },
      "secure must be true where partitioned is",
    ],
    ...["__Host-a", "__host-a", "__HOST-session"].flatMap((name) => [
      [
        { secret, cookie: { name, secure: false } },
        `secure must be true ${HOST} or __Secure-`,
      ] as const,
      [
        { secret, cookie: { name, path: "/app" } },
        'path must be "/" where the name has the prefix __Host-',
      ] as const,
      [{ secret, cookie: { name, domain: "a.org" } }, `domain must be absent ${HOST}`] as const,
    ]),
    [
      { secret, cookie: { name: "__SECURE-a", secure: false } },
      `secure must be true ${HOST} or __Secure-`,
    ],
  ];
  for (const [options, message] of wrong) {
    test(`${message}: ${show(options)}`, () => {
      misuse(() => sessions(options as SessionOptions), "ERR_OPTION", message);
    });
  }

  const short = "a secret must be 32 bytes or more";
  const publicKey = "a secret must not be the text of a PEM, an SSH key or a JWK";
  const secrets: readonly (readonly [secret: unknown, message: string])[] = [
    [undefined, "no secret was given"],
    [[], "no secret was given"],
    [null, "no secret was given"],
    [7, "a secret must be a string or bytes"],
    [{ secret }, "a secret must be a string or bytes"],
    [[secret, undefined], "a secret must be a string or bytes"],
    [[[secret]], "a secret must be a string or bytes"],
    ["", short],
    ["x".repeat(31), short],
    ["é".repeat(15), short],
    [new Uint8Array(31), short],
    [[secret, "old"], short],
    ["\ud800".repeat(40), "a secret must be well-formed text"],
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
  }
});

describe("an option that is there as undefined is absent", () => {
  const names = "type cookie maxAge renewAfter maxLifetime revocation onInvalid onError clock seal";
  for (const name of names.split(" ")) {
    test(`${name}`, () => {
      assert.equal(sessions({ secret, [name]: undefined }).read("").isNew, true);
    });
  }
});

test("options are read once, and left as they were", async () => {
  const options: SessionOptions = {
    secret: [new Uint8Array(Buffer.from(SECRET))],
    maxAge: 60,
    cookie: { path: "/app", sameSite: "strict" },
    clock: () => NOW,
  };
  const before = structuredClone({ ...options, clock: undefined });
  const made: Service = { ...service(), sessions: sessions({ ...options }) };
  const frozen = service(
    deepFreeze({ ...structuredClone(before), clock: () => NOW, secret: SECRET }),
  );
  assert.deepEqual({ ...options, clock: undefined }, before);
  (options.secret as Uint8Array[])[0]?.fill(0);
  Object.assign(options, { maxAge: 1, clock: () => 0 });
  Object.assign(options.cookie as object, { path: "/other" });
  for (const it of [made, frozen]) {
    const { setCookie } = await visit(it, undefined, (session) => (session.user = "tom"));
    const value = cookieValue(setCookie[0]);
    const rest = "; Max-Age=60; Path=/app; HttpOnly; Secure; SameSite=Strict";
    assert.equal(setCookie[0], `session=${value}${rest}`);
    assert.equal(unseal("fernet", value, { name: "session" }).data.user, "tom");
  }
});

describe("the cookie's name and attributes are those configured; it is always HttpOnly", () => {
  const age = `Max-Age=${FOURTEEN_DAYS}`;
  const rows: readonly (readonly [cookie: SessionOptions["cookie"], name: string, rest: string])[] =
    [
      [undefined, NAME, `; ${age}${ATTRIBUTES}`],
      [{}, NAME, `; ${age}${ATTRIBUTES}`],
      [{ path: "/", secure: true, sameSite: "lax" }, NAME, `; ${age}${ATTRIBUTES}`],
      [{ name: "sid" }, "sid", `; ${age}${ATTRIBUTES}`],
      [{ name: "n".repeat(512) }, "n".repeat(512), `; ${age}${ATTRIBUTES}`],
      [{ path: "/app" }, "session", `; ${age}; Path=/app; HttpOnly; Secure; SameSite=Lax`],
      [{ secure: false }, "session", `; ${age}; Path=/; HttpOnly; SameSite=Lax`],
      [
        { domain: "example.org" },
        "session",
        `; ${age}; Domain=example.org; Path=/; HttpOnly; Secure; SameSite=Lax`,
      ],
      [{ sameSite: "strict" }, NAME, `; ${age}; Path=/; HttpOnly; Secure; SameSite=Strict`],
      [
        { sameSite: "none", partitioned: true, priority: "high" },
        NAME,
        `; ${age}; Path=/; HttpOnly; Secure; SameSite=None; Partitioned; Priority=High`,
      ],
      [{ partitioned: false }, NAME, `; ${age}${ATTRIBUTES}`],
      [{ persistent: true }, NAME, `; ${age}${ATTRIBUTES}`],
      [{ persistent: false }, NAME, ATTRIBUTES],
      [
        { name: "__Secure-s", path: "/a" },
        "__Secure-s",
        `; ${age}; Path=/a; HttpOnly; Secure; SameSite=Lax`,
      ],
      [{ name: "__host-s" }, "__host-s", `; ${age}${ATTRIBUTES}`],
    ];
  for (const [cookie, name, rest] of rows) {
    test(`${show(cookie)}`, async () => {
      const made = service(cookie === undefined ? {} : { cookie });
      const { setCookie } = await visit(made, undefined, (session) => (session.user = "tom"));
      const value = cookieValue(setCookie[0]);
      assert.deepEqual(setCookie, [`${name}=${value}${rest}`]);
      assert.equal(unseal("fernet", value, { name }).exp, NOW + FOURTEEN_DAYS);
      const again = await visit(made, `${name}=${value}`);
      assert.equal(again.session.user, "tom");
    });
  }
});

test("fernet is the default type", async () => {
  const { setCookie } = await visit(service(), undefined, (session) => (session.user = "tom"));
  assert.equal(unseal("fernet", cookieValue(setCookie[0])).data.user, "tom");
});

describe("a secret is text or bytes, one or a list", () => {
  const bytes = Buffer.from(SECRET);
  const forms: Record<string, NonNullable<SessionOptions["secret"]>> = {
    text: SECRET,
    bytes: bytes,
    "a plain Uint8Array": new Uint8Array(bytes),
    "a view of a larger buffer": Buffer.concat([Buffer.alloc(9), bytes, Buffer.alloc(9)]).subarray(
      9,
      -9,
    ),
    "a list of one": [SECRET],
    "a frozen list": Object.freeze([SECRET]),
    "exactly 32 bytes": "exactly thirty-two bytes of text",
    "32 bytes as 16 characters": "é".repeat(16),
    "a long text": "long ".repeat(1000),
  };
  for (const [what, secret] of Object.entries(forms)) {
    for (const type of ["fernet", "jwt"] as const) {
      test(`${what}, for ${type}`, async () => {
        const made = service({ type, secret });
        const { setCookie } = await visit(made, undefined, (session) => (session.user = "tom"));
        const [first] = Array.isArray(secret) ? secret : [secret];
        const { data } = unseal(type, cookieValue(setCookie[0]), { secret: first });
        assert.deepEqual(data, { user: "tom" });
      });
    }
  }
});

describe("secrets rotate: the newest seals, all open", () => {
  const secrets = ["newest", "older", "oldest"].map((age) =>
    `the ${age} of the secrets`.padEnd(40),
  );
  const [newest = "", older = "", oldest = ""] = secrets;
  for (const type of ["fernet", "jwt"] as const) {
    test(`${type}`, async () => {
      const made = service({ type, secret: secrets, renewAfter: false });
      for (const secret of secrets) {
        const cookie = `${NAME}=${seal(type, envelope({ visits: 1 }), { secret })}`;
        const idle = await visit(made, cookie);
        assert.deepEqual([idle.session.visits, idle.setCookie], [1, []]);
        const { setCookie } = await visit(made, cookie, (session) => (session.visits = 2));
        const value = cookieValue(setCookie[0]);
        assert.equal(unseal(type, value, { secret: newest }).data.visits, 2);
        assert.throws(() => unseal(type, value, { secret: older }));
      }
      // Step by step: the new one opens, then it seals, then the old one goes.
      const steps = [[oldest], [oldest, newest], [newest, oldest], [newest]];
      let cookie: string | undefined;
      for (const secret of steps) {
        const step = service({ type, secret });
        const { session, setCookie } = await visit(step, cookie, (session) => {
          session.visits = Number(session.visits ?? 0) + 1;
        });
        assert.equal(session.visits, steps.indexOf(secret) + 1);
        assert.deepEqual(step.invalid, []);
        cookie = `${NAME}=${cookieValue(setCookie[0])}`;
      }
      const gone = service({ type, secret: [older] });
      assert.equal((await visit(gone, cookie)).session.isNew, true);
      assert.deepEqual(gone.invalid, [
        type === "jwt" ? "ERR_TOKEN_SIGNATURE" : "ERR_TOKEN_INVALID",
      ]);
    });
  }
});

describe("no cookie stands in for another: name, type and secret are in its key", () => {
  const text = envelope({ user: "tom" });
  const other = "another secret of at least 32 bytes";
  const rows: readonly (readonly [what: string, type: Type, value: string, code: string])[] = [
    [
      "a fernet of another name",
      "fernet",
      seal("fernet", text, { name: "session" }),
      "ERR_TOKEN_INVALID",
    ],
    [
      "a fernet of another secret",
      "fernet",
      seal("fernet", text, { secret: other }),
      "ERR_TOKEN_INVALID",
    ],
    [
      "a fernet under the key of jwt",
      "fernet",
      seal("fernet", text, { info: "jwt" }),
      "ERR_TOKEN_INVALID",
    ],
    ["a jwt where fernet is wanted", "fernet", seal("jwt", text), "ERR_TOKEN_INVALID"],
    ["a base64 where fernet is wanted", "fernet", seal("base64", text), "ERR_TOKEN_INVALID"],
    ["a jwt of another name", "jwt", seal("jwt", text, { name: "session" }), "ERR_TOKEN_SIGNATURE"],
    ["a jwt of another secret", "jwt", seal("jwt", text, { secret: other }), "ERR_TOKEN_SIGNATURE"],
    [
      "a jwt under the key of fernet",
      "jwt",
      seal("jwt", text, { info: "fernet" }),
      "ERR_TOKEN_SIGNATURE",
    ],
    ["a jwt of another typ", "jwt", seal("jwt", text, { typ: "JWT" }), "ERR_TOKEN_CLAIM"],
    [
      "a jwt of another typ of that suffix",
      "jwt",
      seal("jwt", text, { typ: "at+jwt" }),
      "ERR_TOKEN_CLAIM",
    ],
    ["a fernet where jwt is wanted", "jwt", seal("fernet", text), "ERR_TOKEN_MALFORMED"],
    ["a base64 where jwt is wanted", "jwt", seal("base64", text), "ERR_TOKEN_MALFORMED"],
    [
      "a fernet where base64 is wanted",
      "base64",
      seal("fernet", text),
      "ERR_ENCODING|ERR_TOKEN_MALFORMED",
    ],
    ["a jwt where base64 is wanted", "base64", seal("jwt", text), "ERR_ENCODING"],
  ];
  for (const [what, type, value, code] of rows) {
    test(`${what}`, async () => {
      const made = service(optionsOf(type));
      const { session } = await visit(made, `${NAME}=${value}`);
      assert.deepEqual([Object.keys(session), session.isNew], [[], true]);
      assert.match(made.invalid.join(), new RegExp(`^(${code})$`));
    });
  }

  test("a secret is never a key itself", async () => {
    const raw = service({ secret: "0123456789abcdef0123456789abcdef" });
    // What klen/asgi-sessions 1.2.4 sealed under this very secret as its key.
    const fernet =
      "gAAAAABrBDRIXU8Z5xAgRycPwv6cBObOlbz3sHBV6agmQdrCWiBNAF69ZpkM5KBSMk4gsWLBQjzFv7QbqjyTqRUIte72VrZEXw==";
    assert.equal((await visit(raw, `${NAME}=${fernet}`)).session.isNew, true);
    assert.deepEqual(raw.invalid, ["ERR_TOKEN_INVALID"]);
  });
});

function show(value: unknown): string {
  if (value === undefined || typeof value === "number") return String(value);
  return JSON.stringify(value, (_name, inner) =>
    typeof inner === "bigint" || typeof inner === "function" ? String(inner) : inner,
  ).slice(0, 60);
}

function deepFreeze<O extends object>(object: O): O {
  for (const value of Object.values(object)) {
    if (value !== null && typeof value === "object") deepFreeze(value);
  }
  return Object.freeze(object);
}
