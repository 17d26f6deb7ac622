/** JWT claims, times and policies, for signing and verifying (RFC 7519 section 4.1, RFC 8725 section 3). */

import assert from "node:assert/strict";
import { describe, mock, test } from "node:test";
import { type Claims, decodeUnverified, Jwt, type JwtPolicy } from "../src/jwt.ts";
import { base64url, jws } from "./helpers/token-forge.ts";
import { misuse, refused, type Verdict } from "./helpers/token-refusals.ts";

const KEY = "a key of thirty-two bytes, no less";
const HS256 = { alg: "HS256" };
const NOW = 1_700_000_000;

const jwt = new Jwt(KEY);

/** A token of these claims, given as JSON text or as a value. */
const token = (claims: unknown): string => jws(HS256, claims, KEY);

/** The verdict of `verify` on a token under a policy at a time: "ok" or the error code. */
type Case = [policy: JwtPolicy, claims: unknown, now: number, verdict: Verdict | "ok"];

function hold(cases: readonly Case[]): void {
  for (const [policy, claims, now, verdict] of cases) {
    const given = typeof claims === "string" ? claims : JSON.stringify(claims);
    test(`${given} under ${JSON.stringify(policy)} at ${now}: ${verdict}`, () => {
      const verifier = new Jwt(KEY, policy);
      const verify = () => verifier.verify(token(claims), { now });
      if (verdict === "ok") assert.deepEqual(verify(), JSON.parse(given));
      else refused(verify, verdict);
    });
  }
}

describe("exp: from that time on the token is expired (section 4.1.4) [7519-4.1.4a]", () => {
  const at = (exp: number, now: number, verdict: Case[3], clockTolerance?: number): Case => [
    clockTolerance === undefined ? {} : { clockTolerance },
    { exp },
    now,
    verdict,
  ];
  hold([
    at(100, 99, "ok"),
    at(100, 99.999_999, "ok"),
    at(100, 100, "ERR_TOKEN_EXPIRED"),
    at(100, 100.5, "ERR_TOKEN_EXPIRED"),
    at(100, 1e300, "ERR_TOKEN_EXPIRED"),
    at(100.5, 100, "ok"),
    at(100.5, 100.25, "ok"),
    at(100.5, 100.5, "ERR_TOKEN_EXPIRED"),
    at(100, 104.75, "ok", 5),
    at(100, 105, "ERR_TOKEN_EXPIRED", 5),
    at(100, 100.25, "ok", 0.5),
    at(100, 100.5, "ERR_TOKEN_EXPIRED", 0.5),
    at(100, 100, "ERR_TOKEN_EXPIRED", 0),
    at(0, 0, "ERR_TOKEN_EXPIRED"),
    at(0, -1, "ok"),
    at(-1, 0, "ERR_TOKEN_EXPIRED"),
    at(1e308, 1e307, "ok"),
    at(Number.MAX_VALUE, NOW, "ok", Number.MAX_VALUE),
  ]);
});

describe("nbf: from that time on the token is active (section 4.1.5) [7519-4.1.4c]", () => {
  const at = (nbf: number, now: number, verdict: Case[3], clockTolerance = 0): Case => [
    { clockTolerance },
    { nbf },
    now,
    verdict,
  ];
  hold([
    at(100, 99, "ERR_TOKEN_NOT_ACTIVE"),
    at(100, 99.999_999, "ERR_TOKEN_NOT_ACTIVE"),
    at(100, 100, "ok"),
    at(100.5, 100, "ERR_TOKEN_NOT_ACTIVE"),
    at(100.5, 100.25, "ERR_TOKEN_NOT_ACTIVE"),
    at(100.5, 100.5, "ok"),
    at(100, 94.75, "ERR_TOKEN_NOT_ACTIVE", 5),
    at(100, 95, "ok", 5),
    at(100, 99.5, "ok", 0.5),
    at(100, 99.25, "ERR_TOKEN_NOT_ACTIVE", 0.5),
    at(1e308, NOW, "ERR_TOKEN_NOT_ACTIVE"),
    at(-1e308, NOW, "ok"),
  ]);
});

describe("iat: is not checked (section 4.1.6), except against maxTokenAge [7519-4.1.6]", () => {
  hold([
    [{}, { iat: NOW + 1e6 }, NOW, "ok"],
    [{ clockTolerance: 1 }, { iat: NOW + 1e6 }, NOW, "ok"],
    [{}, { iat: NOW + 1e6, exp: NOW + 1 }, NOW, "ok"],
    [{}, { iat: NOW + 1e6, nbf: NOW }, NOW, "ok"],
    [{}, { iat: -1e6, exp: NOW + 1 }, NOW, "ok"],
    [{ maxTokenAge: 10 }, { iat: 90 }, 100, "ok"],
    [{ maxTokenAge: 10 }, { iat: 90 }, 100.25, "ERR_TOKEN_EXPIRED"],
    [{ maxTokenAge: 10 }, { iat: 89.75 }, 100, "ERR_TOKEN_EXPIRED"],
    [{ maxTokenAge: 10.5 }, { iat: 89.5 }, 100, "ok"],
    [{ maxTokenAge: 0 }, { iat: 100 }, 100, "ok"],
    [{ maxTokenAge: 0 }, { iat: 100 }, 100.25, "ERR_TOKEN_EXPIRED"],
    [{ maxTokenAge: 10, clockTolerance: 2 }, { iat: 88 }, 100, "ok"],
    [{ maxTokenAge: 10, clockTolerance: 2 }, { iat: 87.75 }, 100, "ERR_TOKEN_EXPIRED"],
    [{ maxTokenAge: 10 }, { iat: 100 }, 100, "ok"],
    [{ maxTokenAge: 10 }, { iat: 100.25 }, 100, "ERR_TOKEN_NOT_ACTIVE"],
    [{ maxTokenAge: 10, clockTolerance: 2 }, { iat: 102 }, 100, "ok"],
    [{ maxTokenAge: 10, clockTolerance: 2 }, { iat: 102.25 }, 100, "ERR_TOKEN_NOT_ACTIVE"],
    [{ maxTokenAge: 10 }, {}, 100, "ERR_TOKEN_CLAIM iat"],
    [{ maxTokenAge: 10 }, { iat: "90" }, 100, "ERR_TOKEN_CLAIM iat"],
    [{ maxTokenAge: 10 }, { iat: -1e308 }, 1e308, "ERR_TOKEN_EXPIRED"],
  ]);
});

