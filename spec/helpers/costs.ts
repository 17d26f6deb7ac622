/** What a call costs, counted and not timed: how often it asks the runtime for what is dear. */

import crypto from "node:crypto";
import { syncBuiltinESMExports } from "node:module";

/** Those that were asked at all. */
export type Cost = Record<string, number>;

type Callable = (...args: unknown[]) => unknown;

/** Whether the runtime's base64 codec is asked, and not what writes and reads text. */
const byCodec = (args: readonly unknown[]): boolean => args.includes("base64url");

/** What is counted, under which name; where one function does two things, by its arguments. */
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

/** What `run` costs once it has been warmed by a run that is not counted. */
export function costOf(run: () => unknown): Cost {
  run();
  const cost: Cost = {};
  const restore: (() => void)[] = [];
  // What the runtime asks of itself on the way is its own matter.
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
    // Backwards: `write` is counted twice over.
    for (const back of restore.reverse()) back();
    syncBuiltinESMExports();
  }
  return cost;
}
