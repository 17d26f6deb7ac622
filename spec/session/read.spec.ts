/** read and load take every source of a cookie, and return data and four facts, frozen. */

import assert from "node:assert/strict";
import http from "node:http";
import { Socket } from "node:net";
import { describe, test } from "node:test";
import type { SessionSource } from "../../src/session.ts";
import {
  BEGAN,
  cookieOf,
  ENDS,
  envelope,
  FOURTEEN_DAYS,
  NAME,
  NOW,
  OLD_ID,
  seal,
  TYPES,
} from "../helpers/session-cookies.ts";
import {
  type Bag,
  configRefusal,
  facts,
  optionsOf,
  rejection,
  request,
  service,
} from "../helpers/session-visit.ts";

const DATA = { user: "tom", deep: { clay: [1] } };
const VALUE = seal("fernet", envelope(DATA));
const COOKIE = `${NAME}=${VALUE}`;

/** Next's cookies(): an object with the value, or undefined. */
class NextCookies {
  readonly #all: ReadonlyMap<string, string>;
  constructor(all: Record<string, string>) {
    this.#all = new Map(Object.entries(all));
  }
  get size(): number {
    return this.#all.size;
  }
  get(name: string): { name: string; value: string } | undefined {
    const value = this.#all.get(name);
    return value === undefined ? undefined : { name, value };
  }
  set(): this {
    return this;
  }
}

/** The cookies of Astro's APIContext, whose `headers` is a method. */
class AstroCookies {
  readonly #all: Record<string, string>;
  constructor(all: Record<string, string>) {
    this.#all = all;
  }
  get(name: string): { readonly value: string } | undefined {
    const value = this.#all[name];
    if (value === undefined) return undefined;
    return new (class {
      get value(): string {
        return value as string;
      }
    })();
  }
  *headers(): Generator<string> {
    yield "a=1";
  }
}

/** The cookies of SvelteKit's event. */
const svelteCookies = (all: Record<string, string>) => ({
  get: (name: string, _options?: object): string | undefined => all[name],
  getAll: () => [],
  serialize: () => "",
});

/** Headers of another implementation. */
const otherHeaders = (cookie: string | null) => ({
  get: (name: string) => (name.toLowerCase() === "cookie" ? cookie : null),
  append() {},
});

function incoming(cookie?: string): http.IncomingMessage {
  const message = new http.IncomingMessage(new Socket());
  if (cookie !== undefined) message.headers.cookie = cookie;
  return message;
}

/** A request of Express: one of node:http with a method `get` for its fields. */
function express(cookie?: string): http.IncomingMessage {
  const message = incoming(cookie);
  return Object.assign(message, { get: (name: string) => message.headers[name.toLowerCase()] });
}

describe("read and load give data and the four facts", () => {
  const sources: Record<string, unknown> = {
    "of a request of node:http": incoming(COOKIE),
    "of an object with its headers": { headers: { cookie: COOKIE } },
    "of several Cookie fields": { headers: { cookie: ["a=1", COOKIE, "b=2"] } },
    "of fields named get and append": { headers: { cookie: COOKIE, get: "x", append: "y" } },
    "of headers without a prototype": {
      headers: Object.assign(Object.create(null), { cookie: COOKIE }),
    },
    "of a request of Express": express(COOKIE),
    "of an object that inherits from a request": Object.create(express(COOKIE)),
    "of a Request": request(COOKIE),
    "of a subclass of Request": new (class extends Request {
      readonly cookies = new Map();
    })("https://example.org/", { headers: { cookie: COOKIE } }),
    "of another implementation's Request": { headers: otherHeaders(COOKIE) },
    "of Headers": new Headers({ cookie: COOKIE }),
    "of Headers with several Cookie fields": new Headers([
      ["Cookie", "a=1"],
      ["Cookie", COOKIE],
    ]),
    "of another implementation's Headers": otherHeaders(COOKIE),
    "of a header's text": COOKIE,
    "of a header's text with other cookies": `theme=dark;${COOKIE} ;a=b`,
    "of the cookies of Next": new NextCookies({ [NAME]: VALUE, a: "b" }),
    "of the cookies of Astro": new AstroCookies({ [NAME]: VALUE }),
    "of the cookies of SvelteKit": svelteCookies({ [NAME]: VALUE }),
    "of a Map of texts": new Map([[NAME, VALUE]]),
    "of a Map of objects": new Map([[NAME, { value: VALUE }]]),
  };
  for (const [what, source] of Object.entries(sources)) {
    test(`${what}`, async () => {
      const { sessions, invalid } = service();
      const given = source as SessionSource;
      for (const session of [sessions.read(given), await sessions.load(given)]) {
        assert.deepEqual({ ...session }, DATA);
        const expected = { id: OLD_ID, isNew: false, createdAt: BEGAN, expiresAt: ENDS };
        assert.deepEqual(facts(session), expected);
        for (const method of ["regenerate", "destroy", "save", "touch"]) {
          assert.ok(!(method in session), method);
        }
        assert.ok(Object.isFrozen(session));
        assert.throws(() => ((session as Bag).user = "ann"), TypeError);
        assert.throws(() => ((session as Bag).more = "ann"), TypeError);
        assert.throws(() => Object.assign(session, { id: "mine" }), TypeError);
      }
      assert.deepEqual(invalid, []);
    });
  }

  for (const type of TYPES) {
    test(`of a cookie of type ${type}`, async () => {
      const { sessions } = service(optionsOf(type));
      const cookie = cookieOf(type, DATA);
      for (const session of [sessions.read(cookie), await sessions.load(cookie)]) {
        assert.deepEqual({ ...session }, DATA);
        assert.ok(Object.isFrozen(session));
      }
    });
  }
});

