/** random.ts: a byte is handed out once, wiped where it lay, and never anything but fresh. */

import assert from "node:assert/strict";
import crypto from "node:crypto";
import { syncBuiltinESMExports } from "node:module";
import { afterEach, mock, test } from "node:test";
import { Fernet } from "../../src/fernet.ts";
import { fillRandom, randomId } from "../../src/internal/random.ts";
import { Jwt } from "../../src/jwt.ts";

const POOL = 4096;

/** Puts another source in the place of randomFillSync, until the test ends. */
function withSource(fill: (pool: Buffer) => void): void {
  mock.method(crypto, "randomFillSync", fill as never);
  syncBuiltinESMExports();
}

afterEach(() => {
  mock.restoreAll();
  syncBuiltinESMExports();
});

/** Takes what is left in the pool, so that the next byte needs a new one. */
function spend(): void {
  fillRandom(new Uint8Array(POOL), 0, POOL);
}

test("bytes are handed out once, in the order they came, and wiped in the pool [fernet-iv-a]", () => {
  const pools: Buffer[] = [];
  let live: Buffer = Buffer.alloc(0);
  withSource((pool) => {
    // No byte is zero, so that a wiped one shows; no two pools are alike.
    for (let at = 0; at < POOL; at++) pool[at] = 1 + ((at + (at >> 8) + 7 * pools.length) % 255);
    pools.push(Buffer.from(pool));
    live = pool;
  });
  spend();
  let next = POOL;
  for (let round = 0; round < 3000; round++) {
    const length = [16, 32, 0, 1, 15, 255, 16][round % 7] as number;
    const refilled = next + length > POOL;
    if (refilled) next = 0;
    const target = Buffer.alloc(length);
    const before = pools.length;
    fillRandom(target, 0, length);
    assert.equal(
      pools.length,
      before + Number(refilled),
      "a pool is refilled when it has too little",
    );
    const pool = pools.at(-1) as Buffer;
    assert.deepEqual(target, pool.subarray(next, next + length));
    next += length;
    assert.deepEqual(live.subarray(0, next), Buffer.alloc(next), "what was handed out is gone");
    assert.deepEqual(live.subarray(next), pool.subarray(next), "what was not is as it came");
  }
});

test("just the range asked for is written, at every length to that of the pool", () => {
  withSource((pool) => pool.fill(0xa5));
  spend();
  for (const length of [0, 1, 2, 15, 16, 17, 31, 32, 33, 255, 1000, 4095, 4096]) {
    for (const at of [0, 1, 9]) {
      const target = Buffer.alloc(at + length + 9, 0x5a);
      fillRandom(target, at, length);
      const whole = [Buffer.alloc(at, 0x5a), Buffer.alloc(length, 0xa5), Buffer.alloc(9, 0x5a)];
      assert.deepEqual(target, Buffer.concat(whole), `${length} at ${at}`);
    }
  }
});

test("without entropy the error passes through, and nothing stale is handed out", () => {
  const fault = new Error("no entropy");
  let calls = 0;
  spend();
  withSource((pool) => {
    calls++;
    pool.fill(0xaa);
    throw fault;
  });
  const target = Buffer.alloc(16, 0x5a);
  for (let count = 1; count <= 3; count++) {
    for (const call of [() => fillRandom(target, 0, 16), () => randomId()]) {
      assert.throws(call, (error) => error === fault);
    }
    assert.equal(calls, 2 * count, "each call asks anew");
  }
  assert.deepEqual(target, Buffer.alloc(16, 0x5a));
  mock.restoreAll();
  syncBuiltinESMExports();
  fillRandom(target, 0, 16);
  assert.notDeepEqual(target, Buffer.alloc(16, 0xaa));
  assert.notDeepEqual(target, Buffer.alloc(16, 0x5a));
});

test("after a refill failed, the rest of the old pool counts as spent", () => {
  const fault = new Error("no entropy");
  let fails = false;
  spend();
  withSource((pool) => {
    if (fails) throw fault;
    pool.fill(0xa5);
  });
  fillRandom(new Uint8Array(POOL), 0, POOL - 8);
  fails = true;
  const target = Buffer.alloc(16, 0x5a);
  for (const length of [16, 8, 1]) {
    assert.throws(
      () => fillRandom(target, 0, length),
      (error) => error === fault,
      `${length}`,
    );
  }
  assert.deepEqual(target, Buffer.alloc(16, 0x5a));
});

test("an id is 16 bytes of the source as 22 characters of base64url [7519-4.1.7b]", () => {
  let count = 0;
  spend();
  withSource((pool) => {
    for (let at = 0; at < POOL; at++) pool[at] = count++ & 255;
  });
  for (let first = 0; first < POOL; first += 16) {
    const bytes = Uint8Array.from({ length: 16 }, (_, at) => first + at);
    assert.equal(randomId(), Buffer.from(bytes).toString("base64url"));
  }
});

test("keys of Jwt and of Fernet are bytes of the source, each taken once [2104-3c]", () => {
  let count = 0;
  spend();
  withSource((pool) => {
    for (let at = 0; at < POOL; at++) pool[at] = count++ & 255;
  });
  for (let first = 0; first < POOL; first += 64) {
    const bytes = Buffer.from(Array.from({ length: 64 }, (_, at) => first + at));
    assert.equal(Jwt.generateKey(), bytes.subarray(0, 32).toString("base64url"));
    assert.equal(Fernet.generateKey(), `${bytes.subarray(32).toString("base64url")}=`);
  }
});

test("no two ids are alike, and each of their 128 bits is as often one as zero [7519-4.1.7a]", () => {
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
  // Eight standard deviations of 71: chance fails here once in 10^13 runs.
  for (const count of ones) assert.ok(Math.abs(count - rounds / 2) < 570, `${ones}`);
});
