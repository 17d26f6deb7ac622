/**
 * cookie.ts against RFC 6265bis sections 4.1, 4.2 and 5.4 to 5.7: attacks through a Cookie header, values
 * that must not be written, then the good cases. cookie-sweeps.spec.ts tries all code units.
 */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { inspect } from "node:util";
import { type CookieAttributes, readCookies, serializeCookie } from "../src/cookie.ts";
import { misuse } from "./helpers/token-refusals.ts";

/** RFC 9110 section 5.6.2: tchar. */
const TCHARS = "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

const NAME = "the cookie's name must be a token (RFC 9110 section 5.6.2)";
const VALUE =
  "value must be text of cookie-octets (RFC 6265bis section 4.1.1): encode other text first";
const PATH =
  'path must be ASCII text from "/" on, without ";" and control characters, 1024 bytes at most';
const DOMAIN = "domain must be a host name without a leading dot";
const MAX_AGE = "maxAge must be whole seconds from 0 to 34560000";
const EXPIRES = "expires must be a Date of the years 1601 to 9999";
const SAME_SITE = "sameSite must be one of lax, strict, none";
const PRIORITY = "priority must be one of low, medium, high";
const LONG = "value must be shorter: name and value take 4096 bytes at most";
const BAD_NAMES: readonly unknown[] = [
  ...["", " ", "a b", " a", "a ", "\t", "a\t", "a=b", "=", "a;b", ";", "a,b", '"a"', "a\\b"],
  ...["a\r\nSet-Cookie: b=c", "a\n", "\ra", "a\0", "a\x7f", "a\x1b", "é", "\u00a0", "\ufeff"],
  ...["\u0141", "\u212a", "\uff21", "\ud800", "😀", "a/b", "a:b", "a@b", "(a)", "<a>", "[a]"],
  ...["{a}", "a?", undefined, null, 1, true, {}, [], ["a"], Symbol("a"), new String("a")],
];

