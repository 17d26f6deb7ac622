/**
 * The JWS compact serialisation as JWT uses it: shape, encodings, header, MAC. Every bad token has a valid
 * MAC, except where the MAC itself is tested.
 */

import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { describe, test } from "node:test";
import { CAPACITY } from "../../src/internal/hmac.ts";
import { Jws } from "../../src/internal/jws.ts";
import { decodeUnverified, Jwt } from "../../src/jwt.ts";
import { base64url, jws, sealed, trailing } from "../helpers/token-forge.ts";
import { seeded } from "../helpers/token-random.ts";
import { refused, refusedSomehow, type Verdict } from "../helpers/token-refusals.ts";

const KEY = "a key of thirty-two bytes, no less";
const OTHER = "another key of thirty-two octets.";
const HS256 = { alg: "HS256" };
const HEADER = base64url({ alg: "HS256", typ: "JWT" });
const CLAIMS = base64url({ sub: "tom" });
const TOKEN = sealed(`${HEADER}.${CLAIMS}`, KEY);
const MAC = TOKEN.slice(TOKEN.lastIndexOf(".") + 1);

const jwt = new Jwt(KEY);
const patient = new Jwt(KEY, { maxTokenLength: 2 ** 20 });

/** Approximate sizes in characters; the longer ones use the runtime's codec. */
const SIZES = [20, 300, 3000, 40_000];
const filler = (size: number): string => "x".repeat(size);

describe("Trying the last successful key first does not change any result", () => {
  const keys = Array.from({ length: 10 }, (_, index) => `${index} `.padEnd(40, KEY));
  const jwks = keys.map((key, index) => ({ kty: "oct", k: base64url(key), kid: `${index % 3}` }));
  for (const [what, given] of [
    ["keys", keys],
    ["keys with a kid", jwks],
  ] as const) {
    test(`${what}: for tokens in any order, some under an unknown key`, (t) => {
      const random = seeded(t);
      const all = new Jwt(given as never, { maxTokenLength: 2 ** 20 });
      const tokens = keys.flatMap((key, index) =>
        SIZES.map((size) => {
          const claims = { sub: `${index}`, x: filler(size) };
          const header = { alg: "HS256", typ: "JWT", kid: `${index % 3}` };
          return { claims, token: jws(header, claims, key) };
        }),
      );
      for (let round = 0; round < 400; round++) {
        const { claims, token } = tokens[random.below(tokens.length)] as (typeof tokens)[number];
        assert.deepEqual(all.verify(token), claims);
        if (round % 7 === 0) refused(() => all.verify(TOKEN), "ERR_TOKEN_SIGNATURE");
        // The first key still signs.
        const mine = all.sign({ iat: 1 });
        const input = mine.slice(0, mine.lastIndexOf("."));
        assert.equal(mine, sealed(input, keys[0] as string));
      }
    });
  }
});

test("refuses a MAC with characters outside ASCII, in short and long tokens", () => {
  for (const size of SIZES) {
    const token = jws(HS256, { x: filler(size) }, KEY);
    const first = token.lastIndexOf(".") + 1;
    for (const foreign of ["\u0141", "\u00c1", "\ud83d\ude00"]) {
      for (const at of [first, token.length - foreign.length]) {
        const bad = token.slice(0, at) + foreign + token.slice(at + foreign.length);
        refused(() => patient.verify(bad), "ERR_ENCODING");
      }
    }
  }
});

