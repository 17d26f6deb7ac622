/** Checks the oracle of spec/evidence/fuzz against the official vectors and the RFCs' examples, and that it imports no src. */

import assert from "node:assert/strict";
import { createSecretKey } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { base64urlBytes } from "./oracle/base64url.ts";
import { cookieValues } from "./oracle/cookie.ts";
import { decryptFernet, type FernetKeys, openFernet } from "./oracle/fernet.ts";
import { jsonValue } from "./oracle/json.ts";
import { type JwsKey, openJws } from "./oracle/jws.ts";
import { type Policy, verifyJwt } from "./oracle/jwt.ts";
import { utf8Text } from "./oracle/utf8.ts";
import { refuse, type Verdict } from "./oracle/verdict.ts";

type Piece = { utf8?: string; hex?: string; base64url?: string; times?: number };
type Data = string | Piece | Piece[];
type Key = string | (Piece & { kty?: string; k?: string; kid?: string });

/** The schema is in vectors/README.md. */
interface Vector {
  name: string;
  test: string;
  in: {
    key: Key | Key[];
    now?: number;
    padding?: boolean;
    policy?: Policy;
    text: Data;
    token: Data;
    ttl?: number;
  };
  out?: unknown;
  error?: string;
  claim?: string;
}

const ORACLES: Record<string, (given: Vector["in"]) => Verdict<unknown>> = {
  "base64url.decode"(given) {
    const value = base64urlBytes(text(given.text), given.padding ?? false);
    return value === undefined ? refuse("ERR_ENCODING") : { value: hex(value) };
  },
  "jws.verify": (given) => map(openJws(jwsKeys(given.key), undefined, text(given.token)), utf8Text),
  "jwt.verify": (given) =>
    verifyJwt(
      jwsKeys(given.key),
      given.policy ?? {},
      text(given.token),
      given.now ?? Date.now() / 1000,
    ),
  "fernet.decrypt": (given) =>
    map(decryptFernet(fernetKeys(given.key), text(given.token), times(given)), ({ message }) =>
      hex(message),
    ),
  "fernet.timestamp": (given) =>
    map(openFernet(fernetKeys(given.key), text(given.token), times(given)), ({ timestamp }) =>
      Number(timestamp),
    ),
};

/** Converts the `out` of a vector to the oracle's form, where they differ. */
const OUTPUTS: Record<string, (out: Data) => string> = {
  "base64url.decode": (out) => octets(out).toString("hex"),
  "jws.verify": text,
  "fernet.decrypt": (out) => octets(out).toString("hex"),
};

const FOLDER = new URL("../../../vectors/", import.meta.url);
const vectors = readdirSync(FOLDER)
  .filter((file) => file.endsWith(".json"))
  .flatMap((file) => JSON.parse(readFileSync(new URL(file, FOLDER), "utf8")) as Vector[])
  // Constructors decide about keys, before there is an input.
  .filter((vector) => vector.test in ORACLES && vector.error !== "ERR_KEY");

test("the oracle agrees with every vector of a decoder or a verifier", () => {
  for (const vector of vectors) {
    const verdict = ORACLES[vector.test]?.(vector.in);
    const { name, out, error, claim } = vector;
    if (error === undefined) {
      const value = OUTPUTS[vector.test]?.(out as Data) ?? out;
      assert.deepEqual(verdict, { value }, name);
    } else {
      const fault = claim === undefined ? error : `${error} ${claim}`;
      assert.ok(verdict !== undefined && "faults" in verdict, name);
      assert.ok(verdict.faults.includes(fault), `${name}: ${verdict.faults}, not ${fault}`);
    }
  }
  assert.ok(vectors.length > 350, `${vectors.length} vectors`);
});

test("the oracle reads a Cookie header as RFC 6265bis section 4.2 says", () => {
  const rows: [header: string, values: string[]][] = [
    ["SID=31d4d96e407aad42; lang=en-US", ["31d4d96e407aad42"]],
    ["lang=en-US; SID=1;SID=2 ; \tSID\t=\t3", ["1", "2", "3"]],
    ['sid=1; SID="2"; SID=3 4; SID; =SID; SID\u00a0=5; SID=', [""]],
    ["a=1, SID=2; SID=\u0141; SID==", ["="]],
  ];
  for (const [header, values] of rows) assert.deepEqual(cookieValues(header, "SID"), values);
});

test("the oracle reads JSON as the runtime does", () => {
  const texts = [
    "",
    "{",
    "[]]",
    "01",
    "1.",
    '"\t"',
    '"\\x"',
    "nul",
    "[1,]",
    '{"a":1,}',
    "\ufeff{}",
  ];
  texts.push(
    ' {"a" : [1, -0, 1e400, {"__proto__": null}], "a": "\\ud83d\\n\\/"} ',
    '{"a":1 "b":2}',
  );
  for (const text of texts) {
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch {}
    assert.deepStrictEqual(jsonValue(text), value, text);
  }
});

test("the oracle imports nothing of src, and of the runtime only ciphers and hashes", () => {
  const folder = new URL("oracle/", import.meta.url);
  for (const file of readdirSync(folder)) {
    const text = readFileSync(new URL(file, folder), "utf8");
    for (const [, from] of text.matchAll(/\bfrom "([^"]+)"/g)) {
      assert.match(from as string, /^\.\/\w+\.ts$|^node:crypto$/, file);
    }
    assert.doesNotMatch(
      text,
      /\bBuffer\b|\bTextDecoder\b|\bJSON\.parse|\bimport\(|\brequire\b/,
      file,
    );
  }
});

function map<T, U>(verdict: Verdict<T>, change: (value: T) => U): Verdict<U> {
  return "faults" in verdict ? verdict : { value: change(verdict.value) };
}

function times({ now = Math.floor(Date.now() / 1000), ttl }: Vector["in"]) {
  return { now, ttl };
}

function jwsKeys(given: Key | Key[]): JwsKey[] {
  return [given].flat().map((key) => {
    if (typeof key === "string") return { secret: createSecretKey(Buffer.from(key)) };
    const bytes = key.k === undefined ? octets(key) : Buffer.from(key.k, "base64url");
    return { secret: createSecretKey(bytes), kid: key.kid };
  });
}

function fernetKeys(given: Key | Key[]): FernetKeys[] {
  return [given].flat().map((key) => {
    const bytes = typeof key === "string" ? Buffer.from(key, "base64url") : octets(key);
    return {
      signing: createSecretKey(bytes.subarray(0, 16)),
      encryption: createSecretKey(bytes.subarray(16)),
    };
  });
}

function octets(data: Data): Buffer {
  if (typeof data === "string") return Buffer.from(data);
  return Buffer.concat(
    [data].flat().map(({ utf8, hex, base64url, times = 1 }) => {
      const encoding = hex === undefined ? "base64url" : "hex";
      const bytes =
        utf8 === undefined ? Buffer.from(hex ?? base64url ?? "", encoding) : Buffer.from(utf8);
      // Deno refuses to fill with nothing.
      return bytes.length === 0 ? bytes : Buffer.alloc(bytes.length * times, bytes);
    }),
  );
}

/** A lone surrogate would not survive a conversion to octets. */
function text(data: Data): string {
  if (typeof data === "string") return data;
  return [data]
    .flat()
    .map((piece) => piece.utf8?.repeat(piece.times ?? 1) ?? octets(piece).toString())
    .join("");
}

function hex(bytes: readonly number[]): string {
  return Buffer.from(bytes).toString("hex");
}
