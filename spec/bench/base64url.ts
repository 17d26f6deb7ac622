/** base64url against the runtime's own codec, which is made strict here. */

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { decode, encode } from "bulla/base64url";
import { each } from "./fixtures.ts";
import type { Case, Contender } from "./harness.ts";
import { decodeAndCopy, decodeInPlace } from "./plain.ts";

export const LENGTHS = [32, 120, 1024, 65_536] as const;

const decoders: readonly { name: string; decode: (text: string) => Uint8Array }[] = [
  { name: "bulla", decode: (text) => decode(text) },
  { name: "Buffer.from, compare, copy", decode: decodeAndCopy },
  { name: "Buffer.write, compare", decode: decodeInPlace },
];

export function agree(): void {
  for (const length of LENGTHS) {
    const bytes = randomBytes(length);
    const text = encode(bytes);
    assert.equal(text, bytes.toString("base64url"));
    for (const { name, decode: decoded } of decoders) {
      assert.deepEqual(new Uint8Array(decoded(text)), new Uint8Array(bytes), name);
      assert.throws(() => decoded(`${text.slice(0, -2)}*A`), `${name} refuses another alphabet`);
    }
  }
}

export function cases(): Case[] {
  return LENGTHS.flatMap((length) => [encoding(length), decoding(length)]);
}

function encoding(length: number): Case {
  const bytes = each(() => randomBytes(length));
  const contenders: Contender[] = [
    { name: "bulla", run: (turn) => encode(bytes(turn)) },
    { name: "Buffer.toString", run: (turn) => bytes(turn).toString("base64url") },
  ];
  return {
    id: `base64url.encode.${length}`,
    title: `base64url encode, ${length} bytes`,
    contenders,
  };
}

function decoding(length: number): Case {
  const texts = each(() => randomBytes(length).toString("base64url"));
  const contenders = decoders.map(
    ({ name, decode: decoded }): Contender => ({ name, run: (turn) => decoded(texts(turn)) }),
  );
  return {
    id: `base64url.decode.${length}`,
    title: `base64url decode, ${length} bytes`,
    contenders,
  };
}