describe("Times must be finite numbers, names must be strings (section 2; 4.1) [7519-2]", () => {
  const NO_TIMES = [
    '"1700000000"',
    "1e400",
    "-1e400",
    "null",
    "true",
    "[]",
    "[1700000000]",
    "{}",
    '""',
  ];
  const NO_NAMES = ["1", "null", "true", "[]", '["joe"]', "{}", '{"toString":"joe"}'];
  const NO_AUDIENCES = ["1", "null", "true", "{}", '["x",1]', "[null]", '[["x"]]', '{"0":"x"}'];
  const of = (name: string, values: readonly string[]): Case[] =>
    values.map((value) => [{}, `{"${name}":${value}}`, NOW, `ERR_TOKEN_CLAIM ${name}`]);
  hold(["exp", "nbf", "iat"].flatMap((name) => of(name, NO_TIMES)));
  hold(["iss", "sub", "jti"].flatMap((name) => of(name, NO_NAMES)));
  hold(of("aud", NO_AUDIENCES));
  // The type is checked even without an audience in the policy, and before any value.
  hold([
    [{ audience: "x" }, '{"aud":["x",1]}', NOW, "ERR_TOKEN_CLAIM aud"],
    [{}, '{"exp":1,"nbf":"1"}', NOW, "ERR_TOKEN_CLAIM nbf"],
    [{}, `{"exp":${NOW}.5,"nbf":1e3,"iat":-0.5e-3}`, NOW, "ok"],
    [{}, '{"EXP":1,"Exp":"x","exp ":1}', NOW, "ok"],
  ]);
});

describe("A token must have exactly what the policy sets (section 4.1) [7515-5.3b]", () => {
  for (const [option, name] of [
    ["issuer", "iss"],
    ["subject", "sub"],
    ["jwtId", "jti"],
  ] as const) {
    const policy = { [option]: "caf\u00e9" };
    hold([
      [policy, { [name]: "caf\u00e9" }, NOW, "ok"],
      [policy, `{"${name}":"caf\\u00e9"}`, NOW, "ok"],
      [policy, { [name]: "cafe\u0301" }, NOW, `ERR_TOKEN_CLAIM ${name}`],
      [policy, { [name]: "Caf\u00e9" }, NOW, `ERR_TOKEN_CLAIM ${name}`],
      [policy, { [name]: "caf\u00e9 " }, NOW, `ERR_TOKEN_CLAIM ${name}`],
      [policy, { [name]: "caf" }, NOW, `ERR_TOKEN_CLAIM ${name}`],
      [policy, { [name]: "" }, NOW, `ERR_TOKEN_CLAIM ${name}`],
      [policy, { [name]: ["caf\u00e9"] }, NOW, `ERR_TOKEN_CLAIM ${name}`],
      [policy, { [name]: null }, NOW, `ERR_TOKEN_CLAIM ${name}`],
      [policy, {}, NOW, `ERR_TOKEN_CLAIM ${name}`],
      [policy, `{"__proto__":{"${name}":"caf\u00e9"}}`, NOW, `ERR_TOKEN_CLAIM ${name}`],
    ]);
  }
});

describe("A token needs one of the policy's issuers (section 4.1.1)", () => {
  const policy = { issuer: ["https://joe.example", "ann"] };
  hold([
    [policy, { iss: "https://joe.example" }, NOW, "ok"],
    [policy, { iss: "ann" }, NOW, "ok"],
    [{ issuer: ["ann"] }, { iss: "ann" }, NOW, "ok"],
    [policy, {}, NOW, "ERR_TOKEN_CLAIM iss"],
    [policy, { iss: "" }, NOW, "ERR_TOKEN_CLAIM iss"],
    [policy, { iss: "eve" }, NOW, "ERR_TOKEN_CLAIM iss"],
    [policy, { iss: "Ann" }, NOW, "ERR_TOKEN_CLAIM iss"],
    [policy, { iss: "an" }, NOW, "ERR_TOKEN_CLAIM iss"],
    [policy, { iss: "annette" }, NOW, "ERR_TOKEN_CLAIM iss"],
    [policy, { iss: "https://joe.example,ann" }, NOW, "ERR_TOKEN_CLAIM iss"],
    [policy, { iss: ["ann"] }, NOW, "ERR_TOKEN_CLAIM iss"],
    [policy, { iss: null }, NOW, "ERR_TOKEN_CLAIM iss"],
    [policy, '{"__proto__":{"iss":"ann"}}', NOW, "ERR_TOKEN_CLAIM iss"],
    [{ issuer: ["ann"] }, { iss: "https://joe.example" }, NOW, "ERR_TOKEN_CLAIM iss"],
  ]);
});

describe("aud: a token for another audience is refused (section 4.1.3) [7519-4.1.3]", () => {
  hold([
    [{}, { aud: "x" }, NOW, "ERR_TOKEN_CLAIM aud"],
    [{}, { aud: [] }, NOW, "ERR_TOKEN_CLAIM aud"],
    [{}, { aud: "" }, NOW, "ERR_TOKEN_CLAIM aud"],
    [{ audience: "x" }, { aud: "x" }, NOW, "ok"],
    [{ audience: "x" }, { aud: ["y", "x"] }, NOW, "ok"],
    [{ audience: "x" }, { aud: ["x", "x"] }, NOW, "ok"],
    [{ audience: ["w", "x"] }, { aud: "x" }, NOW, "ok"],
    [{ audience: ["w", "x"] }, { aud: ["y", "x"] }, NOW, "ok"],
    [{ audience: ["w", "x"] }, { aud: ["y", "z"] }, NOW, "ERR_TOKEN_CLAIM aud"],
    [{ audience: "x" }, {}, NOW, "ERR_TOKEN_CLAIM aud"],
    [{ audience: "x" }, { aud: [] }, NOW, "ERR_TOKEN_CLAIM aud"],
    [{ audience: "x" }, { aud: "X" }, NOW, "ERR_TOKEN_CLAIM aud"],
    [{ audience: "x" }, { aud: "xy" }, NOW, "ERR_TOKEN_CLAIM aud"],
    [{ audience: "xy" }, { aud: "x" }, NOW, "ERR_TOKEN_CLAIM aud"],
    [{ audience: "x" }, { aud: ["xy", "ax"] }, NOW, "ERR_TOKEN_CLAIM aud"],
    [{ audience: "x,y" }, { aud: ["x", "y"] }, NOW, "ERR_TOKEN_CLAIM aud"],
    [{ audience: "toString" }, { aud: [] }, NOW, "ERR_TOKEN_CLAIM aud"],
  ]);
});

