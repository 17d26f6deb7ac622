/**
 * Reading and writing the data of a Python cookie: forged and altered cookies, data that one of the two
 * languages would change or fail on, and names that bulla reserves on Node.
 */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { sessions } from "../src/session.ts";
import {
  idOfValue,
  JWT_SECRET,
  type Made,
  pythonCookie,
  pythonText,
  pythonValue,
  SECRETS,
  shared,
} from "./helpers/asgi-cookies.ts";
import { cookieValue, FOURTEEN_DAYS, NOW, TYPES, type Type } from "./helpers/session-cookies.ts";
import { writers } from "./helpers/session-entries.ts";
import { type Bag, pairOf, sessionRefusal, visit } from "./helpers/session-visit.ts";
import { plaintextsOf } from "./helpers/token-plaintext.ts";

const TOM = '{"user":"tom"}';
const nested = (levels: number) => `{"a":${"[".repeat(levels - 1)}${"]".repeat(levels - 1)}}`;

/** Reads a cookie; also returns the codes that onInvalid got. */
function read(type: Type, value: string): { data: Bag; isNew: boolean; invalid: string[] } {
  const made = shared(type);
  const session = made.sessions.read(`session=${value}`);
  return { data: { ...session }, isNew: session.isNew, invalid: made.invalid };
}

function isRefused(type: Type, value: string, code: string): void {
  assert.deepEqual(read(type, value), { data: {}, isNew: true, invalid: [code] });
}

describe("text that tries to add claims to the data", () => {
  const claims = `"jti":"${"A".repeat(22)}","iat":${NOW},"exp":9e9,"begun":1,"age":9,"keep":true`;
  const joined = [
    '{},"exp":9000000000,"x":{}',
    '{"user":"tom"},"exp":9000000000,"x":{}',
    '{"user":"tom"}},{"a":{}',
    `{"user":"tom"},"data":{"user":"admin"}`,
    `{"user":"tom"},${claims},"data":{"user":"admin"}`,
    `{"user":"tom"}}\u0000`,
    `{"user":"tom"}}`,
    `{"user":"tom"`,
  ];
  for (const type of TYPES) {
    test(`${type}: text joined behind the data makes the cookie malformed`, () => {
      for (const text of joined) {
        isRefused(type, pythonValue(type, text), "ERR_TOKEN_MALFORMED");
      }
    });

    test(`${type}: claims inside the data are plain data`, async () => {
      // exp is an integer here: PyJWT refuses other types.
      const inside = `{${claims.replace("9e9", String(NOW + 9))},"data":{"user":"admin"}}`;
      const value = pythonValue(type, inside);
      const { session } = await visit(shared(type), `session=${value}`);
      assert.deepEqual({ ...session }, JSON.parse(inside));
      assert.equal(session.id, idOfValue(value));
      assert.deepEqual(
        [session.createdAt, session.expiresAt, session.user],
        [NOW, NOW + FOURTEEN_DAYS, undefined],
      );
    });
  }
});

