/**
 * Counts what the hot paths ask of the runtime: codec, hashes, views and buffers. This keeps them fast
 * without measuring time.
 */

import assert from "node:assert/strict";
import { IncomingMessage, ServerResponse } from "node:http";
import { Socket } from "node:net";
import { describe, mock, test } from "node:test";
import { asgiSessions } from "../src/asgi.ts";
import { decode, encode } from "../src/base64url.ts";
import { Fernet } from "../src/fernet.ts";
import { decodeInto, wordsOf } from "../src/internal/base64.ts";
import { CAPACITY, HmacKey } from "../src/internal/hmac.ts";
import { Jws } from "../src/internal/jws.ts";
import { utf8Text } from "../src/internal/text.ts";
import { Jwt } from "../src/jwt.ts";
import { sessions } from "../src/session.ts";
import { type Cost, costOf } from "./helpers/costs.ts";
import { jws } from "./helpers/token-forge.ts";
import { refused } from "./helpers/token-refusals.ts";

mock.method(Date, "now", () => 1_700_000_000_000);

const KEY = Buffer.from(Array.from({ length: 32 }, (_, index) => 5 * index + 3));
const OTHER = Buffer.alloc(32, 9);

type Row = readonly [what: string, run: () => unknown, cost: Cost];

function costs(rows: readonly Row[]): void {
  for (const [what, run, cost] of rows) {
    test(`${what}: ${JSON.stringify(cost)}`, () => assert.deepEqual(costOf(run), cost));
  }
}

/** The same token with a wrong MAC. */
const spoilt = (token: string): string => token.slice(0, -4) + (token.endsWith("A") ? "B" : "AAAA");

describe("base64url: uses the codec written by hand up to 24 bytes and 192 characters, up to 512 by words, then the runtime's", () => {
  const into = Buffer.alloc(520);
  const words = wordsOf(into);
  costs([
    ["encode 24 bytes", () => encode(new Uint8Array(24)), {}],
    ["encode 25 bytes", () => encode(new Uint8Array(25)), { buffer: 1, codec: 1 }],
    ["encode 25 bytes of a Buffer", () => encode(into.subarray(0, 25)), { view: 1, codec: 1 }],
    ["decode 192 characters", () => decode("A".repeat(192)), { write: 1 }],
    ["decode 194 characters", () => decode("A".repeat(194)), { buffer: 1, codec: 2 }],
    ["192 into a buffer", () => decodeInto(into, "A".repeat(192), 0, 192), { write: 1 }],
    ["194 into a buffer", () => decodeInto(into, "A".repeat(194), 0, 194), { codec: 2 }],
    ["512 into words", () => decodeInto(into, "A".repeat(512), 0, 512, words), { write: 1 }],
    ["514 into words", () => decodeInto(into, "A".repeat(514), 0, 514, words), { codec: 2 }],
  ]);
});

describe("HMAC: runs two hashes over cached views, and copies the key's blocks only when the key changes", () => {
  const one = new HmacKey(KEY);
  const other = new HmacKey(OTHER);
  const both = () => one.ofPage(9, "utf16le") + other.ofPage(9, "utf16le");
  costs([
    ["one key", () => one.ofPage(9, "utf16le"), { hash: 2 }],
    ["two keys in turns", both, { hash: 4, set: 4 }],
    ["a message of 1023 bytes", () => one.ofPage(1023, "utf16le"), { hash: 2 }],
    ["a message of 1024 bytes", () => one.ofPage(1024, "utf16le"), { hash: 2, view: 1 }],
    ["the plain way", () => one.of("message", "utf16le"), { hmac: 1 }],
  ]);
});

describe("Text: uses the strict decoder only where the lenient one may have repaired something", () => {
  const text = (bytes: Buffer) => () => utf8Text(bytes, 0, bytes.length);
  costs([
    ["text", text(Buffer.from("tom & jérôme")), {}],
    ["text that holds U+FFFD", text(Buffer.from("tom \uFFFD")), { view: 1, decoder: 1 }],
  ]);
});

