/** Reads and writes cookies (RFC 6265bis sections 4.1 and 4.2). Trusted base: errors.ts and checks.ts. */

import {
  type Checks,
  checkBoolean,
  checkOneOf,
  checkWholeSeconds,
  optionError,
  readOptions,
} from "./checks.ts";

/** Do requests from other sites bring the cookie? "lax": only a followed link; "strict": never; "none": always. */
export type SameSite = "lax" | "strict" | "none";
/** Which cookies does Chromium keep longest, if a site has too many? Those of "high". */
export type Priority = "low" | "medium" | "high";

/** Attributes of `serializeCookie`: RFC 6265bis section 4.1.2, CHIPS and Chromium's Priority. None has a default. */
export interface CookieAttributes {
  /** Below which path does the browser send it? It starts with "/"; 1024 bytes at most. */
  path?: string;
  /** To the subdomains of which host is it sent too? "example.org", without a leading dot. */
  domain?: string;
  /** How long is it kept? Whole seconds, 400 days (34,560,000) at most; 0 deletes the cookie. */
  maxAge?: number;
  /** Until when is it kept? A Date of the years 1601 to 9999; `maxAge` wins over it. */
  expires?: Date;
  /** Is it sent over https alone? */
  secure?: boolean;
  /** Is it hidden from the scripts of a page? */
  httpOnly?: boolean;
  /** Is it sent with requests from other sites? "none" needs `secure`. */
  sameSite?: SameSite;
  /** Does each site that frames yours get a cookie of its own? Needs `secure`. */
  partitioned?: boolean;
  /** Chromium drops "low" first. */
  priority?: Priority;
}

/** 400 days in seconds (section 5.5). */
export const MAX_AGE_LIMIT = 34_560_000;
/** Name and value together, in bytes (section 5.6). */
export const PAIR_LIMIT = 4096;
/** Each attribute's value, in bytes (section 5.6). */
const ATTRIBUTE_LIMIT = 1024;

// cookie-name = token (RFC 9110 section 5.6.2)
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
// cookie-octet = %x21 / %x23-2B / %x2D-3A / %x3C-5B / %x5D-7E
const COOKIE_OCTETS = /^[\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]*$/;
// path-value = *av-octet; av-octet = %x20-3A / %x3C-7E
const PATH = /^\/[\x20-\x3a\x3c-\x7e]*$/;
// domain-value = subdomain (RFC 1034 section 3.5, RFC 1123 section 2.1)
const LABEL = /^[0-9A-Za-z]([0-9A-Za-z-]*[0-9A-Za-z])?$/;

export const ATTRIBUTES: Checks<CookieAttributes> = {
  path: checkPath,
  domain: checkDomain,
  maxAge: (value, name) => checkWholeSeconds(value, name, 0, MAX_AGE_LIMIT),
  expires: checkDate,
  secure: checkBoolean,
  httpOnly: checkBoolean,
  sameSite: (value, name) => checkOneOf(value, name, ["lax", "strict", "none"]),
  partitioned: checkBoolean,
  priority: (value, name) => checkOneOf(value, name, ["low", "medium", "high"]),
};

/** The engine's own methods: a subclass's could return anything. */
const { getUTCFullYear, toUTCString } = Date.prototype;

const SEMICOLON = 0x3b;
const EQUALS = 0x3d;

/**
 * Returns all values of the cookies of exactly that name, in order, neither decoded nor unquoted. Values that are not
 * cookie-octets are left out. A header that is not text has none.
 * @example
 * ```ts
 * import { readCookies, serializeCookie } from "bulla/cookie";
 *
 * readCookies("a=1; theme=dark; a=2", "a"); // ["1", "2"]
 * ```
 * @throws ConfigError ERR_OPTION: the name is not a token.
 */
export function readCookies(header: string, name: string): string[] {
  checkName(name);
  const values: string[] = [];
  if (typeof header !== "string") return values;
  // Looks only where the name occurs; other cookies are never parsed.
  let at = header.indexOf(name);
  while (at >= 0) {
    const after = skipBlanks(header, at + name.length);
    if (beginsPair(header, at) && header.charCodeAt(after) === EQUALS) {
      const value = valueAt(header, after + 1);
      if (isCookieValue(value)) values.push(value);
    }
    at = header.indexOf(name, at + name.length);
  }
  return values;
}

/**
 * Writes the value of a Set-Cookie field. To delete a cookie, write it with the same name, path and domain, and
 * `maxAge: 0`.
 * @example
 * ```ts
 * serializeCookie("theme", "dark", { path: "/", maxAge: 3600, sameSite: "lax" });
 * // "theme=dark; Max-Age=3600; Path=/; SameSite=Lax"
 * ```
 * @throws ConfigError ERR_OPTION: a name, value or attribute outside section 4.1.1; a prefix (`__Host-` and the like)
 *   that demands other attributes; anything else that makes browsers drop the cookie.
 */