describe("requiredClaims, and the other claims that a policy requires", () => {
  const PROTOTYPE = Object.getOwnPropertyNames(Object.prototype);
  hold([
    [{ requiredClaims: ["scope"] }, { scope: "" }, NOW, "ok"],
    [{ requiredClaims: ["scope"] }, { scope: null }, NOW, "ok"],
    [{ requiredClaims: ["scope"] }, { Scope: 1 }, NOW, "ERR_TOKEN_CLAIM scope"],
    [{ requiredClaims: ["a", "b"] }, { a: 1 }, NOW, "ERR_TOKEN_CLAIM b"],
    [{ requiredClaims: ["exp"] }, {}, NOW, "ERR_TOKEN_CLAIM exp"],
    ...PROTOTYPE.map(
      (name): Case => [{ requiredClaims: [name] }, {}, NOW, `ERR_TOKEN_CLAIM ${name}`],
    ),
    ...PROTOTYPE.map((name): Case => [{ requiredClaims: [name] }, `{"${name}":1}`, NOW, "ok"]),
    [{ expiresIn: 10 }, {}, NOW, "ERR_TOKEN_CLAIM exp"],
    [{ expiresIn: 10 }, { exp: NOW + 1e6 }, NOW, "ok"],
    [{ notBefore: 10, issuedAt: true }, {}, NOW, "ok"],
  ]);

  test("checks the MAC first, and a claim's type before its value [8725-3.3]", () => {
    const strict = new Jwt(KEY, { issuer: "joe", expiresIn: 1, requiredClaims: ["x"] });
    refused(() => strict.verify(jws(HS256, { exp: 1 }, `${KEY}!`)), "ERR_TOKEN_SIGNATURE");
    refused(() => strict.verify(token({ exp: 1 }), { now: NOW }), "ERR_TOKEN_CLAIM iss");
    refused(() => strict.verify(token({ iss: "joe", exp: 1 })), "ERR_TOKEN_CLAIM x");
    refused(() => strict.verify(token({ iss: "joe", exp: 1, x: 1 })), "ERR_TOKEN_EXPIRED");
  });
});

describe("Without `now` the system's clock counts, to the millisecond", () => {
  /** Checks the verdict of `verify` with the system's clock at a time in milliseconds. */
  function holdAt(policy: JwtPolicy, claims: Claims, milliseconds: number, verdict: Case[3]): void {
    test(`${JSON.stringify([policy, claims])} at ${milliseconds} ms: ${verdict}`, () => {
      const { mock: clock } = mock.method(Date, "now", () => milliseconds);
      try {
        const verify = () => new Jwt(KEY, policy).verify(token(claims));
        if (verdict === "ok") assert.deepEqual(verify(), claims);
        else refused(verify, verdict);
      } finally {
        clock.restore();
      }
    });
  }
  holdAt({}, { exp: 100.5 }, 100_499, "ok");
  holdAt({}, { exp: 100.5 }, 100_500, "ERR_TOKEN_EXPIRED");
  holdAt({}, { exp: 100.5 }, 100_999, "ERR_TOKEN_EXPIRED");
  holdAt({ clockTolerance: 0.25 }, { exp: 100 }, 100_249, "ok");
  holdAt({ clockTolerance: 0.25 }, { exp: 100 }, 100_250, "ERR_TOKEN_EXPIRED");
  holdAt({}, { nbf: 100.5 }, 100_499, "ERR_TOKEN_NOT_ACTIVE");
  holdAt({}, { nbf: 100.5 }, 100_500, "ok");
  holdAt({ maxTokenAge: 10 }, { iat: 90 }, 100_000, "ok");
  holdAt({ maxTokenAge: 10 }, { iat: 90 }, 100_001, "ERR_TOKEN_EXPIRED");
  holdAt({ maxTokenAge: 10 }, { iat: 100.5 }, 100_499, "ERR_TOKEN_NOT_ACTIVE");
  holdAt({ maxTokenAge: 10 }, { iat: 100.5 }, 100_500, "ok");

  test("a clock that signs and verifies leaves the call that reads it right", () => {
    const timed = new Jwt(KEY, { expiresIn: 60, issuer: "joe" });
    const other = new Jwt(`${KEY}!`);
    const outer = { sub: "tom", note: "n".repeat(300) };
    const inner = other.sign({ sub: "eve", note: "e".repeat(300) }, { now: 1 });
    const signed = timed.sign(outer, { now: NOW });
    let asked = 0;
    let busy = false;
    const { mock: clock } = mock.method(Date, "now", () => {
      if (!busy) {
        asked++;
        busy = true;
        other.sign({ sub: "eve", asked });
        other.verify(inner);
        timed.sign({ sub: "eve" });
        refused(() => timed.verify(inner), "ERR_TOKEN_SIGNATURE");
        busy = false;
      }
      return NOW * 1000;
    });
    try {
      const claims = { ...outer, iat: NOW, exp: NOW + 60, iss: "joe" };
      for (let times = 1; times <= 3; times++) {
        assert.equal(timed.sign(outer), signed);
        assert.deepEqual(timed.verify(signed), claims);
        refused(() => timed.verify(timed.sign(outer, { expiresIn: 0 })), "ERR_TOKEN_EXPIRED");
        assert.equal(asked, 4 * times);
      }
    } finally {
      clock.restore();
    }
  });
});