describe("JWS: needs one write and two hashes, and does not parse a header of our own", () => {
  const mine = new Jws(KEY);
  const header = mine.sign("{}").split(".", 1)[0] as string;
  /** A payload of so many characters once it is encoded. */
  const payload = (characters: number): string => `"${"x".repeat((characters * 3) / 4 - 2)}"`;
  /** A payload that makes the whole token so long. */
  const payloadOf = (token: number): string => payload(token - header.length - 45);
  const open = (opener: Jws, token: string) => () => opener.open(token);
  const short = mine.sign('{"sub":"tom"}');
  const shuffled = jws({ typ: "JWT", alg: "HS256" }, { sub: "tom" }, KEY);
  const two = new Jws([OTHER, KEY]);
  const others = new Jws(OTHER).sign('{"sub":"tom"}');
  const inTurns = () => [two.open(short), two.open(others)];
  const named = new Jws({ kty: "oct", k: encode(KEY), kid: "a" });
  const choosing = new Jws([
    { kty: "oct", k: encode(OTHER), kid: "b" },
    { kty: "oct", k: encode(KEY), kid: "a" },
  ]);
  const long = mine.sign(payload(CAPACITY - 4));
  // A message of 1024 bytes or more needs a new view.
  const signing = { write: 2, set: 1, hash: 2 };
  const signingLong = { buffer: 1, codec: 1, set: 1, write: 1, view: 1, hash: 2 };
  costs([
    ["sign", () => mine.sign('{"sub":"tom"}'), signing],
    [
      "sign 5461 units of text",
      () => mine.sign("x".repeat(5461)),
      { ...signing, codec: 1, view: 1 },
    ],
    ["sign 5462 units of text", () => mine.sign("x".repeat(5462)), signingLong],
    ["sign what fills the page", () => mine.sign(payloadOf(CAPACITY + 44)), signingLong],
    ["sign more", () => mine.sign(payload(CAPACITY)), { hmac: 1, buffer: 1, codec: 1 }],
    ["open", open(mine, short), { write: 1, hash: 2 }],
    [
      "open a payload of 512 characters",
      open(mine, mine.sign(payload(512))),
      { write: 1, hash: 2 },
    ],
    [
      "open a payload of 515 characters",
      open(mine, mine.sign(payload(515))),
      { write: 1, hash: 2, codec: 2 },
    ],
    [
      "open what fills the page",
      open(mine, mine.sign(payloadOf(CAPACITY))),
      { write: 1, view: 2, hash: 2, codec: 2 },
    ],
    ["open more", open(mine, long), { write: 1, hmac: 1, codec: 2 }],
    [
      "open a payload that fills the page",
      open(mine, mine.sign(payload(CAPACITY))),
      { write: 1, hmac: 1, codec: 2 },
    ],
    ["open another's header", open(mine, shuffled), { write: 2, hash: 2, parse: 1 }],
    ["refuse a MAC", open(mine, spoilt(short)), { write: 4, hash: 2 }],
    ["refuse a MAC of a long token", open(mine, spoilt(long)), { write: 3, hmac: 1, codec: 2 }],
    ["the second of two keys again", open(two, short), { write: 1, hash: 2 }],
    ["two keys in turns", inTurns, { write: 2, set: 4, hash: 8 }],
    ["two keys, a MAC refused", open(two, spoilt(short)), { write: 4, set: 4, hash: 4 }],
    ["one key with kid", open(named, named.sign("{}")), { write: 1, hash: 2 }],
    ["two keys with kid", open(choosing, named.sign("{}")), { write: 2, hash: 2, parse: 1 }],
    [
      "two keys with kid, a MAC refused",
      open(choosing, spoilt(named.sign("{}"))),
      { write: 5, hash: 2, parse: 1 },
    ],
  ]);
});

describe("JWT: reads the clock only for times that it adds, and builds no token that is too long", () => {
  const plain = new Jwt(KEY, { issuedAt: false, issuer: "bulla" });
  const free = new Jwt(KEY, { issuer: "https://bulla.example" });
  const bound = new Jwt(KEY, { maxTokenLength: 300 });
  const timed = new Jwt(KEY, { expiresIn: 60, issuer: "bulla" });
  const token = timed.sign({ sub: "tom" });
  const signing = { stringify: 1, write: 3, codec: 1, set: 1, hash: 2 };
  costs([
    ["sign", () => timed.sign({ sub: "tom" }), { ...signing, clock: 1 }],
    ["sign what has an iat", () => timed.sign({ iat: 1 }), { ...signing, clock: 1 }],
    ["sign what has times", () => free.sign({ iat: 1, exp: 2 }), signing],
    ["sign without times", () => plain.sign({ sub: "tom" }), signing],
    [
      "refuse to sign claims whose JSON alone is as long as a token may be",
      () =>
        refused(
          () => bound.sign({ x: "y".repeat(300 - '{"x":""}'.length) }),
          "ERR_TOKEN_TOO_LARGE",
        ),
      { stringify: 1, clock: 1 },
    ],
    ["verify", () => timed.verify(token), { write: 1, hash: 2, parse: 1, clock: 1 }],
  ]);
});

