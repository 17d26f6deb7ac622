/** Measures the cost of a call without a clock: counts its calls of expensive functions of the runtime. */

import crypto from "node:crypto";
import { syncBuiltinESMExports } from "node:module";

/** Counts by name; a function that was not called has no entry. */
export type Cost = Record<string, number>;

type Callable = (...args: unknown[]) => unknown;

/** Tells whether a call uses the base64 codec, and does not read or write plain text. */
const byCodec = (args: readonly unknown[]): boolean => args.includes("base64url");

/** The counted functions by name; `counts` selects calls by their arguments. */
const COUNTED: readonly [
  name: string,
  owner: object,
  methods: readonly string[],
  counts?: (args: readonly unknown[]) => boolean,
][] = [
  ["parse", JSON, ["parse"]],
  ["stringify", JSON, ["stringify"]],
  ["clock", Date, ["now"]],
  ["codec", Buffer.prototype, ["toString", "write"], byCodec],
  ["write", Buffer.prototype, ["write"], (args) => !byCodec(args)],
  ["view", Buffer.prototype, ["subarray"]],
  ["set", Uint8Array.prototype, ["set"]],
  ["buffer", Buffer, ["from", "allocUnsafe", "allocUnsafeSlow"]],
  ["decoder", TextDecoder.prototype, ["decode"]],
  ["hash", crypto, ["hash"]],
  ["hmac", crypto, ["createHmac"]],
  ["cipher", crypto, ["createCipheriv", "createDecipheriv"]],
];

/** Counts the calls of `run`, after a first run as a warm-up. */
export function costOf(run: () => unknown): Cost {
  run();
  const cost: Cost = {};
  const restore: (() => void)[] = [];
  // Calls that the runtime makes inside a counted call do not count.
  let within = false;
  for (const [name, owner, methods, counts = () => true] of COUNTED) {
    for (const method of methods) {
      const members = owner as Record<string, Callable>;
      const before = members[method] as Callable;
      members[method] = function (this: unknown, ...args: unknown[]): unknown {
        const counted = !within && counts(args);
        if (!counted) return Reflect.apply(before, this, args);
        cost[name] = (cost[name] ?? 0) + 1;
        within = true;
        try {
          return Reflect.apply(before, this, args);
        } finally {
          within = false;
        }
      };
      restore.push(() => {
        members[method] = before;
      });
    }
  }
  syncBuiltinESMExports();
  try {
    run();
  } finally {
    // In reverse order, because `write` is replaced twice.
    for (const back of restore.reverse()) back();
    syncBuiltinESMExports();
  }
  return cost;
}
