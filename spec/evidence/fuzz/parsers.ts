/** What is held against the oracle: each parser of src, and how a case for it is made. */

import { createHash, createSecretKey } from "node:crypto";
import { decode } from "../../../src/base64url.ts";
import { readCookies } from "../../../src/cookie.ts";
import { Fernet } from "../../../src/fernet.ts";
import { decodeUnverified, Jwt, type JwtKey } from "../../../src/jwt.ts";
import { makeEncoded } from "./make/base64url.ts";
import { makeHeader } from "./make/cookie.ts";
import { makeFernet } from "./make/fernet.ts";
import { makeJwt } from "./make/jwt.ts";
import { base64urlBytes } from "./oracle/base64url.ts";
import { cookieValues } from "./oracle/cookie.ts";
import { decryptFernet, type FernetKeys, openFernet } from "./oracle/fernet.ts";
import type { JwsKey } from "./oracle/jws.ts";
import { decodeJwt, type Policy, verifyJwt } from "./oracle/jwt.ts";
import { utf8Text } from "./oracle/utf8.ts";
import { refuse, type Verdict } from "./oracle/verdict.ts";
import type { Random } from "./random.ts";

/** One case: what goes in, what we make of it and what the oracle does. */
export interface Trial {
  readonly text: string;
  /** What else went in. */
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
      // What is new has to be the first key's.
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

export const PARSERS: Readonly<Record<string, Parser>> = {
  base64url,
  jwt,
  unverified,
  fernet,
  cookie,
};