describe("A token has three parts (RFC 7515 section 7.1) [7515-7.1]", () => {
  const flattened = { payload: CLAIMS, protected: HEADER, signature: MAC };
  const shapes: [what: string, token: string, verdict: Verdict][] = [
    ["nothing", "", "ERR_TOKEN_MALFORMED"],
    ["no dot", HEADER, "ERR_TOKEN_MALFORMED"],
    ["one dot", ".", "ERR_TOKEN_MALFORMED"],
    ["two parts", `${HEADER}.${CLAIMS}`, "ERR_TOKEN_MALFORMED"],
    ["two parts, the second a MAC that holds", sealed(HEADER, KEY), "ERR_TOKEN_MALFORMED"],
    ["four parts, the last empty", `${TOKEN}.`, "ERR_TOKEN_MALFORMED"],
    ["four parts, the first empty", `.${TOKEN}`, "ERR_TOKEN_MALFORMED"],
    ["four parts under a MAC", sealed(`${HEADER}.${CLAIMS}.`, KEY), "ERR_TOKEN_MALFORMED"],
    ["four parts, none empty", sealed(`${HEADER}.a.${CLAIMS}`, KEY), "ERR_TOKEN_MALFORMED"],
    ["four parts, another header", sealed(`e30.${CLAIMS}.a`, KEY), "ERR_TOKEN_MALFORMED"],
    ["four long parts", sealed(`${HEADER}.${"a.".repeat(20_000)}`, KEY), "ERR_TOKEN_MALFORMED"],
    ["a dot where the MAC begins", `${HEADER}.${CLAIMS}..${MAC.slice(1)}`, "ERR_TOKEN_MALFORMED"],
    ["five parts, as a JWE has", `${HEADER}.a.b.c.d`, "ERR_TOKEN_MALFORMED"],
    ["three dots", "...", "ERR_TOKEN_MALFORMED"],
    ["many dots", ".".repeat(100_000), "ERR_TOKEN_MALFORMED"],
    ["two tokens", `${TOKEN}${TOKEN}`, "ERR_TOKEN_MALFORMED"],
    ["the JSON serialisation", JSON.stringify(flattened), "ERR_TOKEN_MALFORMED"],
    ["three empty parts", "..", "ERR_TOKEN_SIGNATURE"],
    ["an empty MAC", `${HEADER}.${CLAIMS}.`, "ERR_TOKEN_SIGNATURE"],
    ["a header alone", `${HEADER}..`, "ERR_TOKEN_SIGNATURE"],
    ["a payload alone", `.${CLAIMS}.`, "ERR_TOKEN_SIGNATURE"],
    ["a MAC alone", `..${MAC}`, "ERR_TOKEN_SIGNATURE"],
    ["an empty header under a MAC that holds", sealed(`.${CLAIMS}`, KEY), "ERR_TOKEN_MALFORMED"],
    ["an empty payload under a MAC that holds", sealed(`${HEADER}.`, KEY), "ERR_TOKEN_MALFORMED"],
    ["both empty under a MAC that holds", sealed(".", KEY), "ERR_TOKEN_MALFORMED"],
  ];

  for (const [what, token, verdict] of shapes) {
    test(`${what}: ${verdict}`, () => {
      refused(() => patient.verify(token), verdict);
      assert.deepEqual(patient.verify(TOKEN), { sub: "tom" }, "and the next is right");
    });
  }

  test("refuses a value that is not a string", () => {
    const values = [undefined, null, 0, 1n, true, {}, [TOKEN], Symbol("t"), Buffer.from(TOKEN)];
    for (const value of [...values, new String(TOKEN), () => TOKEN, { toString: () => TOKEN }]) {
      refused(() => jwt.verify(value as never), "ERR_TOKEN_MALFORMED", typeof value);
      refused(() => decodeUnverified(value as never), "ERR_TOKEN_MALFORMED", typeof value);
    }
  });
});

describe("Every part must be base64url (RFC 7515 section 2; RFC 4648) [7515-2]", () => {
  // U+0141 and U+2164D have the low bits of a letter, U+212A case-folds to one.
  const strangers = ["=", "==", " ", "\t", "\n", "\r\n", "\0", "+", "/", "%", "?", ",", '"', "~"];
  strangers.push("\x7f", "\x80", "\u00e9", "\u0141", "\u212a", "\ud841\ude4d", "\ud800", "\ufeff");

  /** The text with a foreign character at its start, in the middle, and at its end. */
  function spoilt(text: string, stranger: string): string[] {
    return [0, text.length >> 1, text.length].map(
      (at) => text.slice(0, at) + stranger + text.slice(at),
    );
  }

  function bothRefuse(token: string, what: string): void {
    refused(() => patient.verify(token), "ERR_ENCODING", what);
    refused(() => decodeUnverified(token), "ERR_ENCODING", what);
  }

  for (const size of SIZES) {
    const header = base64url({ ...HS256, x: filler(size) });
    const payload = base64url({ x: filler(size) });

    test(`refuses a foreign character in a part of about ${size} characters`, () => {
      patient.verify(sealed(`${header}.${payload}`, KEY));
      for (const stranger of strangers) {
        const what = JSON.stringify(stranger);
        for (const bad of spoilt(header, stranger)) {
          bothRefuse(sealed(`${bad}.${CLAIMS}`, KEY), `${what} in the header`);
          bothRefuse(`${bad}.${CLAIMS}.${MAC}`, `${what} in the header, no MAC`);
        }
        for (const bad of spoilt(payload, stranger)) {
          bothRefuse(sealed(`${HEADER}.${bad}`, KEY), `${what} in the payload`);
          bothRefuse(`${HEADER}.${bad}.${MAC}`, `${what} in the payload, no MAC`);
        }
      }
    });

    test(`refuses trailing bits and impossible lengths at about ${size} characters`, () => {
      for (const more of ["", "x", "xx"]) {
        const part = base64url({ ...HS256, x: filler(size) + more });
        const left = part.length % 4;
        // One character too many or too few; where bits are unused, any of them set.
        const bad = left === 0 ? [`${part}A`, part.slice(0, -3)] : [...trailing(part)];
        for (const text of bad) {
          bothRefuse(sealed(`${text}.${CLAIMS}`, KEY), `header of ${text.length}`);
          bothRefuse(sealed(`${HEADER}.${text}`, KEY), `payload of ${text.length}`);
        }
      }
    });
  }

  test("refuses a foreign character in the MAC, and trailing bits", () => {
    const input = `${HEADER}.${CLAIMS}`;
    const mac = MAC.slice(0, -1);
    const bad = strangers.flatMap((stranger) => [
      ...spoilt(MAC, stranger),
      // Some have the length of a MAC, so that the length is not the reason for the refusal.
      ...spoilt(mac, stranger).filter((text) => text.length === MAC.length),
    ]);
    for (const text of [...bad, ...trailing(MAC), `${mac}=`]) {
      bothRefuse(`${input}.${text}`, JSON.stringify(text));
    }
  });

  test("refuses a MAC of any other length [2104-5a]", () => {
    const mac = Buffer.from(MAC, "base64url");
    const twice = Buffer.concat([mac, mac]);
    for (const length of [0, 1, 15, 16, 30, 31, 33, 48, 64]) {
      const token = `${HEADER}.${CLAIMS}.${base64url(twice.subarray(0, length))}`;
      refused(() => jwt.verify(token), "ERR_TOKEN_SIGNATURE", `${length} bytes`);
    }
  });
});

