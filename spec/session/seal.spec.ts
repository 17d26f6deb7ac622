/**
 * The seals of the three types: what each accepts, what its cookies consist of, and that they open only their
 * own.
 */

import assert from "node:assert/strict";
import { createHmac, hkdfSync, randomBytes } from "node:crypto";
import { describe, test } from "node:test";
import { ConfigError } from "../../src/session.ts";
import {
  cookieValue,
  envelope,
  NAME,
  SECRET,
  seal,
  TYPES,
  type Type,
  unsealText,
} from "../helpers/session-cookies.ts";
import { optionsOf, pairOf, service, visit } from "../helpers/session-visit.ts";
import { plaintextsOf } from "../helpers/token-plaintext.ts";

const TEXT = envelope({ user: "tom" });
const OTHER = { secret: "another secret of at least 32 bytes" };

interface Opened {
  isNew: boolean;
  /** The code that onInvalid got. */
  code: string | undefined;
}

/** Reads a cookie's value with a service of a type. */
function open(type: Type, value: string): Opened {
  const { sessions, invalid } = service(optionsOf(type));
  const { isNew } = sessions.read(`${NAME}=${value}`);
  assert.ok(invalid.length <= (isNew ? 1 : 0));
  return { isNew, code: invalid[0] };
}

describe("refuses a text with the right code", () => {
  const good = { jwt: seal("jwt", TEXT), fernet: seal("fernet", TEXT) };
  const [header = "", payload = "", mac = ""] = good.jwt.split(".");
  const rows: readonly (readonly [type: Type, what: string, value: string, code: string])[] = [
    ["base64", "nothing", "", "ERR_TOKEN_MALFORMED"],
    ["base64", "padding", `${seal("base64", "a")}==`, "ERR_ENCODING"],
    ["base64", "a character of base64", "ab+/", "ERR_ENCODING"],
    ["base64", "trailing bits", "e31", "ERR_ENCODING"],
    ["base64", "an impossible length", "e", "ERR_ENCODING"],
    ["base64", "a fernet", seal("fernet", TEXT), "ERR_ENCODING|ERR_TOKEN_MALFORMED"],
    ["base64", "a jwt", good.jwt, "ERR_ENCODING"],
    ["base64", "JSON with a space", seal("base64", TEXT.replace("{", "{ ")), "ERR_TOKEN_MALFORMED"],
    [
      "base64",
      "JSON with an escape",
      seal("base64", TEXT.replace("tom", "\\u0074om")),
      "ERR_TOKEN_MALFORMED",
    ],
    ["jwt", "nothing", "", "ERR_TOKEN_MALFORMED"],
    ["jwt", "two parts", `${header}.${payload}`, "ERR_TOKEN_MALFORMED"],
    ["jwt", "four parts", `${good.jwt}.`, "ERR_TOKEN_MALFORMED"],
    ["jwt", "a fernet", good.fernet, "ERR_TOKEN_MALFORMED"],
    ["jwt", "a base64", seal("base64", TEXT), "ERR_TOKEN_MALFORMED"],
    ["jwt", "another name", seal("jwt", TEXT, { name: "session" }), "ERR_TOKEN_SIGNATURE"],
    ["jwt", "another secret", seal("jwt", TEXT, OTHER), "ERR_TOKEN_SIGNATURE"],
    ["jwt", "the key of fernet", seal("jwt", TEXT, { info: "fernet" }), "ERR_TOKEN_SIGNATURE"],
    ["jwt", "a wrong MAC", `${header}.${payload}.${"A".repeat(43)}`, "ERR_TOKEN_SIGNATURE"],
    ["jwt", "a MAC with padding", `${header}.${payload}.${mac}=`, "ERR_ENCODING"],
    ["jwt", "alg none", `${b64('{"alg":"none"}')}.${payload}.`, "ERR_TOKEN_ALGORITHM"],
    ["jwt", "alg HS512", forged({ alg: "HS512", typ: "session+jwt" }), "ERR_TOKEN_ALGORITHM"],
    ["jwt", "crit", forged({ alg: "HS256", typ: "session+jwt", crit: [] }), "ERR_TOKEN_CRITICAL"],
    ["jwt", "b64", forged({ alg: "HS256", typ: "session+jwt", b64: true }), "ERR_TOKEN_CRITICAL"],
    ["jwt", "no typ", forged({ alg: "HS256" }), "ERR_TOKEN_CLAIM"],
    ["jwt", "another typ", seal("jwt", TEXT, { typ: "JWT" }), "ERR_TOKEN_CLAIM"],
    [
      "jwt",
      "another typ with the suffix +jwt",
      seal("jwt", TEXT, { typ: "at+jwt" }),
      "ERR_TOKEN_CLAIM",
    ],
    ["fernet", "nothing", "", "ERR_TOKEN_INVALID"],
    ["fernet", "padding", `${good.fernet}=`, "ERR_TOKEN_INVALID"],
    ["fernet", "more padding", `${good.fernet}==`, "ERR_TOKEN_INVALID"],
    ["fernet", "another name", seal("fernet", TEXT, { name: "session" }), "ERR_TOKEN_INVALID"],
    ["fernet", "another secret", seal("fernet", TEXT, OTHER), "ERR_TOKEN_INVALID"],
    ["fernet", "the key of jwt", seal("fernet", TEXT, { info: "jwt" }), "ERR_TOKEN_INVALID"],
    ["fernet", "a jwt", good.jwt, "ERR_TOKEN_INVALID"],
    ["fernet", "a base64", seal("base64", TEXT), "ERR_TOKEN_INVALID"],
    ["fernet", "another version", `h${good.fernet.slice(1)}`, "ERR_TOKEN_INVALID"],
  ];
  for (const [type, what, value, code] of rows) {
    test(`${type}: ${what}`, () => {
      const opened = open(type, value);
      assert.equal(opened.isNew, true);
      assert.match(opened.code ?? "", new RegExp(`^(${code})$`));
    });
  }

  for (const length of [0, 1, 2]) {
    test(`fernet: refuses padding, of ${length} characters`, () => {
      let text = TEXT;
      const padding = "=".repeat(length);
      for (let more = 0; seal("fernet", text).length % 4 !== (4 - length) % 4; more++) {
        assert.ok(more < 64);
        text = envelope({ user: "t".repeat(more) });
      }
      const value = seal("fernet", text);
      assert.equal(open("fernet", value).isNew, false);
      if (length > 0) assert.equal(open("fernet", value + padding).code, "ERR_TOKEN_INVALID");
    });
  }

  test("fernet: bad PKCS#7 padding under a valid MAC", () => {
    for (const end of [[0], [17], [255], [1, 2], [3, 2, 3], [15, 16]]) {
      const block = Buffer.concat([Buffer.alloc(16 - end.length, "{"), Uint8Array.from(end)]);
      const value = seal("fernet", block, { padded: false });
      assert.equal(open("fernet", value).code, "ERR_TOKEN_INVALID");
    }
  });

  test("fernet: wipes the plaintext from memory, valid text or not", () => {
    for (const text of [TEXT, Buffer.concat([Buffer.from(TEXT), Buffer.from([0xff])])]) {
      const plaintexts = plaintextsOf(() => open("fernet", seal("fernet", text)));
      assert.deepEqual(
        plaintexts.map((plaintext) => plaintext.includes("tom")),
        [false],
      );
    }
  });

  for (const type of TYPES) {
    test(`${type}: bytes that are not UTF-8`, () => {
      for (const bytes of [
        [0xff],
        [0xc3],
        [0xed, 0xa0, 0x80],
        [0xf4, 0x90, 0x80, 0x80],
        [0xc0, 0x80],
      ]) {
        const [before = "", after = ""] = TEXT.split("tom");
        const spoilt = Buffer.concat([Buffer.from(before), Buffer.from(bytes), Buffer.from(after)]);
        assert.equal(open(type, seal(type, spoilt)).code, "ERR_TOKEN_MALFORMED");
      }
      const marked = seal(
        type,
        Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), Buffer.from(TEXT)]),
      );
      assert.equal(open(type, marked).code, "ERR_TOKEN_MALFORMED");
    });

    test(`${type}: changed versions of a good value`, () => {
      const good = seal(type, TEXT);
      assert.equal(open(type, good).isNew, false);
      for (const value of near(good)) {
        const { isNew, code } = open(type, value);
        if (type !== "base64") assert.equal(isNew, true, value);
        if (code !== undefined) assert.match(code, /^ERR_(ENCODING|TOKEN_[A-Z_]+)$/);
      }
    });
  }
});