describe("Signing writes the claims, then what the policy adds [7519-7.1a]", () => {
  const signed = (policy: JwtPolicy, claims: object, options?: object): Claims =>
    decodeUnverified(new Jwt(KEY, policy).sign(claims as Claims, { now: NOW, ...options })).claims;
  const iat = NOW;
  const own = JSON.parse('{"__proto__":1,"a":{}}');

  const cases: [policy: JwtPolicy, claims: object, options: object, out: object][] = [
    [{}, {}, {}, { iat }],
    [{}, { a: 1 }, {}, { a: 1, iat }],
    [{}, { iat: 5 }, {}, { iat: 5 }],
    [{}, { iat: 0.5 }, {}, { iat: 0.5 }],
    [{}, { iat: undefined, exp: undefined }, {}, { iat }],
    [{}, {}, { now: NOW + 0.75 }, { iat }],
    [{}, {}, { now: -0.5 }, { iat: -1 }],
    [{}, {}, { now: 0 }, { iat: 0 }],
    [{ issuedAt: false }, {}, {}, {}],
    [{ issuedAt: false }, { iat: 7 }, {}, { iat: 7 }],
    [{ issuedAt: true }, {}, {}, { iat }],
    [{ expiresIn: 60 }, {}, {}, { iat, exp: NOW + 60 }],
    [{ expiresIn: 0.5 }, {}, {}, { iat, exp: NOW + 0.5 }],
    [{ expiresIn: 0 }, {}, {}, { iat, exp: NOW }],
    [{ expiresIn: -60 }, {}, {}, { iat, exp: NOW - 60 }],
    [{}, { exp: 5, nbf: 4 }, {}, { exp: 5, nbf: 4, iat }],
    [{ notBefore: 5 }, { exp: 5 }, {}, { exp: 5, iat, nbf: NOW + 5 }],
    [{ expiresIn: 60 }, { nbf: 5 }, {}, { nbf: 5, iat, exp: NOW + 60 }],
    [{ expiresIn: 60 }, { exp: undefined }, {}, { iat, exp: NOW + 60 }],
    [{ expiresIn: 60 }, { iat: 5 }, {}, { iat: 5, exp: NOW + 60 }],
    [{ expiresIn: 60, issuedAt: false }, { iat: 5 }, {}, { iat: 5, exp: NOW + 60 }],
    [{ expiresIn: 60 }, {}, { expiresIn: 9 }, { iat, exp: NOW + 9 }],
    [{ expiresIn: 60 }, {}, { expiresIn: 0 }, { iat, exp: NOW }],
    [{}, {}, { expiresIn: 9 }, { iat, exp: NOW + 9 }],
    [{ notBefore: 5 }, {}, {}, { iat, nbf: NOW + 5 }],
    [{ notBefore: 5 }, { nbf: undefined }, {}, { iat, nbf: NOW + 5 }],
    [{ notBefore: 5 }, {}, { notBefore: -5 }, { iat, nbf: NOW - 5 }],
    [{}, {}, { notBefore: 0 }, { iat, nbf: NOW }],
    [{ issuedAt: false, expiresIn: 1 }, {}, {}, { exp: NOW + 1 }],
    [{ issuedAt: false, notBefore: 1 }, {}, {}, { nbf: NOW + 1 }],
    [{ issuedAt: false, expiresIn: 1, notBefore: 1 }, {}, {}, { exp: NOW + 1, nbf: NOW + 1 }],
    [{ issuer: "joe" }, {}, {}, { iat, iss: "joe" }],
    [{ issuer: 'j"o\\e\u00e9\n' }, {}, {}, { iat, iss: 'j"o\\e\u00e9\n' }],
    [{ issuer: "joe" }, { iss: "joe" }, {}, { iss: "joe", iat }],
    [{ issuer: ["joe"] }, {}, {}, { iat, iss: "joe" }],
    [{ issuer: ["joe"] }, { iss: "joe" }, {}, { iss: "joe", iat }],
    [{ issuer: ["joe", "ann"] }, { iss: "ann" }, {}, { iss: "ann", iat }],
    [{ issuer: ["joe", "ann"], subject: "s" }, { iss: "joe" }, {}, { iss: "joe", iat, sub: "s" }],
    [{ subject: "s", jwtId: "j" }, { sub: undefined }, {}, { iat, sub: "s", jti: "j" }],
    [{ audience: "x" }, {}, {}, { iat, aud: "x" }],
    [{ audience: ["x"] }, {}, {}, { iat, aud: ["x"] }],
    [{ audience: ["x", "y"] }, {}, {}, { iat, aud: ["x", "y"] }],
    [{ audience: ["x", "y"] }, { aud: "y" }, {}, { aud: "y", iat }],
    [{ audience: "x" }, { aud: ["z", "x"] }, {}, { aud: ["z", "x"], iat }],
    [{ issuedAt: false }, { aud: "x" }, {}, { aud: "x" }],
    [{}, own, {}, JSON.parse(`{"__proto__":1,"a":{},"iat":${iat}}`)],
    [{}, { toJSON: 1 }, {}, { toJSON: 1, iat }],
    [{}, new Map(), {}, { iat }],
    [{}, Object.create({ inherited: "x" }), {}, { iat }],
    [{}, Object.assign(Object.create(null), { a: 1 }), {}, { a: 1, iat }],
    [{}, { a: undefined, b: () => 1, [Symbol("c")]: 1, d: Number.NaN }, {}, { d: null, iat }],
    [{}, { a: new Date(0), b: "\ud800" }, {}, { a: "1970-01-01T00:00:00.000Z", b: "\ud800", iat }],
    [{ requiredClaims: ["scope"], maxTokenAge: 1, clockTolerance: 1 }, {}, {}, { iat }],
  ];

  for (const [policy, claims, options, out] of cases) {
    test(`${JSON.stringify([policy, claims, options]).slice(1, -1)}`, () => {
      const before = JSON.stringify([policy, claims, options]);
      assert.deepEqual(signed(policy, claims, options), out);
      assert.equal(JSON.stringify([policy, claims, options]), before, "nothing given was changed");
      // Each added claim is written once, behind those that were given.
      const made = new Jwt(KEY, policy).sign(claims as Claims, { now: NOW, ...options });
      const text = Buffer.from(made.split(".")[1] as string, "base64url").toString();
      assert.equal(text, JSON.stringify(out));
    });
  }

  test("without `now` each call uses the current second of the system's clock", () => {
    const timeless = cases.filter(([, , options]) => Object.keys(options).length === 0);
    const signers = timeless.map(([policy]) => new Jwt(KEY, policy));
    let time = 0;
    const { mock: clock } = mock.method(Date, "now", () => time);
    try {
      // Whole seconds, fractions, and times that go backwards.
      for (const late of [0, 999, 1000, 1500, 0, -1, 86_400_000]) {
        time = NOW * 1000 + late;
        const now = Math.floor(NOW + late / 1000);
        for (const order of [timeless.keys(), [...timeless.keys()].reverse()]) {
          for (const index of order) {
            const [policy, claims] = timeless[index] as (typeof cases)[number];
            const given = claims as Claims;
            const expected = new Jwt(KEY, policy).sign(given, { now });
            assert.equal((signers[index] as Jwt).sign(given), expected, `${late}, ${index}`);
            // The same signer signs other claims in between: one of every kind.
            for (const name of ["iss", "sub", "jti", "aud", "exp", "nbf", "iat", "other"]) {
              const value = ["exp", "nbf", "iat"].includes(name) ? 5 : "x";
              const signer = signers[0] as Jwt;
              const json = JSON.stringify({
                [name]: value,
                ...(name === "iat" ? {} : { iat: now }),
              });
              const header = { alg: "HS256", typ: "JWT" };
              assert.equal(signer.sign({ [name]: value }), jws(header, json, KEY));
            }
          }
        }
      }
    } finally {
      clock.restore();
    }
  });

  test("a policy without times adds the same claims to every token", () => {
    const signer = new Jwt(KEY, { issuer: "joe", issuedAt: false });
    for (let tokens = 0; tokens < 2; tokens++) {
      assert.deepEqual(decodeUnverified(signer.sign({ a: 1 })).claims, { a: 1, iss: "joe" });
    }
  });

  test("the options of one call have no effect on the next", () => {
    const policy: JwtPolicy = { issuer: "joe", expiresIn: 60 };
    const signer = new Jwt(KEY, policy);
    const options = [{}, { now: NOW }, { expiresIn: 9 }, { notBefore: 3 }, { now: NOW + 1 }];
    const { mock: clock } = mock.method(Date, "now", () => NOW * 1000);
    try {
      for (const first of [undefined, ...options]) {
        for (const second of [undefined, ...options]) {
          signer.sign({ a: 1 }, first);
          const expected = new Jwt(KEY, policy).sign({ a: 2 }, { now: NOW, ...second });
          assert.equal(signer.sign({ a: 2 }, second), expected, JSON.stringify([first, second]));
        }
      }
    } finally {
      clock.restore();
    }
  });

  test("adds each claim of the policy that the call does not give, with `now` and without", () => {
    const full: JwtPolicy = { issuer: "i", audience: "a", subject: "s", jwtId: "j" };
    const signer = new Jwt(KEY, { ...full, expiresIn: 60, notBefore: 5 });
    const set = { iat: NOW, exp: NOW + 60, nbf: NOW + 5, iss: "i", aud: "a", sub: "s", jti: "j" };
    const own: Claims = { iss: "i", sub: "s", jti: "j", aud: "a", iat: 3 };
    const { mock: clock } = mock.method(Date, "now", () => NOW * 1000);
    try {
      for (const [name, value] of Object.entries(own)) {
        for (const claims of [{ [name]: value }, { x: 1 }, { [name]: undefined }, {}]) {
          for (const options of [undefined, {}, { now: NOW }]) {
            const made = decodeUnverified(signer.sign(claims, options)).claims;
            const given = JSON.parse(JSON.stringify(claims));
            assert.deepEqual(made, { ...set, ...given }, `${name}, ${JSON.stringify(options)}`);
          }
        }
      }
      for (const name of ["iss", "sub", "jti", "aud"]) {
        const message = `the claim ${name} must be one of the policy's, or left out`;
        misuse(() => signer.sign({ [name]: "other" }), "ERR_OPTION", message);
      }
    } finally {
      clock.restore();
    }
  });

  test("a member that JSON leaves out does not count as the claim [7519-4]", () => {
    const hidden = Object.defineProperty({}, "iss", { value: "joe", enumerable: false });
    assert.deepEqual(signed({ issuer: "joe" }, hidden), { iat, iss: "joe" });
    const inherited = Object.create({ iss: "joe", iat: 1 });
    assert.deepEqual(signed({ issuer: "joe" }, inherited), { iat, iss: "joe" });
  });

  test("changing a policy later has no effect", () => {
    const policy = { issuer: "joe", audience: ["x"], requiredClaims: ["a"], expiresIn: 60 };
    const kept = new Jwt(KEY, policy);
    Object.assign(policy, { issuer: "eve", expiresIn: 1 });
    policy.audience.push("y");
    policy.requiredClaims.push("b");
    const made = kept.sign({ a: 1 }, { now: NOW });
    const out = { a: 1, iat: NOW, exp: NOW + 60, iss: "joe", aud: ["x"] };
    assert.deepEqual(kept.verify(made, { now: NOW }), out);
    const foreign = token({ a: 1, exp: NOW + 60, iss: "joe", aud: "y" });
    refused(() => kept.verify(foreign, { now: NOW }), "ERR_TOKEN_CLAIM aud");
  });

  test("a policy verifies the tokens that it signs, by the system's clock too", () => {
    const policies: JwtPolicy[] = [
      {},
      { issuer: "i", audience: ["a", "b"], subject: "s", jwtId: "j", typ: "at+jwt" },
      { expiresIn: 60, notBefore: -1, maxTokenAge: 60, requiredClaims: ["iat", "exp"] },
    ];
    for (const policy of policies) {
      const both = new Jwt(KEY, policy);
      const before = Math.floor(Date.now() / 1000);
      const claims = both.verify(both.sign({ n: 1 }));
      const after = Date.now() / 1000;
      assert.ok(claims.iat !== undefined && claims.iat >= before && claims.iat <= after);
      assert.equal(claims.n, 1);
    }
    const gone = jwt.sign({ exp: Math.floor(Date.now() / 1000) });
    refused(() => jwt.verify(gone), "ERR_TOKEN_EXPIRED");
  });
});