describe("readCookies ignores cookies of other names, and malformed ones [6265bis-4.2.1b]", () => {
  const rows: readonly [header: string, name: string, values: string[], why: string][] = [
    // CVE-2020-8184, CVE-2022-31629: a name is never decoded, case-folded or repaired.
    ["%5F%5FHost-a=1", "__Host-a", [], "an encoded name"],
    ["%61=1", "a", [], "an encoded name"],
    ["a=1", "%61", [], "a name that would be encoded"],
    ["..Host-a=1; __Host.a=1; _%5FHost-a=1", "__Host-a", [], "a name that PHP would repair"],
    ["  Host-a=1; ++Host-a=1", "__Host-a", [], "a name that PHP would repair"],
    ["__host-a=1; __HOST-a=1; __Host-A=1", "__Host-a", [], "another case"],
    ["A=1", "a", [], "another case"],
    ["\u212a=1; \u017f=1", "k", [], "a character that case-folds to the name"],
    // CVE-2023-23934: a pair without a name has an empty name, whatever its value looks like.
    ["=__Host-a=1", "__Host-a", [], "a nameless cookie that looks like one with a name"],
    ["==__Host-a=1", "__Host-a", [], "a nameless cookie"],
    ["; =a=1", "a", [], "a nameless cookie"],
    ["=1", "a", [], "a nameless cookie"],
    ["a", "a", [], "no ="],
    ["a; b=1", "a", [], "no ="],
    ["a;=1", "a", [], "no = before the ;"],
    ["b=a=1", "a", [], "a name inside a value"],
    ["b= a=1", "a", [], "a name inside a value"],
    ["b=1 a=2", "a", [], "a name inside a value"],
    ['b="; a=1"', "a", [], "quotes do not count: the pair ends at the ;"],
    ["xa=1; a-=1; -a=1; aa=1; a.b=1; a%=1; a$=1", "a", [], "longer names"],
    ["a\u0000=1", "a", [], "NUL behind the name"],
    ["\u0000a=1", "a", [], "NUL before the name"],
    [
      "\u00a0a=1; a\u00a0=1; \ufeffa=1; a\ufeff=1",
      "a",
      [],
      "blanks of trim(), but not of the grammar",
    ],
    ["\va=1; \fa=1; \na=1; \ra=1; a\r\n=1; \u2028a=1", "a", [], "blanks of trim()"],
    // A comma does not separate cookies, and section 4.1.1 forbids it in a value.
    ["b=1, a=2", "a", [], "a comma"],
    ["b=1,a=2", "a", [], "a comma"],
    ["a=1, b=2", "a", [], "a comma in the value"],
    // RFC 2965 is obsolete.
    ['$Version="1"; b=1; $Path="/a=1"', "a", [], "RFC 2965's attributes"],
    // A value with other characters than cookie-octets is left out.
    ['a="1"', "a", [], "a quoted value"],
    ['a="', "a", [], "a quote"],
    ["a=1 2", "a", [], "a space inside"],
    ["a=1\t2", "a", [], "a tab inside"],
    ["a=1\\2", "a", [], "a backslash"],
    ["a=\u00e9", "a", [], "Latin 1"],
    ["a=\u0141", "a", [], "a character whose low eight bits are a letter"],
    ["a=\ud83d\ude00", "a", [], "an emoji"],
    ["a=\ud800", "a", [], "a lone surrogate"],
    ["a=1\u00a0", "a", [], "a no-break space at the end"],
    ["a=\ufeff1", "a", [], "a byte order mark at the start"],
    ["a=1\r\nb=2", "a", [], "a line break"],
    ["a=1\n", "a", [], "a line feed at the end"],
    ["a=\x7f", "a", [], "DEL"],
    ["a=\0", "a", [], "NUL"],
    ["", "a", [], "an empty header"],
    [" ", "a", [], "a blank"],
    [";;; ; =;", "a", [], "only separators"],
    ["constructor=1", "toString", [], "a member of every object"],
  ];
  for (const [header, name, values, why] of rows) {
    test(`${JSON.stringify(header)}: ${why}`, () => {
      assert.deepEqual(readCookies(header, name), values);
      assert.deepEqual(readCookies(`z=0; ${header}; a${name}=9`, name), values);
    });
  }
});

describe("readCookies returns the values of a name, undecoded", () => {
  const rows: readonly [header: string, name: string, values: string[]][] = [
    ["a=1", "a", ["1"]],
    ["a=", "a", [""]],
    ["a=;b=", "a", [""]],
    ["a=1;b=2", "b", ["2"]],
    ["a=1; b=2; c=3", "b", ["2"]],
    ["a=1; a=2; a=1", "a", ["1", "2", "1"]],
    ["a=1; b=2; A=3; a=4", "a", ["1", "4"]],
    ['a="1"; a=2; a=3 4; a=5', "a", ["2", "5"]],
    [" \t a \t = \t 1 \t ", "a", ["1"]],
    ["b=2 \t;\t a=1\t; c=3", "a", ["1"]],
    ["a= ;", "a", [""]],
    ["a==", "a", ["="]],
    ["a=b=c==", "a", ["b=c=="]],
    ["a=a=1", "a", ["a=1"]],
    ["aa=1; a=2; aaa=3; aa=4", "aa", ["1", "4"]],
    ["a;a=1", "a", ["1"]],
    ["a =1; a= 2", "a", ["1", "2"]],
    [";a=1", "a", ["1"]],
    [";; ;a=1;;", "a", ["1"]],
    ["=0; a=1", "a", ["1"]],
    ["a=%31%2", "a", ["%31%2"]],
    ["a=1+2", "a", ["1+2"]],
    ["a=j:{x}", "a", ["j:{x}"]],
    ["$Version=1; a=1; $Path=/", "a", ["1"]],
    ["$Version=1; a=1", "$Version", ["1"]],
    ["__Host-a=1; __Secure-a=2", "__Host-a", ["1"]],
    ["__proto__=1; constructor=2; toString=3", "__proto__", ["1"]],
    ["__proto__=1; constructor=2", "constructor", ["2"]],
    ["a.b*=1; a-b=2", "a.b*", ["1"]],
    [`${TCHARS}=1`, TCHARS, ["1"]],
    [`a=${"x".repeat(10_000)}`, "a", ["x".repeat(10_000)]],
  ];
  for (const [header, name, values] of rows) {
    test(`${name} of ${JSON.stringify(header.slice(0, 100))}`, () => {
      assert.deepEqual(readCookies(header, name), values);
    });
  }
});

