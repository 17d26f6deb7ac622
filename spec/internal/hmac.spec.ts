/** HMAC-SHA256 in the page and outside it, compared with createHmac (RFC 2104). */

import assert from "node:assert/strict";
import { createHmac, createSecretKey } from "node:crypto";
import { describe, test } from "node:test";
import { CAPACITY, HmacKey, isMac, isMacText, page, writeMac } from "../../src/internal/hmac.ts";
import { seeded } from "../helpers/token-random.ts";

const ENCODINGS = ["utf16le", "base64url"] as const;

/** Key lengths around the block's 64 bytes and the digest's 32, and others. */
const KEY_LENGTHS = [1, 16, 31, 32, 33, 63, 64, 65, 96, 127, 128, 129, 1000];

describe("HMAC-SHA256 [2104-2a]", () => {
  for (const [what, lengths, step] of [
    ["every length from 0 to 1100", Array.from({ length: 1101 }, (_, length) => length), 1],
    [
      "lengths around the page's end",
      Array.from({ length: 140 }, (_, index) => CAPACITY - 139 + index),
      20,
    ],
  ] as const) {
    test(`${what} under 100 keys in turn: the same as createHmac [7518-8.6]`, (t) => {
      const random = seeded(t);
      const keys = Array.from({ length: 100 }, (_, index) => {
        const bytes = random.bytes(KEY_LENGTHS[index] ?? 32 + random.below(100));
        return { ours: new HmacKey(bytes), theirs: createSecretKey(bytes) };
      });
      for (const length of lengths) {
        for (let index = length % step; index < keys.length; index += step) {
          const { ours, theirs } = keys[index] as (typeof keys)[number];
          const message = random.bytes(length);
          // Alternates the encodings; bytes behind the message must not count.
          const encoding = ENCODINGS[index & 1] as (typeof ENCODINGS)[number];
          const expected = createHmac("sha256", theirs).update(message).digest().toString(encoding);
          page.set(message);
          if (length < page.length) page[length] = random.below(256);
          const what = `key ${index}, ${length} bytes`;
          assert.equal(ours.ofPage(length, encoding), expected, what);
          assert.equal(ours.of(message, encoding), expected, what);
        }
      }
    });
  }

  test("computes a message longer than the page, as bytes and as text", (t) => {
    const random = seeded(t);
    for (const length of [CAPACITY + 1, CAPACITY + 5, 65_536, 1_000_000]) {
      const key = random.bytes(32);
      const message = random.bytes(length);
      const text = `${message.toString("latin1")}\u20ac\ud83d\ude00`;
      for (const given of [message, text]) {
        const expected = createHmac("sha256", key).update(given).digest("base64url");
        assert.equal(new HmacKey(key).of(given, "base64url"), expected);
      }
    }
  });

  test("a message that fills the page to its last byte does not touch the key's block [2104-4b]", () => {
    const bytes = Buffer.alloc(32, "key");
    const key = new HmacKey(bytes);
    const before = key.ofPage(0, "base64url");
    assert.equal(before, createHmac("sha256", bytes).digest("base64url"));
    for (const octet of [0x00, 0x36, 0x5c, 0xff]) {
      page.fill(octet);
      assert.equal(key.ofPage(0, "base64url"), before);
      const message = Buffer.alloc(CAPACITY, octet);
      const expected = createHmac("sha256", bytes).update(message).digest("base64url");
      assert.equal(key.ofPage(CAPACITY, "base64url"), expected);
    }
  });

  test("keeps its own copy of the key's bytes", () => {
    for (const length of [32, 100]) {
      const bytes = Buffer.alloc(length, "key");
      const key = new HmacKey(bytes);
      const expected = createHmac("sha256", bytes).update("m").digest("base64url");
      bytes.fill(0);
      page.write("m");
      assert.equal(key.ofPage(1, "base64url"), expected);
      assert.equal(key.of("m", "base64url"), expected);
    }
  });
});

describe("The MAC of a token", () => {
  test("is compared in all 256 bits [7518-3.2]", () => {
    const mac = createHmac("sha256", "key").update("message").digest();
    const expected = mac.toString("utf16le");
    assert.equal(isMac(mac, expected), true);
    for (let bit = 0; bit < 256; bit++) {
      const given = Buffer.from(mac);
      given[bit >> 3] = (given[bit >> 3] as number) ^ (1 << (bit & 7));
      assert.equal(isMac(given, expected), false, `bit ${bit}`);
    }
    assert.equal(isMac(mac, expected), true);
  });

  test("is compared as text anywhere in the page, in every bit", () => {
    const mac = createHmac("sha256", "key").update("message").digest("base64url");
    for (const at of [0, 1, 37, 1023, 1024, CAPACITY - mac.length]) {
      for (let round = 0; round < 2; round++) {
        page.write(mac, at);
        assert.equal(isMacText(at, mac), true, `at ${at}`);
      }
      for (let index = 0; index < mac.length; index++) {
        for (let bit = 0; bit < 8; bit++) {
          page.write(mac, at);
          page[at + index] = (page[at + index] as number) ^ (1 << bit);
          assert.equal(isMacText(at, mac), false, `character ${index}, bit ${bit}, at ${at}`);
        }
      }
    }
  });

  test("is written as its bytes, even where they are not valid UTF-16", (t) => {
    const random = seeded(t);
    for (let round = 0; round < 1000; round++) {
      const mac = random.bytes(32);
      // Lone surrogates, a byte order mark and zeros must be written like any other unit.
      if (round < 4) mac.fill(["\ud800", "\udfff", "\ufeff", "\0"][round] as string, "utf16le");
      const target = Buffer.alloc(40, 0x5a);
      writeMac(target, 3, mac.toString("utf16le"));
      assert.deepEqual(target, Buffer.concat([Buffer.alloc(3, 0x5a), mac, Buffer.alloc(5, 0x5a)]));
    }
  });
});