describe("Signing refuses claims that a verifier would refuse [7519-4.1.4b]", () => {
  const policy = { issuer: "joe", audience: ["x", "y"], subject: "s", jwtId: "j" };
  const contradictions: Claims[] = [
    { iss: "eve" },
    { iss: "Joe" },
    { iss: "" },
    { aud: "z" },
    { aud: [] },
    { aud: ["z", "w"] },
    { sub: "t" },
    { jti: "k" },
  ];
  for (const claims of contradictions) {
    const [name] = Object.keys(claims) as [string];
    test(`${JSON.stringify(claims)} contradicts the policy`, () => {
      const message = `the claim ${name} must be one of the policy's, or left out`;
      misuse(() => new Jwt(KEY, policy).sign(claims), "ERR_OPTION", message);
    });
  }

  describe("a time beside the option that sets it: sign(request.body) must not choose its own exp", () => {
    const toJSON = (value: object) => ({ toJSON: () => value });
    for (const [name, option] of [
      ["exp", "expiresIn"],
      ["nbf", "notBefore"],
    ] as const) {
      const beside: [policy: JwtPolicy, claims: object, options: object | undefined][] = [];
      for (const claims of [{ [name]: NOW + 1e9 }, { [name]: 0 }, toJSON({ [name]: -1 })]) {
        beside.push([{ [option]: 60 }, claims, undefined]);
        beside.push([{ [option]: 60 }, claims, {}]);
        beside.push([{ [option]: 60 }, claims, { now: NOW }]);
        beside.push([{ [option]: 60 }, claims, { [option]: 9 }]);
        beside.push([{ [option]: 0 }, claims, undefined]);
        beside.push([{}, claims, { [option]: 9 }]);
        beside.push([{ issuedAt: false }, claims, { [option]: 0 }]);
      }
      test(`${name} beside ${option}`, () => {
        const message = `the claim ${name} must be left out: ${option} sets it`;
        for (const [policy, claims, options] of beside) {
          const signer = new Jwt(KEY, policy);
          // Twice: the call between fills the signer's cache.
          for (let times = 0; times < 2; times++) {
            const what = JSON.stringify([policy, options]);
            misuse(() => signer.sign(claims as Claims, options), "ERR_OPTION", message, what);
            signer.sign({});
          }
        }
      });
    }

    test("refuses to sign verified claims again with their exp: a refreshed token needs a new one", () => {
      const signer = new Jwt(KEY, { expiresIn: 600 });
      const { exp, ...claims } = signer.verify(signer.sign({ sub: "tom" }));
      const message = "the claim exp must be left out: expiresIn sets it";
      misuse(() => signer.sign({ ...claims, exp } as Claims), "ERR_OPTION", message);
      assert.equal(signer.verify(signer.sign(claims)).sub, "tom");
    });

    test("a time that JSON leaves out does not count", () => {
      const hidden = Object.defineProperty({}, "exp", { value: 5, enumerable: false });
      const signer = new Jwt(KEY, { expiresIn: 60, issuedAt: false });
      for (const claims of [hidden, Object.create({ exp: 5 }), { exp: undefined }]) {
        const made = decodeUnverified(signer.sign(claims, { now: NOW })).claims;
        assert.deepEqual(made, { exp: NOW + 60 });
      }
    });
  });

  test("a missing or foreign iss, where the policy has several issuers", () => {
    const signer = new Jwt(KEY, { issuer: ["joe", "ann"] });
    const hidden = Object.defineProperty({}, "iss", { value: "joe", enumerable: false });
    for (const claims of [{}, { sub: "joe" }, { iss: undefined }, hidden, { toJSON: () => ({}) }]) {
      for (const options of [undefined, { now: NOW }]) {
        const message = "the claim iss must be one of the policy's issuers";
        misuse(() => signer.sign(claims as Claims, options), "ERR_OPTION", message);
      }
    }
    for (const iss of ["eve", "", "Joe", "joe,ann", "jo", "joeann"]) {
      misuse(
        () => signer.sign({ iss }),
        "ERR_OPTION",
        "the claim iss must be one of the policy's, or left out",
      );
    }
  });

  const time = "a finite number, the seconds since the epoch";
  const list = "a string or a list of strings";
  const wrong: [name: string, demand: string, values: unknown[]][] = [
    [
      "exp",
      time,
      ["1", null, Number.NaN, Infinity, -Infinity, 1n, new Date(), [1], true, Symbol()],
    ],
    ["nbf", time, ["1", null, Number.NaN, Infinity, {}, () => 1]],
    ["iat", time, ["1", null, Number.NaN, Infinity, { valueOf: () => 1 }]],
    ["iss", "a string", [1, null, ["joe"], new String("joe"), { toJSON: () => "joe" }, false]],
    ["sub", "a string", [1, null, {}]],
    ["jti", "a string", [1, null, {}]],
    ["aud", list, [1, null, {}, ["x", 1], [["x"]], new Set(["x"]), [undefined], Array(1)]],
  ];
  for (const [name, demand, values] of wrong) {
    test(`${name} of a wrong type`, () => {
      const message = `the claim ${name} must be ${demand}`;
      const held = "the claims must be an object that JSON can hold";
      for (const value of values) {
        const sign = () => jwt.sign({ [name]: value } as Claims);
        misuse(sign, "ERR_OPTION", typeof value === "bigint" ? held : message, String(value));
      }
    });
  }

  test("claims that are not an object", () => {
    const values = [undefined, null, 0, 1n, "{}", true, [], [{}], Symbol("s"), () => ({})];
    for (const value of values) {
      const sign = () => jwt.sign(value as never);
      misuse(sign, "ERR_OPTION", "the claims must be an object", typeof value);
    }
  });

  test("claims that JSON cannot hold, and a toJSON that does not return an object", () => {
    const cycle: Claims = {};
    cycle.self = { cycle };
    const toJSON = (value: unknown) => ({ toJSON: () => value });
    const secret = "the plaintext of a secret";
    const claims: object[] = [
      cycle,
      { a: 1n },
      { a: Object(1n) },
      toJSON(undefined),
      toJSON(null),
      toJSON("{}"),
      toJSON([]),
      toJSON(1),
      toJSON(() => 1),
      new Date(0),
      new String("{}"),
      {
        toJSON() {
          throw new Error(secret);
        },
      },
      {
        get a() {
          throw new Error(secret);
        },
      },
      { a: { b: { toJSON: () => assert.fail(secret) } } },
    ];
    const good = jwt.sign({ a: 1 }, { now: NOW });
    for (const bad of claims) {
      const message = "the claims must be an object that JSON can hold";
      misuse(() => jwt.sign(bad as Claims), "ERR_OPTION", message);
      assert.equal(jwt.sign({ a: 1 }, { now: NOW }), good, "and the next is right");
    }
  });

  test("refuses only claims that are too deep for the runtime's JSON", () => {
    const patient = new Jwt(KEY, { maxTokenLength: 2 ** 24 });
    for (const depth of [10, 1000, 100_000]) {
      let claims: Claims = {};
      for (let level = 0; level < depth; level++) claims = { claims };
      const json = outcome(() => JSON.stringify(claims));
      const sign = () => patient.sign(claims, { now: NOW });
      if (json === undefined) {
        misuse(sign, "ERR_OPTION", "the claims must be an object that JSON can hold");
      } else {
        const header = { alg: "HS256", typ: "JWT" };
        assert.ok(sign() === jws(header, `${json.slice(0, -1)},"iat":${NOW}}`, KEY), `${depth}`);
      }
    }
  });

  test("signs what a toJSON returns, under the same rules", () => {
    const by = (value: unknown) => ({ sub: "hidden", exp: "no number", toJSON: () => value });
    const strict = new Jwt(KEY, { subject: "tom" });
    const sign = (value: unknown) => () => strict.sign(by(value) as never, { now: NOW });
    assert.deepEqual(decodeUnverified(sign({ a: 1 })()).claims, { a: 1, iat: NOW, sub: "tom" });
    assert.deepEqual(decodeUnverified(sign({ sub: "tom", iat: 1 })()).claims, {
      sub: "tom",
      iat: 1,
    });
    misuse(
      sign({ sub: "ann" }),
      "ERR_OPTION",
      "the claim sub must be one of the policy's, or left out",
    );
    misuse(
      sign({ exp: "1" }),
      "ERR_OPTION",
      "the claim exp must be a finite number, the seconds since the epoch",
    );
    class Token {
      toJSON() {
        return { sub: "tom" };
      }
    }
    const made = strict.sign(new Token() as never, { now: NOW });
    assert.deepEqual(decodeUnverified(made).claims, { sub: "tom", iat: NOW });
  });

  test("lets a toJSON sign and verify with the same instance", () => {
    const inner: string[] = [];
    const claims = {
      a: "x".repeat(500),
      nested: {
        toJSON() {
          inner.push(jwt.sign({ inner: inner.length }, { now: NOW }));
          jwt.verify(inner[0] as string, { now: NOW });
          refused(() => jwt.verify(`${inner[0]}=`), "ERR_ENCODING");
          return { deeper: jwt.sign({}, { now: NOW }).length };
        },
      },
    };
    const made = jwt.sign(claims, { now: NOW });
    const nested = { deeper: jwt.sign({}, { now: NOW }).length };
    const header = { alg: "HS256", typ: "JWT" };
    assert.equal(made, jws(header, { a: claims.a, nested, iat: NOW }, KEY));
    assert.deepEqual(inner, [jws(header, { inner: 0, iat: NOW }, KEY)]);
  });

  test("refuses times whose sum is not a finite number", () => {
    for (const option of ["expiresIn", "notBefore"] as const) {
      const [now, most] = [1e308, Number.MAX_VALUE];
      for (const sign of [
        () => jwt.sign({}, { now, [option]: most }),
        () => new Jwt(KEY, { [option]: most }).sign({}, { now }),
      ]) {
        misuse(sign, "ERR_OPTION", `${option} must be a finite number of seconds`);
      }
    }
  });
});

