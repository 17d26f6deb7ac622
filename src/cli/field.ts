/** Reads the input of `inspect`: a token, or a `Cookie` or `Set-Cookie` field, named or not (RFC 6265bis section 4). */

import { isCookieValue, readCookies } from "../internal/cookies.ts";
import { Failure, REFUSED } from "./failure.ts";

export interface Cookie {
  readonly name: string;
  readonly value: string;
}

export interface Field {
  readonly kind: "token" | "cookie" | "set-cookie";
  /** The token, the one cookie of a Set-Cookie, or all cookies of a Cookie. */
  readonly cookies: readonly Cookie[];
  /** The attributes of a Set-Cookie, in order. */
  readonly attributes: readonly (readonly [name: string, value: string | undefined])[];
}

/** A token (RFC 9110 section 5.6.2) no longer than a session's name. */
const NAME = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,512}$/;
const ATTRIBUTE =
  /^(?:path|domain|max-age|expires|secure|httponly|samesite|partitioned|priority)$/i;
// A cookie's name and "=". In a token only padding has "=", and nothing follows it.
const PAIR = /^[ \t]*[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,512}[ \t]*=[ \t]*[^=\s]/;
/** No server accepts a longer header. */
const LONGEST = 1_000_000;

type Pair = readonly [name: string, value: string | undefined];

/** @throws Failure ERR_TOKEN_TOO_LARGE */
export function readField(text: string): Field {
  const [label = "", rest = text] = labelled(text);
  if (label === "" && !PAIR.test(text)) {
    return { kind: "token", cookies: [{ name: "", value: text }], attributes: [] };
  }
  if (rest.length > LONGEST) {
    throw new Failure(REFUSED, "ERR_TOKEN_TOO_LARGE", "the field is too long for a server");
  }
  const [first, ...others] = rest.split(";").map(pairOf);
  const attributes = others.filter(([name]) => name !== "");
  const looksSet = attributes.length > 0 && attributes.every(([name]) => ATTRIBUTE.test(name));
  if (label === "cookie" || (label === "" && !looksSet)) {
    return { kind: "cookie", cookies: cookiesOf(rest), attributes: [] };
  }
  const [name, value = ""] = first as Pair;
  const isCookie = NAME.test(name) && isCookieValue(value);
  return { kind: "set-cookie", cookies: isCookie ? [{ name, value }] : [], attributes };
}

function labelled(text: string): string[] {
  const [whole, label] = /^[ \t]*(cookie|set-cookie)[ \t]*:/i.exec(text) ?? [];
  if (whole === undefined) return [];
  return [(label as string).toLowerCase(), text.slice(whole.length).trim()];
}

function cookiesOf(header: string): Cookie[] {
  const names = header.split(";").map((pair) => pairOf(pair)[0]);
  return [...new Set(names)]
    .filter((name) => NAME.test(name))
    .flatMap((name) => readCookies(header, name).map((value) => ({ name, value })));
}

function pairOf(pair: string): Pair {
  const equals = pair.indexOf("=");
  if (equals < 0) return [pair.trim(), undefined];
  return [pair.slice(0, equals).trim(), pair.slice(equals + 1).trim()];
}
