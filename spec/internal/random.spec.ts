/** random.ts hands out each IV once, wipes it in the pool, and hands out only fresh bytes. */

import assert from "node:assert/strict";
import crypto from "node:crypto";
import { syncBuiltinESMExports } from "node:module";
import { afterEach, mock, test } from "node:test";
import { Fernet } from "../../src/fernet.ts";
import { randomId, randomKey, writeIv } from "../../src/internal/random.ts";
import { Jwt } from "../../src/jwt.ts";

const IV = 16;
const POOL = 4096;

/** Replaces randomFillSync until the test ends. */
function withSource(fill: (bytes: Buffer) => void): void {
  mock.restoreAll();
  mock.method(crypto, "randomFillSync", fill as never);
  syncBuiltinESMExports();
}

afterEach(() => {
  mock.restoreAll();
  syncBuiltinESMExports();
});

/** Uses up the pool, so that the next IV needs new bytes. */
function spend(): void {
  let spent = false;
  const fault = new Error("spent");
  withSource(() => {
    spent = true;
    throw fault;
  });
  for (let count = 0; count <= POOL / IV && !spent; count++) {
    try {
      writeIv(new Uint8Array(IV), 0);
    } catch (error) {
      assert.equal(error, fault);
    }
  }
  assert.ok(spent);
}

test("without entropy every IV fails with the source's error; afterwards IVs are fresh", () => {
  const fault = new Error("no entropy");
  let calls = 0;
  spend();
  // Fills the bytes before it fails: they must never be handed out.
  withSource((bytes) => {
    calls++;
    bytes.fill(calls % 2 === 0 ? 0xaa : 0);
    throw fault;
  });
  const target = Buffer.alloc(IV, 0x5a);
  // More calls than the pool has IVs.
  for (let count = 1; count <= POOL / IV + 2; count++) {
    assert.throws(
      () => writeIv(target, 0),
      (error) => error === fault,
    );
    assert.equal(calls, count, "each call asks anew");
  }
  assert.deepEqual(target, Buffer.alloc(IV, 0x5a), "nothing was written");
  let octet = 0;
  withSource((bytes) => {
    for (let at = 0; at < bytes.length; at++) bytes[at] = 1 + (octet++ % 255);
  });
  for (let count = 0; count < (2 * POOL) / IV; count++) {
    writeIv(target, 0);
    const fresh = Array.from({ length: IV }, (_, at) => 1 + ((count * IV + at) % 255));
    assert.deepEqual([...target], fresh, `IV ${count} after it`);
  }
});

test("without entropy no keys and ids are made, not even from a full pool", () => {
  const fault = new Error("no entropy");
  withSource((bytes) => bytes.fill(0xbb));
  writeIv(new Uint8Array(IV), 0);
  withSource((bytes) => {
    bytes.fill(0xaa);
    throw fault;
  });
  for (const call of [randomId, randomKey, () => Jwt.generateKey(), () => Fernet.generateKey()]) {
    for (let count = 0; count < 3; count++) assert.throws(call, (error) => error === fault);
  }
});

test("hands out each IV once, in order, and wipes it in the pool [fernet-iv-a]", () => {
  const pools: Buffer[] = [];
  let live: Buffer = Buffer.alloc(0);
  spend();
  withSource((pool) => {
    assert.equal(pool.length, POOL);
    // No byte is zero, so that a wiped one is seen, and all pools differ.
    for (let at = 0; at < POOL; at++) pool[at] = 1 + ((at + (at >> 8) + 7 * pools.length) % 255);
    pools.push(Buffer.from(pool));
    live = pool;
  });
  let next = POOL;
  for (let round = 0; round < 1000; round++) {
    if (next === POOL) next = 0;
    const at = round % 10;
    const target = Buffer.alloc(at + IV + 9, 0x5a);
    writeIv(target, at);
    assert.equal(pools.length, 1 + Math.floor((round * IV) / POOL), "refilled when it is empty");
    const pool = pools.at(-1) as Buffer;
    const iv = pool.subarray(next, next + IV);
    // Writes only to the given place.
    assert.deepEqual(target, Buffer.concat([Buffer.alloc(at, 0x5a), iv, Buffer.alloc(9, 0x5a)]));
    next += IV;
    assert.deepEqual(live.subarray(0, next), Buffer.alloc(next), "what was handed out is gone");
    assert.deepEqual(live.subarray(next), pool.subarray(next), "what was not is as it came");
  }
});

/** A counting source that records what it hands out. */
function counting(): { drawn(call: () => string): { text: string; bytes: Buffer } } {
  const asked: Buffer[] = [];
  let octet = 0;
  withSource((bytes) => {
    for (let at = 0; at < bytes.length; at++) bytes[at] = octet++ & 255;
    asked.push(Buffer.from(bytes));
  });
  return {
    drawn(call) {
      asked.length = 0;
      const text = call();
      assert.equal(asked.length, 1, "a call of its own into the source");
      return { text, bytes: asked[0] as Buffer };
    },
  };
}

test("an id is 16 bytes of the source in 22 characters of base64url [7519-4.1.7b]", () => {
  const { drawn } = counting();
  for (let count = 0; count < 300; count++) {
    const { text, bytes } = drawn(randomId);
    assert.deepEqual([bytes.length, text], [16, bytes.toString("base64url")]);
  }
});

test("keys of Jwt and Fernet are bytes of the source, and each uses its own [2104-3c]", () => {
  const { drawn } = counting();
  for (let count = 0; count < 300; count++) {
    const jwt = drawn(() => Jwt.generateKey());
    assert.deepEqual([jwt.bytes.length, jwt.text], [32, jwt.bytes.toString("base64url")]);
    const fernet = drawn(() => Fernet.generateKey());
    const text = `${fernet.bytes.toString("base64url")}=`;
    assert.deepEqual([fernet.bytes.length, fernet.text], [32, text]);
  }
});

test("all ids differ, and each of their 128 bits is one as often as zero [7519-4.1.7a]", () => {
  const ids = new Set<string>();
  const ones = new Array<number>(128).fill(0);
  const rounds = 20_000;
  for (let round = 0; round < rounds; round++) {
    const id = randomId();
    assert.match(id, /^[\w-]{21}[AQgw]$/);
    ids.add(id);
    const bytes = Buffer.from(id, "base64url");
    for (let bit = 0; bit < 128; bit++) {
      ones[bit] = (ones[bit] as number) + (((bytes[bit >> 3] as number) >> (bit & 7)) & 1);
    }
  }
  assert.equal(ids.size, rounds);
  // Eight standard deviations of 71: fails by chance once in 10^13 runs.
  for (const count of ones) assert.ok(Math.abs(count - rounds / 2) < 570, `${ones}`);
});
