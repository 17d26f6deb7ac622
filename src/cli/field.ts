/** What is inspected: a token, or a `Cookie` or `Set-Cookie` field with its name or without (RFC 6265bis section 4). */

import { isCookieValue, readCookies } from "../internal/cookies.ts";

export interface Cookie {
  readonly name: string;
  readonly value: string;
}

export interface Field {
  readonly kind: "token" | "cookie" | "set-cookie";
  /** The token, or the cookies that a server reads: of a Set-Cookie the one, of a Cookie all. */
  readonly cookies: readonly Cookie[];
  /** Of a Set-Cookie, in order. */
  readonly attributes: readonly (readonly [name: string, value: string | undefined])[];
}

const ATTRIBUTE =
  /^(?:path|domain|max-age|expires|secure|httponly|samesite|partitioned|priority)$/i;
// A name as a cookie has it; of a token only padding is like it, and nothing follows that.
const PAIR = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+[ \t]*=[ \t]*[^=\s]/;

export function readField(text: string): Field {
  const [, label, rest = text] = /^(cookie|set-cookie)[ \t]*:\s*([\s\S]*)$/i.exec(text) ?? [];
  if (label === undefined && !PAIR.test(text)) {
    return { kind: "token", cookies: [{ name: "", value: text }], attributes: [] };
  }
  const [first = "", ...others] = rest.split(";").map(pairOf);
  const attributes = others.filter((pair) => typeof pair !== "string");
  const isSet =
    label === undefined
      ? attributes.length > 0 && attributes.every(([name]) => ATTRIBUTE.test(name))
      : label.length > "cookie".length;
  if (!isSet) return { kind: "cookie", cookies: cookiesOf(rest), attributes: [] };
  const [name, value = ""] = typeof first === "string" ? ["", undefined] : first;
  const cookies = name !== "" && isCookieValue(value) ? [{ name, value }] : [];
  return { kind: "set-cookie", cookies, attributes };
}

/** The cookies that readCookies finds, name by name in order. */
function cookiesOf(header: string): Cookie[] {
  const names = header.split(";").map((pair) => (pair.split("=", 1)[0] as string).trim());
  return [...new Set(names)].flatMap((name) => {
    try {
      return readCookies(header, name).map((value) => ({ name, value }));
    } catch {
      return []; // Not a name, so no server reads it.
    }
  });
}

function pairOf(pair: string): readonly [name: string, value: string | undefined] | "" {
  const [, name = "", value] = /^[ \t]*([^=]*?)[ \t]*(?:=[ \t]*(.*?)[ \t]*)?$/s.exec(pair) ?? [];
  return name === "" ? "" : [name, value];
}