test("readCookies finds nothing in a header that is not a string", () => {
  const header = { indexOf: () => 0, length: 3, charCodeAt: () => 0x3d };
  for (const value of [undefined, null, 0, 1n, true, Symbol("a=1"), {}, ["a=1"], header]) {
    assert.deepEqual(readCookies(value as string, "a"), []);
  }
});

test("a name that is not a token is a ConfigError, for readCookies and serializeCookie [6265bis-4.1.1a]", () => {
  for (const name of BAD_NAMES) {
    misuse(() => readCookies("a=1", name as string), "ERR_OPTION", NAME, String(name));
    misuse(() => serializeCookie(name as string, "1"), "ERR_OPTION", NAME, String(name));
  }
});

describe("serializeCookie refuses attributes outside the grammar, and cookies that user agents would drop [6265bis-1b]", () => {
  // CVE-2024-47764: a value must not end its attribute and begin another.
  const wrong: readonly [attribute: string, message: string, values: readonly unknown[]][] = [
    [
      "path",
      PATH,
      [
        ...["", "a", "a/b", "./", "*", " /", "\t/", "/;", "/a;b", "/; Domain=example.org", "/\n"],
        ...["/a\r\nSet-Cookie: b=c", "/\0", "/\x1f", "/\x7f", "/é", "/\u0141", "/\ud800", "/😀"],
        ...[`/${"a".repeat(1024)}`, null, 1, true, {}, ["/"], Symbol("/"), new String("/")],
      ],
    ],
    [
      "domain",
      DOMAIN,
      [
        ...["", ".", ".example.org", "example.org.", "a..b", "-a.org", "a-.org", "a.-b", "a_b.org"],
        ...["a b", "a;b", "a.org; Path=/", "a.org\r\nx: y", "a.org\n", "a.org\0", "a,b", "a/b"],
        ...["a:80", "[::1]", "é.org", "\u212a.org", "\uff41.org", "*.a.org", "%61.org"],
        ...[`${"a".repeat(64)}.org`, `${"a.".repeat(126)}ab`, null, 1, true, {}, ["a.org"]],
        ...[Symbol("a.org"), new String("a.org")],
      ],
    ],
    [
      "maxAge",
      MAX_AGE,
      [
        ...[-1, 0.5, 34_560_001, 2 ** 53, Number.NaN, Infinity, -Infinity, "60", "", "1; Secure"],
        ...[null, true, 60n, {}, [60], Symbol("60"), new Number(60)],
      ],
    ],
    [
      "expires",
      EXPIRES,
      [
        ...[null, 0, 1e12, "Thu, 01 Jan 1970 00:00:00 GMT", "", true, {}, new Date(Number.NaN)],
        ...[new Date(-11_644_473_600_001), new Date(253_402_300_800_000), new Date(8.64e15)],
        ...[Object.create(Date.prototype), new Proxy(new Date(0), {})],
      ],
    ],
    ["secure", "secure must be a boolean", [null, 0, 1, "", "true", {}, [], new Boolean(true)]],
    ["httpOnly", "httpOnly must be a boolean", [null, 0, 1, "", "true", {}, []]],
    ["partitioned", "partitioned must be a boolean", [null, 0, 1, "", "true", {}, []]],
    [
      "sameSite",
      SAME_SITE,
      ["Lax", "STRICT", "None", "", "lax; Secure", null, true, false, 1, ["lax"], {}],
    ],
    ["priority", PRIORITY, ["High", "", "urgent", "low; Secure", null, true, 1, ["low"], {}]],
    // Section 5.7: user agents drop such a cookie.
    ["sameSite", 'secure must be true if sameSite is "none"', ["none"]],
    ["partitioned", "secure must be true if partitioned is", [true]],
  ];
  for (const [attribute, message, values] of wrong) {
    test(`${attribute}: ${message}`, () => {
      for (const value of values) {
        const attributes = { [attribute]: value };
        misuse(
          () => serializeCookie("a", "b", attributes),
          "ERR_OPTION",
          message,
          show(attributes),
        );
      }
    });
  }

  const values: readonly unknown[] = [
    ...[" ", "a b", " a", "a\t", "a;b", "a; Secure", "a,b", '"a"', '"', "a\\b", "a\r\nb", "a\n"],
    ...["a\0", "\x7f", "é", "\u0141", "\u00a0", "\ufeff", "\ud800", "😀", undefined, null, 1, {}],
    ...[true, ["a"], Symbol("a"), new String("a"), Buffer.from("a")],
  ];
  test("refuses a value that is not text of cookie-octets", () => {
    for (const value of values) {
      misuse(() => serializeCookie("a", value as string), "ERR_OPTION", VALUE, String(value));
    }
  });

  test("refuses a name and value of more than 4096 bytes together, section 5.6 [6265bis-5.6]", () => {
    for (const [name, value] of [
      [1, 4096],
      [4096, 1],
      [4097, 0],
      [2048, 2049],
    ] as const) {
      const serialize = () => serializeCookie("n".repeat(name), "v".repeat(value));
      misuse(serialize, "ERR_OPTION", LONG);
    }
    for (const [name, value] of [
      [1, 4095],
      [4095, 1],
      [4096, 0],
    ] as const) {
      const text = serializeCookie("n".repeat(name), "v".repeat(value));
      assert.equal(text.length, 4097);
    }
  });
});

