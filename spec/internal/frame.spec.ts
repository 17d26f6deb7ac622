/**
 * The format of Fernet tokens. Every bad token here has a valid MAC, except where the MAC itself is tested.
 * All are refused with the same error.
 */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Fernet } from "../../src/fernet.ts";
import { pad } from "../../src/internal/base64.ts";
import { decryptFrame, Frames } from "../../src/internal/frame.ts";
import { CAPACITY } from "../../src/internal/hmac.ts";
import {
  type FernetParts,
  fernetFrame,
  fernetToken,
  padded,
  trailing,
} from "../helpers/token-forge.ts";
import { type Random, seeded } from "../helpers/token-random.ts";
import { refused } from "../helpers/token-refusals.ts";

const KEY = Buffer.from(Array.from({ length: 32 }, (_, index) => index + 1));
const OTHER = Buffer.alloc(32, "another key");
/** The default timestamp of the forged tokens. */
const NOW = 1_700_000_000;
const fernet = new Fernet(KEY);
const both = new Fernet([OTHER, KEY]);

const GOOD = fernetToken(KEY, { message: "a message" });
/** Too long for the page. */
const LONG = "m".repeat(CAPACITY + 100);

describe("A bad token is invalid, and the error says nothing more", () => {
  test("opens good tokens made with node:crypto", () => {
    assert.equal(fernet.decryptText(GOOD), "a message");
    assert.equal(fernet.decryptText(fernetToken(KEY, { message: LONG })), LONG);
  });

  test("refuses a value that is not a string", () => {
    const bytes = Buffer.from(GOOD);
    for (const value of [
      undefined,
      null,
      0,
      1n,
      true,
      {},
      [GOOD],
      Symbol("s"),
      bytes,
      () => GOOD,
    ]) {
      invalid(value as never, typeof value);
    }
    invalid(new String(GOOD) as never, "a String");
    invalid({ toString: () => GOOD } as never, "an object with a toString");
  });

  test("refuses every version but 0x80 [fernet-version]", () => {
    for (let version = 0; version < 256; version++) {
      for (const message of ["m", LONG]) {
        if (version % 64 !== 1 && message === LONG && version !== 0x80) continue;
        const token = fernetToken(KEY, { version, message });
        if (version === 0x80) assert.equal(fernet.decryptText(token), message);
        else invalid(token, `version ${version}`);
      }
    }
  });

  test("refuses a flip of any bit, of the bytes and of the characters [fernet-hmac]", () => {
    const frame = fernetFrame(KEY, { message: "a message" });
    for (let at = 0; at < frame.length; at++) {
      for (let bit = 0; bit < 8; bit++) {
        const spoilt = Buffer.from(frame);
        spoilt[at] = (spoilt[at] as number) ^ (1 << bit);
        invalid(padded(spoilt), `bit ${bit} of byte ${at}`);
      }
      assert.equal(fernet.decryptText(GOOD), "a message");
    }
    for (let at = 0; at < GOOD.length; at++) {
      for (let bit = 0; bit < 16; bit++) {
        const unit = String.fromCharCode(GOOD.charCodeAt(at) ^ (1 << bit));
        const spoilt = GOOD.slice(0, at) + unit + GOOD.slice(at + 1);
        invalid(spoilt, `bit ${bit} of character ${at}`);
      }
    }
  });

  test("refuses every truncation, at both ends, padded again or not [fernet-token-b]", () => {
    const frame = fernetFrame(KEY, { message: "a message of two blocks" });
    const token = padded(frame);
    for (let length = 0; length < token.length; length++) {
      invalid(token.slice(0, length), `${length} characters`);
      invalid(token.slice(token.length - length), `the last ${length} characters`);
    }
    for (let length = 0; length < frame.length; length++) {
      invalid(padded(frame.subarray(0, length)), `${length} bytes`);
      invalid(padded(frame.subarray(frame.length - length)), `the last ${length} bytes`);
    }
    invalid(padded(Buffer.concat([frame, Buffer.alloc(1)])), "a byte more");
    invalid(padded(Buffer.concat([frame, frame.subarray(-16)])), "a block more");
    invalid(GOOD + GOOD, "two tokens");
  });

  test("refuses a long token with a changed or missing byte", () => {
    const frame = fernetFrame(KEY, { message: LONG });
    for (const at of [0, 1, 8, 9, 24, 25, 1000, frame.length - 33, frame.length - 32]) {
      const spoilt = Buffer.from(frame);
      spoilt[at] = (spoilt[at] as number) ^ 1;
      invalid(padded(spoilt), `byte ${at}`);
    }
    for (const less of [1, 2, 3, 15, 16, 31, 32, 33, 48]) {
      invalid(padded(frame.subarray(0, -less)), `${less} bytes less`);
    }
    assert.equal(fernet.decryptText(padded(frame)), LONG);
  });

  test("refuses base64url that is not strict and padded (RFC 4648 sections 3.2, 3.3, 3.5) [fernet-verifying-a]", () => {
    const strangers = [
      " ",
      "\n",
      "\r\n",
      "\t",
      "\0",
      "=",
      "+",
      "/",
      ".",
      "%3D",
      "\u0141",
      "\ufeff",
    ];
    // With none, one and two "=", in the page and too long for it.
    for (const message of ["", "m".repeat(16), "m".repeat(32), LONG, `${LONG}${"m".repeat(16)}`]) {
      const token = fernetToken(KEY, { message });
      assert.equal(fernet.decryptText(token), message);
      const bare = token.replace(/=+$/, "");
      for (let more = 0; more < 5; more++) {
        const text = bare + "=".repeat(more);
        if (text !== token) invalid(text, `${more} pads`);
      }
      for (const stranger of strangers) {
        for (const at of [0, 1, token.length >> 1, bare.length, token.length]) {
          const text = token.slice(0, at) + stranger + token.slice(at);
          invalid(text, `${JSON.stringify(stranger)} at ${at}`);
        }
      }
      for (const text of trailing(bare)) invalid(text.padEnd(token.length, "="), "trailing bits");
      invalid(`${bare.slice(0, -1)}*${token.slice(bare.length)}`, "a stranger in the last place");
      invalid(`=${token.slice(1)}`, "padding in the first place");
    }
    const mixed = fernetToken(KEY, { message: "x", iv: Buffer.alloc(16, 0xfb) });
    assert.match(mixed, /[-_]/);
    invalid(mixed.replaceAll("-", "+").replaceAll("_", "/"), "the base64 alphabet");
  });
});