describe("a source without the cookie gives a new session", () => {
  const sources: Record<string, unknown> = {
    undefined: undefined,
    "an empty text": "",
    "other cookies": "a=b; session=x",
    "a request of node:http": incoming(),
    "a request of Express": express(),
    "an object with headers": { headers: {} },
    "a Request": request(),
    Headers: new Headers(),
    "another implementation's Headers": otherHeaders(null),
    "the cookies of Next": new NextCookies({ a: "b" }),
    "the cookies of Astro": new AstroCookies({ a: "b" }),
    "the cookies of SvelteKit": svelteCookies({ a: "b" }),
    "a Map": new Map(),
    "a reader that returns null": { get: () => null },
    // RFC 6265bis: a value with other characters than cookie-octets is ignored.
    ...Object.fromEntries(
      ['"x"', "a b", "a;b", "a,b", "a\\b", "é", "a\r\n"].map((value) => [
        `a reader that returns ${JSON.stringify(value)}`,
        { get: () => value },
      ]),
    ),
  };
  for (const [what, source] of Object.entries(sources)) {
    test(`${what}`, async () => {
      const { sessions, invalid } = service();
      const given = source as SessionSource;
      for (const session of [sessions.read(given), await sessions.load(given)]) {
        assert.deepEqual(Object.keys(session), []);
        assert.ok(Object.isFrozen(session));
        assert.match(session.id, /^[\w-]{21}[AQgw]$/);
        const expected = { id: session.id, isNew: true, createdAt: NOW };
        assert.deepEqual(facts(session), { ...expected, expiresAt: NOW + FOURTEEN_DAYS });
      }
      assert.deepEqual(invalid, []);
    });
  }
});

describe("anything that is not a source is a ConfigError", () => {
  const wrong: Record<string, unknown> = {
    null: null,
    "a number": 7,
    "a BigInt": 7n,
    "a boolean": true,
    "a function": () => {},
    "a symbol": Symbol("request"),
    "an array": [COOKIE],
    "an empty object": {},
    "the headers of node:http without their request": { cookie: COOKIE },
    "an object whose headers are undefined": { headers: undefined },
    "an object whose headers are null": { headers: null },
    "an object whose headers are text": { headers: COOKIE },
    "an object whose headers are a function": { headers: () => ({ cookie: COOKIE }) },
    "an object whose get is not a function": { get: COOKIE },
    "cookies() of Next without await": Promise.resolve(new NextCookies({ [NAME]: VALUE })),
  };
  for (const [what, source] of Object.entries(wrong)) {
    test(`${what}`, async () => {
      const { sessions, invalid } = service();
      const expected = configRefusal(/request|source|cookie/i);
      assert.throws(() => sessions.read(source as string), expected);
      await assert.rejects(sessions.load(source as string), expected);
      assert.deepEqual(invalid, []);
    });
  }

  const given: Record<string, unknown> = {
    "a number": 7,
    "a boolean": true,
    "an empty object": {},
    "an object with another value": { value: 7 },
    "an array": [VALUE],
    "a Promise": Promise.resolve(VALUE),
  };
  for (const [what, value] of Object.entries(given)) {
    test(`a reader that returns ${what}`, async () => {
      const { sessions } = service();
      const reader = { get: () => value } as unknown as SessionSource;
      assert.throws(() => sessions.read(reader), configRefusal(/get|cookie/));
      await assert.rejects(sessions.load(reader), configRefusal(/get|cookie/));
    });
  }
});