describe("the name prefixes demand what section 4.1.3 says, in any case [6265bis-4.1.3.1]", () => {
  /** Satisfies every prefix. */
  const all: CookieAttributes = { secure: true, httpOnly: true, path: "/" };
  type Demand = [attribute: keyof CookieAttributes, demand: string, wrong: CookieAttributes[]];
  const secure: Demand = ["secure", "true", [{ secure: false }]];
  const httpOnly: Demand = ["httpOnly", "true", [{ httpOnly: false }]];
  const path: Demand = ["path", '"/"', [{ path: "/a" }, { path: "//" }, { path: "/ " }]];
  const domain: Demand = ["domain", "absent", [{ domain: "example.org" }, { domain: "localhost" }]];
  const prefixes: [prefix: string, demands: Demand[]][] = [
    ["__Secure-", [secure]],
    ["__Host-", [secure, path, domain]],
    // Not in RFC 6265bis: Chromium 140 and Firefox 143 on.
    ["__Http-", [secure, httpOnly]],
    ["__Host-Http-", [secure, httpOnly, path, domain]],
  ];

  for (const [prefix, demands] of prefixes) {
    test(`${prefix} demands ${demands.map(([attribute]) => attribute).join(", ")}`, () => {
      // Names that begin with the prefix, or are only the prefix; of a long one, every seventh spelling.
      for (const written of cases(prefix).filter(
        (_, index) => index % 7 === 0 || prefix.length < 12,
      )) {
        for (const name of [written, `${written}a`, `${written}_-`]) {
          for (const [attribute, demand, wrong] of demands) {
            const message = `${attribute} must be ${demand} if the cookie's name has the prefix ${written}`;
            const lacking = { ...all };
            Reflect.deleteProperty(lacking, attribute);
            const bad = wrong.map((one) => ({ ...all, ...one }));
            // Only a domain may be left out.
            if (attribute !== "domain") bad.push(lacking, { ...all, [attribute]: undefined });
            for (const attributes of bad) {
              const serialize = () => serializeCookie(name, "b", attributes);
              misuse(serialize, "ERR_OPTION", message, show([name, attributes]));
            }
          }
          assert.equal(serializeCookie(name, "b", all), `${name}=b; Path=/; HttpOnly; Secure`);
        }
      }
    });

    test(`${prefix} demands no more`, () => {
      const demanded = demands.map(([attribute]) => attribute);
      const name = `${prefix}a`;
      const free: CookieAttributes = { secure: true };
      if (demanded.includes("httpOnly")) free.httpOnly = true;
      if (demanded.includes("path")) free.path = "/";
      else Object.assign(free, { path: "/a", domain: "example.org" });
      const text = serializeCookie(name, "b", free);
      assert.equal(text.includes("HttpOnly"), demanded.includes("httpOnly"));
      assert.equal(text.includes("Domain=example.org; Path=/a"), !demanded.includes("path"));
    });
  }

  test("names that only resemble a prefix demand nothing", () => {
    const names = ["_Host-a", "Host-a", "__Host", "__Host_a", "___Host-a", "a__Host-", "-"];
    names.push("_Secure-a", "__Secure", "__Secure_a", "a__Secure-a", "__Hosts-a", "__-", "__");
    names.push("__Http", "__Https-a", "__Http_a", "_Http-a", "a__Http-a", "Http-a", "__HostHttp-a");
    for (const name of names) assert.equal(serializeCookie(name, "b"), `${name}=b`);
  });

  test("a second prefix is a part of the name, except in __Host-Http-", () => {
    const host = { secure: true, path: "/" };
    for (const name of ["__Host-Https-a", "__Host-Http", "__Host-__Http-a", "__Host-aHttp-"]) {
      assert.equal(serializeCookie(name, "b", host), `${name}=b; Path=/; Secure`);
    }
    const nested = { secure: true, httpOnly: true };
    for (const name of ["__Http-Host-a", "__Http-__Host-a"]) {
      assert.equal(serializeCookie(name, "b", nested), `${name}=b; HttpOnly; Secure`);
    }
  });
});