describe("refuses a cookie", () => {
  const fernet = pythonValue("fernet", TOM);
  const jwt = pythonValue("jwt", TOM);
  const base64 = pythonValue("base64", TOM);
  const [head, payload, mac] = jwt.split(".");
  const own = (type: Type) =>
    cookieValue(
      sessions<Bag>({
        type,
        ...(type === "base64" ? {} : { secret: SECRETS[type] as string }),
        cookie: { name: "session" },
        clock: () => NOW,
      }).issue({ user: "tom" }).setCookie,
    );
  const of = (header: object | string, text: string = TOM) => pythonValue("jwt", text, { header });
  const rows: [type: Type, what: string, value: string, code: string][] = [
    ["fernet", "nothing", "", "ERR_TOKEN_INVALID"],
    ["fernet", "without padding", fernet.replace(/=+$/, ""), "ERR_TOKEN_INVALID"],
    ["fernet", "with more padding", `${fernet}=`, "ERR_TOKEN_INVALID"],
    ["fernet", "another version", `h${fernet.slice(1)}`, "ERR_TOKEN_INVALID"],
    ["fernet", "cut", fernet.slice(0, -4), "ERR_TOKEN_INVALID"],
    ["fernet", "a jwt", jwt, "ERR_TOKEN_INVALID"],
    ["fernet", "sessions() under this secret", own("fernet"), "ERR_TOKEN_INVALID"],
    ["jwt", "nothing", "", "ERR_TOKEN_MALFORMED"],
    ["jwt", "two parts", `${head}.${payload}`, "ERR_TOKEN_MALFORMED"],
    ["jwt", "with padding", `${head}.${payload}=.${mac}`, "ERR_ENCODING"],
    ["jwt", "the MAC of nothing", `${head}.${payload}.${"A".repeat(43)}`, "ERR_TOKEN_SIGNATURE"],
    ["jwt", "alg none", of({ alg: "none" }), "ERR_TOKEN_ALGORITHM"],
    ["jwt", "alg HS512", of({ alg: "HS512" }), "ERR_TOKEN_ALGORITHM"],
    ["jwt", "crit", of({ alg: "HS256", crit: ["exp"] }), "ERR_TOKEN_CRITICAL"],
    ["jwt", "b64", of({ alg: "HS256", b64: false }), "ERR_TOKEN_CRITICAL"],
    ["jwt", "typ at+jwt", of({ alg: "HS256", typ: "at+jwt" }), "ERR_TOKEN_CLAIM"],
    ["jwt", "typ session+jwt", of({ alg: "HS256", typ: "session+jwt" }), "ERR_TOKEN_CLAIM"],
    ["jwt", "typ jwt+x", of({ alg: "HS256", typ: "jwt+x" }), "ERR_TOKEN_CLAIM"],
    ["jwt", "typ JWE", of({ alg: "HS256", typ: "JWE" }), "ERR_TOKEN_CLAIM"],
    ["jwt", "typ empty", of({ alg: "HS256", typ: "" }), "ERR_TOKEN_CLAIM"],
    ["jwt", "typ null", of({ alg: "HS256", typ: null }), "ERR_TOKEN_CLAIM"],
    ["jwt", "typ a list", of({ alg: "HS256", typ: ["JWT"] }), "ERR_TOKEN_CLAIM"],
    ["jwt", "a fernet", fernet, "ERR_TOKEN_MALFORMED"],
    ["jwt", "sessions() under this secret", own("jwt"), "ERR_TOKEN_SIGNATURE"],
    ["base64", "nothing", "", "ERR_TOKEN_MALFORMED"],
    ["base64", "without padding", base64.replace(/=+$/, ""), "ERR_ENCODING"],
    ["base64", "with more padding", `${base64}=`, "ERR_ENCODING"],
    ["base64", "the standard alphabet", "eyJhIjoiPz8/Pz8/In0=", "ERR_ENCODING"],
    ["base64", "trailing bits", "e31=", "ERR_ENCODING"],
    ["base64", "sessions()", own("base64"), "ERR_ENCODING"],
  ];
  for (const [type, what, value, code] of rows) {
    test(`${type}: ${what}`, () => isRefused(type, value, code));
  }

  test("of a type with a MAC, if any character of it changes", () => {
    for (const [type, value] of [
      ["fernet", fernet],
      ["jwt", jwt],
    ] as const) {
      for (let at = 0; at < value.length; at++) {
        for (const other of ["A", "g", "-"]) {
          if (value[at] === other) continue;
          const changed = value.slice(0, at) + other + value.slice(at + 1);
          assert.equal(read(type, changed).isNew, true, `${type} ${at} ${other}`);
        }
      }
    }
  });

  test("fernet: wipes the plaintext from memory, valid text or not", () => {
    for (const text of [TOM, Buffer.concat([Buffer.from(TOM), Buffer.from([0xff])])]) {
      const plaintexts = plaintextsOf(() => read("fernet", pythonValue("fernet", text)));
      assert.deepEqual(
        plaintexts.map((plaintext) => plaintext.includes("tom")),
        [false],
      );
    }
  });

  test("jwt: accepts Python's typ: JWT in any case, or none", () => {
    const headers: Made["header"][] = [
      { typ: "JWT", alg: "HS256" },
      { alg: "HS256" },
      { alg: "HS256", typ: "jwt" },
      { alg: "HS256", typ: "application/JWT", kid: "1" },
      '{ "alg": "HS256", "typ": "JWT" }',
    ];
    for (const header of headers as NonNullable<Made["header"]>[]) {
      assert.deepEqual(read("jwt", of(header)).data, { user: "tom" });
    }
  });

  test("refuses to write a name and value of more than 4096 bytes", () => {
    for (const type of TYPES) {
      const text = JSON.stringify({ a: "x".repeat(4000) });
      isRefused(type, pythonValue(type, text), "ERR_TOKEN_TOO_LARGE");
    }
  });
});