describe("Header and payload must be UTF-8 (RFC 7515 section 5.2; RFC 7519 section 7.2) [7515-5.2a]", () => {
  const bad: [what: string, hex: string][] = [
    ["FF", "ff"],
    ["FE", "fe"],
    ["a continuation byte alone", "80"],
    ["an overlong slash", "c0af"],
    ["an overlong NUL", "c080"],
    ["overlong, three bytes", "e080af"],
    ["overlong, four bytes", "f08080af"],
    ["a high surrogate", "eda080"],
    ["a low surrogate", "edbfbf"],
    ["a pair of surrogates (CESU-8)", "eda081edb080"],
    ["beyond U+10FFFF", "f4908080"],
    ["five bytes", "f888808080"],
    ["two bytes of three", "e282"],
    ["three bytes of four", "f09f98"],
    ["ill-formed behind a true U+FFFD", "efbfbdff"],
    ["ill-formed before a true U+FFFD", "ffefbfbd"],
  ];
  const good: [what: string, text: string][] = [
    ["U+FFFD itself", "\ufffd"],
    ["a noncharacter", "\uffff"],
    ["the last character", "\u{10ffff}"],
    ["U+007F to U+0800", "\x7f\x80\u07ff\u0800"],
    ["a byte order mark within", "\ufeff"],
    ["U+2028, which JSON allows", "\u2028"],
  ];

  for (const size of SIZES) {
    /** JSON with these bytes in a string. */
    const json = (bytes: Uint8Array, member: string): Buffer =>
      Buffer.concat([Buffer.from(`{${member}"x":"${filler(size)}`), bytes, Buffer.from('"}')]);

    test(`refuses ill-formed bytes in about ${size} characters`, () => {
      for (const [what, hex] of bad) {
        const bytes = Buffer.from(hex, "hex");
        malformed(jws(json(bytes, '"alg":"HS256",'), {}, KEY), `${what} in the header`);
        malformed(jws(HS256, json(bytes, ""), KEY), `${what} in the payload`);
      }
    });

    test(`accepts rare characters in about ${size} characters`, () => {
      for (const [what, text] of good) {
        const header = { ...HS256, x: filler(size) + text };
        const claims = { x: filler(size) + text };
        const token = jws(header, claims, KEY);
        assert.deepEqual(patient.verify(token), claims, what);
        assert.deepEqual(decodeUnverified(token), { header, claims }, what);
      }
    });

    test(`refuses a byte order mark before about ${size} characters`, () => {
      const mark = "\ufeff";
      for (const end of ["", "\ufffd"]) {
        const x = filler(size) + end;
        malformed(jws(mark + JSON.stringify({ ...HS256, x }), {}, KEY), "in the header");
        malformed(jws(HS256, mark + JSON.stringify({ x }), KEY), "in the payload");
      }
    });
  }

  test("refuses UTF-16 and UTF-32 [8725-3.7]", () => {
    for (const json of ['{"alg":"HS256"}', '\ufeff{"alg":"HS256"}']) {
      const utf16 = Buffer.from(json, "utf16le");
      const utf32 = Buffer.alloc(json.length * 4);
      for (let at = 0; at < json.length; at++) utf32.writeUInt32LE(json.charCodeAt(at), at * 4);
      for (const bytes of [utf16, Buffer.from(utf16).swap16(), utf32]) {
        malformed(jws(bytes, {}, KEY), "in the header");
        malformed(jws(HS256, bytes, KEY), "in the payload");
      }
    }
  });
});

