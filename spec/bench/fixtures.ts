/** The data to sign, encrypt and keep in sessions: many of each, so that no run repeats a single one. */

import { createHash, hash, randomBytes } from "node:crypto";

const MANY = 16;

/** Makes many values, and returns a function that gives them in turns. */
export function each<V>(make: (index: number) => V): (turn: number) => V {
  const all = Array.from({ length: MANY }, (_, index) => make(index));
  return (turn) => all[turn & (MANY - 1)] as V;
}

export async function eachLater<V>(
  make: (index: number) => Promise<V>,
): Promise<(turn: number) => V> {
  const all = await Promise.all(Array.from({ length: MANY }, (_, index) => make(index)));
  return (turn) => all[turn & (MANY - 1)] as V;
}

/** Copies a text into one piece of memory, as it comes from a socket: V8 may hold it as a slice or a rope. */
export function whole(text: string): string {
  return Buffer.from(text).toString();
}

export interface Subject {
  [claim: string]: unknown;
  sub: string;
  name: string;
  email: string;
  role: string;
  exp: number;
}

/** Five claims, with a role that makes their JSON that many bytes long. */
export function claimsOf(index: number, bytes: number): Subject {
  const claims = {
    sub: hex(index, 24),
    name: "Ada Lovelace",
    email: "ada@example.org",
    role: "",
    exp: 4_102_444_800,
  };
  claims.role = words(bytes - JSON.stringify(claims).length);
  return JSON.parse(JSON.stringify(claims)) as Subject;
}

/** Text of that many characters, all ASCII. */
export function words(length: number): string {
  return whole("read:all write:own ".repeat(Math.ceil(length / 19)).slice(0, length));
}

/** A session of one user. */
export function userOf(index: number): { id: string; name: string; role: string; since: number } {
  return { id: hex(index, 16), name: "Ada Lovelace", role: "editor", since: 1_735_689_600 };
}

/** A Cookie header with other cookies around the session's. */
export function cookieHeader(pairs: string): string {
  return whole(`theme=dark; _ga=GA1.1.1234567890.1700000000; ${pairs}; lang=en-GB`);
}

/** The token with one character in the middle of its MAC changed. */
export function withWrongMac(token: string): string {
  const at = token.length - 20;
  const other = token[at] === "A" ? "B" : "A";
  return whole(token.slice(0, at) + other + token.slice(at + 1));
}

/** Two one-shot hashes over the input of HMAC-SHA256: the least that an implementation needs. */
export function hmacFloor(length: number): () => void {
  const inner = randomBytes(64 + length);
  const outer = randomBytes(64 + 32);
  return () => {
    hash("sha256", inner, "binary");
    hash("sha256", outer, "binary");
  };
}

function hex(index: number, length: number): string {
  return whole(createHash("sha256").update(String(index)).digest("hex").slice(0, length));
}
