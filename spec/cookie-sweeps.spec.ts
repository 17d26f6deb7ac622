/**
 * cookie.ts at every code unit, on random headers, and on headers built to be slow (RFC 6265bis sections
 * 4.1.1 and 4.2).
 */

import assert from "node:assert/strict";
import { test } from "node:test";
import { readCookies, serializeCookie } from "../src/cookie.ts";
import { seeded } from "./helpers/token-random.ts";

/** RFC 9110 section 5.6.2: tchar. */
const TCHARS = "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/** Section 4.1.1: a cookie-octet. */
function isOctet(unit: number): boolean {
  return unit > 0x20 && unit < 0x7f && !'",;\\'.includes(String.fromCharCode(unit));
}

/** Section 4.1.1: an av-octet. */
function isAttributeOctet(unit: number): boolean {
  return unit >= 0x20 && unit < 0x7f && unit !== 0x3b;
}

const UNITS = Array.from({ length: 0x10000 }, (_, unit) => unit);

test("readCookies accepts cookie-octets and trims SP and HTAB, of all code units [6265bis-3]", () => {
  const wrong = UNITS.filter((unit) => {
    const character = String.fromCharCode(unit);
    const blank = unit === 0x20 || unit === 0x09;
    const octet = isOctet(unit);
    const rows: [header: string, values: string[]][] = [
      [`a=x${character}y`, unit === 0x3b ? ["x"] : octet ? [`x${character}y`] : []],
      [`a=${character}x`, unit === 0x3b ? [""] : octet ? [`${character}x`] : blank ? ["x"] : []],
      [`a=x${character}`, unit === 0x3b || blank ? ["x"] : octet ? [`x${character}`] : []],
      [`${character}a=x`, unit === 0x3b || blank ? ["x"] : []],
      [`a${character}=x`, blank ? ["x"] : unit === 0x3d ? ["=x"] : []],
      [`b=x${character}a=y`, unit === 0x3b ? ["y"] : []],
    ];
    return rows.some(([header, values]) => readCookies(header, "a").join() !== values.join());
  });
  assert.deepEqual(wrong, []);
});

test("readCookies splits any header as section 4.2 does [6265bis-4.2.1a]", (t) => {
  const random = seeded(t);
  const pieces = [
    "a",
    "a",
    "ab",
    "b",
    "=",
    "=",
    ";",
    ";",
    "; ",
    " ",
    "\t",
    '"',
    ",",
    "\u00a0",
    "A",
  ];
  for (let round = 0; round < 20_000; round++) {
    const length = random.below(16);
    const header = Array.from({ length }, () => pieces[random.below(pieces.length)]).join("");
    for (const name of ["a", "ab", "aa"]) {
      assert.deepEqual(readCookies(header, name), split(header, name), JSON.stringify(header));
    }
  }
});

test("reads a header built to be slow in linear time", () => {
  const hostile: readonly ((size: number) => string)[] = [
    (size) => `a${" ".repeat(size)}=1`,
    (size) => `${" ".repeat(size)}a=1`,
    (size) => `a=1${" ".repeat(size)}x`,
    (size) => `a=${" ".repeat(size)}`,
    (size) => "a".repeat(size),
    (size) => " a".repeat(size / 2),
    (size) => "a ".repeat(size / 2),
    (size) => "a=".repeat(size / 2),
    (size) => "=a".repeat(size / 2),
    (size) => "a;".repeat(size / 2),
    (size) => "a=;".repeat(size / 3),
    (size) => "a= ;".repeat(size / 4),
    (size) => ';"'.repeat(size / 2),
    (size) => `a="${"x".repeat(size)}`,
    (size) => "; ".repeat(size / 2),
    (size) => `a${" ".repeat(Math.sqrt(size))}`.repeat(Math.sqrt(size)),
    (size) => `a=${" ".repeat(Math.sqrt(size))}`.repeat(Math.sqrt(size)),
  ];
  for (const make of hostile) {
    const [small, large] = [make(2 ** 12), make(2 ** 18)];
    readCookies(large, "a");
    const ratio =
      leastTime(() => readCookies(large, "a")) / leastTime(() => readCookies(small, "a"));
    // The text is 64 times as long: quadratic time would be 4096 times as much.
    assert.ok(ratio < 1000, `${JSON.stringify(small.slice(0, 20))}: ${ratio} times the time`);
  }
});

test("serializeCookie writes tokens, cookie-octets and av-octets, of all code units [6265bis-1a]", () => {
  const writes = (call: () => string, text: string): boolean => {
    try {
      return call() === text;
    } catch {
      return false;
    }
  };
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  const wrong = UNITS.filter((unit) => {
    const one = String.fromCharCode(unit);
    const [name, value, path] = [`a${one}`, `x${one}y`, `/${one}`];
    return (
      writes(() => serializeCookie(name, ""), `${name}=`) !== TCHARS.includes(one) ||
      writes(() => serializeCookie(one, ""), `${one}=`) !== TCHARS.includes(one) ||
      writes(() => serializeCookie("a", value), `a=${value}`) !== isOctet(unit) ||
      writes(() => serializeCookie("a", one), `a=${one}`) !== isOctet(unit) ||
      writes(() => serializeCookie("a", "", { path }), `a=; Path=${path}`) !==
        isAttributeOctet(unit)
    );
  });
  Error.stackTraceLimit = stackTraceLimit;
  assert.deepEqual(wrong, []);
});

/** Reads the values of a name by splitting as section 4.2.1 does, with SP and HTAB trimmed. */
function split(header: string, name: string): string[] {
  const trim = (part: string) => part.replace(/^[ \t]+/, "").replace(/[ \t]+$/, "");
  return header.split(";").flatMap((pair) => {
    const equals = pair.indexOf("=");
    if (equals < 0 || trim(pair.slice(0, equals)) !== name) return [];
    const value = trim(pair.slice(equals + 1));
    return [...value].every((one) => isOctet(one.codePointAt(0) ?? 0)) ? [value] : [];
  });
}

/** The shortest of five runs, in milliseconds. */
function leastTime(run: () => void): number {
  const times = Array.from({ length: 5 }, () => {
    const begun = performance.now();
    run();
    return performance.now() - begun;
  });
  return Math.max(Math.min(...times), 0.001);
}
