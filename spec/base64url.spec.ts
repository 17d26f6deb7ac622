/**
 * base64url.ts against RFC 4648 sections 3, 5 and 12: bad input first, then both directions at every length,
 * also around the two lengths where the runtime's codec takes over from the one written by hand.
 */

import assert from "node:assert/strict";
import { constants } from "node:buffer";
import { describe, mock, test } from "node:test";
import { decode, encode } from "../src/base64url.ts";
import { TokenError } from "../src/internal/errors.ts";
import { seeded } from "./helpers/token-random.ts";
import { misuse, refused } from "./helpers/token-refusals.ts";

/** Section 5, table 2. */
const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/**
 * Whole groups before a case: with them the runtime's codec decodes it, without them the one written by hand.
 */
const GROUPS = "q83v".repeat(150);
const FRONTS = Array.from({ length: 61 }, (_, groups) => GROUPS.slice(0, 4 * groups));

describe("refuses text that is not base64url [4648-3.3b]", () => {
  const shapes: [text: string, why: string][] = [
    ["A", "one character is six bits, and no byte"],
    ["AAAAA", "one character after a group"],
    ["Zh", "four trailing bits, not all zero"],
    ["Zo", "four trailing bits, the first of them one"],
    ["Zm9", "two trailing bits, not all zero"],
    ["Zm-", "two trailing bits, the first of them one"],
  ];
  const foreign: [character: string, why: string][] = [
    ["+", "62 of section 4's alphabet"],
    ["/", "63 of section 4's alphabet"],
    [" ", "a space"],
    ["\t", "a tab"],
    ["\n", "a line feed"],
    ["\r", "a carriage return"],
    ["\v", "a vertical tab"],
    ["\f", "a form feed"],
    ["\0", "NUL"],
    ["\u00a0", "a no-break space"],
    ["\ufeff", "a byte order mark"],
    ["\u2028", "a line separator"],
    [".", "section 5 names other alphabets' last two"],
    [",", "IMAP's last"],
    ["~", "an unreserved character of URLs"],
    ["%", "as in %3D"],
    ["\u0141", "A, if masked to eight bits"],
    ["\u0241", "A, if masked to eight bits"],
    ["\u2041", "A, if masked to seven bits or eight"],
    ["\u00c1", "A, if masked to seven bits"],
    ["\uff21", "a full-width A"],
    ["\u0391", "a Greek A"],
    ["\u0410", "a Cyrillic A"],
    ["\u2010", "a hyphen"],
    ["\u2212", "a minus"],
    ["\u212a", "K, if case is folded"],
    ["\u017f", "s, if case is folded"],
    ["\uff3f", "a full-width low line"],
    ["\ud800", "a lone high surrogate"],
    ["\udc41", "a lone low surrogate"],
  ];

  for (const [text, why] of shapes) {
    test(`${JSON.stringify(text)}: ${why}`, () => {
      for (const front of FRONTS) {
        refused(() => decode(front + text), "ERR_ENCODING");
        refused(() => decode(equalled(front + text), { padding: true }), "ERR_ENCODING");
      }
    });
  }

  for (const [character, why] of foreign) {
    test(`${JSON.stringify(character)} at any place: ${why}`, () => {
      const fronts = ["", "q83v", GROUPS.slice(0, 188), GROUPS.slice(0, 192), GROUPS];
      const texts = fronts.flatMap((front) => ["Zm9v", "Zg", "Zm8"].map((end) => front + end));
      for (const text of texts) {
        const middle = text.length >> 1;
        for (const at of [0, 1, middle, text.length - 1, text.length]) {
          const inserted = text.slice(0, at) + character + text.slice(at);
          const replaced = text.slice(0, at) + character + text.slice(at + 1);
          for (const bad of [inserted, replaced, inserted + character.repeat(3)]) {
            refused(() => decode(bad), "ERR_ENCODING");
            refused(() => decode(equalled(bad), { padding: true }), "ERR_ENCODING");
          }
        }
      }
    });
  }

  test("refuses a character of two code units", () => {
    for (const front of FRONTS) {
      for (const bad of ["😀", "😀AA", "A😀A", "AA😀", "😀😀"]) {
        refused(() => decode(front + bad), "ERR_ENCODING");
      }
    }
  });

  test("refuses lines of 76 and of 64 characters, section 3.1 [4648-3.1a]", () => {
    for (const width of [64, 76]) {
      for (const end of ["\n", "\r\n"]) {
        const lines = encode(new Uint8Array(300)).match(new RegExp(`.{1,${width}}`, "g")) ?? [];
        refused(() => decode(lines.join(end)), "ERR_ENCODING");
        refused(() => decode(lines.join("") + end), "ERR_ENCODING");
      }
    }
  });
});

