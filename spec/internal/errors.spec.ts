/**
 * Every error code, provoked through the public API: its class, message and members. No error holds any part
 * of a key, a token, a MAC, plaintext or the JSON parser's text.
 */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { inspect } from "node:util";
import * as base64urlModule from "../../src/base64url.ts";
import * as cookieModule from "../../src/cookie.ts";
import * as fernetModule from "../../src/fernet.ts";
import * as all from "../../src/index.ts";
import { CbcKey } from "../../src/internal/cbc.ts";
import {
  ConfigError,
  refusal,
  refusalOf,
  revocationError,
  SessionError,
  TokenError,
} from "../../src/internal/errors.ts";
import { Frames } from "../../src/internal/frame.ts";
import { HmacKey } from "../../src/internal/hmac.ts";
import { Jws } from "../../src/internal/jws.ts";
import * as jwtModule from "../../src/jwt.ts";
import { lazySeal } from "../../src/session/seal.ts";
import * as sessionModule from "../../src/session.ts";
import { base64url, fernetToken, jws } from "../helpers/token-forge.ts";
import { misuse, refused, refusedSomehow, type Verdict } from "../helpers/token-refusals.ts";

const { decode, decodeUnverified, encode, Fernet, Jwt, serializeCookie, sessions } = all;

/** No six characters of these occur in another text by chance. */
const KEY = "kQ9vZ2xW7pLr4TnB8sYd1GfHj6McAeUo";
const PLAINTEXT = "Wq8zKp3Vx7Jm2Rt9";
const FERNET_BYTES = Buffer.from(KEY).reverse();
const FERNET_KEY = encode(FERNET_BYTES, { padding: true });
const SECRETS = [KEY, PLAINTEXT, FERNET_BYTES].flatMap((secret) => {
  const bytes = Buffer.from(secret);
  return [bytes.toString(), bytes.toString("hex"), bytes.toString("base64url")];
});

const MESSAGES: Record<all.TokenErrorCode, string> = {
  ERR_ENCODING: "the text is not strict base64url: its alphabet, length, padding or trailing bits",
  ERR_TOKEN_MALFORMED: "the token is malformed: its parts, UTF-8 or JSON",
  ERR_TOKEN_TOO_LARGE: "the token is too large",
  ERR_TOKEN_SIGNATURE: "the signature does not match",
  ERR_TOKEN_ALGORITHM: 'the "alg" header is not HS256',
  ERR_TOKEN_CRITICAL: 'the "crit" and "b64" headers are not supported',
  ERR_TOKEN_EXPIRED: "the token has expired",
  ERR_TOKEN_NOT_ACTIVE: "the token is not active yet",
  ERR_TOKEN_CLAIM: "a claim is missing, of the wrong type, or does not match",
  ERR_TOKEN_INVALID: "the token is invalid",
};

const NOW = 1_700_000_000;
const HS256 = { alg: "HS256", typ: "JWT" };
const CLAIMS = { sub: PLAINTEXT, iat: NOW };
const TOKEN = jws(HS256, CLAIMS, KEY);
const [HEADER, PAYLOAD, MAC] = TOKEN.split(".") as [string, string, string];
const FRAME = fernetToken(FERNET_BYTES, { timestamp: NOW, message: PLAINTEXT });

const jwt = new Jwt(KEY);
const fernet = new Fernet(FERNET_KEY);

type Use = (token: string) => unknown;
const decoded: Use = (text) => decode(text);
const unverified: Use = (token) => decodeUnverified(token);
const verified: Use = (token) => jwt.verify(token, { now: NOW });
const verifiedBy =
  (policy: all.JwtPolicy): Use =>
  (token) =>
    new Jwt(KEY, policy).verify(token, { now: NOW });
const decrypted: Use = (token) => fernet.decrypt(token);
const decryptedUnder =
  (ttl: number, now: number): Use =>
  (token) =>
    fernet.decrypt(token, { ttl, now });

