/** Reads and alters a cookie's text without a key. */

import { decode } from "bulla/base64url";
import { decodeUnverified } from "bulla/jwt";

export const TYPES = ["base64", "jwt", "fernet"] as const;
export type Type = (typeof TYPES)[number];

/** A part of a token: the name its specification gives it, and the colour the page gives it. */
export interface Part {
  readonly name: string;
  readonly colour: "lapis" | "malachite" | "ochre" | "murex" | "bitumen";
  readonly what: string;
}

/** Some characters of one part. `next` is set where the last bits belong to the next part. */
export interface Piece {
  readonly text: string;
  readonly part?: Part;
  readonly next?: Part;
}

export const PARTS: Record<Type, readonly Part[]> = {
  base64: [
    { name: "jti", colour: "murex", what: "16 random bytes" },
    { name: "times", colour: "ochre", what: "iat, exp; begun if earlier" },
    { name: "data", colour: "lapis", what: "the session itself" },
  ],
  jwt: [
    { name: "header", colour: "bitumen", what: "how it is signed" },
    { name: "payload", colour: "lapis", what: "the session itself" },
    { name: "MAC", colour: "malachite", what: "seal over both" },
  ],
  fernet: [
    { name: "version", colour: "bitumen", what: "always 0x80" },
    { name: "timestamp", colour: "ochre", what: "time of sealing" },
    { name: "IV", colour: "murex", what: "16 random bytes" },
    { name: "ciphertext", colour: "lapis", what: "encrypted session" },
    { name: "HMAC", colour: "malachite", what: "seal over all of it" },
  ],
};

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const utf8 = new TextDecoder("utf-8", { fatal: true });

/** The text, cut where one part ends and the next begins. */
export function dissect(type: Type, text: string): Piece[] {
  if (type === "jwt") {
    const split = text.split(/(\.)/).map((piece, i) => {
      return piece === "." ? { text: piece } : cut(piece, PARTS.jwt[i / 2]);
    });
    return split.filter((piece) => piece.text !== "");
  }
  return byBits(text, PARTS[type], type === "base64" ? jsonEnds(text) : fernetEnds(text));
}

/** The content that anybody can read, or undefined where the text cannot be read. */
export function readable(type: Type, text: string): string | undefined {
  try {
    if (type === "base64") return JSON.stringify(JSON.parse(utf8.decode(decode(text))), null, 2);
    if (type === "fernet") return fernetFields(decode(text));
    const { header, claims } = decodeUnverified(text);
    return `${JSON.stringify(header)}\n.\n${JSON.stringify(claims, null, 2)}`;
  } catch {
    return undefined;
  }
}

/** Flips one bit of the character at `at`, so that the text can still be read where that is possible. */
export function flip(type: Type, text: string, at: number): string {
  const index = ALPHABET.indexOf(text.charAt(at));
  const before = readable(type, text);
  // Tries a low bit of a whole byte first: its place depends on the character's place in a group of four.
  const bits = [[1, 16, 16, 4][at % 4] ?? 1, 1, 2, 4, 8, 16, 32];
  const altered = bits.map((bit) => {
    const other = index < 0 ? "A" : ALPHABET.charAt(index ^ bit);
    return text.slice(0, at) + other + text.slice(at + 1);
  });
  const good = altered.find((other) => ![undefined, before].includes(readable(type, other)));
  return good ?? (altered[0] as string);
}

/** The character that an attacker would change first: in the number of sheep or, if that is hidden, in the ciphertext. */
export function target(type: Type, text: string): number {
  if (type === "fernet") return Math.floor(text.length / 2);
  const start = type === "jwt" ? text.indexOf(".") + 1 : 0;
  const byte = json(text.split(".")[type === "jwt" ? 1 : 0] ?? "").indexOf('"sheep":') + 8;
  const at = start + Math.floor(byte / 3) * 4 + ([0, 2, 3][byte % 3] ?? 0);
  return Math.min(at, text.length - 1);
}

function cut(text: string, part: Part | undefined, next?: Part): Piece {
  return { text, ...(part && { part }), ...(next && next !== part && { next }) };
}

// A character holds six bits: it may hold the end of one part and the beginning of the next.
function byBits(text: string, parts: readonly Part[], ends: readonly number[]): Piece[] {
  const partAt = (bit: number) => parts[ends.findIndex((end) => bit < end)] ?? parts.at(-1);
  const pieces: Piece[] = [];
  for (let i = 0; i < text.length; i++) {
    const piece = cut(text.charAt(i), partAt(i * 6), partAt(i * 6 + 5));
    const last = pieces.at(-1);
    if (last && last.part === piece.part && last.next === piece.next) {
      pieces[pieces.length - 1] = { ...last, text: last.text + piece.text };
    } else {
      pieces.push(piece);
    }
  }
  return pieces;
}

// One character for each byte, so that an index counts bytes.
function json(text: string): string {
  return Buffer.from(text, "base64url").toString("latin1");
}

function jsonEnds(text: string): number[] {
  const members = json(text);
  const times = members.indexOf(',"iat":');
  const data = members.indexOf(',"data":', times);
  return times < 0 || data < 0 ? [0, 0] : [times * 8, data * 8];
}

function fernetEnds(text: string): number[] {
  const bytes = Buffer.from(text, "base64url").length;
  return [1, 9, 25, bytes - 32].map((end) => end * 8);
}

function fernetFields(bytes: Uint8Array): string | undefined {
  if (bytes.length < 73) return undefined;
  const seconds = Buffer.from(bytes).readBigUInt64BE(1);
  const date = new Date(Number(seconds) * 1000);
  const when = Number.isNaN(date.getTime()) ? "no date" : date.toISOString().slice(0, 16);
  const hex = (from: number, to?: number) => Buffer.from(bytes).subarray(from, to).toString("hex");
  const size = bytes.length - 57;
  return [
    `version     0x${hex(0, 1)}`,
    `timestamp   ${seconds}\n            ${when.replace("T", " ")}Z`,
    `IV          ${hex(9, 17)}\n            ${hex(17, 25)}`,
    `ciphertext  ${size} bytes, for a\n            text of ${size - 16} to ${size - 1}`,
    `HMAC        32 bytes`,
  ].join("\n");
}