describe("maxTokenLength limits both signing and verifying", () => {
  const length = jwt.sign({ x: "" }, { now: NOW }).length;
  for (const [what, policy, most] of [
    ["8192 by default", {}, 8192],
    ["as configured", { maxTokenLength: 300 }, 300],
    ["past the page", { maxTokenLength: 50_000 }, 50_000],
  ] as [string, JwtPolicy, number][]) {
    test(what, () => {
      const bound = new Jwt(KEY, policy);
      // A base64url part cannot have every fourth length: come as close as possible.
      let x = "y".repeat(Math.floor(((most - length) * 3) / 4));
      while (jwtOf(x).length < most) x += "y";
      const [fits, over] = [x.slice(0, jwtOf(x).length > most ? -1 : undefined), `${x}yy`];
      const token = bound.sign({ x: fits }, { now: NOW });
      assert.ok(most - token.length < 2, `${token.length}`);
      assert.deepEqual(bound.verify(token), { x: fits, iat: NOW });
      refused(() => bound.sign({ x: over }, { now: NOW }), "ERR_TOKEN_TOO_LARGE");
      refused(() => bound.verify(jwtOf(over)), "ERR_TOKEN_TOO_LARGE");
      refused(() => bound.verify("A".repeat(most + 1)), "ERR_TOKEN_TOO_LARGE");
      refused(() => bound.verify(".".repeat(most + 1)), "ERR_TOKEN_TOO_LARGE");
      refused(() => bound.verify("A".repeat(most)), "ERR_TOKEN_MALFORMED");
    });
  }

  function jwtOf(x: string): string {
    return new Jwt(KEY, { maxTokenLength: 2 ** 20 }).sign({ x }, { now: NOW });
  }
});

