/**
 * memoryRevocation when it is full: its memory, and its longest call. This spec is not among those of session/, since
 * mutation testing and coverage add counters that it would measure.
 */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { full, Timed } from "../../helpers/memory-revocation.ts";
import { idOf, NOW } from "../../helpers/session-cookies.ts";

describe("memoryRevocation: a million ids", () => {
  const MILLION = 1_000_000;
  const ids = (from: number): ((index: number) => string) => {
    const bytes = Buffer.alloc(16, from);
    return (index) => {
      bytes.writeUInt32LE(Math.imul(index + 1, 0x9e3779b1) >>> 0, 4);
      bytes.writeUInt32LE(index, 8);
      return bytes.toString("base64url");
    };
  };
  /** Milliseconds of CPU of this process: the turns of other processes do not count. */
  const worked = (run: () => void): number => {
    const before = process.cpuUsage();
    run();
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1000;
  };
  const held = (): number => {
    setFlagsFromString("--expose-gc");
    runInNewContext("gc")();
    const { heapUsed, external } = process.memoryUsage();
    return heapUsed + external;
  };

  test("take 64 MB at most by default, and no single call stalls", () => {
    const before = held();
    const timed = new Timed();
    let longest = 0;
    const steps = (count: number, size: number, step: (index: number) => void): void => {
      for (let from = 0; from < count; from += size) {
        const took = worked(() => {
          for (let index = from; index < from + size; index++) step(index);
        });
        longest = Math.max(longest, took);
      }
    };
    const first = ids(1);
    steps(MILLION, 500, (index) => timed.revoke(first(index), NOW + 10 + (index % 2)));
    assert.throws(() => timed.revoke(idOf("more"), NOW + 10), full);
    const took = held() - before;
    assert.ok(took <= 64 * 2 ** 20, `${took} bytes`);
    for (let index = 0; index < MILLION; index += 997) {
      assert.equal(timed.isRevoked(first(index)), true);
    }
    // Half of them expire at once, then all.
    const second = ids(2);
    timed.now = NOW + 10;
    steps(20_000, 50, (index) => timed.revoke(second(index), NOW + 100));
    timed.now = NOW + 50;
    steps(20_000, 50, (index) => timed.revoke(second(20_000 + index), NOW + 100));
    steps(20_000, 50, (index) => assert.equal(timed.isRevoked(first(index)), false));
    for (let index = 0; index < 40_000; index++) {
      assert.equal(timed.isRevoked(second(index)), true);
    }
    // A batch of calls takes one or two milliseconds. The rest is for other work of the runtime, such as coverage.
    assert.ok(longest < 150, `${longest} ms`);
  });
});
