/** Reads the cookies of one name from a request, headers or a cookie store. */

import { optionError } from "./checks.ts";
import { isCookieValue, readCookies } from "./cookies.ts";

/** A cookie store that can be read: Next's `await cookies()`, SvelteKit's `cookies`, Astro's. */
export interface CookieReader {
  /** Returns the cookie of that name: its value, or an object that has it; null or undefined for none. */
  get(name: string): string | { readonly value: string } | null | undefined;
}

/** A request of Node or the Fetch API, Headers, a Cookie header's text, or a cookie store. `undefined`: no cookies. */
export type CookieSource =
  | { readonly headers: { cookie?: string | undefined } }
  | Request
  | Headers
  | CookieReader
  | string
  | undefined;

/** Returns the values in order, undecoded. @throws ConfigError ERR_OPTION: not a source. */
export function cookiesOf(source: CookieSource, name: string): string[] {
  if (source === undefined) return [];
  if (typeof source === "string") return readCookies(source, name);
  // Stores come first: Astro's has a method `headers`.
  if (isReader(source)) {
    const cookie = source.get(name);
    if (cookie === undefined || cookie === null) return [];
    const value = typeof cookie === "string" ? cookie : cookie.value;
    if (typeof value !== "string")
      throw optionError("a cookie of the store", "a string, or an object with a string value");
    // As in a header, a value with other characters than cookie-octets is skipped.
    return isCookieValue(value) ? [value] : [];
  }
  const { get, headers } = (isObject(source) ? source : {}) as { get?: unknown; headers?: unknown };
  const fields = isObject(headers) ? headers : typeof get === "function" ? source : undefined;
  if (fields === undefined) {
    throw optionError("the source", "a request, headers, a Cookie header or a cookie store");
  }
  const { get: read, cookie } = fields as { get?: unknown; cookie?: string | string[] };
  const header = typeof read === "function" ? read.call(fields, "Cookie") : cookie;
  // Several fields are one list (RFC 6265bis section 4.2.1).
  return readCookies(Array.isArray(header) ? header.join("; ") : (header ?? ""), name);
}

/** Tells a store from Headers, which have `append`, and from an Express request, which has `headers`. */
function isReader(source: unknown): source is CookieReader {
  if (!isObject(source)) return false;
  const { get, append, headers } = source as Record<string, unknown>;
  return typeof get === "function" && typeof append !== "function" && !isObject(headers);
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

/** Finds the request behind an Object.create() of it: only the stream itself has its own `_readableState`. */
export function streamOf(req: object): object {
  for (let object: object | null = req; object; object = Object.getPrototypeOf(object)) {
    if (Object.hasOwn(object, "_readableState")) return object;
  }
  return req;
}
