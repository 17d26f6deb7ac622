/** What seals claims into a cookie's value: round trips, refusals that are no throws, keys. */

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { describe, test } from "node:test";
import { createSeal, type Secret } from "../../src/session/seal.ts";
import {
  envelope,
  NAME,
  SECRET,
  seal,
  TYPES,
  type Type,
  unsealText,
} from "../helpers/session-cookies.ts";
import { misuse } from "../helpers/token-refusals.ts";

const LENGTHS = [0, 1, 2, 3, 15, 16, 17, 47, 48, 49, 191, 1000, 4000, 100_000];
const TEXTS: readonly string[] = [
  envelope({ user: "tom" }),
  envelope({ user: "Zoë 𒀸 \ufffd \ufeff \0" }),
  "\ufeff{}",
  ...LENGTHS.map((length) => "x".repeat(length)),
  ...LENGTHS.map((length) => "𒀸é".repeat(length)),
];

for (const type of TYPES) {
  describe(`the seal of type ${type}`, () => {
    const sealed = createSeal(type, SECRET, NAME);

    test("opens what it made, and each what a hand of its own opens and makes", () => {
      for (const text of TEXTS) {
        const value = sealed.seal(text);
        assert.match(value, /^[\w.=-]*$/);
        assert.equal(sealed.open(value), text);
        assert.equal(unsealText(type, value), text);
        assert.equal(sealed.open(seal(type, text)), text);
      }
    });

    test("refuses by a code, and does not throw, whatever the text", () => {
      const value = sealed.seal(envelope({ user: "tom" }));
      for (const text of garbage(value)) {
        const opened = sealed.open(text);
        if (typeof opened === "string") {
          // Only what is well-formed base64 of anything can open: nothing but base64 seals it.
          assert.equal(type, "base64", text);
          assert.equal(sealed.seal(opened), text);
        } else assert.match(opened.code, /^ERR_(ENCODING|TOKEN_[A-Z]+)$/);
      }
    });

    test("refuses what is no UTF-8", () => {
      for (const bytes of [
        [0xff],
        [0xc3],
        [0xed, 0xa0, 0x80],
        [0xf4, 0x90, 0x80, 0x80],
        [0xc0, 0x80],
      ]) {
        const opened = sealed.open(seal(type, Uint8Array.from(bytes)));
        assert.deepEqual(opened, { code: "ERR_TOKEN_MALFORMED" });
      }
    });
  });
}

describe("a text is refused for what is wrong with it", () => {
  const text = envelope({ user: "tom" });
  const other = { secret: "another secret of at least 32 bytes" };
  const good = { jwt: seal("jwt", text), fernet: seal("fernet", text) };
  const [header = "", payload = ""] = good.jwt.split(".");
  const rows: readonly (readonly [type: Type, what: string, text: string, refusal: object])[] = [
    ["base64", "padding", `${seal("base64", "a")}==`, { code: "ERR_ENCODING" }],
    ["base64", "a character of base64", "ab+/", { code: "ERR_ENCODING" }],
    ["base64", "trailing bits", "e31", { code: "ERR_ENCODING" }],
    ["base64", "a length that none has", "e", { code: "ERR_ENCODING" }],
    ["jwt", "nothing", "", { code: "ERR_TOKEN_MALFORMED" }],
    ["jwt", "two parts", `${header}.${payload}`, { code: "ERR_TOKEN_MALFORMED" }],
    ["jwt", "four parts", `${good.jwt}.`, { code: "ERR_TOKEN_MALFORMED" }],
    ["jwt", "another secret", seal("jwt", text, other), { code: "ERR_TOKEN_SIGNATURE" }],
    ["jwt", "alg none", `${b64('{"alg":"none"}')}.${payload}.`, { code: "ERR_TOKEN_ALGORITHM" }],
    ["jwt", "a MAC with padding", `${good.jwt}=`, { code: "ERR_ENCODING" }],
    [
      "jwt",
      "another typ",
      seal("jwt", text, { typ: "JWT" }),
      { code: "ERR_TOKEN_CLAIM", claim: "typ" },
    ],
    ["fernet", "nothing", "", { code: "ERR_TOKEN_INVALID" }],
    ["fernet", "no padding", good.fernet.replaceAll("=", ""), { code: "ERR_TOKEN_INVALID" }],
    ["fernet", "another secret", seal("fernet", text, other), { code: "ERR_TOKEN_INVALID" }],
    ["fernet", "another version", `h${good.fernet.slice(1)}`, { code: "ERR_TOKEN_INVALID" }],
  ];
  for (const [type, what, text, refusal] of rows) {
    test(`${type}, ${what}`, () => {
      assert.deepEqual(createSeal(type, SECRET, NAME).open(text), refusal);
    });
  }

  test("fernet, a padding that is none under a MAC that holds", () => {
    const fernet = createSeal("fernet", SECRET, NAME);
    for (const end of [[0], [17], [255], [1, 2], [3, 2, 3], [15, 16]]) {
      const block = Buffer.concat([Buffer.alloc(16 - end.length, "{"), Uint8Array.from(end)]);
      const opened = fernet.open(seal("fernet", block, { padded: false }));
      assert.deepEqual(opened, { code: "ERR_TOKEN_INVALID" });
    }
  });
});