function spoilt(token: string, at: number): string {
  const index = at < 0 ? token.length + at : at;
  return token.slice(0, index) + (token[index] === "A" ? "Q" : "A") + token.slice(index + 1);
}

const REFUSED: readonly [verdict: Verdict, what: string, token: string, use: Use][] = [
  ["ERR_ENCODING", "a foreign character", `${PAYLOAD}!`, decoded],
  ["ERR_ENCODING", "padding", `${base64url(PLAINTEXT)}==`, decoded],
  ["ERR_ENCODING", "a long text", `${PAYLOAD.repeat(20)}\u0141`, decoded],
  ["ERR_ENCODING", "a header", `${HEADER}=.${PAYLOAD}.${MAC}`, verified],
  ["ERR_ENCODING", "a payload", `${HEADER}.${PAYLOAD}+.${MAC}`, verified],
  ["ERR_ENCODING", "a MAC", `${HEADER}.${PAYLOAD}.${MAC.slice(0, -1)}_`, verified],
  ["ERR_ENCODING", "an unverified payload", `${HEADER}.${PAYLOAD}+.${MAC}`, unverified],

  ["ERR_TOKEN_MALFORMED", "two parts", `${HEADER}.${PAYLOAD}`, verified],
  ["ERR_TOKEN_MALFORMED", "four parts", `${TOKEN}.${MAC}`, verified],
  ["ERR_TOKEN_MALFORMED", "not a token at all", PLAINTEXT, verified],
  [
    "ERR_TOKEN_MALFORMED",
    "a payload that is not JSON",
    jws(HS256, `${PLAINTEXT} {`, KEY),
    verified,
  ],
  ["ERR_TOKEN_MALFORMED", "JSON cut off", jws(HS256, `{"sub":"${PLAINTEXT}`, KEY), verified],
  ["ERR_TOKEN_MALFORMED", "JSON and more", jws(HS256, `{}${PLAINTEXT}`, KEY), verified],
  ["ERR_TOKEN_MALFORMED", "an array", jws(HS256, [PLAINTEXT], KEY), verified],
  ["ERR_TOKEN_MALFORMED", "a header that is not JSON", jws(PLAINTEXT, CLAIMS, KEY), verified],
  [
    "ERR_TOKEN_MALFORMED",
    "a payload that is not UTF-8",
    jws(HS256, notUtf8(`{"a":"${PLAINTEXT}`), KEY),
    verified,
  ],
  ["ERR_TOKEN_MALFORMED", "unverified, not JSON", jws(HS256, PLAINTEXT, KEY), unverified],
  ["ERR_TOKEN_MALFORMED", "unverified, a text", jws(HS256, `"${PLAINTEXT}"`, KEY), unverified],
  [
    "ERR_TOKEN_MALFORMED",
    "a message that is not UTF-8, as text",
    fernetToken(FERNET_BYTES, { message: notUtf8(PLAINTEXT) }),
    (token) => fernet.decryptText(token),
  ],

  ["ERR_TOKEN_TOO_LARGE", "to verify", jws(HS256, PLAINTEXT.repeat(999), KEY), verified],
  [
    "ERR_TOKEN_TOO_LARGE",
    "to sign",
    TOKEN,
    () => new Jwt(KEY, { maxTokenLength: TOKEN.length - 1 }).sign(CLAIMS),
  ],
  [
    "ERR_TOKEN_TOO_LARGE",
    "a message that no string can hold",
    FRAME,
    () => fernet.encrypt(new Uint8Array(2 ** 29)),
  ],

  ["ERR_TOKEN_SIGNATURE", "a changed MAC", spoilt(TOKEN, -2), verified],
  ["ERR_TOKEN_SIGNATURE", "a changed payload", spoilt(TOKEN, HEADER.length + 3), verified],
  ["ERR_TOKEN_SIGNATURE", "another key's", jws(HS256, CLAIMS, FERNET_BYTES), verified],
  ["ERR_TOKEN_SIGNATURE", "no MAC", `${HEADER}.${PAYLOAD}.`, verified],

  ["ERR_TOKEN_ALGORITHM", "none", `${base64url({ alg: "none" })}.${PAYLOAD}.`, verified],
  ["ERR_TOKEN_ALGORITHM", "HS512", jws({ alg: "HS512" }, CLAIMS, KEY), verified],
  ["ERR_TOKEN_ALGORITHM", "another case", jws({ alg: "hs256" }, CLAIMS, KEY), verified],
  ["ERR_TOKEN_ALGORITHM", "plaintext", jws({ alg: PLAINTEXT }, CLAIMS, KEY), verified],
  ["ERR_TOKEN_ALGORITHM", "no algorithm", jws({ typ: "JWT" }, CLAIMS, KEY), verified],

  ["ERR_TOKEN_CRITICAL", "crit", jws({ ...HS256, crit: [PLAINTEXT] }, CLAIMS, KEY), verified],
  ["ERR_TOKEN_CRITICAL", "b64", jws({ ...HS256, b64: false }, CLAIMS, KEY), verified],

  ["ERR_TOKEN_EXPIRED", "exp", jws(HS256, { ...CLAIMS, exp: NOW }, KEY), verified],
  ["ERR_TOKEN_EXPIRED", "age", jws(HS256, { iat: NOW - 9 }, KEY), verifiedBy({ maxTokenAge: 8 })],
  ["ERR_TOKEN_EXPIRED", "ttl", FRAME, decryptedUnder(60, NOW + 61)],
  [
    "ERR_TOKEN_EXPIRED",
    "ttl, to rotate",
    FRAME,
    (token) => fernet.rotate(token, { ttl: 0, now: NOW + 1 }),
  ],

  ["ERR_TOKEN_NOT_ACTIVE", "nbf", jws(HS256, { ...CLAIMS, nbf: NOW + 1 }, KEY), verified],
  [
    "ERR_TOKEN_NOT_ACTIVE",
    "iat ahead",
    jws(HS256, { iat: NOW + 1 }, KEY),
    verifiedBy({ maxTokenAge: 8 }),
  ],
  ["ERR_TOKEN_NOT_ACTIVE", "timestamp ahead", FRAME, decryptedUnder(60, NOW - 61)],

  ["ERR_TOKEN_CLAIM exp", "missing", TOKEN, verifiedBy({ expiresIn: 60 })],
  ["ERR_TOKEN_CLAIM role", "missing", TOKEN, verifiedBy({ requiredClaims: ["role"] })],
  ["ERR_TOKEN_CLAIM sub", "no match", TOKEN, verifiedBy({ subject: "tom" })],
  ["ERR_TOKEN_CLAIM typ", "no match", TOKEN, verifiedBy({ typ: "at+jwt" })],
  [
    "ERR_TOKEN_CLAIM aud",
    "an audience that the policy does not have",
    jws(HS256, { aud: PLAINTEXT }, KEY),
    verified,
  ],
  ["ERR_TOKEN_CLAIM exp", "not a number", jws(HS256, { exp: PLAINTEXT }, KEY), verified],
  ["ERR_TOKEN_CLAIM iss", "not a string", jws(HS256, { iss: [PLAINTEXT] }, KEY), verified],

  ["ERR_TOKEN_INVALID", "not a Fernet token", PLAINTEXT, decrypted],
  ["ERR_TOKEN_INVALID", "a JWT", TOKEN, decrypted],
  ["ERR_TOKEN_INVALID", "another version", reframed({ version: 0x81 }), decrypted],
  ["ERR_TOKEN_INVALID", "cut off", FRAME.slice(0, -4), decrypted],
  ["ERR_TOKEN_INVALID", "without padding", FRAME.replace(/=+$/, ""), decrypted],
  ["ERR_TOKEN_INVALID", "a changed MAC", spoilt(FRAME, -6), decrypted],
  ["ERR_TOKEN_INVALID", "a changed ciphertext", spoilt(FRAME, 40), decrypted],
  ["ERR_TOKEN_INVALID", "PKCS#7 of 0", reframed({ blocks: Buffer.alloc(16) }), decrypted],
  ["ERR_TOKEN_INVALID", "PKCS#7 of 17", reframed({ blocks: Buffer.alloc(32, 17) }), decrypted],
  ["ERR_TOKEN_INVALID", "plaintext as padding", reframed({ blocks: unpadded() }), decrypted],
  ["ERR_TOKEN_INVALID", "to rotate", spoilt(FRAME, -6), (token) => fernet.rotate(token)],
  ["ERR_TOKEN_INVALID", "timestamp", spoilt(FRAME, -6), (token) => fernet.timestamp(token)],
];