export function serializeCookie(
  name: string,
  value: string,
  attributes: CookieAttributes = {},
): string {
  checkName(name);
  if (!isCookieValue(value)) {
    throw optionError(
      "value",
      "text of cookie-octets (RFC 6265bis section 4.1.1): encode other text first",
    );
  }
  if (name.length + value.length > PAIR_LIMIT) {
    throw optionError("value", "shorter: name and value take 4096 bytes at most");
  }
  return `${name}=${value}${attributesText(name, attributes)}`;
}

export function isCookieValue(value: unknown): value is string {
  return typeof value === "string" && COOKIE_OCTETS.test(value);
}

/** Checks the name and its attributes; writes these, each after "; ". @throws ConfigError ERR_OPTION */
export function attributesText(name: string, given: CookieAttributes): string {
  checkName(name);
  const attributes = readOptions(given, ATTRIBUTES, "a cookie");
  checkTogether(attributes);
  checkPrefix(name, attributes);
  const { maxAge, domain, path, expires, httpOnly, secure, sameSite, partitioned, priority } =
    attributes;
  let text = "";
  if (maxAge !== undefined) text += `; Max-Age=${maxAge}`;
  if (expires !== undefined) text += `; Expires=${toUTCString.call(expires)}`;
  if (domain !== undefined) text += `; Domain=${domain}`;
  if (path !== undefined) text += `; Path=${path}`;
  if (httpOnly) text += "; HttpOnly";
  if (secure) text += "; Secure";
  if (sameSite !== undefined) text += `; SameSite=${capitalised(sameSite)}`;
  if (partitioned) text += "; Partitioned";
  if (priority !== undefined) text += `; Priority=${capitalised(priority)}`;
  return text;
}

function checkName(name: string): void {
  if (typeof name !== "string" || !TOKEN.test(name)) {
    throw optionError("the cookie's name", "a token (RFC 9110 section 5.6.2)");
  }
}

function checkTogether({ secure, sameSite, partitioned }: CookieAttributes): void {
  if (sameSite === "none" && !secure) throw optionError("secure", 'true if sameSite is "none"');
  if (partitioned && !secure) throw optionError("secure", "true if partitioned is");
}

function checkPath(path: unknown, name: string): void {
  if (typeof path !== "string" || path.length > ATTRIBUTE_LIMIT || !PATH.test(path)) {
    throw optionError(
      name,
      'ASCII text from "/" on, without ";" and control characters, 1024 bytes at most',
    );
  }
}

function checkDomain(domain: unknown, name: string): void {
  if (!isDomain(domain)) throw optionError(name, "a host name without a leading dot");
}

function checkDate(expires: unknown, name: string): void {
  if (!isDate(expires as Date)) throw optionError(name, "a Date of the years 1601 to 9999");
}

/** Section 4.1.3, and `__Http-` and `__Host-Http-` of Chromium and Firefox. They match in any case (section 5.7). */
function checkPrefix(name: string, attributes: CookieAttributes): void {
  const [, prefix] = /^(__(?:host-http|host|http|secure)-)/i.exec(name) ?? [];
  if (prefix === undefined) return;
  const demand = (option: keyof CookieAttributes, value: unknown, said: string): void => {
    if (attributes[option] !== value) {
      throw optionError(option, `${said} if the cookie's name has the prefix ${prefix}`);
    }
  };
  const lower = prefix.toLowerCase();
  demand("secure", true, "true");
  if (lower.includes("http")) demand("httpOnly", true, "true");
  if (!lower.includes("host")) return;
  demand("path", "/", '"/"');
  demand("domain", undefined, "absent");
}

/** True if a pair begins at `at`: at the start, or after ";" with SP and HTAB between. */
function beginsPair(header: string, at: number): boolean {
  let before = at - 1;
  while (isBlank(header.charCodeAt(before))) before--;
  return before < 0 || header.charCodeAt(before) === SEMICOLON;
}

function skipBlanks(header: string, from: number): number {
  let at = from;
  while (isBlank(header.charCodeAt(at))) at++;
  return at;
}

function valueAt(header: string, from: number): string {
  const semicolon = header.indexOf(";", from);
  let end = semicolon < 0 ? header.length : semicolon;
  while (isBlank(header.charCodeAt(end - 1))) end--;
  return header.slice(skipBlanks(header, from), end);
}

/** SP or HTAB alone; `trim()` would take U+00A0 and U+FEFF too. */
function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09;
}

function isDomain(domain: unknown): boolean {
  if (typeof domain !== "string" || domain.length > 253) return false;
  return domain.split(".").every((label) => label.length <= 63 && LABEL.test(label));
}

function isDate(date: Date): boolean {
  try {
    const year = getUTCFullYear.call(date);
    return year >= 1601 && year <= 9999;
  } catch {
    return false;
  }
}

function capitalised(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}