describe("Header and payload must be JSON objects (RFC 7515 section 4; RFC 7519 section 7.2) [7515-5.2b]", () => {
  const texts = [
    "",
    " ",
    "null",
    "true",
    "1",
    '"HS256"',
    "[]",
    "[{}]",
    '["alg","HS256"]',
    "{",
    "}",
  ];
  texts.push("{}{}", "{},", "{'alg':'HS256'}", '{"alg":"HS256",}', '{alg:"HS256"}', '{"alg"}');
  texts.push('{"alg":"HS256"', '{"alg":"HS256"}\0', '{"alg":"HS\u0001256"}', '{"a":NaN}');
  texts.push('{"alg":"HS256"}//', '{"a":01}', '{"a":.5}', '{"a":+1}', '{"a":"\\x41"}', "\u00a0{}");

  test("refuses everything else [7515-5.2c]", () => {
    for (const text of texts) {
      malformed(jws(text, {}, KEY), `header ${text}`);
      malformed(jws(HS256, text, KEY), `payload ${text}`);
    }
  });

  test("accepts deep nesting, and refuses a deep list as malformed", () => {
    const deep = `${'{"a":'.repeat(5000)}1${"}".repeat(5000)}`;
    assert.ok(patient.verify(jws(HS256, deep, KEY)).a);
    malformed(jws(HS256, "[".repeat(50_000) + "]".repeat(50_000), KEY), "a list");
    malformed(jws(HS256, "[".repeat(50_000), KEY), "a list without an end");
  });

  test("accepts white space and escapes of JSON (section 5.3) [7515-5.3a]", () => {
    const token = jws('\r\n\t {"\\u0061lg" : "HS\\u003256"} ', ' {"s\\u0075b":"\\u0074om"}\n', KEY);
    assert.deepEqual(jwt.verify(token), { sub: "tom" });
    refused(() => jwt.verify(jws('{"\\u0061lg":"none"}', {}, KEY)), "ERR_TOKEN_ALGORITHM");
    refused(
      () => jwt.verify(jws('{"alg":"HS256","cr\\u0069t":[]}', {}, KEY)),
      "ERR_TOKEN_CRITICAL",
    );
  });

  test("takes the last of two members of one name (section 4) [7515-4a]", () => {
    const last = (header: string, claims: string) => () => jwt.verify(jws(header, claims, KEY));
    assert.deepEqual(last('{"alg":"none","alg":"HS256"}', '{"a":1,"a":2}')(), { a: 2 });
    refused(last('{"alg":"HS256","alg":"none"}', "{}"), "ERR_TOKEN_ALGORITHM");
    refused(last('{"alg":"HS256"}', '{"exp":9e9,"exp":"never"}'), "ERR_TOKEN_CLAIM exp");
    refused(last('{"alg":"HS256"}', '{"exp":9e9,"exp":1}'), "ERR_TOKEN_EXPIRED");
  });

  test("a member named __proto__ or constructor changes no prototype", () => {
    const json = '{"__proto__":{"admin":true,"exp":1},"constructor":{"prototype":{"admin":true}}}';
    const claims = jwt.verify(jws(HS256, json, KEY));
    assert.deepEqual(Object.keys(claims), ["__proto__", "constructor"]);
    assert.equal(Object.getPrototypeOf(claims), Object.prototype);
    assert.equal((claims as { admin?: unknown }).admin, undefined);
    assert.equal(({} as { admin?: unknown }).admin, undefined);
    refused(() => jwt.verify(jws('{"__proto__":{"alg":"HS256"}}', {}, KEY)), "ERR_TOKEN_ALGORITHM");
    const { header } = decodeUnverified(jws('{"__proto__":{"alg":"HS256"}}', {}, KEY));
    assert.equal(header.alg, undefined);
  });
});