describe("requires padding exactly where it was asked for, section 3.2 [4648-3.2]", () => {
  const rows: [text: string, without: boolean, padded: boolean][] = [
    ["", true, true],
    ["Zm9v", true, true],
    ["Zg", true, false],
    ["Zm8", true, false],
    ["Zg==", false, true],
    ["Zm8=", false, true],
    ["Zg=", false, false],
    ["Zg===", false, false],
    ["Zg======", false, false],
    ["Zm8==", false, false],
    ["Zm8=====", false, false],
    ["Zm9v=", false, false],
    ["Zm9v==", false, false],
    ["Zm9v====", false, false],
    ["=", false, false],
    ["==", false, false],
    ["===", false, false],
    ["====", false, false],
    ["Z===", false, false],
    ["Z=", false, false],
    ["Z==", false, false],
    ["Z=g=", false, false],
    ["Zg=A", false, false],
    ["=Zg=", false, false],
    ["=Zm9", false, false],
    ["Zg==Zg==", false, false],
    ["Zg==Zm9v", false, false],
    ["Zm8=Zm9v", false, false],
    ["Zh==", false, false],
    ["Zm9=", false, false],
    ["Zg=\n", false, false],
    ["Zg==\n", false, false],
    ["Zg%3D%3D", false, false],
    ["Zg\uff1d\uff1d", false, false],
    ["Zm8\u013d", false, false],
  ];
  for (const [text, without, padded] of rows) {
    test(`${JSON.stringify(text)} is ${verdict(without)} without padding and ${verdict(padded)} with it`, () => {
      for (const front of FRONTS) {
        assert.equal(isAccepted(front + text, false), without, front);
        assert.equal(isAccepted(front + text, true), padded, front);
      }
    });
  }
});

test("refuses a value that is not a string, with the code of bad text [4648-12]", () => {
  const object = { toString: () => "Zg", length: 2, charCodeAt: () => 65 };
  const values = [undefined, null, 0, 1n, true, Symbol("Zg"), {}, [], ["Zg"], object];
  for (const value of [...values, new String("Zg"), Buffer.from("Zg"), () => "Zg"]) {
    for (const padding of [false, true]) {
      refused(() => decode(value as string, { padding }), "ERR_ENCODING");
    }
  }
});

test("encoding a value that is not a Uint8Array is a ConfigError", () => {
  const views = [new ArrayBuffer(1), new DataView(new ArrayBuffer(1)), new Uint16Array(1)];
  const values = [undefined, null, "Zg", 1, 1n, true, Symbol("Zg"), {}, [1], { length: 1, 0: 1 }];
  const others: unknown[] = [...values, ...views, new Int8Array(1), new Uint8ClampedArray(1)];
  for (const value of others) {
    misuse(() => encode(value as Uint8Array), "ERR_OPTION", "bytes must be a Uint8Array");
  }
});

test("accepts only the 64 characters, of all code units, at every place of a group [4648-3.3a]", () => {
  const contexts = [
    { front: "", groups: ["AAAA", "AAA", "AA"], back: "" },
    { front: GROUPS.slice(0, 192), groups: ["AAAA", "AA"], back: "" },
  ];
  const wrong: string[] = [];
  withoutStacks(() => {
    for (const { front, groups, back } of contexts) {
      for (const group of groups) {
        for (let place = 0; place < group.length; place++) {
          const before = front + group.slice(0, place);
          const after = group.slice(place + 1) + back;
          for (let unit = 0; unit <= 0xffff; unit++) {
            const text = before + String.fromCharCode(unit) + after;
            if (isAccepted(text) !== isCanonical(text)) wrong.push(`${group} ${place} ${unit}`);
          }
        }
      }
    }
  });
  assert.deepEqual(wrong, []);
});