describe("Refuses bad contents under a valid MAC [fernet-verifying-d]", () => {
  test("ciphertext that is empty or not a multiple of 16 [fernet-ciphertext-a]", () => {
    for (let length = 0; length < 64; length++) {
      if (length % 16 === 0 && length > 0) continue;
      invalid(fernetToken(KEY, { ciphertext: Buffer.alloc(length) }), `${length} bytes`);
    }
    for (const more of [1, 15, 17]) {
      const ciphertext = Buffer.alloc(CAPACITY + more);
      invalid(fernetToken(KEY, { ciphertext }), `${ciphertext.length} bytes`);
    }
  });

  test("a good ciphertext with bytes behind it [fernet-ciphertext-b]", () => {
    const whole = fernetFrame(KEY, { message: "a message" }).subarray(25, -32);
    for (let more = 1; more < 16; more++) {
      const ciphertext = Buffer.concat([whole, Buffer.alloc(more, more)]);
      invalid(fernetToken(KEY, { ciphertext }), `${more} bytes`);
    }
  });

  // RFC 5652 section 6.3: padding is 1 to 16 bytes, each of them the count.
  for (const blocks of [1, 2, 5, 1100]) {
    test(`padding other than 1 to 16, or with any wrong byte, in ${blocks} blocks`, () => {
      for (let pad = 0; pad < 256; pad++) {
        const plaintext = Buffer.alloc(blocks * 16, "m");
        const padding = Math.min(pad, plaintext.length);
        plaintext.fill(pad, plaintext.length - padding);
        plaintext[plaintext.length - 1] = pad;
        const token = fernetToken(KEY, { blocks: plaintext });
        if (pad < 1 || pad > 16) {
          invalid(token, `padding ${pad}`);
          continue;
        }
        assert.equal(fernet.decryptText(token), "m".repeat(plaintext.length - pad));
        for (let wrong = 2; wrong <= pad; wrong++) {
          const spoilt = Buffer.from(plaintext);
          spoilt[spoilt.length - wrong] = pad ^ 1;
          invalid(fernetToken(KEY, { blocks: spoilt }), `padding ${pad}, byte ${wrong} wrong`);
        }
      }
    });
  }

  test("paddings of other standards [5652-6.3b]", () => {
    const text = "ten bytes.";
    const others: [what: string, tail: number[]][] = [
      ["ISO 7816-4", [0x80, 0, 0, 0, 0, 0]],
      ["ANSI X9.23", [0, 0, 0, 0, 0, 6]],
      ["ISO 10126", [9, 200, 3, 77, 1, 6]],
      ["zeros", [0, 0, 0, 0, 0, 0]],
      ["spaces", [32, 32, 32, 32, 32, 32]],
      ["SSL 3.0", [9, 9, 9, 9, 9, 5]],
    ];
    for (const [what, tail] of others) {
      const blocks = Buffer.concat([Buffer.from(text), Buffer.from(tail)]);
      invalid(fernetToken(KEY, { blocks }), what);
    }
  });

  test("bad padding, which does not disturb the next calls", () => {
    const bad = fernetToken(KEY, { blocks: Buffer.alloc(48) });
    for (let count = 0; count < 20; count++) {
      invalid(bad, "zeros");
      assert.equal(fernet.decryptText(GOOD), "a message");
      assert.equal(fernet.decryptText(fernet.encrypt("another")), "another");
    }
  });

  test("a MAC of another key or message, or a truncated one [2104-5b]", () => {
    const good = fernetFrame(KEY);
    const mac = good.subarray(-32);
    const wrong: FernetParts[] = [
      { mac: Buffer.alloc(32) },
      { mac: Buffer.alloc(0) },
      { mac: mac.subarray(0, 31) },
      { mac: mac.subarray(0, 16) },
      { mac: Buffer.concat([mac, Buffer.alloc(1)]) },
      { mac: Buffer.concat([mac.subarray(0, 16), Buffer.alloc(16)]) },
      { mac: fernetFrame(OTHER).subarray(-32) },
      { mac: fernetFrame(Buffer.concat([KEY.subarray(16), KEY.subarray(16)])).subarray(-32) },
    ];
    for (const parts of wrong) invalid(fernetToken(KEY, parts), `${parts.mac?.toString()}`);
    invalid(fernetToken(KEY, { mac, message: "x" }), "of another message");
    invalid(fernetToken(KEY, { mac, timestamp: 5 }), "of another time");
  });
});