test("each code has its message; a claim's message names the claim", () => {
  for (const [code, message] of Object.entries(MESSAGES)) {
    assert.equal(new TokenError(code as all.TokenErrorCode).message, message);
  }
  const { message } = new TokenError("ERR_TOKEN_CLAIM", 'a"b');
  assert.equal(message, 'the claim "a\\"b" is missing, of the wrong type, or does not match');
});

describe("bad input throws a TokenError", () => {
  for (const [verdict, what, token, use] of REFUSED) {
    test(`${verdict}: ${what}`, () => {
      const error = thrown(() => use(token));
      refused(() => raise(error), verdict);
      isWhole(error, TokenError, "TokenError");
      holdsNothingOf(error, [token, ...token.split("."), MAC]);
      assert.notEqual(
        thrown(() => use(token)),
        error,
        "each has a stack of its own",
      );
    });
  }

  test("anything that is not a token is refused by every function that takes one", () => {
    const takers: Use[] = [
      ...[decoded, unverified, verified, decrypted],
      ...(["decryptText", "rotate", "timestamp"] as const).map(
        (name): Use =>
          (token) =>
            fernet[name](token),
      ),
    ];
    const bytes = Buffer.from(TOKEN);
    const texts = [[TOKEN], bytes, new String(TOKEN), { toString: () => FRAME }, () => FRAME];
    for (const value of [undefined, null, 0, Number.NaN, 1n, true, Symbol(FRAME), {}, ...texts]) {
      for (const use of takers) {
        refusedSomehow(() => use(value as string), typeof value);
        holdsNothingOf(
          thrown(() => use(value as string)),
          [TOKEN, FRAME],
        );
      }
    }
  });
});

