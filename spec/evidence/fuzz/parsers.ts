/** Each parser of src that the oracle judges, and the generator of its cases. */

import { createHash, createSecretKey, hkdfSync } from "node:crypto";
import { decode } from "../../../src/base64url.ts";
import { readCookies } from "../../../src/cookie.ts";
import { Fernet } from "../../../src/fernet.ts";
import { TokenError, type TokenErrorCode } from "../../../src/internal/errors.ts";
import { decodeUnverified, Jwt, type JwtKey } from "../../../src/jwt.ts";
import { type Sessions, sessions } from "../../../src/session.ts";
import { makeEncoded } from "./make/base64url.ts";
import { makeHeader } from "./make/cookie.ts";
import { makeFernet } from "./make/fernet.ts";
import { makeJwt } from "./make/jwt.ts";
import { makeSession, type Sealing, TYPES, type Type } from "./make/session.ts";
import { base64urlBytes } from "./oracle/base64url.ts";
import { cookieValues } from "./oracle/cookie.ts";
import { decryptFernet, type FernetKeys, openFernet } from "./oracle/fernet.ts";
import type { JwsKey } from "./oracle/jws.ts";
import { decodeJwt, type Policy, verifyJwt } from "./oracle/jwt.ts";
import { readSession, type SessionSetup } from "./oracle/session.ts";
import { utf8Text } from "./oracle/utf8.ts";
import { refuse, type Verdict } from "./oracle/verdict.ts";
import type { Random } from "./random.ts";

/** One case: the input, our result and the oracle's. */
export interface Trial {
  readonly text: string;
  /** The rest of the input. */
  readonly given: object;
  readonly ours: (text: string) => unknown;
  readonly oracle: (text: string) => Verdict<unknown>;
}

export type Parser = (random: Random) => Trial;

function secret(number: number): Buffer {
  return createHash("sha256").update(`bulla fuzz key ${number}`).digest();
}

interface Setup {
  readonly jwt: Jwt;
  readonly keys: readonly JwsKey[];
  readonly policy: Policy;
}

function setup(policy: Policy, ...given: { bytes: Uint8Array; kid?: string }[]): Setup {
  const keys = given.map(({ bytes, kid }) => ({ secret: createSecretKey(bytes), kid }));
  const ours = given.map(({ bytes, kid }): JwtKey => {
    if (kid === undefined) return bytes;
    return { kty: "oct", k: Buffer.from(bytes).toString("base64url"), kid };
  });
  return { jwt: new Jwt(ours, policy), keys, policy };
}

const one = { bytes: secret(1) };
const long = { bytes: Buffer.concat([secret(2), secret(3), secret(4)]) };
const SETUPS: readonly Setup[] = [
  setup({}, one),
  setup({ audience: "you" }, one),
  setup({ issuer: "me", audience: ["all", "you"], clockTolerance: 5 }, one),
  setup({ audience: "you", typ: "at+jwt", maxTokenAge: 60, subject: "tom" }, long),
  setup({ audience: "you", typ: "JWT", clockTolerance: 5, maxTokenAge: 55 }, long, one),
  setup({ audience: "all", typ: "text/x" }, one),
  setup({ requiredClaims: ["data", "exp"], jwtId: "1", maxTokenLength: 280 }, one),
  setup({ requiredClaims: ["__proto__"], expiresIn: 60, maxTokenLength: 100_000 }, one),
  setup(
    { audience: "you", maxTokenLength: 100_000 },
    ...["a", "b", "a"].map((kid, number) => ({ bytes: secret(5 + number), kid })),
    one,
  ),
];
const STRANGE = [secret(8), secret(9).subarray(0, 1), Buffer.alloc(32)].map((bytes) =>
  createSecretKey(bytes),
);

function unverified(random: Random): Trial {
  const signing = (SETUPS[0] as Setup).keys.map((key) => key.secret);
  const { token } = makeJwt(random, { signing, strange: STRANGE, typ: "JWT" });
  return { text: token, given: {}, ours: decodeUnverified, oracle: decodeJwt };
}

function jwt(random: Random): Trial {
  const { jwt: ours, keys, policy } = random.pick(SETUPS);
  const signing = keys.map((key) => key.secret);
  const { token, now } = makeJwt(random, {
    signing,
    strange: STRANGE,
    typ: policy.typ ?? "JWT",
  });
  return {
    text: token,
    given: { now, policy },
    ours: (text) => ours.verify(text, { now }),
    oracle: (text) => verifyJwt(keys, policy, text, now),
  };
}

const FERNET_KEYS = [secret(10), secret(11), secret(12)];
const [strangeKeys, ...halves] = FERNET_KEYS.map(
  (key): FernetKeys => ({
    signing: createSecretKey(key.subarray(0, 16)),
    encryption: createSecretKey(key.subarray(16)),
  }),
) as [FernetKeys, ...FernetKeys[]];
const fernets = new Fernet(FERNET_KEYS.slice(1));