describe("timestamp checks the MAC, but does not decrypt", () => {
  test("returns the time of a token with a valid MAC, whatever its padding", () => {
    assert.equal(fernet.timestamp(fernetToken(KEY, { timestamp: 5 })), 5);
    assert.equal(fernet.timestamp(fernetToken(KEY, { timestamp: 2n ** 64n - 1n })), 2 ** 64);
    assert.equal(fernet.timestamp(fernetToken(KEY, { timestamp: 6, blocks: Buffer.alloc(16) })), 6);
    assert.equal(both.timestamp(fernetToken(KEY, { timestamp: 7, message: LONG })), 7);
  });

  test("refuses a token with a wrong MAC or form", () => {
    for (const parts of [
      { mac: Buffer.alloc(32) },
      { version: 0 },
      { ciphertext: Buffer.alloc(8) },
    ]) {
      refused(() => fernet.timestamp(fernetToken(KEY, parts)), "ERR_TOKEN_INVALID");
    }
    refused(() => fernet.timestamp(fernetToken(OTHER)), "ERR_TOKEN_INVALID");
    refused(() => fernet.timestamp(undefined as never), "ERR_TOKEN_INVALID");
  });
});

test("gives no message of a frame with bad padding", () => {
  const token = fernetToken(KEY, { blocks: Buffer.alloc(16) }).replace(/=+$/, "");
  const frame = new Frames(KEY).open(token, token.length);
  assert.ok(frame);
  assert.equal(decryptFrame(frame), undefined);
});

describe("Frames work without padding and end at a given place", () => {
  const frames = new Frames(KEY);
  /** The message of the frame that ends at `end`. */
  const opened = (token: string, end: number): string | undefined => {
    const frame = frames.open(token, end);
    return frame && decryptFrame(frame)?.toString();
  };

  // Tokens with none, one and two "=".
  for (const message of ["", "m".repeat(16), "m".repeat(32), LONG]) {
    test(`a message of ${message.length} bytes`, () => {
      const token = fernetToken(KEY, { message });
      const bare = token.replace(/=+$/, "");
      assert.equal(opened(bare, bare.length), message);
      assert.equal(opened(token, bare.length), message, "what is behind the end is not looked at");
      for (const end of [-1, 0, 1, bare.length - 1, bare.length - 4, bare.length - 64]) {
        assert.equal(opened(bare, end), undefined, `the end at ${end}`);
      }
      for (let more = 1; more <= 4; more++) {
        const padded = bare + "=".repeat(more);
        assert.equal(opened(padded, padded.length), undefined, `${more} pads within`);
      }
      const made = frames.encrypt(message, 5);
      assert.doesNotMatch(made, /=/);
      assert.equal(made.length, bare.length);
      assert.equal(opened(made, made.length), message);
      assert.equal(fernet.decryptText(pad(made)), message);
    });
  }
});