describe("The algorithm must be exactly HS256 (RFC 7515 section 4.1.1; RFC 8725) [7515-4b]", () => {
  const names: unknown[] = [
    "none",
    "None",
    "noNE",
    "NONE",
    "",
    "HS256 ",
    " HS256",
    "hs256",
    "Hs256",
  ];
  names.push("HS256\0", "HS384", "HS512", "RS256", "ES256", "PS256", "EdDSA", "HS2", "HS256,none");
  names.push("\uff28S256", "H\u017f256", 256, 0, true, null, ["HS256"], { HS256: 1 }, [], {});

  for (const alg of names) {
    test(`refuses ${JSON.stringify(alg)}, with a valid MAC and without`, () => {
      const input = `${base64url({ alg })}.${CLAIMS}`;
      for (const token of [sealed(input, KEY), `${input}.`, `${input}.${MAC}`]) {
        refused(() => jwt.verify(token), "ERR_TOKEN_ALGORITHM");
      }
    });
  }

  for (const [alg, hash] of [
    ["HS384", "sha384"],
    ["HS512", "sha512"],
    ["HS1", "sha1"],
  ] as const) {
    test(`refuses ${alg}, with that algorithm's own MAC`, () => {
      const token = sealed(`${base64url({ alg })}.${CLAIMS}`, KEY, hash);
      refused(() => jwt.verify(token), "ERR_TOKEN_ALGORITHM");
      refused(() => jwt.verify(sealed(`${HEADER}.${CLAIMS}`, KEY, hash)), "ERR_TOKEN_SIGNATURE");
    });
  }

  test("refuses a header without alg, for the algorithm if the MAC is valid, otherwise for the MAC [7515-4.1.1]", () => {
    const input = `${base64url({ typ: "JWT" })}.${CLAIMS}`;
    refused(() => jwt.verify(sealed(input, KEY)), "ERR_TOKEN_ALGORITHM");
    refused(() => jwt.verify(`${input}.${MAC}`), "ERR_TOKEN_SIGNATURE");
  });

  test("refuses the MAC of an empty key [7518-3.6]", () => {
    const input = `${HEADER}.${CLAIMS}`;
    refused(() => jwt.verify(sealed(input, "")), "ERR_TOKEN_SIGNATURE");
    refused(() => jwt.verify(sealed(input, Buffer.alloc(32))), "ERR_TOKEN_SIGNATURE");
  });
});

describe("Refuses crit and b64, and ignores other members (RFC 7515 section 4) [7515-4c]", () => {
  const critical: object[] = [
    { crit: ["exp"], exp: 9e9 },
    { crit: ["http://example.com/x"], "http://example.com/x": true },
    { crit: ["alg"] },
    { crit: ["b64"], b64: false },
    { crit: ["b64"], b64: true },
    { crit: [] },
    { crit: null },
    { crit: false },
    { crit: "" },
    { crit: {} },
    { b64: false },
    { b64: true },
    { b64: null },
  ];

  for (const members of critical) {
    test(`refuses ${JSON.stringify(members)} once the MAC is valid`, () => {
      const token = jws({ ...HS256, ...members }, { sub: "tom" }, KEY);
      refused(() => jwt.verify(token), "ERR_TOKEN_CRITICAL");
      refused(
        () => jwt.verify(jws({ ...HS256, ...members }, {}, OTHER)),
        "ERR_TOKEN_SIGNATURE",
        "nothing of an unproven header but alg is looked at",
      );
    });
  }

  test("refuses b64 false with an unencoded payload (RFC 7797 section 4) [7797-7]", () => {
    const header = base64url({ ...HS256, b64: false, crit: ["b64"] });
    refused(() => jwt.verify(sealed(`${header}.{"sub":"tom"}`, KEY)), "ERR_TOKEN_CRITICAL");
  });

  test("ignores unknown members, and takes no key from a token (section 4.1.3) [7515-4d]", () => {
    const jwk = { kty: "oct", k: base64url(OTHER), alg: "HS256" };
    const members = { jwk, jku: "https://x.example/", x5u: "https://x.example/", x5c: ["MIIB"] };
    const header = {
      ...HS256,
      ...members,
      x5t: "a",
      cty: "JWT",
      kid: "../../dev/null",
      zip: "DEF",
    };
    assert.deepEqual(jwt.verify(jws(header, { sub: "tom" }, KEY)), { sub: "tom" });
    refused(() => jwt.verify(jws(header, { sub: "tom" }, OTHER)), "ERR_TOKEN_SIGNATURE");
  });

  test("ignores Crit and CRIT like any other member [7515-4e]", () => {
    jwt.verify(jws({ ...HS256, Crit: ["x"], CRIT: ["x"], B64: false }, {}, KEY));
  });
});