describe("Fernet: uses the page and open ciphers, and does not copy the message", () => {
  const fernet = new Fernet(KEY);
  const aged = new Fernet(KEY, { ttl: 60 });
  const both = new Fernet([OTHER, KEY]);
  const text = fernet.encrypt("tom");
  // 20 blocks: the longest token under 512 characters.
  const longest = fernet.encrypt(new Uint8Array(319));
  const encryption = { clock: 1, codec: 1 };
  // Version, timestamp, IV, a block of padding and MAC are 73 bytes.
  const most = CAPACITY - 73;
  costs([
    ["encrypt", () => fernet.encrypt("tom"), { ...encryption, write: 1, set: 1, hash: 2 }],
    ["decrypt", () => fernet.decrypt(text), { write: 1, hash: 2 }],
    ["decrypt 504 characters", () => fernet.decrypt(longest), { write: 1, hash: 2 }],
    ["make a key", () => new Fernet(KEY), { set: 2 }],
    ["decrypt by the second of two keys", () => both.decrypt(text), { write: 1, hash: 2 }],
    ["decrypt under a ttl", () => aged.decrypt(text), { clock: 1, write: 1, hash: 2 }],
    [
      "decrypt under a ttl at a time",
      () => aged.decrypt(text, { now: 1_700_000_000 }),
      { write: 1, hash: 2 },
    ],
    [
      "encrypt bytes that fill the page",
      () => fernet.encrypt(new Uint8Array(most)),
      { ...encryption, view: 3, set: 2, hash: 2 },
    ],
    [
      "encrypt more",
      () => fernet.encrypt(new Uint8Array(most + 1)),
      { ...encryption, write: 1, view: 4, set: 2, buffer: 1, hmac: 1 },
    ],
  ]);

  for (const [length, padded] of [
    [0, 16],
    [15, 16],
    [16, 32],
  ] as const) {
    test(`returns a message of ${length} bytes as a view of the ${padded} bytes that were decrypted`, () => {
      const token = fernet.encrypt(new Uint8Array(length));
      assert.equal(fernet.decrypt(token).buffer.byteLength, padded);
    });
  }
});

describe("Sessions shared with Python: the header that PyJWT writes is not parsed", () => {
  const shared = asgiSessions<{ user: string }>({ secret: encode(KEY), type: "jwt" });
  const cookie = shared.issue({ user: "tom" }).setCookie.split(";", 1)[0] as string;
  // The payload, and the data in it; the time of the cookie, and of the session.
  const cost = { parse: 2, clock: 2, write: 1, hash: 3, buffer: 1 };
  costs([["read", () => shared.read(cookie).user, cost]]);
});

describe("Sessions: one parse for an unchanged session, one stringify and one seal for a changed one, nothing for an untouched one", () => {
  const session = sessions<{ user?: string }>({ secret: KEY });
  const dear = ({ parse = 0, stringify = 0, hash = 0 }: Cost): Cost => ({ parse, stringify, hash });
  const exchange = (cookie?: string) => {
    const req = new IncomingMessage(new Socket());
    if (cookie !== undefined) req.headers.cookie = cookie;
    return { req, res: new ServerResponse(req) };
  };
  const cookie = session.issue({ user: "tom" }).setCookie.split(";", 1)[0] as string;

  /** Counts a whole request, from its beginning to the end of its response. */
  const costOfRequest = (
    visit: (mine: { user?: string; save(): void }) => void,
    brought = cookie,
  ) =>
    dear(
      costOf(() => {
        const { req, res } = exchange(brought);
        visit(session.attach(req, res));
        res.end();
      }),
    );

  test("an untouched session", () => {
    const run = () => {
      const { req, res } = exchange(cookie);
      session.middleware(req, res, () => res.end());
    };
    assert.deepEqual(dear(costOf(run)), { parse: 0, stringify: 0, hash: 0 });
  });

  test("an unchanged session", () => {
    assert.deepEqual(
      costOfRequest(() => {}),
      { parse: 1, stringify: 0, hash: 2 },
    );
  });

  test("a changed session", () => {
    const change = (mine: { user?: string }) => {
      mine.user = "dick";
    };
    assert.deepEqual(costOfRequest(change), { parse: 1, stringify: 1, hash: 4 });
  });

  test("a session that was saved before its response ended", () => {
    const change = (mine: { user?: string; save(): void }) => {
      mine.user = "dick";
      mine.save();
    };
    assert.deepEqual(costOfRequest(change), { parse: 1, stringify: 1, hash: 4 });
  });
});