/** Each as JSON text in a cookie, and as the value that an application assigns. */
const SPOILT: [what: string, text: string, value: () => unknown][] = [
  ["2^53", '{"a":9007199254740992}', () => ({ a: 2 ** 53 })],
  ["-2^53", '{"a":-9007199254740992}', () => ({ a: -(2 ** 53) })],
  ["1e20", '{"a":1e20}', () => ({ a: 1e20 })],
  ["1e300, deep", '{"a":[{"b":1e300}]}', () => ({ a: [{ b: 1e300 }] })],
  ["a lone surrogate", '{"a":"x\\ud800"}', () => ({ a: "x\ud800" })],
  ["a lone low surrogate", '{"a":"\\udc00x"}', () => ({ a: "\udc00x" })],
  ["surrogates the wrong way round", '{"a":"\\ude00\\ud83d"}', () => ({ a: "\ude00\ud83d" })],
  ["a lone surrogate, deep", '{"a":[{"b":"\\uD800"}]}', () => ({ a: [{ b: "\ud800" }] })],
  ["a name with a lone surrogate", '{"\\ud800":1}', () => ({ "\ud800": 1 })],
  ["such a name, deep", '{"a":[{"\\uDFFF":1}]}', () => ({ a: [{ "\udfff": 1 }] })],
  ["201 levels", nested(201), () => JSON.parse(nested(201))],
];

/** Also refused when written by sessions(), or not JSON at all. */
const MALFORMED: [what: string, text: string | Uint8Array][] = [
  ["a neighbour of 2^53", '{"id":9007199254740993}'],
  ["a long integer", '{"a":12345678901234567890}'],
  ["1e400", '{"a":1e400}'],
  ["NaN", '{"a":NaN}'],
  ["Infinity", '{"a":Infinity}'],
  ["-Infinity", '{"a":-Infinity}'],
  ["a list", "[]"],
  ["a text", '"tom"'],
  ["a number", "1"],
  ["null", "null"],
  ["nothing", ""],
  ["a BOM", `\ufeff${TOM}`],
  ["ill-formed UTF-8", Buffer.from([...Buffer.from('{"a":"'), 0xff, ...Buffer.from('"}')])],
  ["a surrogate in UTF-8", Buffer.from("7b2261223a22eda080227d", "hex")],
  ["a control character", '{"a":"\n"}'],
  ["single quotes", "{'a':1}"],
];

/** Data that both languages can hold, as Python might write them. */
const GOOD: [text: string, data: Bag][] = [
  ['{"a":9007199254740991,"b":-9007199254740991}', { a: 2 ** 53 - 1, b: 1 - 2 ** 53 }],
  ['{"a":1.0,"b":2.5,"c":1e-7,"d":-0.0}', { a: 1, b: 2.5, c: 1e-7, d: -0 }],
  ['{"a":0.1,"b":1e15,"c":5e-324}', { a: 0.1, b: 1e15, c: 5e-324 }],
  ['{"a": "J\\u00fcrgen", "b": "\\ud83d\\ude00"}', { a: "Jürgen", b: "😀" }],
  ['{"a":"\\\\ud800","b":"\\u0000\\u001f"}', { a: "\\ud800", b: "\0\u001f" }],
  ['{"a":null,"b":true,"c":[],"d":{}}', { a: null, b: true, c: [], d: {} }],
  ['{"a":1,"a":2}', { a: 2 }],
  ['{"2":"b","1":"a"}', { 1: "a", 2: "b" }],
  ['{"":1,"a b":2," data":3}', { "": 1, "a b": 2, " data": 3 }],
  [` \t\r\n${TOM}\n`, { user: "tom" }],
  [nested(200), JSON.parse(nested(200))],
];