describe("Checks policies and options", () => {
  const text = "a string, not empty";
  const finite = "a finite number of seconds";
  const list = "strings, one or more, none empty";
  const whole = "a positive whole number of characters";
  const NO_TEXT = ["", null, 1, [], {}, true];
  const NO_TIME = [Number.NaN, Infinity, -Infinity, "60", null, {}, 1n, [60], true];
  const NO_LIST = [[], [""], Array(1), ["x", 1], [null], null, 1, {}, new Set(["x"])];
  const options: [name: keyof JwtPolicy, bad: unknown[], demand: string][] = [
    ["issuer", [""], text],
    ["issuer", NO_LIST, list],
    ["subject", NO_TEXT, text],
    ["jwtId", NO_TEXT, text],
    ["typ", NO_TEXT, text],
    ["audience", [""], text],
    ["audience", NO_LIST, list],
    ["requiredClaims", [...NO_LIST, "scope"], list],
    ["expiresIn", NO_TIME, finite],
    ["notBefore", NO_TIME, finite],
    ["clockTolerance", [...NO_TIME, -1, -0.5], `${finite}, 0 or more`],
    ["maxTokenAge", [...NO_TIME, -1], `${finite}, 0 or more`],
    ["issuedAt", [0, 1, null, "false"], "a boolean"],
    ["maxTokenLength", [0, -1, 1.5, Number.NaN, Infinity, "9", null, 2 ** 53], whole],
  ];
  for (const [name, bad, demand] of options) {
    test(`${name} must be ${demand}`, () => {
      new Jwt(KEY, { maxTokenLength: 1, clockTolerance: 0, maxTokenAge: 0, expiresIn: -1 });
      for (const value of bad) {
        const make = () => new Jwt(KEY, { [name]: value } as JwtPolicy);
        misuse(make, "ERR_OPTION", `${name} must be ${demand}`, `${name}: ${String(value)}`);
      }
    });
  }

  for (const name of ["algorithms", "Issuer", "aud", "exp", "maxAge", "__proto_", "toString"]) {
    test(`unknown option ${name}, of a policy, of sign and of verify`, () => {
      const given = { [name]: 1 } as object;
      const says = (of: string) => `unknown option "${name}" of ${of}`;
      misuse(() => new Jwt(KEY, given), "ERR_OPTION", says("Jwt"));
      misuse(() => jwt.sign({}, given), "ERR_OPTION", says("sign"));
      misuse(() => jwt.verify(token({}), given), "ERR_OPTION", says("verify"));
    });
  }

  test("options that are not an object", () => {
    for (const value of [null, 0, 1, "", "now", true, [], [1], () => ({}), Symbol("s")]) {
      const given = value as never;
      misuse(() => new Jwt(KEY, given), "ERR_OPTION", "the options of Jwt must be an object");
      misuse(() => jwt.sign({}, given), "ERR_OPTION", "the options of sign must be an object");
      misuse(() => jwt.verify("", given), "ERR_OPTION", "the options of verify must be an object");
    }
  });

  test("bad times of a call", () => {
    for (const value of NO_TIME as never[]) {
      for (const name of ["now", "expiresIn", "notBefore"]) {
        const sign = () => jwt.sign({ exp: 1, nbf: 1, iat: 1 }, { [name]: value });
        misuse(sign, "ERR_OPTION", `${name} must be ${finite}`, `${name}: ${String(value)}`);
      }
      misuse(() => jwt.verify(token({}), { now: value }), "ERR_OPTION", `now must be ${finite}`);
    }
    misuse(
      () => jwt.verify(null as never, { now: Number.NaN }),
      "ERR_OPTION",
      `now must be ${finite}`,
      "the program's fault comes before the input's",
    );
  });

  test("an undefined option: a missing setting must not turn off a check", () => {
    const of =
      "a value, not undefined, as of an unset environment variable: set it, or leave it out";
    for (const name of new Set(options.map(([name]) => name))) {
      for (const policy of [{ [name]: undefined }, Object.create({ [name]: undefined })]) {
        misuse(() => new Jwt(KEY, policy), "ERR_OPTION", `${name} must be ${of}`);
      }
    }
    for (const name of ["now", "expiresIn", "notBefore"]) {
      const given = { now: NOW, [name]: undefined } as object;
      misuse(() => jwt.sign({}, given), "ERR_OPTION", `${name} must be ${of}`);
    }
    misuse(() => jwt.verify("", { now: undefined } as object), "ERR_OPTION", `now must be ${of}`);
  });
});