test("each sealing by fernet differs, and hides the length to 16 bytes and all else", () => {
  const fernet = createSeal("fernet", SECRET, NAME);
  const values = Array.from({ length: 100 }, () => fernet.seal(envelope({ user: "tom" })));
  assert.equal(new Set(values).size, 100);
  for (const value of values) assert.ok(!Buffer.from(value, "base64url").includes("tom"));
});

test("jwt and base64 seal the same text alike", () => {
  for (const type of ["jwt", "base64"] as const) {
    const made = createSeal(type, SECRET, NAME);
    assert.equal(made.seal("{}"), made.seal("{}"));
    assert.equal(made.seal("{}"), seal(type, "{}"));
  }
});

test("HKDF keeps types, names and secrets apart, all against all", () => {
  const seals: { of: string; it: ReturnType<typeof createSeal> }[] = [];
  for (const type of ["fernet", "jwt"] as const) {
    for (const name of [NAME, "session", "session2"]) {
      for (const secret of [SECRET, `${SECRET}2`, new Uint8Array(32)]) {
        seals.push({ of: `${type} ${name} ${secret}`, it: createSeal(type, secret, name) });
      }
    }
  }
  for (const maker of seals) {
    const value = maker.it.seal("{}");
    for (const opener of seals) {
      assert.equal(typeof opener.it.open(value) === "string", opener.of === maker.of);
    }
  }
});

for (const type of ["fernet", "jwt"] as const) {
  test(`${type}: the first secret seals, all open, and no other`, () => {
    const secrets = [SECRET, randomBytes(32), "an older secret of at least 32 bytes"];
    const made = createSeal(type, secrets, NAME);
    for (const secret of secrets) assert.equal(made.open(seal(type, "{}", { secret })), "{}");
    assert.equal(unsealText(type, made.seal("{}")), "{}");
    assert.notEqual(typeof made.open(seal(type, "{}", { secret: randomBytes(32) })), "string");
  });

  test(`${type}: no secret, or a short one, is a ConfigError`, () => {
    const rows: readonly (readonly [Secret | readonly Secret[] | undefined, string])[] = [
      [undefined, "no secret was given"],
      [[], "no secret was given"],
      ["x".repeat(31), "a secret must be 32 bytes or more"],
      [[SECRET, new Uint8Array(31)], "a secret must be 32 bytes or more"],
    ];
    for (const [secret, message] of rows) {
      misuse(() => createSeal(type, secret, NAME), "ERR_KEY", message);
    }
  });
}

test("base64 wants no secret", () => {
  const made = createSeal("base64", undefined, NAME);
  assert.equal(made.open(made.seal("{}")), "{}");
});

/** Everything near a good value: cut, flipped, doubled, padded; and what is far from it. */
function* garbage(value: string): Generator<string> {
  for (let length = 0; length < value.length; length++) yield value.slice(0, length);
  for (let at = 0; at < value.length; at++) {
    for (const put of ["", "A", "-", ".", "=", " ", "\u0141", "\u{20041}"]) {
      const changed = value.slice(0, at) + put + value.slice(at + 1);
      if (changed !== value) yield changed;
    }
  }
  yield* [`${value}=`, ` ${value}`, `${value}\n`, value + value, `.${value}`, `${value}.`];
  yield* [
    "",
    ".",
    "..",
    "...",
    "=",
    "====",
    "\0",
    "e30",
    "[]",
    "null",
    "%7B%7D",
    "A".repeat(100_000),
  ];
}

function b64(text: string): string {
  return Buffer.from(text).toString("base64url");
}
