/** Which parsed values parsers of other languages read alike (RFC 8259 sections 6 and 8.2). */

import assert from "node:assert/strict";
import { test } from "node:test";
import { isPortable } from "../../src/internal/json.ts";

const nested = (levels: number): unknown => (levels === 0 ? 1 : [nested(levels - 1)]);

test("numbers beyond 2^53, ill-formed text and more than 200 levels are not portable", () => {
  const values = [
    2 ** 53,
    -(2 ** 53),
    1e300,
    Number.NaN,
    Infinity,
    -Infinity,
    "\ud800",
    "a\udc00",
    "\ude00\ud83d",
    { "\ud800": 1 },
    nested(201),
    { a: nested(200) },
  ];
  for (const value of values) {
    for (const held of [value, [1, value], { a: value }, { a: [{ b: value }] }]) {
      const json = JSON.stringify(held);
      assert.equal(isPortable(held, json), false, json.slice(0, 40));
    }
  }
});

test("what JSON.parse gives is, up to these bounds", () => {
  const values = [
    null,
    true,
    false,
    "",
    "Jürgen 😀\0",
    0,
    -0,
    5e-324,
    0.1,
    2 ** 53 - 1,
    1 - 2 ** 53,
    [],
    {},
    { a: [{ b: ["c", null, 1.5] }], "😀": 1 },
    nested(200),
    JSON.parse('{"__proto__":{"a":1}}'),
  ];
  for (const value of values) assert.equal(isPortable(value, JSON.stringify(value)), true);
});