function fernet(random: Random): Trial {
  const { token, ttl, now } = makeFernet(random, halves, [strangeKeys]);
  const times = { now, ...(ttl === undefined ? {} : { ttl }) };
  const decrypted = (text: string) => decryptFernet(halves, text, times);
  const kind = random.pick(["decrypt", "decrypt", "decryptText", "timestamp", "rotate"] as const);
  const trial = { text: token, given: { kind, ...times } };
  switch (kind) {
    case "decrypt":
      return {
        ...trial,
        ours: (text) => [...fernets.decrypt(text, times)],
        oracle: (text) => then(decrypted(text), ({ message }) => ({ value: message })),
      };
    case "decryptText":
      return {
        ...trial,
        ours: (text) => fernets.decryptText(text, times),
        oracle: (text) => then(decrypted(text), ({ message }) => textOf(message)),
      };
    case "timestamp":
      return {
        ...trial,
        ours: (text) => fernets.timestamp(text),
        oracle: (text) => then(openFernet(halves, text, { now }), timestampOf),
      };
    case "rotate":
      // A rotated token must have the first key.
      return {
        ...trial,
        ours: (text) => decryptFernet(halves.slice(0, 1), fernets.rotate(text, times), { now }),
        oracle: (text) => then(decrypted(text), (message) => ({ value: { value: message } })),
      };
  }
}

function timestampOf({ timestamp }: { timestamp: bigint }): Verdict<number> {
  return { value: Number(timestamp) };
}

function textOf(message: readonly number[]): Verdict<string> {
  const text = utf8Text(message);
  return text === undefined ? refuse("ERR_TOKEN_MALFORMED") : { value: text };
}

function then<T, U>(verdict: Verdict<T>, next: (value: T) => Verdict<U>): Verdict<U> {
  return "faults" in verdict ? verdict : next(verdict.value);
}

function base64url(random: Random): Trial {
  const { text, padding } = makeEncoded(random);
  return {
    text,
    given: { padding },
    ours: (text) => [...decode(text, { padding })],
    oracle(text) {
      const value = base64urlBytes(text, padding);
      return value === undefined ? refuse("ERR_ENCODING") : { value };
    },
  };
}

function cookie(random: Random): Trial {
  const { header, name } = makeHeader(random);
  return {
    text: header,
    given: { name },
    ours: (text) => readCookies(text, name),
    oracle: (text) => ({ value: cookieValues(text, name) }),
  };
}

const SESSION_NAME = "session";

/** Sessions of a type with some limits; each case sets the clock and hears `onInvalid`. */
class SessionReader {
  readonly sealing: Sealing;
  readonly setup: SessionSetup;
  readonly #sessions: Sessions<object>;
  #now = 0;
  #refused: TokenErrorCode | "ERR_SESSION_REVOKED" | undefined;

  constructor(type: Type, limits: Pick<SessionSetup, "maxAge" | "longestAge" | "maxLifetime">) {
    const { maxLifetime, ...ages } = limits;
    const given = secret(13);
    const info = `bulla/session/${type}/${SESSION_NAME}`;
    const key = Buffer.from(hkdfSync("sha256", given, "", info, 32));
    const [signing, encryption] = [key.subarray(0, 16), key.subarray(16)].map((half) =>
      createSecretKey(half),
    ) as [FernetKeys["signing"], FernetKeys["encryption"]];
    const mac = createSecretKey(key);
    this.sealing = { type, key, mac };
    this.setup = {
      ...{ name: SESSION_NAME, type, key: mac, halves: { signing, encryption } },
      ...limits,
    };
    this.#sessions = sessions<object>({
      ...{ type, ...ages, cookie: { name: SESSION_NAME }, clock: () => this.#now },
      ...(type === "base64" ? {} : { secret: given }),
      ...(maxLifetime === Infinity ? {} : { maxLifetime }),
      onInvalid: ({ code }) => {
        this.#refused = code;
      },
    });
  }

  /** Reads a Cookie header; throws the error that says why it is refused. */
  read(header: string, now: number): unknown {
    this.#now = now;
    this.#refused = undefined;
    const session = this.#sessions.read(header);
    const code: string | undefined = this.#refused;
    // `typ` is the only claim that a seal of a session demands.
    const claim = code === "ERR_TOKEN_CLAIM" ? "typ" : undefined;
    if (code !== undefined) throw new TokenError(code as TokenErrorCode, claim);
    if (session.isNew) return null;
    const { id, createdAt, expiresAt } = session;
    return { id, createdAt, expiresAt, data: { ...session } };
  }
}

const SESSIONS: readonly SessionReader[] = TYPES.flatMap((type) => [
  new SessionReader(type, { maxAge: 100, longestAge: 100, maxLifetime: Infinity }),
  new SessionReader(type, { maxAge: 100, longestAge: 200, maxLifetime: 150 }),
]);

function session(random: Random): Trial {
  const reader = random.pick(SESSIONS);
  const { setup, sealing } = reader;
  const { header, now } = makeSession(random, SESSION_NAME, sealing);
  const { type, longestAge } = setup;
  return {
    text: header,
    given: { type, longestAge, now },
    ours: (text) => reader.read(text, now),
    oracle: (text) => readSession(setup, text, now),
  };
}

export const PARSERS: Readonly<Record<string, Parser>> = {
  base64url,
  jwt,
  unverified,
  fernet,
  cookie,
  session,
};