describe("data that one language would change or fail on", () => {
  for (const type of TYPES) {
    for (const [what, text] of [...SPOILT, ...MALFORMED]) {
      test(`${type}: ${what} does not open`, () => {
        isRefused(type, pythonValue(type, text), "ERR_TOKEN_MALFORMED");
      });
    }

    for (const [what, , value] of SPOILT) {
      test(`${type}: ${what} is not written`, async () => {
        const made = shared(type);
        assert.throws(
          () => made.sessions.issue(value() as Bag),
          sessionRefusal("ERR_SESSION_DATA"),
        );
        const { response, setCookie } = await visit(made, undefined, (session) => {
          Object.assign(session, value());
          assert.throws(() => session.save(), sessionRefusal("ERR_SESSION_DATA"));
        });
        assert.deepEqual([response.status, setCookie], [500, []]);
        assert.deepEqual(made.errors, ["ERR_SESSION_DATA"]);
      });
    }

    test(`${type}: data that both can hold open, stay unchanged, and are written the same`, async () => {
      for (const [text, data] of GOOD) {
        const made = shared(type);
        const { session, setCookie } = await visit(made, pythonCookie(type, text));
        assert.deepEqual([{ ...session }, setCookie, made.invalid], [data, [], []], text);
        const value = cookieValue(made.sessions.issue(data).setCookie);
        assert.equal(pythonText(type, value), JSON.stringify(data));
      }
    });
  }

  test("every way to respond: data that Python would fail on give a 500 without a cookie", async (t) => {
    for (const [how, write] of writers()) {
      const made = shared("jwt");
      const { status, setCookie } = await write(t, made, pythonCookie("jwt", TOM), (session) => {
        session.aud = "me";
      });
      assert.deepEqual([status, setCookie, made.errors], [500, [], ["ERR_SESSION_DATA"]], how);
    }
  });
});

describe("claims that make PyJWT raise errors that asgi-sessions does not catch", () => {
  const rows: [claims: string, code: string][] = [
    ['"aud":"me"', "ERR_TOKEN_CLAIM"],
    ['"aud":["me"]', "ERR_TOKEN_CLAIM"],
    ['"aud":""', "ERR_TOKEN_CLAIM"],
    ['"aud":null', "ERR_TOKEN_CLAIM"],
    ['"sub":7', "ERR_TOKEN_CLAIM"],
    ['"sub":null', "ERR_TOKEN_CLAIM"],
    ['"jti":7', "ERR_TOKEN_CLAIM"],
    ['"iss":{}', "ERR_TOKEN_CLAIM"],
    ['"exp":"1"', "ERR_TOKEN_CLAIM"],
    ['"exp":null', "ERR_TOKEN_CLAIM"],
    ['"exp":true', "ERR_TOKEN_CLAIM"],
    ['"nbf":[]', "ERR_TOKEN_CLAIM"],
    ['"iat":"x"', "ERR_TOKEN_CLAIM"],
    [`"exp":${NOW}`, "ERR_TOKEN_EXPIRED"],
    [`"exp":${NOW}.9`, "ERR_TOKEN_EXPIRED"],
    ['"exp":0', "ERR_TOKEN_EXPIRED"],
    ['"exp":-1', "ERR_TOKEN_EXPIRED"],
    [`"nbf":${NOW + 1}`, "ERR_TOKEN_NOT_ACTIVE"],
    [`"nbf":${NOW}.1`, "ERR_TOKEN_NOT_ACTIVE"],
    [`"iat":${NOW + 1}`, "ERR_TOKEN_NOT_ACTIVE"],
    [`"iat":${NOW}.1`, "ERR_TOKEN_NOT_ACTIVE"],
  ];
  for (const [claims, code] of rows) {
    const text = `{"user":"tom",${claims}}`;
    const data = JSON.parse(text) as Bag;

    test(`jwt: ${claims} is neither opened nor written`, () => {
      isRefused("jwt", pythonValue("jwt", text), code);
      assert.throws(() => shared("jwt").sessions.issue(data), sessionRefusal("ERR_SESSION_DATA"));
    });

    test(`fernet, base64: ${claims} is data like any other`, () => {
      for (const type of ["fernet", "base64"] as const) {
        assert.deepEqual(read(type, pythonValue(type, text)).data, data);
        const { setCookie } = shared(type).sessions.issue(data);
        assert.equal(pythonText(type, cookieValue(setCookie)), JSON.stringify(data));
      }
    });
  }

  test("jwt: valid claims are data and are kept", async () => {
    const claims = { iss: "x", sub: "tom", jti: "1", exp: NOW + 1, nbf: NOW, iat: NOW };
    const made = shared("jwt");
    const { session, setCookie } = await visit(
      made,
      pythonCookie("jwt", JSON.stringify(claims)),
      (session) => (session.n = 1),
    );
    assert.deepEqual({ ...session }, { ...claims, n: 1 });
    const text = pythonText("jwt", cookieValue(setCookie[0]));
    assert.equal(text, JSON.stringify({ ...claims, n: 1 }));
  });

  test("jwt: refuses to write a claim that expires during the request", async () => {
    let now = NOW;
    const made = shared("jwt", { clock: () => now });
    const cookie = pythonCookie("jwt", `{"exp":${NOW + 5}}`);
    const { response, setCookie } = await visit(made, cookie, (session) => {
      session.n = 1;
      now += 5;
    });
    assert.deepEqual([response.status, setCookie], [500, []]);
  });

  test("typ tells a session from another kind of jwt under the same secret", () => {
    const access = { header: { alg: "HS256", typ: "at+jwt" }, secret: JWT_SECRET };
    isRefused("jwt", pythonValue("jwt", '{"sub":"tom"}', access), "ERR_TOKEN_CLAIM");
  });
});