describe("Compares typ as a media type (RFC 7515 section 4.1.9; RFC 8725 section 3.11) [7515-4.1.9a]", () => {
  const cases: [policy: string, typ: unknown, accepted: boolean][] = [
    ["at+jwt", "at+jwt", true],
    ["at+jwt", "AT+JWT", true],
    ["at+jwt", "application/at+jwt", true],
    ["at+jwt", "Application/At+Jwt", true],
    ["application/at+jwt", "at+jwt", true],
    ["APPLICATION/AT+JWT", "at+jwt", true],
    ["JWT", "jwt", true],
    ["text/x", "text/X", true],
    ["at+jwt", "JWT", false],
    ["at+jwt", "at+jw", false],
    ["at+jwt", "at+jwt ", false],
    ["at+jwt", "text/at+jwt", false],
    ["at+jwt", "application/application/at+jwt", false],
    ["at+jwt", "/at+jwt", false],
    ["text/x", "x", false],
    ["key", "\u212aey", false],
    ["kit", "k\u0130t", false],
    ["s", "\u017f", false],
    ["\u00e9", "\u00c9", false],
    ["at+jwt", undefined, false],
    ["at+jwt", null, false],
    ["at+jwt", "", false],
    ["at+jwt", 1, false],
    ["at+jwt", ["at+jwt"], false],
    ["at+jwt", { toLowerCase: 1 }, false],
  ];

  for (const [policy, typ, accepted] of cases) {
    test(`${JSON.stringify(typ)} for ${policy}: ${accepted ? "accepted" : "refused"}`, () => {
      const typed = new Jwt(KEY, { typ: policy });
      const token = jws({ ...HS256, typ }, {}, KEY);
      if (accepted) assert.deepEqual(typed.verify(token), {});
      else refused(() => typed.verify(token), "ERR_TOKEN_CLAIM typ");
    });
  }

  test("without a policy writes JWT and accepts any typ; with one writes and requires its typ [7515-4.1.9b]", () => {
    for (const typ of ["JWT", "x", undefined, null, 1]) jwt.verify(jws({ ...HS256, typ }, {}, KEY));
    for (const typ of ["at+jwt", "application/AT+jwt", "\u00e9"]) {
      const typed = new Jwt(KEY, { typ });
      const token = typed.sign({});
      assert.deepEqual(decodeUnverified(token).header, { alg: "HS256", typ });
      typed.verify(token);
      jwt.verify(token);
      refused(() => typed.verify(jwt.sign({})), "ERR_TOKEN_CLAIM typ");
    }
    assert.equal(jwt.sign({}).split(".")[0], HEADER);
  });
});

describe("kid selects among the keys and proves nothing (RFC 7515 section 4.1.4) [7515-4.1.4]", () => {
  const secrets = { a: `a ${KEY}`, b: `b ${KEY}`, c: `c ${KEY}`, plain: `d ${KEY}` };
  const jwk = (kid: string, secret: string) => ({ kty: "oct", k: base64url(secret), kid }) as const;
  // Two keys share a kid, one has no kid.
  const many = new Jwt([
    jwk("one", secrets.a),
    jwk("two", secrets.b),
    jwk("two", secrets.c),
    secrets.plain,
  ]);
  const cases: [kid: unknown, signer: keyof typeof secrets, accepted: boolean][] = [
    ["one", "a", true],
    ["one", "b", false],
    ["one", "plain", false],
    ["two", "a", false],
    ["two", "b", true],
    ["two", "c", true],
    ["two", "plain", false],
    ["three", "a", true],
    ["three", "c", true],
    ["ONE", "plain", true],
    ["", "b", true],
    [undefined, "c", true],
    [undefined, "plain", true],
    [null, "b", true],
    [1, "a", true],
    [["two"], "a", true],
    ["__proto__", "a", true],
    ["toString", "plain", true],
  ];

  for (const [kid, signer, accepted] of cases) {
    const what = `kid ${JSON.stringify(kid)} by key ${signer}`;
    test(`${what}: ${accepted ? "accepted" : "refused"}`, () => {
      for (const x of SIZES.map(filler)) {
        const token = jws({ ...HS256, kid }, { x }, secrets[signer]);
        const verify = () =>
          new Jws([
            jwk("one", secrets.a),
            jwk("two", secrets.b),
            jwk("two", secrets.c),
            secrets.plain,
          ]).open(token);
        if (accepted) assert.equal(verify(), JSON.stringify({ x }));
        else assert.deepEqual(verify(), { code: "ERR_TOKEN_SIGNATURE" });
      }
      const token = jws({ ...HS256, kid }, { sub: "tom" }, secrets[signer]);
      if (accepted) assert.deepEqual(many.verify(token), { sub: "tom" });
      else refused(() => many.verify(token), "ERR_TOKEN_SIGNATURE");
    });
  }

  test("tries only the named key where every key has a kid", () => {
    const two = new Jwt([jwk("one", secrets.a), jwk("two", secrets.b)]);
    two.verify(jws({ ...HS256, kid: "two" }, {}, secrets.b));
    two.verify(jws({ ...HS256, kid: "x" }, {}, secrets.b));
    refused(() => two.verify(jws({ ...HS256, kid: "one" }, {}, secrets.b)), "ERR_TOKEN_SIGNATURE");
    refused(() => two.verify(jws({ ...HS256, kid: "two" }, {}, secrets.a)), "ERR_TOKEN_SIGNATURE");
  });

  test("tries a single key whatever the kid", () => {
    const one = new Jwt(jwk("one", secrets.a));
    one.verify(jws({ ...HS256, kid: "two" }, {}, secrets.a));
    refused(() => one.verify(jws({ ...HS256, kid: "one" }, {}, secrets.b)), "ERR_TOKEN_SIGNATURE");
  });

  test("refuses a header that is not a JSON object or not base64url, with several keys too", () => {
    refused(() => many.verify(jws("[]", {}, secrets.b)), "ERR_TOKEN_MALFORMED");
    refused(() => many.verify(jws(Buffer.from("ff", "hex"), {}, secrets.b)), "ERR_TOKEN_MALFORMED");
    refused(() => many.verify(sealed(`e30=.${CLAIMS}`, secrets.b)), "ERR_ENCODING");
    refused(() => many.verify(sealed(`[.${CLAIMS}`, secrets.plain)), "ERR_ENCODING");
  });

  test("writes the first key's kid and signs with its secret [7515-6]", () => {
    const token = many.sign({ sub: "tom" }, { now: 1 });
    const header = { alg: "HS256", typ: "JWT", kid: "one" };
    assert.equal(token, jws(header, { sub: "tom", iat: 1 }, secrets.a));
    const strange = new Jwt(jwk('\u00e9\ud83d\ude00"\\', secrets.a));
    assert.equal(decodeUnverified(strange.sign({})).header.kid, '\u00e9\ud83d\ude00"\\');
    strange.verify(strange.sign({}));
  });

  test("rotation: the new key signs, and the old one verifies until it is removed [2104-3b]", () => {
    const old = new Jwt(secrets.a);
    const both = new Jwt([secrets.b, secrets.a]);
    const done = new Jwt([secrets.b]);
    const before = old.sign({ sub: "tom" }, { now: 1 });
    assert.deepEqual(both.verify(before), { sub: "tom", iat: 1 });
    const after = both.sign({ sub: "tom" }, { now: 1 });
    assert.equal(after, done.sign({ sub: "tom" }, { now: 1 }));
    refused(() => old.verify(after), "ERR_TOKEN_SIGNATURE");
    refused(() => done.verify(before), "ERR_TOKEN_SIGNATURE");
  });
});

