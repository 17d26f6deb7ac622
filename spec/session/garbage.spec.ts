/** Garbage in cookies, and forged cookies of a type that is not signed: reading them never gives a 500. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Seal } from "../../src/session.ts";
import {
  cookieOf,
  cookieValue,
  envelope,
  FOURTEEN_DAYS,
  NAME,
  NOW,
  OLD_ID,
  SECRET,
  seal,
  TYPES,
  type Type,
  unseal,
} from "../helpers/session-cookies.ts";
import { writers } from "../helpers/session-entries.ts";
import { serve } from "../helpers/session-server.ts";
import { type Bag, optionsOf, service, visit } from "../helpers/session-visit.ts";
import { type Random, seeded } from "../helpers/token-random.ts";

describe("a cookie of garbage never gives a 500", () => {
  for (const type of TYPES) {
    test(`${type}`, async (t) => {
      const random = seeded(t);
      const made = service(optionsOf(type));
      const site = await serve(t, (req, res) => {
        res.end(Object.keys(made.sessions.attach(req, res)).join());
      });
      for (const value of garbage(type, random)) {
        made.invalid.length = 0;
        const trimmed = value.replaceAll(/^[ \t]+|[ \t]+$/g, "");
        const legal = /^[\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]*$/.test(trimmed);
        // A semicolon ends the value; the part before it is another value.
        const known = legal || !value.includes(";");
        const cookie = `${NAME}=${value}`;
        const session = made.sessions.read(cookie);
        assert.deepEqual([Object.keys(session), session.isNew], [[], true], cookie);
        if (known) assert.equal(made.invalid.length, legal ? 1 : 0, cookie);
        if (!/^[\t\x20-\x7e\x80-\xff]*$/.test(value)) continue;
        made.invalid.length = 0;
        const reply = await site.ask("/", { headers: { cookie } });
        assert.deepEqual([reply.status, reply.text, reply.setCookie], [200, "", []], cookie);
        if (known) assert.equal(made.invalid.length, legal ? 1 : 0, cookie);
      }
      assert.deepEqual(made.errors, []);
    });
  }

  /** Cookies of klen/asgi-sessions 1.2.4, and other values that a client may send. */
  const FOUND: readonly string[] = [
    "eyJ1c2VyIjoidG9tIn0=",
    "e30=",
    "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJ1c2VyIjoidG9tIn0.tPRGqJRmgOtsSm66UtAqOwdza5ObgTTqcokiXXkPhTg",
    "eyJhbGciOiJub25lIn0.eyJ1c2VyIjoidG9tIn0.",
    "gAAAAABrBDRIDlEj0em2TCQc8zqt6zXHzBY_0jVcnQOXZqmn41lDY3dKvfIEXcnjpmg5APvs7d7qz1FgZBnS1kRjvYA1Ng7Img==",
    ...[
      "",
      "=",
      "==",
      ".",
      "..",
      "...",
      "....",
      "null",
      "undefined",
      "true",
      "0",
      "-1",
      "NaN",
      "{}",
    ],
    ...["[]", "e30", "W10", "bnVsbA", "MA", "%00", "%7B%7D", "*", "../../etc/passwd", "$1", "\\"],
    ...["__proto__", "constructor", '"quoted"', "a b", "a,b", "a;b", " ", "\t", "\u00e9", "\xa0"],
    ...["\u0141", "\u{20041}", "\ud800", "\r\nSet-Cookie: x=y", "\0", "x".repeat(5000)],
    ...["A".repeat(4096), ".".repeat(3000), "=".repeat(3000), "gAAAAA".repeat(600)],
  ];

  function* garbage(type: Type, random: Random): Generator<string> {
    yield* FOUND;
    const good = seal(type, envelope({ user: "tom", text: "x".repeat(50) }));
    // For base64 any bytes are a cookie. This one has a bad jti, so that no change can make it an envelope.
    const spoilt = type === "base64" ? seal(type, envelope({}, { jti: 7 })) : good;
    for (const other of TYPES) {
      if (other !== type) yield seal(other, envelope({ user: "tom" }));
      yield seal(other, envelope({ user: "tom" }), { secret: `${SECRET}!` }).slice(1);
    }
    for (let length = 0; length < good.length; length += 3) yield good.slice(0, length);
    for (const tail of ["=", "==", "A", ".", "%3D"]) yield good + tail;
    const next = random.below;
    const alphabet = "ABCDEFabcdef0123456789-_=.+/~!";
    for (let round = 0; round < 150; round++) {
      const at = next(spoilt.length);
      const put = alphabet[next(alphabet.length)] ?? "";
      const kinds = [
        spoilt.slice(0, at) + put + spoilt.slice(at + 1),
        spoilt.slice(0, at) + put + spoilt.slice(at),
        spoilt.slice(0, at) + spoilt.slice(at + 1),
        spoilt.slice(at) + spoilt.slice(0, at),
        Array.from({ length: next(300) }, () => alphabet[next(alphabet.length)]).join(""),
      ];
      const chosen = kinds[next(kinds.length)] ?? "";
      if (chosen !== good) yield chosen;
    }
  }
});