const PEM = `-----BEGIN PUBLIC KEY-----\n${KEY}\n-----END PUBLIC KEY-----`;
const CYCLE: Record<string, unknown> = { sub: PLAINTEXT };
CYCLE.self = CYCLE;
const throwing = {
  toJSON() {
    throw new Error(PLAINTEXT);
  },
};
const PUBLIC =
  "must be secret bytes such as randomBytes(32), not the text of a PEM, an SSH key or a JWK";
const FERNET_DEMAND =
  "a Fernet key must be 44 characters of padded base64url, or 32 bytes: use Fernet.generateKey()";

const MISUSED: readonly [code: "ERR_KEY" | "ERR_OPTION", message: string, call: () => unknown][] = [
  [
    "ERR_KEY",
    "a JWT key must be 32 bytes or more, such as randomBytes(32)",
    () => new Jwt(KEY.slice(1)),
  ],
  ["ERR_KEY", `a JWT key ${PUBLIC}`, () => new Jwt(PEM)],
  [
    "ERR_KEY",
    "no JWT key was given: make one with randomBytes(32), once, and keep it",
    () => new Jwt([]),
  ],
  [
    "ERR_KEY",
    "a key's text must be strict base64url, as generateKey() writes it",
    () => new Jwt({ kty: "oct", k: `${KEY}=` }),
  ],
  ["ERR_KEY", FERNET_DEMAND, () => new Fernet(KEY)],
  ["ERR_KEY", FERNET_DEMAND, () => new Fernet([FERNET_KEY, FERNET_BYTES.subarray(1)])],
  [
    "ERR_KEY",
    "a key's text must be strict base64url, as generateKey() writes it",
    () => new Fernet(`${KEY}${KEY.slice(21)}!`),
  ],
  [
    "ERR_KEY",
    "a secret must be 32 bytes or more, such as randomBytes(32)",
    () => sessions({ secret: KEY.slice(1) }),
  ],
  ["ERR_KEY", `a secret ${PUBLIC}`, () => sessions({ secret: [KEY, PEM] })],
  ["ERR_OPTION", "the claims must be an object that JSON can hold", () => jwt.sign(CYCLE)],
  ["ERR_OPTION", "the claims must be an object that JSON can hold", () => jwt.sign({ throwing })],
  ["ERR_OPTION", "the claims must be an object", () => jwt.sign(PLAINTEXT as never)],
  [
    "ERR_OPTION",
    "the claim exp must be a finite number, the seconds since the epoch",
    () => jwt.sign({ exp: PLAINTEXT as never }),
  ],
  [
    "ERR_OPTION",
    "the claim sub must be one of the policy's, or left out",
    () => new Jwt(KEY, { subject: KEY }).sign(CLAIMS),
  ],
  [
    "ERR_OPTION",
    "the claim exp must be left out: expiresIn sets it",
    () => new Jwt(KEY, { expiresIn: 60 }).sign({ ...CLAIMS, exp: NOW }),
  ],
  [
    "ERR_OPTION",
    "the claim iss must be one of the policy's issuers",
    () => new Jwt(KEY, { issuer: [KEY, PLAINTEXT] }).sign(CLAIMS),
  ],
  [
    "ERR_OPTION",
    "ttl must be a value, not undefined, as of an unset environment variable: set it, or leave it out",
    () => new Fernet(FERNET_KEY, { ttl: undefined as never }),
  ],
  ["ERR_OPTION", "the options of Jwt must be an object", () => new Jwt(KEY, KEY as never)],
  ["ERR_OPTION", "the options of sign must be an object", () => jwt.sign({}, KEY as never)],
  ["ERR_OPTION", "bytes must be a Uint8Array", () => encode(PLAINTEXT as never)],
  [
    "ERR_OPTION",
    "the message must be well-formed text",
    () => fernet.encrypt(`${PLAINTEXT}\ud800`),
  ],
  [
    "ERR_OPTION",
    "the message must be a string or a Uint8Array",
    () => fernet.encrypt([PLAINTEXT] as never),
  ],
  [
    "ERR_OPTION",
    "value must be text of cookie-octets (RFC 6265bis section 4.1.1): encode other text first",
    () => serializeCookie("a", `${TOKEN};`),
  ],
  [
    "ERR_OPTION",
    "give either seal, or type and secret, not both",
    () => sessions({ secret: KEY, seal: { seal: String, open: String } }),
  ],
  [
    "ERR_OPTION",
    "the clock's time must be a finite number of seconds",
    () => sessions({ secret: KEY, clock: () => Number.NaN }).read(`__Host-session=${TOKEN}`),
  ],
];