describe("A token is accepted only as a whole [7515-5.2d]", () => {
  for (const [what, keys] of [
    ["one key", KEY],
    ["three keys", [OTHER, KEY, `${OTHER}!`]],
    ["keys with kids", [OTHER, { kty: "oct", k: base64url(KEY), kid: "k" }]],
  ] as [string, ConstructorParameters<typeof Jwt>[0]][]) {
    const verifier = new Jwt(keys);

    test(`refuses a flip of any bit in any code unit: ${what}`, () => {
      for (let at = 0; at < TOKEN.length; at++) {
        for (let bit = 0; bit < 16; bit++) {
          const unit = String.fromCharCode(TOKEN.charCodeAt(at) ^ (1 << bit));
          const spoilt = TOKEN.slice(0, at) + unit + TOKEN.slice(at + 1);
          refusedSomehow(() => verifier.verify(spoilt), `bit ${bit} of character ${at}`);
        }
        assert.deepEqual(verifier.verify(TOKEN), { sub: "tom" });
      }
    });

    test(`refuses missing, doubled and swapped characters: ${what}`, () => {
      for (let at = 0; at < TOKEN.length; at++) {
        const [head, tail] = [TOKEN.slice(0, at), TOKEN.slice(at)];
        const swapped = head + tail.slice(1, 2) + tail.slice(0, 1) + tail.slice(2);
        for (const spoilt of [head, tail, head + tail.slice(1), head + tail[0] + tail, swapped]) {
          if (spoilt === TOKEN) continue;
          refusedSomehow(() => verifier.verify(spoilt), `at ${at}`);
        }
      }
      assert.deepEqual(verifier.verify(TOKEN), { sub: "tom" });
    });
  }

  test("refuses a token made of the parts of two good ones [7515-5.2e]", () => {
    const [header, , mac] = jwt.sign({ sub: "ann" }).split(".");
    refused(() => jwt.verify(`${header}.${CLAIMS}.${mac}`), "ERR_TOKEN_SIGNATURE");
  });
});

