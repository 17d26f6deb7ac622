/**
 * The fields of a response with sessions: Vary, Set-Cookie, Cache-Control, and fields that depend on them.
 */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { SessionError } from "../../src/internal/errors.ts";
import { changesFor } from "../../src/session/fields.ts";

type Value = string | number | readonly string[] | null | undefined;
type Row = readonly [name: string, value: Value];
type Carrying = Parameters<typeof changesFor>[1][number];

const NAME = "__Host-session";
const COOKIE = `${NAME}=value; Path=/; HttpOnly`;
const touched: Carrying = Object.freeze({ name: NAME, cookie: undefined });
const written: Carrying = Object.freeze({ name: NAME, cookie: COOKIE });
const failed: Carrying = Object.freeze({
  name: NAME,
  cookie: undefined,
  failure: new SessionError("ERR_SESSION_DATA"),
});

/** The fields of a response: names keep their case, and look-ups ignore it. */
class Response {
  readonly rows: Row[];

  constructor(rows: readonly Row[]) {
    this.rows = rows.map(([name, value]) => [
      name,
      Array.isArray(value) ? (Object.freeze([...value]) as string[]) : value,
    ]);
  }

  get(name: string): Value {
    return this.rows.find(([other]) => other.toLowerCase() === name.toLowerCase())?.[1];
  }

  *names(): Iterable<string> {
    for (const [name] of this.rows) yield name;
  }

  /** Returns every field after the changes, by name in lower case, as lists of texts. */
  after(carryings: readonly Carrying[], bodyForbidden = false): Record<string, string[]> {
    const before = JSON.stringify(this.rows);
    const changes = changesFor(this, Object.freeze([...carryings]), bodyForbidden);
    assert.equal(JSON.stringify(this.rows), before, "changesFor itself changes nothing");
    const after = new Map(this.rows.map(([name, value]) => [name.toLowerCase(), textsOf(value)]));
    for (const [name, value] of changes) {
      const key = name.toLowerCase();
      const now = value === undefined ? [] : textsOf(value);
      assert.notDeepEqual(now, after.get(key) ?? [], `${name}: a change that changes nothing`);
      if (value === undefined) after.delete(key);
      else after.set(key, now);
    }
    const names = changes.map(([name]) => name.toLowerCase());
    assert.equal(new Set(names).size, names.length, `one change a field: ${names}`);
    return Object.fromEntries(after);
  }
}

function textsOf(value: Value): string[] {
  if (value === undefined || value === null) return [];
  return Array.isArray(value) ? value.map(String) : [String(value)];
}

function after(
  rows: readonly Row[],
  carryings: readonly Carrying[],
  bodyForbidden = false,
): Record<string, string[]> {
  return new Response(rows).after(carryings, bodyForbidden);
}

/** Splits a list field at commas outside quoted strings, and sorts the parts. */
function parts(texts: readonly string[] | undefined): string[] {
  const found = (texts ?? []).join(",").match(/(?:"(?:\\.|[^"\\])*"|[^",])+/g) ?? [];
  return found
    .map((part) => part.trim())
    .filter((part) => part !== "")
    .sort();
}

test("a response without a session stays unchanged", () => {
  for (const bodyForbidden of [false, true]) {
    const rows: Row[] = [
      ["Cache-Control", "public"],
      ["Surrogate-Control", "max-age=9"],
      ["ETag", '"1"'],
    ];
    assert.deepEqual(changesFor(new Response(rows), [], bodyForbidden), []);
  }
});

test("new fields have the spelling of the standards", () => {
  const names = (carrying: Carrying) =>
    changesFor(new Response([]), [carrying], false).map(([name]) => name);
  assert.deepEqual(names(touched), ["Vary"]);
  assert.deepEqual(names(failed).sort(), ["Cache-Control", "Vary"]);
  assert.deepEqual(names(written).sort(), ["Cache-Control", "Set-Cookie", "Vary"]);
});

