/** Warnings of the process: one for each code, and none for a muted code. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { mute, warnOnce } from "../../src/internal/callbacks.ts";

const heard: (string | undefined)[] = [];
process.on("warning", ({ code, message }: Error & { code?: string }) =>
  heard.push(`${code}: ${message}`),
);

test("warns once for each code, except a muted one", async () => {
  mute("MUTED");
  for (const code of ["FIRST", "MUTED", "SECOND"]) {
    for (const message of ["one", "two"]) warnOnce(code, message);
  }
  await new Promise(setImmediate);
  assert.deepEqual(heard, ["FIRST: one", "SECOND: one"]);
});

test("mutes a code that has already warned", async () => {
  heard.length = 0;
  warnOnce("THIRD", "one");
  mute("THIRD");
  warnOnce("THIRD", "two");
  await new Promise(setImmediate);
  assert.deepEqual(heard, ["THIRD: one"]);
});