describe("Tokens around the page's end and past it [7515-5.2f]", () => {
  /** Claims whose token has a signing input of exactly that length, if there are any. */
  function claimsOf(length: number, unit: string): { x: string } | undefined {
    const bytes = Math.floor(((length - HEADER.length - 1) * 3) / 4) - '{"x":""}'.length;
    const size = Buffer.byteLength(unit);
    const x = unit.repeat(Math.floor(bytes / size)) + "a".repeat(bytes % size);
    const input = `${HEADER}.${base64url({ x })}`;
    return input.length === length ? { x } : undefined;
  }

  const huge = new Jwt([KEY, OTHER], { maxTokenLength: 2 ** 24, issuedAt: false });
  const lengths = Array.from({ length: 40 }, (_, index) => CAPACITY - 20 + index);
  // Around the lengths where three bytes a character fill the page, and past every buffer.
  for (const near of [CAPACITY / 3, (CAPACITY * 4) / 9, (CAPACITY * 4) / 3]) {
    lengths.push(...Array.from({ length: 12 }, (_, index) => Math.floor(near) - 6 + index));
  }
  lengths.push(8192, 65_536, 65_537, 1_000_000);

  for (const unit of ["x", "\u00e9", "\u20ac", "\ud83d\ude00"]) {
    test(`signs and verifies like createHmac, with ${JSON.stringify(unit)}`, () => {
      let tokens = 0;
      for (const length of lengths) {
        const claims = claimsOf(length, unit);
        if (claims === undefined) continue;
        tokens++;
        const token = huge.sign(claims);
        assert.equal(token, sealed(`${HEADER}.${base64url(claims)}`, KEY), `${length}`);
        assert.deepEqual(huge.verify(token), claims, `${length}`);
        const rotated = sealed(`${HEADER}.${base64url(claims)}`, OTHER);
        assert.deepEqual(huge.verify(rotated), claims, `${length} by the second key`);
        const foreign = sealed(`${HEADER}.${base64url(claims)}`, `${KEY}!`);
        refused(() => huge.verify(foreign), "ERR_TOKEN_SIGNATURE", `${length} by no key`);
      }
      assert.ok(tokens > 50, `${tokens} tokens`);
    });

    test(`signs added claims the same way, with ${JSON.stringify(unit)}`, () => {
      for (const iss of [unit, unit.repeat(1000), unit.repeat(10_000)]) {
        const adding = new Jwt(KEY, { issuer: iss, maxTokenLength: 2 ** 24 });
        for (const length of lengths) {
          const claims = claimsOf(length, unit) ?? {};
          const out = { ...claims, iat: 1, iss };
          const token = adding.sign(claims, { now: 1 });
          assert.equal(token, sealed(`${HEADER}.${base64url(out)}`, KEY), `${length}`);
          assert.deepEqual(adding.verify(token), out, `${length}`);
        }
      }
    });
  }

  test("refuses a character that a latin1 write would fold to the right one, at every length", () => {
    for (const length of lengths) {
      const claims = claimsOf(length, "x");
      if (claims === undefined) continue;
      const input = `${HEADER}.${base64url(claims)}`;
      const mac = sealed(input, KEY).slice(input.length);
      const folded = String.fromCharCode(input.charCodeAt(length - 1) + 0x100);
      const token = input.slice(0, -1) + folded + mac;
      refused(() => huge.verify(token), "ERR_ENCODING", `${length}`);
      const own = sealed(input.slice(0, -1) + folded, KEY);
      refused(() => huge.verify(own), "ERR_ENCODING", `${length}, a MAC of its own`);
    }
  });

  test("refuses flipped bits and truncations of a long token", () => {
    const token = huge.sign({ x: "y".repeat(20_000) });
    for (let at = 0; at < token.length; at += at < 50 || at > token.length - 60 ? 1 : 997) {
      const unit = String.fromCharCode(token.charCodeAt(at) ^ 1);
      const spoilt = token.slice(0, at) + unit + token.slice(at + 1);
      refusedSomehow(() => huge.verify(spoilt), `bit of character ${at}`);
      refusedSomehow(() => huge.verify(token.slice(0, at)), `${at} characters`);
    }
    huge.verify(token);
  });
});

test("The layer signs and opens any text, even if it is not JSON (RFC 7515 section 5) [7519-7.1b]", () => {
  const layer = new Jws(KEY);
  for (const payload of ["", "a sentence", "\u00e9\ud83d\ude00", "x".repeat(70_000)]) {
    const token = layer.sign(payload);
    assert.equal(token, sealed(`${HEADER}.${base64url(payload)}`, KEY));
    assert.equal(layer.open(token), payload);
  }
  const [header, payload] = TOKEN.split(".");
  const mac = createHmac("sha256", KEY).update(`${header}.${payload}`).digest("base64url");
  assert.equal(mac, MAC);
});

test("The layer refuses two parts under a valid MAC, and opens an empty text with any header", () => {
  const malformed = { code: "ERR_TOKEN_MALFORMED" };
  assert.deepEqual(new Jws(KEY).open(sealed(HEADER, KEY)), malformed);
  const long = new Jws(KEY, filler(20_000));
  assert.equal(long.open(long.sign("")), "");
});

/** Checks that verify and decodeUnverified refuse the token as malformed. */
function malformed(token: string, what: string): void {
  refused(() => patient.verify(token), "ERR_TOKEN_MALFORMED", what);
  refused(() => decodeUnverified(token), "ERR_TOKEN_MALFORMED", what);
}
