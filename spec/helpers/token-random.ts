/** Random cases that can be repeated: `SEED=n node --test spec/x.spec.ts`. */

import { randomInt } from "node:crypto";

export interface Random {
  readonly seed: number;
  /** A whole number from 0 to `limit` - 1. */
  below(limit: number): number;
  bytes(length: number): Buffer;
}

/** A generator (mulberry32) seeded from the environment or at random; the run prints the seed. */
export function seeded(run: { diagnostic(line: string): void }): Random {
  const seed = Number(process.env.SEED ?? randomInt(2 ** 32));
  run.diagnostic(`SEED=${seed}`);
  let state = seed;
  const word = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
  return {
    seed,
    below: (limit) => word() % limit,
    bytes(length) {
      const bytes = Buffer.alloc(length + 3);
      for (let at = 0; at < length; at += 4) bytes.writeUInt32LE(word(), at);
      return bytes.subarray(0, length);
    },
  };
}