describe("a cookie's value has only base64url and dots, whatever the data", () => {
  for (const type of TYPES) {
    test(`${type}`, () => {
      const { sessions, invalid } = service(optionsOf(type));
      for (let length = 0; length <= 64; length++) {
        for (const data of [{ text: "x".repeat(length) }, { text: "𒀸é".repeat(length) }]) {
          const { setCookie } = sessions.issue(data);
          const value = cookieValue(setCookie);
          // So no serializer quotes it, and no client percent-encodes it.
          assert.match(value, /^[\w.-]+$/);
          assert.equal(encodeURIComponent(value), value);
          assert.deepEqual({ ...sessions.read(`${NAME}=${value}`) }, data);
          assert.deepEqual(
            { ...sessions.read(`${NAME}=${seal(type, unsealText(type, value))}`) },
            data,
          );
        }
      }
      assert.deepEqual(invalid, []);
    });
  }
});

describe("no cookie opens in place of another", () => {
  test("for every pair of names, types and secrets", () => {
    const made = [];
    for (const type of TYPES) {
      for (const name of [NAME, "session", "session2"]) {
        for (const secret of [SECRET, `${SECRET}2`, new Uint8Array(32)]) {
          const options = type === "base64" ? {} : { secret };
          const of = type === "base64" ? type : `${type} ${name} ${secret}`;
          const { sessions } = service({ type, cookie: { name }, ...options });
          const { setCookie } = sessions.issue({ of });
          made.push({ of, name, sessions, value: cookieValue(setCookie) });
        }
      }
    }
    for (const { of, value } of made) {
      for (const opener of made) {
        const session = opener.sessions.read(`${opener.name}=${value}`);
        assert.equal(session.of, opener.of === of ? of : undefined, `${of} by ${opener.of}`);
      }
    }
  });

  for (const type of ["fernet", "jwt"] as const) {
    test(`the first secret of ${type} seals, all of them open, and no other`, () => {
      const secrets = [SECRET, randomBytes(32), "an older secret of at least 32 bytes"];
      const { sessions } = service({ type, secret: secrets });
      for (const secret of secrets) {
        assert.equal(sessions.read(`${NAME}=${seal(type, TEXT, { secret })}`).user, "tom");
      }
      const { setCookie } = sessions.issue({ user: "tom" });
      assert.match(unsealText(type, cookieValue(setCookie)), /"user":"tom"/);
      const foreign = seal(type, TEXT, { secret: randomBytes(32) });
      assert.equal(sessions.read(`${NAME}=${foreign}`).isNew, true);
    });
  }
});