describe("serializeCookie writes what a user agent reads back [6265bis-4.1.1b]", () => {
  const rows: readonly [attributes: CookieAttributes | undefined, read: [string, string][]][] = [
    [undefined, []],
    [{}, []],
    [{ secure: false, httpOnly: false, partitioned: false }, []],
    [{ path: "/" }, [["path", "/"]]],
    [{ path: "/a b/%20,~'\"=:" }, [["path", "/a b/%20,~'\"=:"]]],
    [{ path: `/${"a".repeat(1023)}` }, [["path", `/${"a".repeat(1023)}`]]],
    [{ domain: "localhost" }, [["domain", "localhost"]]],
    [{ domain: "A-1.Example.ORG" }, [["domain", "A-1.Example.ORG"]]],
    [{ domain: "127.0.0.1" }, [["domain", "127.0.0.1"]]],
    [{ domain: "xn--bcher-kva.example" }, [["domain", "xn--bcher-kva.example"]]],
    [{ domain: `${"a".repeat(63)}.org` }, [["domain", `${"a".repeat(63)}.org`]]],
    [{ domain: `${"a.".repeat(126)}a` }, [["domain", `${"a.".repeat(126)}a`]]],
    [{ maxAge: 0 }, [["max-age", "0"]]],
    [{ maxAge: -0 }, [["max-age", "0"]]],
    [{ maxAge: 34_560_000 }, [["max-age", "34560000"]]],
    [{ expires: new Date(0) }, [["expires", "Thu, 01 Jan 1970 00:00:00 GMT"]]],
    [{ expires: new Date(1_700_000_000_999) }, [["expires", "Tue, 14 Nov 2023 22:13:20 GMT"]]],
    [{ expires: new Date(-11_644_473_600_000) }, [["expires", "Mon, 01 Jan 1601 00:00:00 GMT"]]],
    [{ expires: new Date(253_402_300_799_999) }, [["expires", "Fri, 31 Dec 9999 23:59:59 GMT"]]],
    [{ secure: true }, [["secure", ""]]],
    [{ httpOnly: true }, [["httponly", ""]]],
    [{ sameSite: "lax" }, [["samesite", "Lax"]]],
    [{ sameSite: "strict" }, [["samesite", "Strict"]]],
    [
      { sameSite: "none", secure: true },
      [
        ["secure", ""],
        ["samesite", "None"],
      ],
    ],
    [
      { partitioned: true, secure: true },
      [
        ["secure", ""],
        ["partitioned", ""],
      ],
    ],
    [{ priority: "low" }, [["priority", "Low"]]],
    [{ priority: "medium" }, [["priority", "Medium"]]],
    [{ priority: "high" }, [["priority", "High"]]],
    [
      {
        path: "/a",
        domain: "example.org",
        maxAge: 60,
        expires: new Date(0),
        secure: true,
        httpOnly: true,
        sameSite: "strict",
        partitioned: true,
        priority: "high",
      },
      [
        ["max-age", "60"],
        ["expires", "Thu, 01 Jan 1970 00:00:00 GMT"],
        ["domain", "example.org"],
        ["path", "/a"],
        ["httponly", ""],
        ["secure", ""],
        ["samesite", "Strict"],
        ["partitioned", ""],
        ["priority", "High"],
      ],
    ],
  ];
  for (const [attributes, read] of rows) {
    test(show(attributes), () => {
      const given = attributes && Object.freeze({ ...attributes });
      for (const value of ["", "b", "a=b==", "!#$%&'()*+-./:<=>?@[]^_`{|}~", "v".repeat(4000)]) {
        const text = serializeCookie("n", value, given);
        assert.deepEqual(parsed(text), { name: "n", value, attributes: read.sort() });
        assert.match(text, /^[\x20-\x7e]*$/);
        assert.deepEqual(readCookies(text.split(";")[0] as string, "n"), [value]);
      }
    });
  }

  test("an attribute that is undefined is absent", () => {
    for (const [attributes] of rows) {
      for (const name of Object.keys(rows.at(-1)?.[0] ?? {})) {
        const plain = serializeCookie("n", "v", attributes);
        const more = { [name]: undefined, ...attributes };
        assert.equal(serializeCookie("n", "v", more), plain);
      }
    }
  });
});

