/** Remembers the cookies that the server wrote, to show how they were changed. Cookie sessions need none of this. */

import { randomBytes } from "node:crypto";
import type { Type } from "./token.ts";

/** A cookie as the server wrote it. */
interface Written {
  readonly line: string;
  left: boolean;
}

/** The history of a cookie that came back. */
export interface Past {
  /** The Set-Cookie field that brought it; absent if this server wrote no such cookie. */
  readonly line?: string;
  /** The indices of the characters that differ. */
  readonly changed: readonly number[];
  /** Its session was logged out. */
  readonly left: boolean;
}

/** The cookies of one visitor, copied at the logout. */
export type Copies = Partial<Record<Type, string>>;

/** How many cookies and copies are kept; the oldest goes first. */
const MOST = 300;
/** Cookies of two sessions differ in more characters than this: their random ids alone have 22. */
const MOST_CHANGED = 8;

const written = new Map<string, Written>();
const copies = new Map<string, Copies>();

/** Keeps the Set-Cookie fields of a response, except those that delete a cookie. */
export function remember(fields: readonly string[]): void {
  for (const line of fields) {
    const pair = line.split(";", 1)[0] as string;
    if (!pair.endsWith("=")) keep(written, pair, { line, left: false });
  }
}

/** Compares a cookie with the most similar one that was written. */
export function pastOf(type: Type, text: string): Past {
  const pair = `demo-${type}=${text}`;
  const same = written.get(pair);
  if (same) return { ...same, changed: [] };
  const value = pair.length - text.length;
  let past: Past = { changed: [], left: false };
  let least = MOST_CHANGED;
  for (const [other, cookie] of written) {
    const changed = differences(other, pair);
    if (changed.length > least) continue;
    least = changed.length;
    past = { ...cookie, changed: changed.map((index) => index - value) };
  }
  return past;
}

/** Copies the cookies of a visitor who logs out; returns the name of the copies. */
export function copy(cookies: Copies): string {
  for (const [type, text] of Object.entries(cookies)) {
    const cookie = written.get(`demo-${type}=${text}`);
    if (cookie) cookie.left = true;
  }
  const name = randomBytes(12).toString("base64url");
  keep(copies, name, cookies);
  return name;
}

export function copiesOf(name: string | null): Copies {
  return copies.get(name ?? "") ?? {};
}

function differences(one: string, other: string): number[] {
  const indices = Array.from(other, (_, index) => index);
  return one.length === other.length ? indices.filter((at) => one[at] !== other[at]) : indices;
}

function keep<V>(map: Map<string, V>, key: string, value: V): void {
  map.set(key, value);
  for (const oldest of map.keys()) if (map.size > MOST) map.delete(oldest);
}
