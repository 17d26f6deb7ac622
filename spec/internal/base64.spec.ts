/**
 * Decoding by words of four bytes, by single bytes, and by Buffer gives the same result for every text. A
 * big-endian machine decodes by bytes alone.
 */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { decodeBytes, decodeInto, type Words, wordsOf } from "../../src/internal/base64.ts";
import { seeded } from "../helpers/token-random.ts";

const MOST = 600;
const target: Buffer = Buffer.alloc(MOST + 20);
const WAYS: readonly (readonly [what: string, words: Words])[] = [
  ["by words", wordsOf(target)],
  ["by bytes", false],
];

/** Decodes with the runtime's lenient codec, and accepts only what encodes to the same text. */
function plainly(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, "base64url");
  return bytes.toString("base64url") === text ? bytes : undefined;
}

/** Decodes characters at `start` of the target or of another Buffer; the bytes go to the target's start. */
function decoded(text: string, start: number, inPlace: boolean, words: Words): Buffer | undefined {
  target.fill(0x2a);
  const source = inPlace ? target : Buffer.alloc(start + text.length + 5, "A");
  source.write(text, start, "latin1");
  const length = decodeBytes(source, start, start + text.length, target, words);
  return length < 0 ? undefined : target.subarray(0, length);
}

for (const [way, words] of WAYS) {
  describe(`Decoding ${way}`, () => {
    test("decodes every length from every place in a word, in place and from another buffer", (t) => {
      const random = seeded(t);
      for (let length = 0; length <= MOST; length++) {
        const text = random.bytes(length).toString("base64url").slice(0, length);
        for (let start = 0; start < 8; start++) {
          const found = decoded(text, start, (length + start) % 2 === 0, words);
          assert.deepEqual(found, plainly(text), `${length} characters at ${start}`);
        }
      }
    });

    test("judges every octet at every place of a group of sixteen and behind it", () => {
      for (const length of [16, 17, 18, 19, 20, 39, 43]) {
        const text = Buffer.alloc(length, "A").toString("latin1");
        for (let at = 0; at < length; at++) {
          for (let octet = 0; octet < 256; octet++) {
            const other = text.slice(0, at) + String.fromCharCode(octet) + text.slice(at + 1);
            assert.deepEqual(decoded(other, 3, true, words), plainly(other), `${octet} at ${at}`);
          }
        }
      }
    });

    test("leaves everything behind the decoded bytes unchanged", () => {
      for (let length = 0; length <= 100; length++) {
        const bytes = Buffer.alloc(length, 0xa5);
        const source = Buffer.from(bytes.toString("base64url"));
        target.fill(0x2a);
        assert.equal(decodeBytes(source, 0, source.length, target, words), length);
        assert.deepEqual(target.subarray(0, length), bytes);
        assert.ok(target.subarray(length).every((octet) => octet === 0x2a));
      }
    });

    test("decodes a part of a string, and ignores the padding behind it", (t) => {
      const random = seeded(t);
      for (let length = 1; length <= 440; length++) {
        const bytes = random.bytes(length);
        const text = bytes.toString("base64url");
        for (const [front, back] of [
          ["", ""],
          ["", "="],
          ["", "=="],
          ["", "A==="],
          ["x.", ".y"],
        ]) {
          const whole = `${front}${text}${back}`;
          const start = front?.length as number;
          const found = decodeInto(target, whole, start, start + text.length, words);
          assert.equal(found, length);
          assert.deepEqual(target.subarray(0, length), bytes);
        }
        for (const foreign of ["\u0141", "\u00c1", "\u20ac", "\ud83d\ude00"]) {
          const bad = foreign + text.slice(foreign.length);
          assert.equal(decodeInto(target, bad, 0, bad.length, words), -1, `${length} ${foreign}`);
        }
      }
    });
  });
}