describe("decodeUnverified shows what a token says, and proves nothing", () => {
  test("whatever the MAC, the algorithm and the times", () => {
    const header = { alg: "none", crit: ["x"], typ: 1 };
    const claims = { exp: "1", aud: 1, iss: null };
    for (const mac of ["", base64url("no MAC"), base64url(Buffer.alloc(32))]) {
      const unproven = `${base64url(header)}.${base64url(claims)}.${mac}`;
      assert.deepEqual(decodeUnverified(unproven), { header, claims });
    }
  });

  test("of any length", () => {
    const claims = { x: "y".repeat(100_000) };
    assert.deepEqual(decodeUnverified(token(claims)), { header: HS256, claims });
  });

  for (const bad of [
    "",
    ".",
    "a.b",
    "a.b.c.d",
    "..",
    "e30..",
    ".e30.",
    "bnVsbA.e30.",
    "e30.W10.",
  ]) {
    test(`${JSON.stringify(bad)} is malformed`, () => {
      refused(() => decodeUnverified(bad), "ERR_TOKEN_MALFORMED");
    });
  }

  for (const bad of ["e30=.e30.", "e30.e30=.", "e30.e30.=", "e30.e30.A", "e30.e30. ", "e31.e30."]) {
    test(`${JSON.stringify(bad)} is not base64url`, () => {
      refused(() => decodeUnverified(bad), "ERR_ENCODING");
    });
  }
});

function outcome<T>(call: () => T): T | undefined {
  try {
    return call();
  } catch {
    return undefined;
  }
}