/** Half of maxAge old: renewal is due, so that reading alone writes the cookie again. */
const DUE = { iat: NOW - FOURTEEN_DAYS / 2 };
const HEX: Seal = {
  seal: (payload) => Buffer.from(payload).toString("hex"),
  open: (text) => Buffer.from(text, "hex").toString(),
};

/** Returns an envelope with data that are given as JSON text. */
function around(data: string, claims: object = {}): string {
  return envelope({}, { ...DUE, ...claims }).replace(/"data":\{\}\}$/, `"data":${data}}`);
}

describe("data that JSON.stringify would write differently do not open", () => {
  const repeated = (text: string, count: number): string =>
    `{"a":[${Array.from({ length: count }, () => text).join()}]}`;
  const spellings: Record<string, string> = {
    "1e20, again and again": repeated("1e20", 550),
    "a number in capitals": '{"a":1E5}',
    "a number with a plus": '{"a":1e+5}',
    "a fraction of zeros": '{"a":1.0}',
    "more digits than a number has": '{"a":0.1000000000000000055511151231257827}',
    "a large whole number": '{"a":9007199254740993}',
    "minus zero": '{"a":-0}',
    "a space": '{"a": 1}',
    "a line break": '{"a":1\n}',
    "an escape that is not needed": '{"a":"\\u0061"}',
    "an escaped slash": '{"a":"\\/"}',
    "a name twice": '{"a":1,"a":2}',
    "names in another order": '{"b":1,"1":2}',
  };
  for (const [what, data] of Object.entries(spellings)) {
    test(`base64: ${what}`, async () => {
      const made = service({ type: "base64" });
      const cookie = `${NAME}=${seal("base64", around(data))}`;
      const { session, response, setCookie } = await visit(made, cookie);
      assert.deepEqual([session.isNew, response.status, setCookie], [true, 200, []]);
      assert.deepEqual([made.invalid, made.errors], [["ERR_TOKEN_MALFORMED"], []]);
    });
  }

  const claims: Record<string, string> = {
    "a space before": ` ${around("{}")}`,
    "a line break behind": `${around("{}")}\n`,
    "a claim twice": around("{}").replace("{", `{"jti":"${OLD_ID}",`),
    "iat as 1.7e9": around("{}", { iat: "IAT" }).replace('"IAT"', "1.7e9"),
    "iat with a fraction of zeros": around("{}", { iat: "IAT" }).replace('"IAT"', `${NOW}.0`),
  };
  for (const [what, text] of Object.entries(claims)) {
    test(`base64, in the claims: ${what}`, () => {
      const made = service({ type: "base64" });
      assert.equal(made.sessions.read(`${NAME}=${seal("base64", text)}`).isNew, true);
      assert.deepEqual(made.invalid, ["ERR_TOKEN_MALFORMED"]);
    });
  }

  for (const number of ["1e400", "-1e400", "1e309"]) {
    for (const data of [`{"a":${number}}`, repeated(number, 100), `{"a":{"b":[${number}]}}`]) {
      test(`every type: ${number} in ${data.slice(0, 20)}`, async () => {
        for (const type of [...TYPES, undefined]) {
          const made = service(type === undefined ? { seal: HEX } : { type });
          const text = around(data);
          const value = type === undefined ? HEX.seal(text) : seal(type, text);
          const { session, response, setCookie } = await visit(made, `${NAME}=${value}`);
          assert.deepEqual([session.isNew, response.status, setCookie], [true, 200, []], type);
          assert.deepEqual([made.invalid, made.errors], [["ERR_TOKEN_MALFORMED"], []], type);
        }
      });
    }
  }
});