test("fernet seals equal data differently, and hides them", async () => {
  const made = service({ maxAge: 60, renewAfter: 0 });
  const values = new Set<string>();
  const cookie = pairOf(made.sessions.issue({ user: "tom" }).setCookie);
  for (let round = 0; round < 100; round++) {
    const { setCookie } = await visit(made, cookie, (session) => session.touch());
    const value = cookieValue(setCookie[0]);
    assert.ok(!Buffer.from(value, "base64url").includes("tom"));
    values.add(value);
  }
  assert.equal(values.size, 100);
});

test("base64 needs no secret; the other types do", () => {
  const { sessions } = service({ type: "base64" });
  const { setCookie } = sessions.issue({ user: "tom" });
  assert.equal(sessions.read(pairOf(setCookie)).user, "tom");
  for (const type of ["fernet", "jwt"] as const) {
    assert.throws(() => service({ type, secret: [] }), ConfigError);
  }
});

/** Truncated, changed, doubled and padded versions of a good value, and unrelated ones. */
function* near(value: string): Generator<string> {
  for (let length = 0; length < value.length; length++) yield value.slice(0, length);
  for (let at = 0; at < value.length; at++) {
    for (const put of ["", "A", "-", ".", "=", " ", "%41", "\u0141", "\u{20041}"]) {
      const changed = value.slice(0, at) + put + value.slice(at + 1);
      if (changed !== value) yield changed;
    }
  }
  yield* [`${value}=`, `${value}%3D`, `"${value}"`, `${value}\n`, value + value];
  yield* [`.${value}`, `${value}.`, ".", "..", "...", "=", "====", "\0", "e30", "[]", "null"];
  yield* ["%7B%7D", "A".repeat(4000), "A".repeat(100_000)];
}

/** A jwt with any header, under the right key. */
function forged(header: object): string {
  const key = Buffer.from(hkdfSync("sha256", SECRET, "", `bulla/session/jwt/${NAME}`, 32));
  const input = `${b64(JSON.stringify(header))}.${b64(TEXT)}`;
  return `${input}.${createHmac("sha256", key).update(input).digest("base64url")}`;
}

function b64(text: string): string {
  return Buffer.from(text).toString("base64url");
}