describe("Vary gains Cookie for every session that was used", () => {
  const rows: readonly (readonly [given: Value, expected: string[]])[] = [
    [undefined, ["Cookie"]],
    [null, ["Cookie"]],
    ["", ["Cookie"]],
    ["Accept", ["Accept", "Cookie"]],
    ["accept , ORIGIN", ["Cookie", "ORIGIN", "accept"]],
    ["Accept,", ["Accept", "Cookie"]],
    [
      ["Accept", "Origin"],
      ["Accept", "Cookie", "Origin"],
    ],
    [[], ["Cookie"]],
    ["Cookie-Consent", ["Cookie", "Cookie-Consent"]],
    ["Set-Cookie", ["Cookie", "Set-Cookie"]],
    ["X-Cookie", ["Cookie", "X-Cookie"]],
    ["Cookie", ["Cookie"]],
    ["COOKIE", ["COOKIE"]],
    ["Accept,cookie", ["Accept", "cookie"]],
    [
      ["Accept", "Cookie"],
      ["Accept", "Cookie"],
    ],
    ["*", ["*"]],
    [["*"], ["*"]],
    [" * ", ["*"]],
  ];
  for (const [given, expected] of rows) {
    test(JSON.stringify(given) ?? "none", () => {
      for (const carrying of [touched, written, failed]) {
        const { vary } = after([["Vary", given]], [carrying]);
        assert.deepEqual(parts(vary), expected);
      }
    });
  }

  test("once for several sessions", () => {
    const { vary } = after([], [touched, { ...written, name: "cart", cookie: "cart=1" }]);
    assert.deepEqual(parts(vary), ["Cookie"]);
  });
});

describe("a session that is only read changes nothing but Vary", () => {
  const rows: readonly Row[] = [
    ["Set-Cookie", [`${NAME}=of-the-application`, "a=1"]],
    ["Set-Cookie", `${NAME}=of-the-application`],
    ["Cache-Control", "public, s-maxage=60"],
    ["Cache-Control", 'private="unterminated'],
    ["Surrogate-Control", "max-age=60"],
    ["CDN-Cache-Control", "max-age=60"],
    ["ETag", '"1"'],
    ["Content-Length", 190],
  ];
  for (const [name, value] of rows) {
    test(`${name}: ${value}`, () => {
      for (const bodyForbidden of [false, true]) {
        const { vary, ...others } = after([[name, value]], [touched], bodyForbidden);
        assert.deepEqual(others, { [name.toLowerCase()]: textsOf(value) });
        assert.deepEqual(vary, ["Cookie"]);
      }
    });
  }
});

describe("Set-Cookie: the session's own is replaced, others keep their order", () => {
  const rows: readonly (readonly [given: Value, others: string[]])[] = [
    [undefined, []],
    [[], []],
    ["a=1; Path=/", ["a=1; Path=/"]],
    [
      ["a=1", "b=2; Expires=Thu, 01 Jan 1970 00:00:00 GMT", "a=1"],
      ["a=1", "b=2; Expires=Thu, 01 Jan 1970 00:00:00 GMT", "a=1"],
    ],
    [`${NAME}=old`, []],
    [[`${NAME}=old`, "a=1", `${NAME}=older; Path=/`], ["a=1"]],
    [
      [`${NAME}=`, "z=1", "a=1"],
      ["z=1", "a=1"],
    ],
    [
      [`${NAME}2=x`, `x${NAME}=x`, NAME.slice(0, -1), `${NAME.toLowerCase()}=x`, "=x", ""],
      [`${NAME}2=x`, `x${NAME}=x`, NAME.slice(0, -1), `${NAME.toLowerCase()}=x`, "=x", ""],
    ],
    [
      [`a=${NAME}=x`, `b=1; ${NAME}=x`],
      [`a=${NAME}=x`, `b=1; ${NAME}=x`],
    ],
  ];
  for (const [given, others] of rows) {
    test(JSON.stringify(given) ?? "none", () => {
      const { "set-cookie": all = [] } = after([["Set-Cookie", given]], [written]);
      assert.deepEqual(
        all.filter((cookie) => cookie !== COOKIE),
        others,
      );
      assert.equal(all.length, others.length + 1);
      const { "set-cookie": none = [] } = after([["Set-Cookie", given]], [failed]);
      assert.deepEqual(none, others, "of a session that failed nothing is written");
    });
  }

  test("two sessions each write their own cookie and keep the other's", () => {
    const cart = { name: "cart", cookie: "cart=new" };
    const given = ["cart=old", "a=1", `${NAME}=old`];
    const { "set-cookie": both = [] } = after([["Set-Cookie", given]], [written, cart]);
    assert.deepEqual(both.toSorted(), [COOKIE, "a=1", "cart=new"].sort());
    const { "set-cookie": one = [] } = after([["Set-Cookie", given]], [touched, cart]);
    assert.deepEqual(one.toSorted(), [`${NAME}=old`, "a=1", "cart=new"].sort());
    const mixed = after([["Set-Cookie", given]], [failed, cart]);
    assert.deepEqual(mixed["set-cookie"]?.toSorted(), ["a=1", "cart=new"]);
    assert.deepEqual(mixed["cache-control"], ["no-store"]);
  });
});

