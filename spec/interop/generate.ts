/**
 * Generated keys, texts and claims. A run prints its seed; `SEED=<number> npm test` replays it.
 */

import { randomInt } from "node:crypto";
import type { Claims } from "bulla";

const seed = Number(process.env.SEED ?? randomInt(2 ** 32));
console.log(`SEED=${seed}`);

const ASCII = Array.from({ length: 95 }, (_, index) => String.fromCodePoint(0x20 + index));
const OTHERS = [..."\0\t\n\r\u007F\u00A0äßÞłž\u0301Жאبक中文한\u2028\uFEFF\uFFFD😀🏺𒀸\u{10FFFF}"];
const LENGTHS = [
  0, 1, 2, 15, 16, 17, 31, 32, 33, 47, 48, 49, 63, 64, 65, 119, 120, 1023, 1024, 1025,
];

/** Mulberry32: small, and the same on every machine. The values need not be unpredictable. */
export class Generator {
  #state: number;

  /** `name` gives each test of a run other values. */
  constructor(name: string) {
    this.#state = [...name].reduce(
      (state, char) => Math.imul(state, 31) + char.charCodeAt(0),
      seed,
    );
  }

  /** 0 to 1, without 1. */
  fraction(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  /** 0 to `limit`, without `limit`. */
  integer(limit: number): number {
    return Math.floor(this.fraction() * limit);
  }

  chance(probability = 0.5): boolean {
    return this.fraction() < probability;
  }

  pick<T>(list: readonly T[]): T {
    return list[this.integer(list.length)] as T;
  }

  times<T>(count: number, make: (index: number) => T): T[] {
    return Array.from({ length: count }, (_, index) => make(index));
  }

  /** From 0 to several KiB, often near the sizes of blocks and buffers. */
  length(): number {
    return this.chance(0.8) ? this.pick(LENGTHS) : this.integer(6000);
  }

  bytes(length: number): Uint8Array {
    return Uint8Array.from({ length }, () => this.integer(256));
  }

  /** Well-formed text of that many characters, of ASCII alone or of all kinds. */
  text(length: number): string {
    const characters = this.chance() ? ASCII : [...OTHERS, ...ASCII.slice(0, 20)];
    return this.times(length, () => this.pick(characters)).join("");
  }

  /** Any JSON value; nested values grow smaller with `depth`. */
  json(depth = 3): unknown {
    const kinds = [
      () => this.text(this.integer(12)),
      () => "lone \uD800 surrogate, which JSON escapes",
      () => this.integer(2 ** 31) - 2 ** 30,
      () => this.fraction() * 10 ** (this.integer(40) - 20),
      () => this.pick([0, -1, 1e21, 5e-324, Number.MAX_SAFE_INTEGER, Number.MAX_VALUE]),
      () => this.pick([true, false, null]),
      () => this.times(this.integer(4), () => this.json(depth - 1)),
      () => this.members(this.integer(4), depth - 1),
    ];
    return this.pick(depth > 0 ? kinds : kinds.slice(0, 6))();
  }

  members(count: number, depth: number): Record<string, unknown> {
    const names = [
      "",
      "constructor",
      "toString",
      "length",
      "data",
      "名前",
      "a.b",
      'quo"te',
      "\u0000",
    ];
    const name = (): string =>
      this.chance() ? this.pick(names) : `x${this.text(this.integer(9))}`;
    return Object.fromEntries(this.times(count, () => [name(), this.json(depth)]));
  }

  /** Claims that are valid at `now`, each of RFC 7519's claims present or not. */
  claims(now: number): Claims {
    const name = (): string => this.text(1 + this.integer(20));
    const seconds = (): number => 1 + this.integer(10 ** 7) + this.pick([0, 0.5, 0.123]);
    const registered: [string, unknown][] = [
      ["iss", name()],
      ["sub", name()],
      ["aud", this.chance() ? name() : this.times(1 + this.integer(3), name)],
      ["exp", now + seconds()],
      ["nbf", now - seconds()],
      ["iat", now - seconds()],
      ["jti", name()],
    ];
    return {
      ...Object.fromEntries(registered.filter(() => this.chance())),
      ...this.members(this.integer(5), 3),
      ...(this.chance(0.3) ? { text: this.text(this.length()) } : {}),
    };
  }
}

/** A token with one bit flipped in the bytes of one of its parts. */
export function tamper(token: string, generator: Generator): string {
  const parts = token.split(".");
  const index = generator.integer(parts.length);
  const part = parts[index] as string;
  const bytes = Buffer.from(part, "base64url");
  const place = generator.integer(bytes.length);
  bytes[place] = (bytes[place] as number) ^ (1 << generator.integer(8));
  const padding = part.slice(part.replace(/=+$/, "").length);
  parts[index] = bytes.toString("base64url") + padding;
  return parts.join(".");
}