describe("misuse throws a ConfigError", () => {
  for (const [code, message, call] of MISUSED) {
    test(`${code}: ${message}`, () => {
      const error = thrown(call);
      misuse(() => raise(error), code, message);
      isWhole(error, ConfigError, "ConfigError");
      assert.ok(error instanceof TypeError);
      holdsNothingOf(error, [TOKEN, PEM]);
    });
  }
});

describe("a session that cannot be written or checked gives a SessionError", () => {
  const rows: readonly [
    code: all.SessionErrorCode,
    message: string,
    status: 500 | 503,
    spoil: (session: Record<string, unknown>) => void,
  ][] = [
    [
      "ERR_SESSION_TOO_LARGE",
      "the session is too large: the cookie's name and value exceed 4096 bytes",
      500,
      (session) => {
        session.note = PLAINTEXT.repeat(300);
      },
    ],
    ...[CYCLE, throwing, 1n].map((value): (typeof rows)[number] => [
      "ERR_SESSION_DATA",
      "the session's data cannot be written: JSON or the seal cannot hold them",
      500,
      (session) => {
        session.note = PLAINTEXT;
        session.value = value;
      },
    ]),
  ];

  for (const [code, message, status, spoil] of rows) {
    for (const type of ["fernet", "jwt", "base64"] as const) {
      test(`${code}, of type ${type}: the same from save, done and onError`, async () => {
        const errors: unknown[] = [];
        const onError = (error: unknown) => errors.push(error);
        const secret = type === "base64" ? {} : { secret: KEY };
        const wrapped = sessions<Record<string, unknown>>({ type, ...secret, onError }).wrap(
          (_request, session) => {
            spoil(session);
            errors.push(thrown(() => session.save()));
            session.save((error) => errors.push(error));
            return new Response(PLAINTEXT);
          },
        );
        const response = await wrapped(new Request("https://example.org/"));
        assert.equal(response.status, status);
        assert.equal(errors.length, 3);
        for (const error of errors) isSessionError(error, code, message, status);
      });
    }
  }

  test("ERR_SESSION_UNSENT: save throws it for a change after the response", async () => {
    const held: all.Session<Record<string, unknown>>[] = [];
    const wrapped = sessions<Record<string, unknown>>({ secret: KEY }).wrap((_request, session) => {
      held.push(session);
      return new Response();
    });
    await wrapped(new Request("https://example.org/"));
    const [session] = held as [all.Session<Record<string, unknown>>];
    session.user = PLAINTEXT;
    const message = "the session changed, but no response carried the change";
    isSessionError(
      thrown(() => session.save()),
      "ERR_SESSION_UNSENT",
      message,
      500,
    );
  });

  test("ERR_SESSION_REVOCATION has only the list's error as its cause", async () => {
    const heard: unknown[] = [];
    const cause = new Error("no connection");
    const failing = sessions<Record<string, unknown>>({
      secret: KEY,
      onError: (error) => heard.push(error),
      revocation: { isRevoked: () => Promise.reject(cause), revoke: () => {} },
    });
    const cookie = await cookieOf(failing);
    const request = new Request("https://example.org/", { headers: { cookie } });
    const response = await failing.wrap(() => assert.fail("not asked"))(request);
    assert.equal(response.status, 503);
    heard.push(await failing.load(cookie).catch((error: unknown) => error));
    assert.equal(heard.length, 2);
    for (const error of heard) {
      const message = "the revocation list failed: it could not be read or written";
      isSessionError(error, "ERR_SESSION_REVOCATION", message, 503, cause);
      holdsNothingOf(error, [cookie.slice("__Host-session=".length)]);
    }
  });

  test("onInvalid gets only a code, such as ERR_SESSION_REVOKED", async () => {
    const heard: object[] = [];
    const options: all.SessionOptions = { secret: KEY, onInvalid: (reason) => heard.push(reason) };
    const revocation = { isRevoked: () => true, revoke: () => {} };
    const cookie = await cookieOf(sessions(options));
    sessions({ ...options, revocation }).read(cookie);
    sessions(options).read(spoilt(cookie, -6));
    assert.deepEqual(heard, [{ code: "ERR_SESSION_REVOKED" }, { code: "ERR_TOKEN_INVALID" }]);
  });
});