describe("a reader of cookies", () => {
  test("is asked for the session's cookie, as a method of its object", () => {
    const asked: string[] = [];
    class Reader {
      readonly #value = VALUE;
      get(name: string): string {
        asked.push(name);
        return this.#value;
      }
    }
    assert.equal(service().sessions.read(new Reader()).user, "tom");
    assert.deepEqual([...new Set(asked)], [NAME]);
  });

  test("may throw: the same error passes through", async () => {
    const thrown = Object.assign(new Error("dynamic"), { digest: "DYNAMIC_SERVER_USAGE" });
    const reader = {
      get(): never {
        throw thrown;
      },
    };
    const { sessions } = service();
    let caught: unknown;
    try {
      sessions.read(reader);
    } catch (error) {
      caught = error;
    }
    assert.equal(caught, thrown);
    assert.equal(await rejection(sessions.load(reader)), thrown);
  });

  test("with a bad value gives a new session, and onInvalid is called", async () => {
    for (const [value, code] of [
      ["garbage", "ERR_TOKEN_INVALID"],
      ["x".repeat(4096), "ERR_TOKEN_TOO_LARGE"],
    ] as const) {
      for (const given of [value, { value }]) {
        const { sessions, invalid } = service();
        assert.equal(sessions.read({ get: () => given }).isNew, true);
        assert.equal((await sessions.load({ get: () => given })).isNew, true);
        assert.deepEqual(invalid, [code, code]);
      }
    }
  });
});

describe("only a cookie of exactly that name counts", () => {
  const cases: Record<string, boolean> = {
    [`${NAME}=${VALUE}`]: true,
    [`a=b; ${NAME}=${VALUE}; c=d`]: true,
    [`a=b;${NAME}=${VALUE};c=d`]: true,
    [` \t${NAME} \t=\t ${VALUE}\t ;`]: true,
    [`;;=;${NAME}=${VALUE}`]: true,
    [`${NAME.toLowerCase()}=${VALUE}`]: false,
    [`x${NAME}=${VALUE}`]: false,
    [`${NAME}x=${VALUE}`]: false,
    [`a=${NAME}=${VALUE}`]: false,
    [`a=b, ${NAME}=${VALUE}`]: false,
    [`${NAME}="${VALUE}"`]: false,
    [`%5F_Host-session=${VALUE}`]: false,
    [`\u00a0${NAME}=${VALUE}`]: false,
    [`${NAME}=${VALUE}\u00a0`]: false,
    [`$Version=1; $${NAME}=${VALUE}`]: false,
  };
  for (const [header, there] of Object.entries(cases)) {
    test(`${JSON.stringify(header.replace(VALUE, "VALUE"))} ${there ? "counts" : "does not count"}`, () => {
      const made = service();
      const session = made.sessions.read(header);
      assert.deepEqual({ ...session }, there ? DATA : {});
      assert.deepEqual(made.invalid, []);
    });
  }
});

describe("onInvalid gets the code and the source, once a request", () => {
  const bad = `${NAME}=garbage; ${NAME}=worse`;
  const sources: Record<string, () => SessionSource> = {
    "a request of node:http": () => incoming(bad),
    "a request of Express": () => express(bad),
    "a Request": () => request(bad),
    Headers: () => new Headers({ cookie: bad }),
    "a text": () => bad,
    "a reader": () => new Map([[NAME, "garbage"]]),
  };
  for (const [what, make] of Object.entries(sources)) {
    test(`${what}`, async () => {
      const heard: unknown[][] = [];
      const { sessions } = service({ onInvalid: (...given) => heard.push(given) });
      const source = make();
      sessions.read(source);
      assert.equal(heard.length, 1);
      assert.deepEqual(heard[0]?.[0], { code: "ERR_TOKEN_INVALID" });
      assert.equal(heard[0]?.[1], source);
      assert.equal(heard[0]?.length, 2);
      const other = make();
      await sessions.load(other);
      assert.equal(heard[1]?.[1], other);
      assert.equal(heard.length, 2);
    });
  }

  test("once for repeated reads of one request, by any function", async () => {
    for (const source of [incoming(bad), request(bad)]) {
      const { sessions, invalid } = service();
      for (let round = 0; round < 3; round++) {
        sessions.read(source);
        await sessions.load(source);
      }
      if (source instanceof Request) await sessions.wrap(() => new Response())(source);
      assert.deepEqual(invalid, ["ERR_TOKEN_INVALID"]);
    }
  });

  test("every time for a text", () => {
    const { sessions, invalid } = service();
    for (let round = 0; round < 2; round++) sessions.read(bad);
    assert.equal(invalid.length, 2);
  });

  test("the Request, from wrap", async () => {
    const heard: unknown[] = [];
    const { sessions } = service({ onInvalid: (_reason, source) => heard.push(source) });
    const asked = request(bad);
    await sessions.wrap(() => new Response())(asked);
    assert.deepEqual(heard.length, 1);
    assert.equal(heard[0], asked);
  });
});
