/**
 * The cookies of Flask: tagged JSON in base64url, compressed by zlib after a ".", signed by itsdangerous.
 * Python values that JSON lacks become text, and tuples become lists.
 */

import { createHmac } from "node:crypto";
import { inflateSync } from "node:zlib";
import { unsign } from "./itsdangerous.ts";
import { firstOf, type Opener, objectOf, valuesOf } from "./migrate.ts";

/** The application's settings, with their defaults. */
export interface FlaskOptions {
  SECRET_KEY: string;
  SESSION_COOKIE_NAME?: string;
  /** In seconds. */
  PERMANENT_SESSION_LIFETIME?: number;
}

/** A compressed cookie of 4 KB can hold megabytes. */
const MOST_BYTES = 65_536;
/** tuple, bytes (base64), Markup, UUID, datetime */
const TAGS = [" t", " b", " m", " u", " d"];

export function flask(options: FlaskOptions): Opener {
  const { SECRET_KEY, SESSION_COOKIE_NAME: name = "session" } = options;
  const { PERMANENT_SESSION_LIFETIME: maxAge = 31 * 24 * 3600 } = options;
  const key = createHmac("sha1", SECRET_KEY).update("cookie-session").digest();
  return {
    names: [name],
    open: (cookies, now = Date.now() / 1000) =>
      firstOf(valuesOf(cookies, name), (signed) => {
        const value = unsign(signed, key, maxAge, now);
        return objectOf(value && textOf(value), untag);
      }),
  };
}

function textOf(value: string): string | undefined {
  if (!value.startsWith(".")) return Buffer.from(value, "base64url").toString();
  try {
    const compressed = Buffer.from(value.slice(1), "base64url");
    return inflateSync(compressed, { maxOutputLength: MOST_BYTES }).toString();
  } catch {
    return undefined;
  }
}

/** Removes a tag: an object with one member, named by the tag. " di" tags a real object of that shape. */
function untag(_name: string, value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  const [[tag, held] = ["", null], ...others] = Object.entries(value);
  if (others.length > 0) return value;
  if (TAGS.includes(tag)) return held;
  if (tag !== " di" || typeof held !== "object" || held === null) return value;
  return Object.fromEntries(Object.entries(held).map(([name, item]) => [name.slice(0, -2), item]));
}