/** Reads a Set-Cookie as section 5.6 tells user agents to; fails on a repeated attribute. */
function parsed(text: string): { name: string; value: string; attributes: [string, string][] } {
  const cut = (part: string): [string, string] => {
    const equals = part.indexOf("=");
    if (equals < 0) return [part.trim(), ""];
    return [part.slice(0, equals).trim(), part.slice(equals + 1).trim()];
  };
  const [pair, ...rest] = text.split(";") as [string, ...string[]];
  const [name, value] = cut(pair);
  const attributes = rest.map((part): [string, string] => {
    const [attribute, held] = cut(part);
    assert.match(part, /^ /, "section 4.1.1: a space behind every ;");
    return [attribute.toLowerCase(), held];
  });
  assert.equal(new Set(attributes.map(([attribute]) => attribute)).size, attributes.length);
  return { name, value, attributes: attributes.sort() };
}

/** Returns a text in every combination of upper and lower case. */
function cases(text: string): string[] {
  return [...text].reduce<string[]>(
    (all, letter) => {
      const both = new Set([letter.toLowerCase(), letter.toUpperCase()]);
      return [...both].flatMap((one) => all.map((front) => front + one));
    },
    [""],
  );
}

function show(attributes: unknown): string {
  return inspect(attributes).slice(0, 120);
}