describe("forged data that do open are read and renewed without a 500", () => {
  const deep = `{"a":${"[".repeat(1200)}${"]".repeat(1200)}}`;
  const nested = `${'{"a":'.repeat(400)}1${"}".repeat(400)}`;
  const members = '"id":1,"isNew":2,"createdAt":3,"expiresAt":4,"regenerate":5,"destroy":6';
  const polluting = '"__proto__":{"polluted":true,"toJSON":1}';
  const rows: Record<string, readonly [data: string, opened?: string]> = {
    "deep arrays": [deep],
    "deep objects": [nested],
    "many names": [`{${Array.from({ length: 200 }, (_, index) => `"n${index}":0`).join()}}`],
    __proto__: [`{${polluting},"user":"tom"}`, '{"user":"tom"}'],
    "__proto__ alone": [`{${polluting}}`, "{}"],
    "a nested __proto__": [`{"deep":[{${polluting}}]}`],
    "the names of members": [`{${members},"save":7,"touch":8,"user":"tom"}`, '{"user":"tom"}'],
    "the names of members alone": [`{${members}}`, "{}"],
    "constructor and the like": ['{"constructor":1,"toString":null,"hasOwnProperty":{},"then":1}'],
    "toJSON, which is not a function": ['{"toJSON":1,"user":"tom"}'],
    "lone surrogates": ['{"a":"\\ud800","b":"\\udfff\\ud800"}'],
    "line separators": ['{"a":"\u2028\u2029"}'],
    "control characters": ['{"a":"\\u0000\\u001f\\b\\t\\n\\f\\r\x7f"}'],
    "the largest numbers": ['{"a":[1e+308,-1.7976931348623157e+308,5e-324,9007199254740991]}'],
    "an empty name": ['{"":{"":""}}'],
    nothing: ["{}"],
  };
  for (const [what, [data, opened = data]] of Object.entries(rows)) {
    for (const due of [false, true]) {
      test(`${what}, ${due ? "due for renewal" : "read"}`, async () => {
        for (const type of [...TYPES, undefined]) {
          const made = service(type === undefined ? { seal: HEX } : { type });
          const text = around(data, due ? {} : { iat: NOW });
          assert.equal(JSON.stringify(JSON.parse(text)), text);
          const value = type === undefined ? HEX.seal(text) : seal(type, text);
          if (NAME.length + value.length > 4096) continue;
          const { session, response, setCookie } = await visit(made, `${NAME}=${value}`);
          assert.deepEqual([session.isNew, response.status], [false, 200], type);
          assert.deepEqual([made.invalid, made.errors], [[], []], type);
          assert.equal(JSON.stringify(session), opened, type);
          assert.equal((session as { polluted?: unknown }).polluted, undefined);
          assert.equal(({} as Bag).polluted, undefined);
          assert.equal(setCookie.length, due ? 1 : 0, type);
          if (!due || type === undefined) continue;
          const written = unseal(type, cookieValue(setCookie[0]));
          // Compared as text: comparing objects of this depth overflows some stacks.
          assert.equal(JSON.stringify(written.data), opened, type);
          assert.equal(written.jti, OLD_ID);
        }
      });
    }
  }
});

describe("a renewal that cannot be written leaves the response unchanged", () => {
  /** The longest cookie: there is no room for `begun`, which a renewal adds. */
  function full(type: Type): string {
    for (let length = 4000; length > 0; length--) {
      const cookie = cookieOf(type, { text: "x".repeat(length) }, DUE);
      if (cookie.length - 1 <= 4096) return cookie;
    }
    return assert.fail("a cookie has room for data");
  }
  for (const type of TYPES) {
    test(`${type}: too large`, async (t) => {
      const cookie = full(type);
      for (const [how, write] of writers()) {
        const made = service(optionsOf(type));
        const reply = await write(t, made, cookie, (session) => session.text);
        assert.deepEqual(reply, { status: 200, setCookie: [] }, how);
        assert.deepEqual([made.invalid, made.errors], [[], ["ERR_SESSION_TOO_LARGE"]], how);
      }
    });
  }

  const fails: Record<string, () => unknown> = {
    "a seal that throws": () => {
      throw new Error("no key");
    },
    "a seal that returns nothing": () => undefined,
    "a seal that returns text outside the cookie grammar": () => "a; Domain=evil.example",
  };
  for (const [what, failing] of Object.entries(fails)) {
    test(`${what}`, async (t) => {
      const cookie = `${NAME}=${HEX.seal(around('{"user":"tom"}'))}`;
      for (const [how, write] of writers()) {
        const made = service({ seal: { ...HEX, seal: failing as Seal["seal"] } });
        const reply = await write(t, made, cookie, (session) => session.user);
        assert.deepEqual(reply, { status: 200, setCookie: [] }, how);
        assert.deepEqual([made.invalid, made.errors], [[], ["ERR_SESSION_DATA"]], how);
      }
    });
  }

  test("but a change or touch that cannot be written is a 500", async (t) => {
    const cookie = full("fernet");
    for (const [how, write] of writers()) {
      for (const edit of ["change", "touch"]) {
        const made = service();
        const reply = await write(t, made, cookie, (session) => {
          if (edit === "touch") session.touch();
          else session.more = "x".repeat(40);
        });
        assert.deepEqual(reply, { status: 500, setCookie: [] }, `${how}, ${edit}`);
        assert.deepEqual(made.errors, ["ERR_SESSION_TOO_LARGE"], how);
      }
    }
  });

  test("data of a custom seal that JSON.stringify would make longer are renewed as they are", async () => {
    const data = `{"a":[${Array.from({ length: 300 }, () => "1e20").join()}]}`;
    const made = service({ seal: HEX });
    const cookie = `${NAME}=${HEX.seal(around(data))}`;
    const { session, response, setCookie } = await visit(made, cookie);
    assert.deepEqual([session.isNew, response.status, made.errors], [false, 200, []]);
    assert.equal(setCookie.length, 1);
    const payload = HEX.open(cookieValue(setCookie[0])) as string;
    assert.ok(payload.endsWith(`,"data":${data}}`));
  });
});