test("no object that holds a key reveals it [2104-4a]", () => {
  const bytes = Buffer.from(KEY);
  const holders = {
    jwt: new Jwt([KEY, { kty: "oct", k: encode(FERNET_BYTES), kid: "one" }]),
    fernet: new Fernet([FERNET_KEY, bytes]),
    hmac: new HmacKey(bytes),
    cbc: new CbcKey(bytes.subarray(16)),
    jws: new Jws(KEY),
    frames: new Frames(FERNET_KEY),
    sessions: sessions({ secret: KEY }),
    seal: lazySeal("jwt", KEY, "session")(),
  };
  // Includes the padded key blocks of RFC 2104 section 4; inspect shows a Buffer as hex with spaces.
  const blocks = [0, 0x36, 0x5c].map((pad) => Buffer.from(bytes.map((byte) => byte ^ pad)));
  const forms = blocks.flatMap((block) => [
    ...(["latin1", "hex", "base64url"] as const).map((form) => block.toString(form)),
    block.toString("hex").replace(/../g, "$& "),
    block.join(","),
  ]);
  for (const holder of Object.values(holders)) {
    for (const text of [inspected(holder), JSON.stringify(holder), String(holder)]) {
      holdsNone(text, [...SECRETS, ...forms]);
    }
  }
});

