/**
 * Moves a session of another library into a new one, once, and deletes the old cookie. Delete this folder when every
 * old cookie has expired.
 */

import { type CookieAttributes, readCookies, serializeCookie } from "bulla/cookie";
import type { Session } from "bulla/session";

export type Data = Record<string, unknown>;

/** How to open the sessions of another library. */
export interface Opener {
  /** The names of its cookies. */
  names: readonly string[];
  /** The data in a Cookie header; undefined where there is no good cookie. `now` is in seconds. */
  open(cookies: string, now?: number): Data | undefined;
}

export interface Switch {
  old: Opener;
  /** Path and Domain of the old cookies. With other values nothing is deleted. */
  attributes: CookieAttributes;
  /** When the last old cookie has expired, in milliseconds. */
  until: number;
  /** The new cookie's name, which differs from the old one's. */
  name: string;
  /** Copies what is worth keeping into the new session. Old data can have any shape. */
  take(data: Data, session: Session): void;
}

/** Takes over the old session if there is no new one yet. Returns the Set-Cookies that delete the old cookies. */
export function migrate(
  { old, attributes, until, name, take }: Switch,
  cookies: string,
  session: Session,
): string[] {
  // An expired or revoked cookie of the new name means that the session has ended: do not begin it again.
  if (session.isNew && Date.now() < until && readCookies(cookies, name).length === 0) {
    const data = old.open(cookies);
    if (data !== undefined) take(data, session);
  }
  // Always, or the request after a logout would log in again.
  return old.names
    .filter((one) => valuesOf(cookies, one).length > 0)
    .map((one) => serializeCookie(one, "", { ...attributes, maxAge: 0 }));
}

/** Cookies of that name, as browsers send them back: some libraries write values in quotes. */
export function valuesOf(cookies: string, name: string): string[] {
  return readCookies(cookies.replaceAll('"', ""), name);
}

/** Parses JSON text; undefined unless it holds an object. */
export function objectOf(
  json: string | undefined,
  reviver?: (name: string, value: unknown) => unknown,
): Data | undefined {
  try {
    const value: unknown = JSON.parse(json ?? "", reviver);
    if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
    return value as Data;
  } catch {
    return undefined;
  }
}

/** Returns the result of `open` for the first value that it opens. */
export function firstOf<T>(values: readonly string[], open: (value: string) => T | undefined) {
  for (const value of values) {
    const opened = open(value);
    if (opened !== undefined) return opened;
  }
  return undefined;
}