describe("names that bulla reserves on Node", () => {
  const NAMES = [
    "id",
    "isNew",
    "createdAt",
    "expiresAt",
    "regenerate",
    "destroy",
    "save",
    "touch",
    "__proto__",
  ];
  const pythons = `{${NAMES.flatMap((name) => [name, `~${name}`, `~~${name}`])
    .map((name, index) => `"${name}":${index}`)
    .join(",")}}`;

  for (const type of TYPES) {
    test(`${type}: get one more "~" on Node`, async () => {
      const made = shared(type);
      const { session, setCookie } = await visit(made, pythonCookie(type, pythons));
      const names = NAMES.flatMap((name) => [`~${name}`, `~~${name}`, `~~~${name}`]);
      assert.deepEqual(Object.keys(session), names);
      assert.deepEqual(Object.values(session), [...names.keys()]);
      assert.equal(Object.getPrototypeOf(Object.getPrototypeOf(session)) === null, false);
      assert.deepEqual(setCookie, []);
    });

    test(`${type}: lose it again in Python's cookie`, async () => {
      const made = shared(type);
      const { setCookie } = await visit(made, pythonCookie(type, pythons), (session) => {
        session.n = 1;
      });
      const text = pythonText(type, cookieValue(setCookie[0]));
      assert.equal(text, `${pythons.slice(0, -1)},"n":1}`);
      const again = await visit(made, pairOf(setCookie[0]), (session) => {
        delete session.n;
      });
      assert.equal(pythonText(type, cookieValue(again.setCookie[0])), pythons);
    });

    test(`${type}: every other name stays as it is`, async () => {
      const others =
        '{"~":1,"~a":2,"ids":3,"ID":4,"~ id":5,"id~":6,"a":{"id":7,"__proto__":{"b":8}}}';
      const made = shared(type);
      const { session, setCookie } = await visit(made, pythonCookie(type, others), (session) => {
        session.n = 1;
      });
      const keys = ["~", "~a", "ids", "ID", "~ id", "id~", "a", "n"];
      assert.deepEqual(Object.keys(session), keys);
      const text = pythonText(type, cookieValue(setCookie[0]));
      assert.equal(text, `${others.slice(0, -1)},"n":1}`);
      assert.equal(({} as Bag).b, undefined);
    });
  }

  test("assigning a reserved name is an error, as in sessions()", async () => {
    await visit(shared("jwt"), undefined, (session) => {
      assert.throws(() => ((session as Bag).id = 1), { code: "ERR_OPTION" });
      session["~id"] = 1;
      delete session["~id"];
    });
  });
});