test("this file provokes every code", () => {
  const codes = REFUSED.map(([verdict]) => verdict.split(" ")[0]);
  assert.deepEqual([...new Set(codes)].sort(), [
    "ERR_ENCODING",
    "ERR_TOKEN_ALGORITHM",
    "ERR_TOKEN_CLAIM",
    "ERR_TOKEN_CRITICAL",
    "ERR_TOKEN_EXPIRED",
    "ERR_TOKEN_INVALID",
    "ERR_TOKEN_MALFORMED",
    "ERR_TOKEN_NOT_ACTIVE",
    "ERR_TOKEN_SIGNATURE",
    "ERR_TOKEN_TOO_LARGE",
  ]);
  assert.deepEqual(new Set(MISUSED.map(([code]) => code)), new Set(["ERR_KEY", "ERR_OPTION"]));
});

test("the error classes are the same from every module", () => {
  for (const module of [all, base64urlModule, jwtModule, fernetModule]) {
    assert.equal(module.TokenError, TokenError);
    assert.equal(module.ConfigError, ConfigError);
  }
  assert.equal(cookieModule.ConfigError, ConfigError);
  assert.equal(sessionModule.ConfigError, ConfigError);
  assert.equal(all.SessionError, SessionError);
  assert.equal(sessionModule.SessionError, SessionError);
});

test("the message quotes the claim's name, whatever it is", () => {
  for (const claim of ["role", 'a"b', "\n", "https://example.org/role"]) {
    const error = thrown(() => verifiedBy({ requiredClaims: [claim] })(TOKEN));
    assert.ok(error instanceof TokenError);
    assert.equal(error.claim, claim);
    const rest = "is missing, of the wrong type, or does not match";
    assert.equal(error.message, `the claim ${JSON.stringify(claim)} ${rest}`);
  }
});

test("a refusal that is not thrown is one frozen object for each code", () => {
  assert.deepEqual(refusal("ERR_TOKEN_INVALID"), { code: "ERR_TOKEN_INVALID" });
  assert.equal(refusal("ERR_TOKEN_INVALID"), refusal("ERR_TOKEN_INVALID"));
  assert.ok(Object.isFrozen(refusal("ERR_TOKEN_INVALID")));
});

/** A Cookie header with a session that holds the plaintext. */
async function cookieOf(made: all.Sessions<Record<string, unknown>>): Promise<string> {
  const wrapped = made.wrap((_request, session) => {
    session.user = PLAINTEXT;
    return new Response();
  });
  const { headers } = await wrapped(new Request("https://example.org/"));
  return headers.getSetCookie()[0]?.split(";")[0] as string;
}