test("judges every last group by its bits, section 3.5 [4648-3.5a]", () => {
  const symbols = [...ALPHABET, "+", "/", "=", " ", "\n", "\u0141"];
  const beginnings = ["A", "Z", "_", "="];
  const ends = symbols.flatMap((one) => [one, ...symbols.map((other) => one + other)]);
  const tails = [
    ...ends,
    ...beginnings.flatMap((one) => ends.map((end) => one + end)),
    ...ends.flatMap((end) => [`Az${end}`, `_A${end}`]),
  ];
  const wrong: string[] = [];
  withoutStacks(() => {
    for (const front of ["", GROUPS]) {
      for (const tail of tails) {
        const text = front + tail;
        for (const padding of [false, true]) {
          if (isAccepted(text, padding) !== isCanonical(text, padding)) wrong.push(text);
        }
        if (isAccepted(equalled(text), true) !== isCanonical(equalled(text), true)) {
          wrong.push(equalled(text));
        }
      }
    }
  });
  assert.deepEqual(wrong, []);
});

test("accepts an altered text exactly when its bytes encode to it again [4648-3.5b]", (t) => {
  const random = seeded(t);
  const symbols = `${ALPHABET}+/= \n.\u0141\u00c1`;
  withoutStacks(() => {
    for (let round = 0; round < 10_000; round++) {
      const padding = random.below(2) === 1;
      const bytes = random.bytes(random.below(300));
      const text = padding ? equalled(spelt(bytes)) : spelt(bytes);
      const at = random.below(text.length + 1);
      const symbol = symbols[random.below(symbols.length)];
      const cut = text.slice(at + random.below(3));
      const spoilt = text.slice(0, at) + (random.below(3) === 0 ? "" : symbol) + cut;
      assert.equal(isAccepted(spoilt, padding), isCanonical(spoilt, padding), spoilt);
      if (isAccepted(spoilt, padding)) {
        assert.equal(encode(decode(spoilt, { padding }), { padding }), spoilt);
      }
    }
  });
});

test("encodes and decodes every length up to 600 bytes by the table of section 5 [4648-3.1b]", (t) => {
  const random = seeded(t);
  for (let length = 0; length <= 600; length++) {
    const samples = [random.bytes(length), Buffer.alloc(length), Buffer.alloc(length, 0xff)];
    for (const bytes of samples.map((sample) => Uint8Array.from(sample))) {
      const text = spelt(bytes);
      assert.equal(text, Buffer.from(bytes).toString("base64url"));
      assert.equal(encode(bytes), text);
      assert.equal(encode(bytes, { padding: false }), text);
      assert.equal(encode(bytes, { padding: true }), equalled(text));
      assert.deepEqual(decode(text), bytes);
      assert.deepEqual(decode(equalled(text), { padding: true }), bytes);
    }
  }
});

test("encodes and decodes every value of twelve bits, in both halves of a group [4648-5]", () => {
  for (let bits = 0; bits < 4096; bits++) {
    const bytes = Uint8Array.of(bits >> 4, ((bits & 15) << 4) | (bits >> 8), bits & 255);
    const text = `${ALPHABET[bits >> 6]}${ALPHABET[bits & 63]}`.repeat(2);
    assert.equal(encode(bytes), text);
    assert.deepEqual(decode(text), bytes);
  }
});

test("decodes long texts, which are split into pieces, to the last character", () => {
  const groups = 65_536 / 4;
  for (const length of [groups * 3 - 1, groups * 3, groups * 3 + 1, groups * 6 + 2, 300_000]) {
    const bytes = Uint8Array.from({ length }, (_, at) => (at * 37 + (at >> 8)) & 255);
    const text = Buffer.from(bytes).toString("base64url");
    assert.equal(encode(bytes), text);
    assert.ok(Buffer.from(bytes).equals(decode(text)));
    for (const at of [0, 65_532, 65_535, 65_536, 65_539, 131_071, 131_072, text.length - 1]) {
      if (at >= text.length) continue;
      for (const character of "=+/ .\u0141\ud83d") {
        const wrong = text.slice(0, at) + character + text.slice(at + 1);
        refused(() => decode(wrong), "ERR_ENCODING", `${character} at ${at} of ${text.length}`);
        refused(() => decode(text.slice(0, at) + character + text.slice(at)), "ERR_ENCODING");
      }
    }
    refused(() => decode(`${text}=`), "ERR_ENCODING");
    // A last character with unused bits set.
    const last = ALPHABET.indexOf(text.at(-1) as string);
    const trailing = text.slice(0, -1) + ALPHABET[last | 1];
    if (length % 3 !== 0) refused(() => decode(trailing), "ERR_ENCODING");
  }
});

