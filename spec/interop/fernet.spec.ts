/** Fernet tokens, exchanged with Python's `cryptography` and npm's `fernet` and `fernet-nodejs`. */

import { deepEqual, equal, throws } from "node:assert/strict";
import { test } from "node:test";
import { TokenError } from "bulla";
import { Fernet } from "bulla/fernet";
import npmFernet from "fernet";
import { Fernet as NodejsFernet } from "fernet-nodejs";
import { Generator, tamper } from "./generate.ts";
import { type PythonRequest, python } from "./python.ts";

const COUNT = 200;
const NOW = 1_700_000_000;

const base64 = (bytes: Uint8Array | string): string => Buffer.from(bytes).toString("base64");
const isTokenError = (error: unknown): boolean => error instanceof TokenError;

/** A Fernet key as its text and as its bytes. */
function generateKey(generator: Generator): { text: string; bytes: Uint8Array } {
  const bytes = generator.bytes(32);
  return { text: `${Buffer.from(bytes).toString("base64url")}=`, bytes };
}

test("Python opens what bulla encrypts, with the same timestamp", () => {
  const generator = new Generator("to Python");
  const cases = generator.times(COUNT, () => {
    const { text: key, bytes } = generateKey(generator);
    const message = generator.bytes(generator.length());
    const now = generator.integer(2 ** 33);
    const fernet = new Fernet(generator.chance() ? key : bytes);
    return { key, message, now, token: fernet.encrypt(message, { now }) };
  });
  const answers = python(cases.map(({ key, token, now }) => ({ op: "decrypt", key, token, now })));
  cases.forEach(({ message, now }, index) => {
    deepEqual(answers[index], { message: base64(message), timestamp: now });
  });
});

test("bulla opens what Python encrypts, with the same timestamp", () => {
  const generator = new Generator("from Python");
  const cases = generator.times(COUNT, () => ({
    ...generateKey(generator),
    message: generator.bytes(generator.length()),
    now: generator.integer(2 ** 33),
  }));
  const requests = cases.map(({ text, message, now }): PythonRequest => {
    return { op: "encrypt", key: text, message: base64(message), now };
  });
  python(requests).forEach(({ token = "" }, index) => {
    const { text, bytes, message, now } = cases[index] as (typeof cases)[number];
    const fernet = new Fernet([Fernet.generateKey(), generator.chance() ? text : bytes]);
    deepEqual(Buffer.from(fernet.decrypt(token)), Buffer.from(message));
    equal(fernet.timestamp(token), now);
  });
});

test("bulla and Python agree on when a token has expired and how far clocks may differ", () => {
  const generator = new Generator("ttl");
  const key = Fernet.generateKey();
  const fernet = new Fernet(key);
  const cases = generator.times(COUNT, () => {
    const ttl = generator.pick([0, 1, 59, 60, 61, 3600]);
    const age = generator.pick([-62, -61, -60, -59, -1, 0, 1, ttl - 1, ttl, ttl + 1]);
    return { ttl, now: NOW + age, token: fernet.encrypt("", { now: NOW }) };
  });
  const answers = python(cases.map((each) => ({ op: "decrypt", key, ...each })));
  const verdicts = answers.map(({ error }, index) => {
    const { token, ...options } = cases[index] as (typeof cases)[number];
    if (error === undefined) equal(fernet.decryptText(token, options), "");
    else throws(() => fernet.decryptText(token, options), isTokenError);
    return error;
  });
  deepEqual(new Set(verdicts), new Set([undefined, "InvalidToken"]));
});

test("bulla and Python rotate each other's tokens and keep their timestamps", () => {
  const generator = new Generator("rotate");
  const cases = generator.times(COUNT / 4, () => {
    const keys = [Fernet.generateKey(), Fernet.generateKey()] as const;
    const [first, second] = keys;
    const message = generator.bytes(generator.length());
    const now = generator.integer(2 ** 33);
    const old = new Fernet(second).encrypt(message, { now });
    return { first, keys, message, now, old, rotated: new Fernet(keys).rotate(old) };
  });
  const ours = cases.map(({ first, rotated, now }): PythonRequest => {
    return { op: "decrypt", key: first, token: rotated, now };
  });
  const theirs = cases.map(({ keys, old }): PythonRequest => {
    return { op: "rotate", keys: [...keys], token: old };
  });
  const answers = python([...ours, ...theirs]);
  cases.forEach(({ first, message, now }, index) => {
    deepEqual(answers[index], { message: base64(message), timestamp: now });
    const { token = "" } = answers[index + cases.length] ?? {};
    const fernet = new Fernet(first);
    deepEqual(Buffer.from(fernet.decrypt(token)), Buffer.from(message));
    equal(fernet.timestamp(token), now);
  });
});

test("bulla and npm's fernet open each other's tokens", () => {
  const generator = new Generator("fernet");
  for (let count = 0; count < COUNT; count++) {
    const { text: key, bytes } = generateKey(generator);
    const fernet = new Fernet(generator.chance() ? key : bytes);
    const secret = new npmFernet.Secret(key);
    const message = generator.text(generator.length());
    const now = generator.integer(2 ** 32);

    const ours = fernet.encrypt(message, { now });
    equal(new npmFernet.Token({ secret, ttl: 0, token: ours }).decode(), message);

    if (message === "") continue; // It takes an empty message for a missing argument.
    const time = new Date(now * 1000).toISOString();
    const theirs = new npmFernet.Token({ secret, time }).encode(message);
    equal(fernet.decryptText(theirs), message);
    equal(fernet.timestamp(theirs), now);
  }
});

test("bulla and npm's fernet-nodejs open each other's tokens", () => {
  const generator = new Generator("fernet-nodejs");
  for (let count = 0; count < COUNT; count++) {
    const { text: key, bytes } = generateKey(generator);
    const fernet = new Fernet(generator.chance() ? key : bytes);
    const peer = new NodejsFernet(key);
    const message = generator.text(generator.length());
    equal(peer.decrypt(fernet.encrypt(message)), message);
    equal(fernet.decryptText(peer.encrypt(message), { ttl: 60 }), message);
  }
});

test("a flipped bit, or another key, is refused by all of them", () => {
  const generator = new Generator("refused");
  const key = Fernet.generateKey();
  const other = Fernet.generateKey();
  const secret = new npmFernet.Secret(key);
  const tokens = generator.times(COUNT, () => {
    const message = generator.text(generator.length());
    return generator.chance(0.9)
      ? tamper(new Fernet(key).encrypt(message), generator)
      : new Fernet(other).encrypt(message);
  });
  const requests = tokens.map((token): PythonRequest => ({ op: "decrypt", key, token, now: NOW }));
  python(requests).forEach((answer, index) => {
    const token = tokens[index] as string;
    deepEqual(answer, { error: "InvalidToken" });
    throws(() => new Fernet(key).decrypt(token), { code: "ERR_TOKEN_INVALID" });
    throws(() => new NodejsFernet(key).decrypt(token));
    throws(() => new npmFernet.Token({ secret, ttl: 0, token }).decode());
  });
});
