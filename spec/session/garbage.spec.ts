/**
 * Cookies of garbage: the session is empty, the cookie cleared, onInvalid told; never a 500.
 */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  CLEARING,
  ENDS,
  envelope,
  NAME,
  NOW,
  SECRET,
  seal,
  TYPES,
  type Type,
} from "../helpers/session-cookies.ts";
import { serve } from "../helpers/session-server.ts";
import { optionsOf, service, visit } from "../helpers/session-visit.ts";

/** In no message, property or cause. */
const PLAINTEXT = "hunter2";

describe("claims that are none make no session, whatever sealed them", () => {
  const deep = `${"[".repeat(900)}${"]".repeat(900)}`;
  const MALFORMED = "ERR_TOKEN_MALFORMED";
  const EXPIRED = "ERR_TOKEN_EXPIRED";
  const data = '"data":{"user":"tom"}';
  const times = `"iat":${NOW},"exp":${ENDS}`;
  const rows: Record<string, readonly [payload: string, code: string]> = {
    "no text": ["", MALFORMED],
    "no JSON": ["{", MALFORMED],
    "JSON with a comma too many": [`{"jti":"a",${times},${data},}`, MALFORMED],
    "a byte order mark": [`\ufeff${envelope({})}`, MALFORMED],
    null: ["null", MALFORMED],
    "a number": ["7", MALFORMED],
    text: ['"text"', MALFORMED],
    "an array": [`[${envelope({})}]`, MALFORMED],
    "deep arrays": [deep, MALFORMED],
    "an empty object": ["{}", MALFORMED],
    "no jti": [`{${times},${data}}`, MALFORMED],
    "an empty jti": [`{"jti":"",${times},${data}}`, MALFORMED],
    "a jti that is a number": [`{"jti":7,${times},${data}}`, MALFORMED],
    "a jti that is null": [`{"jti":null,${times},${data}}`, MALFORMED],
    "no iat": [`{"jti":"a","exp":${ENDS},${data}}`, MALFORMED],
    "an iat of text": [`{"jti":"a","iat":"${NOW}","exp":${ENDS},${data}}`, MALFORMED],
    "an iat beyond numbers": [`{"jti":"a","iat":1e400,"exp":${ENDS},${data}}`, MALFORMED],
    "no exp": [`{"jti":"a","iat":${NOW},${data}}`, MALFORMED],
    "an exp of text": [`{"jti":"a","iat":${NOW},"exp":"${ENDS}",${data}}`, MALFORMED],
    "an exp that is null": [`{"jti":"a","iat":${NOW},"exp":null,${data}}`, MALFORMED],
    "an exp beyond numbers": [`{"jti":"a","iat":${NOW},"exp":1e400,${data}}`, MALFORMED],
    "an exp that is past": [`{"jti":"a","iat":${NOW - 9},"exp":${NOW},${data}}`, EXPIRED],
    "an exp below zero": [`{"jti":"a","iat":${NOW},"exp":-1,${data}}`, EXPIRED],
    "the last of two exp is past": [`{"jti":"a",${times},"exp":1,${data}}`, EXPIRED],
    "no data": [`{"jti":"a",${times}}`, MALFORMED],
    "data that are null": [`{"jti":"a",${times},"data":null}`, MALFORMED],
    "data that are an array": [`{"jti":"a",${times},"data":["tom"]}`, MALFORMED],
    "data that are text": [`{"jti":"a",${times},"data":"tom"}`, MALFORMED],
    "members of the prototype": [`{"__proto__":{"jti":"a",${times},${data}}}`, MALFORMED],
  };
  for (const [what, [payload, code]] of Object.entries(rows)) {
    test(`${what}`, async () => {
      for (const type of TYPES) {
        const made = service(optionsOf(type));
        const { session, setCookie, response } = await visit(
          made,
          `${NAME}=${seal(type, payload)}`,
        );
        assert.deepEqual([Object.keys(session), session.isNew], [[], true], type);
        assert.deepEqual([response.status, setCookie], [200, [CLEARING]], type);
        assert.deepEqual(made.invalid, [code], type);
      }
    });
  }
});

test("onInvalid hears a code and nothing else, also of a cookie that opened", () => {
  const reasons: object[] = [];
  const made = service({ onInvalid: (reason) => reasons.push(reason) });
  made.sessions.read(`${NAME}=${seal("fernet", envelope({ user: PLAINTEXT }, { exp: NOW }))}`);
  made.sessions.read(`${NAME}=${PLAINTEXT}`);
  const jwt = service({ type: "jwt", onInvalid: (reason) => reasons.push(reason) });
  jwt.sessions.read(`${NAME}=${seal("jwt", envelope({ user: PLAINTEXT }), { typ: PLAINTEXT })}`);
  assert.deepEqual(
    reasons.map((reason) => ({ ...reason })),
    [{ code: "ERR_TOKEN_EXPIRED" }, { code: "ERR_TOKEN_INVALID" }, { code: "ERR_TOKEN_CLAIM" }],
  );
});

describe("a cookie of garbage never makes a 500", () => {
  for (const type of TYPES) {
    test(`${type}`, async (t) => {
      const seed = Number(process.env.SEED ?? Date.now() % 2 ** 31);
      t.diagnostic(`SEED=${seed}`);
      const made = service(optionsOf(type));
      const site = await serve(t, (req, res) => {
        res.end(Object.keys(made.sessions.attach(req, res)).join());
      });
      for (const value of garbage(type, seed)) {
        made.invalid.length = 0;
        const trimmed = value.replaceAll(/^[ \t]+|[ \t]+$/g, "");
        const legal = /^[\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]*$/.test(trimmed);
        // A semicolon ends the value: what is left in front of it is another one.
        const known = legal || !value.includes(";");
        const cookie = `${NAME}=${value}`;
        const session = made.sessions.read(cookie);
        assert.deepEqual([Object.keys(session), session.isNew], [[], true], cookie);
        if (known) assert.equal(made.invalid.length, legal ? 1 : 0, cookie);
        if (!/^[\t\x20-\x7e\x80-\xff]*$/.test(value)) continue;
        made.invalid.length = 0;
        const reply = await site.ask("/", { headers: { cookie } });
        assert.deepEqual([reply.status, reply.text], [200, ""], cookie);
        if (known) {
          assert.deepEqual(reply.setCookie, legal ? [CLEARING] : [], cookie);
          assert.equal(made.invalid.length, legal ? 1 : 0, cookie);
        }
      }
      assert.deepEqual(made.errors, []);
    });
  }

  /** Cookies that klen/asgi-sessions 1.2.4 wrote, and whatever else a client may send. */
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

  function* garbage(type: Type, seed: number): Generator<string> {
    yield* FOUND;
    const good = seal(type, envelope({ user: "tom", text: "x".repeat(50) }));
    // Of base64 any bytes are text: what opens has to be no envelope.
    const spoilt = type === "base64" ? seal(type, envelope({}, { jti: 7 })) : good;
    for (const other of TYPES) {
      if (other !== type) yield seal(other, envelope({ user: "tom" }));
      yield seal(other, envelope({ user: "tom" }), { secret: `${SECRET}!` }).slice(1);
    }
    for (let length = 0; length < good.length; length += 3) yield good.slice(0, length);
    const next = random(seed);
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

/** mulberry32: whole numbers below `below`, the same for the same seed. */
function random(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}