test("encodes the bytes of a view and leaves its buffer unchanged", () => {
  for (const buffer of [new ArrayBuffer(800), new SharedArrayBuffer(800)]) {
    const all = new Uint8Array(buffer);
    for (let at = 0; at < all.length; at++) all[at] = (at * 37) & 255;
    const before = Uint8Array.from(all);
    for (const start of [0, 1, 2, 3, 7, 150]) {
      for (const length of [0, 1, 2, 3, 47, 48, 49, 50, 51, 143, 144, 145, 600]) {
        const view = new Uint8Array(buffer, start, length);
        const copy = before.slice(start, start + length);
        assert.equal(encode(view), spelt(copy));
        assert.equal(encode(Buffer.from(buffer, start, length)), spelt(copy));
      }
    }
    assert.deepEqual(Uint8Array.from(all), before);
  }
});

test("encodes the true length of an array that reports another one", () => {
  class Longer extends Uint8Array {
    override get length(): number {
      return 40;
    }
    override get byteOffset(): number {
      return 1;
    }
    override get buffer(): never {
      throw new Error("not asked");
    }
  }
  for (const length of [0, 1, 24, 25, 30, 60]) {
    assert.equal(encode(new Longer(length)), spelt(new Uint8Array(length)));
  }
});

test("decode returns a Uint8Array with a buffer of its own", () => {
  for (const length of [0, 1, 2, 3, 48, 143, 144, 145, 146, 600, 5000]) {
    for (const padding of [false, true]) {
      const text = encode(new Uint8Array(length).fill(7), { padding });
      const bytes = decode(text, { padding });
      assert.equal(Object.getPrototypeOf(bytes), Uint8Array.prototype);
      assert.deepEqual([bytes.byteOffset, bytes.buffer.byteLength], [0, length]);
      bytes.fill(9);
      assert.deepEqual(decode(text, { padding }), new Uint8Array(length).fill(7));
    }
  }
});

test("bytes whose text is longer than the runtime's longest string are too large", () => {
  // Costs little memory: untouched pages are not allocated, and the length is checked before any byte is
  // read.
  for (const length of [400_000_001, Math.floor((constants.MAX_STRING_LENGTH * 3) / 4) + 1]) {
    refused(() => encode(new Uint8Array(length)), "ERR_TOKEN_TOO_LARGE", `${length}`);
  }
});

test("passes on an error of the runtime, and the next call is right", () => {
  const bytes = new Uint8Array(64);
  const fault = new RangeError("no memory");
  const broken = mock.method(Buffer.prototype, "toString", () => {
    throw fault;
  });
  assert.throws(
    () => encode(bytes),
    (error) => error === fault,
  );
  broken.mock.restore();
  assert.equal(encode(bytes), spelt(bytes));
});

/** Encodes bit by bit, as section 4 describes it. */
function spelt(bytes: Uint8Array): string {
  const bits = Array.from(bytes, (byte) => byte.toString(2).padStart(8, "0")).join("");
  const sixes = bits.match(/.{1,6}/g) ?? [];
  return sixes.map((six) => ALPHABET[Number.parseInt(six.padEnd(6, "0"), 2)]).join("");
}

/** Adds "=" up to a multiple of four. */
function equalled(text: string): string {
  return text.padEnd(Math.ceil(text.length / 4) * 4, "=");
}

/** Tells whether a text is canonical: section 5's alphabet, 3.2's padding, 3.5's zero bits. */
function isCanonical(text: string, padding = false): boolean {
  const [, body = "", equals = ""] = /^(.*?)(={0,2})$/s.exec(text) ?? [];
  const over = body.length % 4;
  if (over === 1) return false;
  if (equals.length !== (padding && over > 0 ? 4 - over : 0)) return false;
  if (!/^[\w-]*$/.test(body)) return false;
  const last = ALPHABET.indexOf(body.slice(-1));
  return over === 0 || last % (over === 2 ? 16 : 4) === 0;
}

function isAccepted(text: string, padding = false): boolean {
  try {
    decode(text, { padding });
    return true;
  } catch (error) {
    if (error instanceof TokenError && error.code === "ERR_ENCODING") return false;
    throw error;
  }
}

/** Runs without stack traces: a million of them would take most of the time. */
function withoutStacks(run: () => void): void {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  try {
    run();
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}

function verdict(accepted: boolean): string {
  return accepted ? "taken" : "refused";
}
