/** AES-128-CBC on contexts that stay open, compared with a new createCipheriv for each message. */

import assert from "node:assert/strict";
import { createCipheriv, createDecipheriv, createSecretKey, type KeyObject } from "node:crypto";
import { describe, type TestContext, test } from "node:test";
import { CbcKey } from "../../src/internal/cbc.ts";
import { type Random, seeded } from "../helpers/token-random.ts";

interface Pair {
  ours: CbcKey;
  theirs: KeyObject;
}

/** Encrypts or decrypts blocks in the middle of a buffer, and compares the result and the bytes around it. */
function turn({ ours, theirs }: Pair, random: Random, blocks: number, encrypting: boolean): void {
  const [before, behind] = [random.below(40), random.below(40)];
  const buffer = random.bytes(before + 16 + blocks * 16 + behind);
  const given = Buffer.from(buffer);
  const [start, end] = [before + 16, before + 16 + blocks * 16];
  const [iv, text] = [given.subarray(before, start), given.subarray(start, end)];
  const open = encrypting ? createCipheriv : createDecipheriv;
  const expected = open("aes-128-cbc", theirs, iv).setAutoPadding(false).update(text);
  const what = `${blocks} blocks, ${encrypting ? "encrypted" : "decrypted"}`;
  if (encrypting) {
    ours.encrypt(buffer.subarray(start, end), buffer, before);
    assert.ok(buffer.subarray(start, end).equals(expected), what);
    assert.ok(buffer.subarray(0, start).equals(given.subarray(0, start)), `${what}, in front`);
    assert.ok(buffer.subarray(end).equals(given.subarray(end)), `${what}, behind`);
  } else {
    const plaintext = ours.decrypt(buffer.subarray(start, end), buffer, before);
    assert.ok(plaintext.equals(expected), what);
    plaintext.fill(0);
    assert.ok(buffer.equals(given), `${what}, in memory of its own`);
  }
}

function pairs(random: Random, count: number): Pair[] {
  return Array.from({ length: count }, () => {
    const bytes = random.bytes(16);
    return { ours: new CbcKey(bytes), theirs: createSecretKey(bytes) };
  });
}

describe("Memory of a long message's pieces", () => {
  const PIECE = 262_144;
  /** Encrypts so many bytes; returns the lengths of what was freed. */
  const freed = (t: TestContext, length: number): number[] => {
    const lengths: number[] = [];
    // Node 20 has no `transfer`.
    const before = Object.getOwnPropertyDescriptor(ArrayBuffer.prototype, "transfer");
    const value = function (this: ArrayBuffer) {
      lengths.push(this.byteLength);
    };
    Object.defineProperty(ArrayBuffer.prototype, "transfer", { value, configurable: true });
    t.after(() => {
      Reflect.deleteProperty(ArrayBuffer.prototype, "transfer");
      if (before !== undefined) Object.defineProperty(ArrayBuffer.prototype, "transfer", before);
    });
    new CbcKey(Buffer.alloc(16)).encrypt(Buffer.alloc(length), Buffer.alloc(16), 0);
    return lengths;
  };

  for (const [length, expected] of [
    [PIECE, []],
    [3 * PIECE, [PIECE, PIECE, PIECE]],
  ] as const) {
    test(`is freed for ${length} bytes: ${expected.join(", ") || "none"}`, (t) => {
      assert.deepEqual(freed(t, length), expected);
    });
  }

  test("is kept if something shares it", (t) => {
    type Cipher = ReturnType<typeof createCipheriv>;
    const some = createCipheriv("aes-128-cbc", Buffer.alloc(16), Buffer.alloc(16));
    const prototype: Cipher = Object.getPrototypeOf(some);
    const update = prototype.update as (blocks: Buffer) => Buffer;
    t.mock.method(prototype, "update", function (this: Cipher, blocks: Buffer) {
      const shared = Buffer.alloc(blocks.length + 8).subarray(8);
      shared.set(update.call(this, blocks));
      return shared;
    });
    assert.deepEqual(freed(t, 2 * PIECE), []);
  });
});

describe("AES-128-CBC gives the same as createCipheriv [fernet-generating-b]", () => {
  test("for 1 to 70 blocks under each of 100 keys, encrypting and decrypting in random order", (t) => {
    const random = seeded(t);
    const keys = pairs(random, 100);
    for (let blocks = 1; blocks <= 70; blocks++) {
      for (const key of keys) {
        turn(key, random, blocks, random.below(2) === 0);
        turn(key, random, blocks, random.below(2) === 0);
      }
    }
  });

  test("for keys and lengths in any order", (t) => {
    const random = seeded(t);
    const keys = pairs(random, 100);
    for (let count = 0; count < 5000; count++) {
      const key = keys[random.below(random.below(2) === 0 ? 3 : 100)] as Pair;
      turn(key, random, 1 + random.below(20), random.below(2) === 0);
    }
  });

  test("for long messages between short ones", (t) => {
    const random = seeded(t);
    const [key] = pairs(random, 1) as [Pair];
    for (const blocks of [1, 1023, 1, 1024, 2, 1025, 3, 4096, 1, 62_500, 1]) {
      turn(key, random, blocks, true);
      turn(key, random, blocks, false);
    }
  });

  test("for the same message under the same IV twice, and under the zero IV", () => {
    const bytes = Buffer.alloc(16, "a key");
    const key = new CbcKey(bytes);
    for (const iv of [Buffer.alloc(16), Buffer.alloc(16, 0xff), Buffer.alloc(16, "an IV")]) {
      for (const text of [Buffer.alloc(16), Buffer.alloc(48, "m")]) {
        const cipher = createCipheriv("aes-128-cbc", bytes, iv).setAutoPadding(false);
        const expected = Buffer.concat([iv, cipher.update(text)]);
        for (let count = 0; count < 3; count++) {
          const buffer = Buffer.concat([iv, text]);
          key.encrypt(buffer.subarray(16), buffer, 0);
          assert.deepEqual(buffer, expected);
          assert.deepEqual(key.decrypt(buffer.subarray(16), buffer, 0), text);
        }
      }
    }
  });

  test("for a key whose bytes change afterwards", (t) => {
    const bytes = Buffer.alloc(16, "a key");
    const pair = { ours: new CbcKey(bytes), theirs: createSecretKey(bytes) };
    bytes.fill(0);
    const random = seeded(t);
    turn(pair, random, 3, true);
    turn(pair, random, 3, false);
  });
});