describe("Cache-Control beside a Set-Cookie keeps shared caches from storing the response", () => {
  const rows: readonly (readonly [given: Value, expected: string[]])[] = [
    [undefined, ["no-store"]],
    [null, ["no-store"]],
    // These values already forbid it, and stay.
    ["no-store", ["no-store"]],
    ["No-Store", ["No-Store"]],
    ["private", ["private"]],
    ["PRIVATE, max-age=60", ["PRIVATE", "max-age=60"]],
    ["no-cache, no-store, must-revalidate", ["must-revalidate", "no-cache", "no-store"]],
    // These do not, and get private.
    ["no-cache", ["no-cache", "private"]],
    ["max-age=60", ["max-age=60", "private"]],
    ["max-age=0, must-revalidate", ["max-age=0", "must-revalidate", "private"]],
    // These allow it, and are replaced.
    ["public", ["private"]],
    ["PUBLIC", ["private"]],
    ["public, max-age=60", ["max-age=60", "private"]],
    ["Max-Age=60 ,\tPublic", ["Max-Age=60", "private"]],
    ["public, public,public", ["private"]],
    ["s-maxage=60", ["private"]],
    ["S-MaxAge=60, immutable", ["immutable", "private"]],
    ['s-maxage="60", max-age=5', ["max-age=5", "private"]],
    ["private, public", ["private"]],
    ["no-store, public, s-maxage=60", ["no-store"]],
    // A private with field names lets shared caches store the rest (RFC 9111 section 5.2.2.7).
    ['private="set-cookie"', ["private"]],
    ["private=set-cookie", ["private"]],
    ['Private="a, b", max-age=60', ["max-age=60", "private"]],
    ['private="a", private', ["private"]],
    ['private="a", no-store', ["no-store"]],
    ['private=""', ["private"]],
    // Words in a quoted string are not directives.
    ['x="public, s-maxage=9"', ["private", 'x="public, s-maxage=9"']],
    ['x="no-store"', ["private", 'x="no-store"']],
    ['x="private, no-store", public', ["private", 'x="private, no-store"']],
    ['no-cache="a, b", public', ['no-cache="a, b"', "private"]],
    ['x="\\", public, \\"", public', ["private", 'x="\\", public, \\""']],
    ['x="\\\\", public', ["private", 'x="\\\\"']],
    // Names that only begin like a directive.
    ["public-read", ["private", "public-read"]],
    ["x-private", ["private", "x-private"]],
    ["no-store-x", ["no-store-x", "private"]],
    // Several fields count as one list.
    [
      ["public", "max-age=60"],
      ["max-age=60", "private"],
    ],
    [
      ["max-age=60", "no-store"],
      ["max-age=60", "no-store"],
    ],
    [
      ["max-age=60, public", "s-maxage=60, private"],
      ["max-age=60", "private"],
    ],
    [
      ['private="a', 'b", max-age=60'],
      ["max-age=60", "private"],
    ],
  ];
  for (const [given, expected] of rows) {
    test(JSON.stringify(given) ?? "none", () => {
      const { "cache-control": field } = after([["cache-control", given]], [written]);
      assert.deepEqual(parts(field), expected);
    });
  }

  const empty: Value[] = ["", " ", ",", []];
  for (const given of empty) {
    test(`${JSON.stringify(given)}, which is empty, becomes private or no-store`, () => {
      const { "cache-control": field } = after([["Cache-Control", given]], [written]);
      assert.match(field?.join() ?? "", /^[, ]*(private|no-store)[, ]*$/);
    });
  }

  const unparsable = [
    'private="set-cookie',
    'max-age=60, x="a',
    'x="a\\"',
    "max-age=60 public",
    "public; max-age=60",
    "max-age=",
    "=60",
    "a=b=c",
    '"public"',
    'x="a"b',
    'x=a"b"',
    "max-age = 60",
    "private=(a)",
    "public, é",
    "public\u00a0",
    "private\u0000",
    "@private",
  ];
  for (const given of unparsable) {
    test(`${JSON.stringify(given)}, which cannot be parsed, becomes no-store`, () => {
      const { "cache-control": field } = after([["Cache-Control", given]], [written]);
      assert.deepEqual(field, ["no-store"]);
    });
  }

  test("becomes no-store for a session that failed, whatever it was", () => {
    for (const given of [...rows.map(([value]) => value), ...unparsable]) {
      const { "cache-control": field } = after([["Cache-Control", given]], [failed]);
      assert.equal(field?.join().toLowerCase(), "no-store");
    }
  });
});