function isSessionError(
  error: unknown,
  code: all.SessionErrorCode,
  message: string,
  status: 500 | 503,
  cause?: Error,
): void {
  isWhole(error, SessionError, "SessionError");
  assert.ok(error instanceof SessionError);
  assert.equal(error.message, message);
  assert.deepEqual({ ...error }, { code, status, statusCode: status });
  assert.equal("cause" in error, cause !== undefined);
  assert.equal(error.cause, cause);
  holdsNothingOf(error, [TOKEN]);
}

/** Checks the class, name, stack and code of an error; the name is only on the prototype. */
function isWhole(error: unknown, type: new (...args: never[]) => Error, name: string): void {
  assert.ok(error instanceof Error && error instanceof type);
  assert.equal(Object.getPrototypeOf(error), type.prototype);
  assert.equal(error.name, name);
  assert.ok(Object.hasOwn(type.prototype, "name") && !Object.hasOwn(error, "name"));
  assert.equal(String(error), `${name}: ${error.message}`);
  assert.ok(error.stack?.startsWith(`${name}: ${error.message}\n    at `));
  const { code } = error as { code?: unknown };
  assert.match(String(code), /^ERR_[A-Z_]+$/);
}

/** Checks that no six characters of a secret or of the input are anywhere in the error. */
function holdsNothingOf(error: unknown, given: readonly string[]): void {
  const { message, stack, cause } = error as Error;
  const names = Reflect.ownKeys(error as Error);
  const values = names.map((name) => Reflect.get(error as Error, name));
  const text = [message, stack, inspected(error), String(cause), ...names, ...values];
  holdsNone(text.map(String).join("\n"), [...SECRETS, ...given]);
}

function inspected(object: unknown): string {
  return inspect(object, { depth: Infinity, showHidden: true, getters: true });
}

/** Checks that no six characters of any secret are in the text. */
function holdsNone(text: string, secrets: readonly string[]): void {
  for (const secret of secrets) {
    for (let at = 0; at + 6 <= secret.length; at++) {
      const part = secret.slice(at, at + 6);
      assert.ok(!text.includes(part), `${JSON.stringify(part)} in ${text}`);
    }
  }
}

test("an error of a revocation list becomes one of a session, once", () => {
  const failed = new SessionError("ERR_SESSION_REVOCATION");
  assert.equal(revocationError(failed), failed);
  for (const cause of [
    new SessionError("ERR_SESSION_DATA"),
    new Error("down"),
    "down",
    undefined,
  ]) {
    const error = revocationError(cause);
    assert.deepEqual([error.code, error.status], ["ERR_SESSION_REVOCATION", 503]);
    assert.equal(error.cause, cause);
  }
});

test("a refusal is found in whatever a seal gave, and is ERR_TOKEN_INVALID otherwise", () => {
  assert.equal(refusalOf({ code: "ERR_TOKEN_EXPIRED" }), refusal("ERR_TOKEN_EXPIRED"));
  const throwing = Object.defineProperty({}, "code", { get: () => raise(new Error("no")) });
  for (const bad of [undefined, null, 1, "ERR_TOKEN_EXPIRED", {}, { code: "ERR_KEY" }, throwing]) {
    assert.equal(refusalOf(bad).code, "ERR_TOKEN_INVALID");
  }
});

function thrown(call: () => unknown): unknown {
  try {
    call();
  } catch (error) {
    return error;
  }
  return assert.fail("not refused");
}

function raise(error: unknown): never {
  throw error;
}

function notUtf8(text: string): Buffer {
  return Buffer.concat([Buffer.from(text), Buffer.of(0xff)]);
}

function reframed(parts: Parameters<typeof fernetToken>[1]): string {
  return fernetToken(FERNET_BYTES, { message: PLAINTEXT, timestamp: NOW, ...parts });
}

/** A block whose last byte is not valid padding. */
function unpadded(): Buffer {
  return Buffer.from(PLAINTEXT.padEnd(16, "~"));
}