describe("Trying the last successful key first does not change any result", () => {
  const keys = Array.from({ length: 10 }, (_, index) => Buffer.alloc(32, index + 1));
  const tokens = keys.flatMap((key, index) => [
    [fernetToken(key, { message: `${index}` }), `${index}`] as const,
    [fernetToken(key, { message: LONG + index }), LONG + index] as const,
  ]);

  test("for tokens in any order, some under an unknown key", (t) => {
    const random = seeded(t);
    const all = new Fernet(keys);
    const first = new Fernet(keys[0] as Buffer);
    for (let round = 0; round < 300; round++) {
      const [token, message] = tokens[random.below(tokens.length)] as (typeof tokens)[number];
      assert.equal(all.decryptText(token), message);
      if (round % 7 === 0) refused(() => all.decrypt(fernetToken(OTHER)), "ERR_TOKEN_INVALID");
      // The first key still encrypts.
      assert.equal(first.decryptText(all.encrypt("mine")), "mine");
      assert.equal(first.decryptText(all.rotate(token)), message);
    }
  });
});

describe("The fast and the plain implementation make the same token [fernet-generating-a]", () => {
  /** A hundred keys in use at once, each with its own open contexts. */
  function keysOf(random: Random) {
    return Array.from({ length: 100 }, () => {
      const key = random.bytes(32);
      let iv: Uint8Array = Buffer.alloc(16);
      const frames = new Frames(key, (target, at) => target.set(iv, at));
      return {
        key,
        fernet: new Fernet(key),
        encrypt(message: string | Uint8Array, given: Uint8Array, timestamp: number): string {
          iv = given;
          const token = frames.encrypt(message, timestamp, true);
          assert.equal(pad(frames.encrypt(message, timestamp)), token, "with padding and without");
          return token;
        },
      };
    });
  }

  /** Decrypts each token at a random later time, so that no two contexts see the same sequence. */
  function compare(lengths: Iterable<number>, rounds: number, random: Random): void {
    const keys = keysOf(random);
    const waiting: (() => void)[] = Array(500).fill(() => {});
    for (const length of lengths) {
      for (let round = 0; round < rounds; round++) {
        const { key, fernet, encrypt } = keys[(length + round) % 100] as (typeof keys)[number];
        const message = random.bytes(length);
        const iv = random.bytes(16);
        const timestamp = random.below(2 ** 32);
        const token = encrypt(message, iv, timestamp);
        assert.equal(token, fernetToken(key, { message, iv, timestamp }), `${length} bytes`);
        const at = random.below(waiting.length);
        waiting[at]?.();
        waiting[at] = () => assert.ok(message.equals(fernet.decrypt(token)), `${length} bytes`);
      }
    }
    for (const decrypt of waiting) decrypt();
  }

  test("for every message of 0 to 1100 bytes under each of 100 keys [5652-6.3a]", (t) => {
    const lengths = Array.from({ length: 1101 }, (_, length) => length);
    compare(lengths, 100, seeded(t));
  });

  test("around the end of the page and past it", (t) => {
    const lengths = Array.from({ length: 120 }, (_, index) => CAPACITY - 100 + index);
    // Also around the end of the encoder's second piece, where the last piece has 1 to 16 bytes.
    const pieces = Array.from({ length: 50 }, (_, index) => 24_576 * 2 - 80 + index);
    compare([...lengths, ...pieces, 32_767, 65_536, 200_000, 600_001], 5, seeded(t));
  });

  test("for text, whose bytes are counted only while they are written", (t) => {
    const random = seeded(t);
    const keys = keysOf(random);
    const units = ["x", "\x7f", "\x80", "\u07ff", "\u0800", "\uffff", "\ud83d\ude00", "\u{10ffff}"];
    const near = Math.floor(CAPACITY / 3);
    const lengths = [...Array(70).keys()].flatMap((index) => [index, near - 60 + index]);
    for (const length of [...lengths, near * 2, near * 3, 50_000]) {
      for (const unit of units) {
        const tail = units[random.below(units.length)] as string;
        const message = unit.repeat(length / unit.length) + tail;
        const { key, fernet, encrypt } = keys[random.below(100)] as (typeof keys)[number];
        const iv = random.bytes(16);
        const token = encrypt(message, iv, length);
        assert.equal(token, fernetToken(key, { message, iv, timestamp: length }), `${length}`);
        assert.equal(fernet.decryptText(token), message);
      }
    }
  });
});

/** Checks that every method refuses the token in the same way, with one key and with two. */
function invalid(token: string, what: string): void {
  refused(() => fernet.decrypt(token), "ERR_TOKEN_INVALID", what);
  refused(() => both.decryptText(token), "ERR_TOKEN_INVALID", what);
  refused(() => fernet.rotate(token), "ERR_TOKEN_INVALID", what);
  refused(() => fernet.decrypt(token, { ttl: 1, now: NOW }), "ERR_TOKEN_INVALID", `${what}, ttl`);
}