describe("fields that override Cache-Control are removed with it", () => {
  const overriding = [
    "Surrogate-Control",
    "surrogate-control",
    "Edge-Control",
    "EDGE-CONTROL",
    "X-Accel-Expires",
    "x-accel-expires",
    "CDN-Cache-Control",
    "cdn-cache-control",
    "Cloudflare-CDN-Cache-Control",
    "Netlify-CDN-Cache-Control",
    "vercel-cdn-cache-control",
    "X-Y-CDN-CACHE-CONTROL",
  ];
  const others = [
    "Surrogate-Key",
    "Surrogate-Capability",
    "X-Surrogate-Control",
    "X-Accel-Redirect",
    "X-Accel-Buffering",
    "Edge-Cache-Tag",
    "CDN-Cache-Control-Debug",
    "CDN-Cache-Tag",
    "NoCDN-Cache-Control",
    "Expires",
    "Age",
  ];
  for (const name of [...overriding, ...others]) {
    const goes = overriding.includes(name);
    test(`${name} ${goes ? "is removed" : "stays"}`, () => {
      for (const value of ["max-age=600", 600, ["max-age=600", "public"]]) {
        for (const caching of [undefined, "public", "private", "no-store"]) {
          const rows: Row[] = [
            ["X-First", "1"],
            [name, value],
            ["Cache-Control", caching],
          ];
          for (const [carrying, kept] of [
            [touched, true],
            [written, !goes],
            [failed, !goes],
          ] as const) {
            const { [name.toLowerCase()]: now = [], "x-first": first } = after(rows, [carrying]);
            assert.deepEqual(now, kept ? textsOf(value) : []);
            assert.deepEqual(first, ["1"]);
          }
        }
      }
    });
  }

  test("all of them are removed together", () => {
    const once = new Map(overriding.map((name) => [name.toLowerCase(), name]));
    const rows = [...once.values()].map((name) => [name, "1"] as const);
    const left = Object.keys(after([...rows, ["Age", 1]], [written]));
    assert.deepEqual(left.sort(), ["age", "cache-control", "set-cookie", "vary"]);
  });
});

describe("fields of the body are removed where a failure gives a body to a response that had none", () => {
  const ofTheBody = ["Content-Length", "content-length", "ETag", "etag", "Last-Modified"];
  for (const name of [...ofTheBody, "LAST-MODIFIED", "Content-Encoding", "content-encoding"]) {
    test(name, () => {
      for (const [carrying, bodyForbidden, kept] of [
        [failed, true, false],
        [failed, false, true],
        [written, true, true],
        [written, false, true],
      ] as const) {
        const { [name.toLowerCase()]: now } = after([[name, "1"]], [carrying], bodyForbidden);
        assert.deepEqual(now, kept ? ["1"] : undefined);
      }
    });
  }

  test("other fields stay", () => {
    const names = ["Content-Type", "Content-Language", "Location", "Content-Length-Hint", "Link"];
    const rows = names.map((name) => [name, "1"] as const);
    const left = Object.keys(after(rows, [failed], true));
    for (const name of names) assert.ok(left.includes(name.toLowerCase()), name);
  });

  test("one failed session is enough", () => {
    const cart = { name: "cart", cookie: "cart=1" };
    for (const carryings of [
      [failed, cart],
      [cart, failed],
    ]) {
      const { etag, "set-cookie": cookies } = after([["ETag", '"1"']], carryings, true);
      assert.deepEqual([etag, cookies], [undefined, ["cart=1"]]);
    }
  });
});

describe("the exact changes", () => {
  const changes = (rows: readonly Row[], carrying: Carrying): Record<string, unknown> =>
    Object.fromEntries(changesFor(new Response(rows), [carrying], false));

  test("a failed session's only cookie: the field is removed, not left empty", () => {
    const made = changes([["Set-Cookie", `${failed.name}=old`]], failed);
    assert.ok("Set-Cookie" in made);
    assert.equal(made["Set-Cookie"], undefined);
  });

  test("a failed session adds no field to a response without its cookies", () => {
    assert.equal("Set-Cookie" in changes([], failed), false);
    assert.equal("Set-Cookie" in changes([["Set-Cookie", "a=1"]], failed), false);
  });

  test("the name of an earlier cookie may have blanks around it", () => {
    const made = changes([["Set-Cookie", [` ${written.name} =old; Path=/`, "a=1"]]], written);
    assert.deepEqual(made["Set-Cookie"], ["a=1", written.cookie]);
  });

  test("null means that there is no field, as in Headers", () => {
    const fields = { get: () => null, names: () => [] };
    const made = Object.fromEntries(changesFor(fields, [written], false));
    assert.deepEqual(made, {
      Vary: "Cookie",
      "Set-Cookie": [written.cookie],
      "Cache-Control": "no-store",
    });
  });

  test("a Cache-Control that is already private keeps its spelling", () => {
    for (const control of [
      "private,max-age=5",
      "Private ,  Max-Age=5",
      "no-store,foo",
      "no-store, ",
    ]) {
      assert.equal(
        "Cache-Control" in changes([["Cache-Control", control]], written),
        false,
        control,
      );
    }
  });
});
