/**
 * The application's own fields in a response of node:http: they are merged however they are given, a call
 * that node refuses changes nothing, and the cookie is computed again for the next one.
 */

import assert from "node:assert/strict";
import type http from "node:http";
import { describe, test } from "node:test";
import { isDeepStrictEqual } from "node:util";
import type { NodeResponse } from "../../src/session.ts";
import { app, type Touching } from "../helpers/session-app.ts";
import { CLEARING, cookieOf, cookieValue, NAME, unseal } from "../helpers/session-cookies.ts";
import { PROTOCOLS } from "../helpers/session-server.ts";
import { type Bag, service } from "../helpers/session-visit.ts";
import { besidesSession, ownCookie, partsOf } from "../helpers/session-ways.ts";

type Fields = readonly (readonly [name: string, value: string])[];
type Write = (res: http.ServerResponse, fields: Fields) => unknown;

/** Ways to set fields, some with repeated names. */
const FORMS: Record<string, { write: Write; on?: string }> = {
  "by setHeader": {
    write(res, fields) {
      for (const [name, values] of grouped(fields)) res.setHeader(name, values);
      res.end();
    },
  },
  "by setHeader, before writeHead": {
    write(res, fields) {
      for (const [name, values] of grouped(fields)) res.setHeader(name, values);
      res.writeHead(200, { "X-Other": "yes" }).end();
    },
  },
  "by setHeader, before flushHeaders": {
    write(res, fields) {
      for (const [name, values] of grouped(fields)) res.setHeader(name, values);
      res.flushHeaders();
      res.end();
    },
  },
  "by appendHeader": {
    write(res, fields) {
      for (const [name, value] of fields) res.appendHeader(name, value);
      res.end();
    },
  },
  "as writeHead's object": {
    write: (res, fields) => res.writeHead(200, Object.fromEntries(grouped(fields))).end(),
  },
  "as writeHead's object, in lower case": {
    write: (res, fields) => res.writeHead(200, lowerCased(fields)).end(),
  },
  "as writeHead's object behind a reason": {
    on: "HTTP/1.1",
    write: (res, fields) => res.writeHead(200, "Fine", Object.fromEntries(grouped(fields))).end(),
  },
  "as writeHead's object behind setHeader": {
    write(res, fields) {
      res.setHeader("X-Other", "yes");
      res.writeHead(200, Object.fromEntries(grouped(fields))).end();
    },
  },
  "as writeHead's object, in place of others": {
    write(res, fields) {
      for (const [name] of fields) res.setHeader(name, "no-store");
      res.writeHead(200, lowerCased(fields)).end();
    },
  },
  "as writeHead's flat list": {
    write: (res, fields) => res.writeHead(200, fields.flat()).end(),
  },
  "as writeHead's pairs": {
    write: (res, fields) => res.writeHead(200, fields.map((field) => [...field]) as never).end(),
  },
};

function grouped(fields: Fields): Map<string, string[]> {
  const groups = new Map<string, string[]>();
  for (const [name, value] of fields) groups.set(name, [...(groups.get(name) ?? []), value]);
  return groups;
}

function lowerCased(fields: Fields): http.OutgoingHttpHeaders {
  return Object.fromEntries(grouped(fields.map(([name, value]) => [name.toLowerCase(), value])));
}

/** Fields that are given, and the parts that a client gets; undefined for a field that is removed. */
const JOINED: Record<string, { given: Fields; got: Record<string, string[] | undefined> }> = {
  "Vary of another": { given: [["Vary", "Accept"]], got: { vary: ["Accept", "Cookie"] } },
  "Vary twice": {
    given: [
      ["Vary", "Accept"],
      ["Vary", "Origin"],
    ],
    got: { vary: ["Accept", "Origin", "Cookie"] },
  },
  "Vary with Cookie": { given: [["Vary", "cookie, Accept"]], got: { vary: ["cookie", "Accept"] } },
  "Vary: *": { given: [["Vary", "*"]], got: { vary: ["*"] } },
  "a public Cache-Control": {
    given: [["Cache-Control", "public, max-age=60"]],
    got: { "cache-control": ["max-age=60", "private"] },
  },
  "Cache-Control twice": {
    given: [
      ["Cache-Control", "max-age=60"],
      ["Cache-Control", "s-maxage=600"],
    ],
    got: { "cache-control": ["max-age=60", "private"] },
  },
  "a private Cache-Control": {
    given: [["Cache-Control", "private, max-age=60"]],
    got: { "cache-control": ["private", "max-age=60"] },
  },
  "a Cache-Control that cannot be parsed": {
    given: [["Cache-Control", "public max-age=60"]],
    got: { "cache-control": ["no-store"] },
  },
  "fields that override Cache-Control": {
    given: [
      ["Surrogate-Control", "max-age=600"],
      ["X-Accel-Expires", "600"],
      ["Netlify-CDN-Cache-Control", "public"],
      ["Surrogate-Key", "kept"],
    ],
    got: {
      "surrogate-control": undefined,
      "x-accel-expires": undefined,
      "netlify-cdn-cache-control": undefined,
      "surrogate-key": ["kept"],
    },
  },
  "Set-Cookie twice, and its own": {
    given: [
      ["Set-Cookie", "a=1"],
      ["Set-Cookie", `${NAME}=of-the-application`],
      ["Set-Cookie", "b=2"],
    ],
    got: { "set-cookie": ["a=1", "b=2"] },
  },
};

for (const [protocol, start] of Object.entries(PROTOCOLS)) {
  for (const [form, { write, on = protocol }] of Object.entries(FORMS)) {
    if (on !== protocol) continue;
    describe(`${protocol}: fields of the application, ${form}`, () => {
      for (const [what, { given, got }] of Object.entries(JOINED)) {
        test(what, async (t) => {
          const made = service();
          const site = await start(t, (req, res) => {
            if (req.url === "/") made.sessions.attach(req, res).user = "tom";
            return write(res, given);
          });
          const plain = await site.ask("/plain");
          const reply = await site.ask("/");
          assert.equal(unseal("fernet", cookieValue(ownCookie(reply, NAME))).data.user, "tom");
          for (const [name, parts] of Object.entries(got)) {
            const value =
              name === "set-cookie" ? besidesSession(reply, NAME).setCookie : reply.headers[name];
            // Some Nodes of node:http2 keep only the last of a repeated name in a list, even without a
            // session.
            const times = given.filter(([field]) => field.toLowerCase() === name).length;
            const lost = String(plain.headers[name]).split(",").length < times;
            const expected = parts?.filter((part) => !lost || String(value).includes(part));
            assert.deepEqual(value && partsOf(value), expected, name);
          }
          const { vary, "cache-control": caching } = reply.headers;
          assert.match(String(vary), /\bcookie\b|^\*$/i);
          assert.match(String(caching), /private|no-store/);
          assert.doesNotMatch(String(caching), /public|s-maxage/);
        });
      }
    });
  }

  describe(`${protocol}: the application's fields stay unchanged where the session is only read`, () => {
    for (const [form, { write, on = protocol }] of Object.entries(FORMS)) {
      if (on !== protocol) continue;
      test(form, async (t) => {
        const given: Fields = [
          ["Cache-Control", "public, s-maxage=60"],
          ["Surrogate-Control", "max-age=600"],
          ["Set-Cookie", `${NAME}=of-the-application`],
        ];
        const { site } = await app(start, t, (_session, res) => write(res, given));
        const { headers, setCookie } = await site.ask("/");
        assert.equal(headers["cache-control"], "public, s-maxage=60");
        assert.equal(headers["surrogate-control"], "max-age=600");
        assert.deepEqual([headers.vary, setCookie], ["Cookie", [`${NAME}=of-the-application`]]);
      });
    }
  });

  test(`${protocol}: names in several cases in one object are one field`, async (t) => {
    const { site } = await app(start, t, (session, res) => {
      session.user = "tom";
      const caching = { "Cache-Control": "public", "cache-control": "s-maxage=9" };
      res.writeHead(200, { Vary: "Accept", vary: "Origin", ...caching }).end();
    });
    const { headers } = await site.ask("/");
    const names = partsOf(headers.vary);
    assert.ok(names.includes("Origin") && names.includes("Cookie"), `${headers.vary}`);
    assert.deepEqual(partsOf(headers["cache-control"]), ["private"]);
  });

  describe(`${protocol}: a head that node refuses leaves no trace, and the next is right`, () => {
    type Head = readonly [status: unknown, ...rest: unknown[]];
    const fields = { Vary: "Origin", "Set-Cookie": ["x=1"], "Cache-Control": "max-age=1" };
    const flat = ["Vary", "Origin", "Set-Cookie", "x=1", "Cache-Control", "max-age=1"];
    const pairs = [
      ["Vary", "Origin"],
      ["Set-Cookie", "x=1"],
      ["Cache-Control", "max-age=1"],
    ];
    const heads: Record<string, Head> = {
      "a status of 9": [9],
      "a status of 99, and fields": [99, fields],
      "a status of 1000, and a list": [1000, flat],
      "a status of 1000, and pairs": [1000, pairs],
      "a status that is not a number": ["none", fields],
      "a name that is not a token": [200, { ...fields, "X Bad": "1" }],
      "a name that is not a token, in a list": [200, [...flat, "X Bad", "1"]],
      "a name that is not a token, in pairs": [200, [...pairs, ["X Bad", "1"]]],
      "a name that is not text, in a list": [200, [...flat, 7, "1"]],
      "a value with a line break": [404, { ...fields, "X-Bad": "a\r\nb" }],
      "a value with a line break, in a list": [404, [...flat, "X-Bad", "a\r\nb"]],
      "a value that is undefined": [200, { ...fields, "X-Bad": undefined }],
      "a value that is undefined, in a list": [200, [...flat, "X-Bad", undefined]],
      "a cookie with a line break": [200, { ...fields, "Set-Cookie": ["a=1", "b=\n2"] }],
      "a Vary that is undefined": [200, { Vary: undefined }],
      "a Cache-Control that is undefined": [200, { "Cache-Control": undefined }],
      "a Set-Cookie that is undefined": [200, { "Set-Cookie": undefined }],
      "a Vary with a line break": [200, { Vary: "a\nb" }],
      "a Cache-Control with a line break": [200, ["Cache-Control", "a\nb"]],
      "a list of odd length": [200, [...flat, "X-Odd"]],
      "a reason with a line break": [200, "a\r\nb", fields],
    };
    const befores: Record<string, (res: http.ServerResponse) => void> = {
      "no field before": () => {},
      "fields before": (res) => {
        res.setHeader("Vary", "Accept");
        res.setHeader("Set-Cookie", ["a=1"]);
        res.setHeader("Cache-Control", "public");
        res.setHeader("ETag", '"1"');
      },
      "another field before": (res) => res.setHeader("X-Before", "yes"),
    };
    for (const [what, head] of Object.entries(heads)) {
      for (const [when, before] of Object.entries(befores)) {
        test(`${what}; ${when}`, async (t) => {
          const made = service();
          const seen: Record<string, Trace> = {};
          const site = await start(t, (req, res) => {
            before(res);
            const session = req.url === "/" ? made.sessions.attach(req, res) : {};
            Object.assign(session, { user: "tom" });
            const args = structuredClone(head) as never as [number];
            const fields = { ...res.getHeaders() };
            const refusal = refusalOf(() => res.writeHead(...args));
            seen[req.url ?? ""] = { refusal, before: fields, after: { ...res.getHeaders() } };
            assert.deepEqual(args, head, "the arguments are the caller's");
            if (res.headersSent) return res.end();
            // A refused reason stays set.
            if (protocol === "HTTP/1.1") res.statusMessage = "Next";
            Object.assign(session, { user: "ann" });
            return res.writeHead(202, { "X-Way": "next" }).end("next");
          });
          const plain = await site.ask("/plain");
          const reply = await site.ask("/");
          const { "/plain": alone, "/": traced } = seen;
          const refused = alone?.refusal !== undefined;
          // After setHeader, node itself reads pairs as a flat list.
          if (!what.endsWith("pairs")) assert.equal(traced?.refusal, alone?.refusal);
          else assert.equal(traced?.refusal !== undefined, refused);
          const { data } = unseal("fernet", cookieValue(ownCookie(reply, NAME)));
          assert.deepEqual(data, { user: refused ? "ann" : "tom" });
          const { reason: _, setCookie: cookies, ...besides } = besidesSession(reply, NAME);
          const { reason: __, setCookie: others, ...expected } = besidesSession(plain, NAME);
          assert.deepEqual(besides, expected);
          assert.deepEqual(made.errors, []);
          // node:http2 accepts some of these.
          if (!refused) return;
          leavesNoTrace(traced, alone);
          const earlier = [traced?.before["set-cookie"] ?? []].flat();
          assert.ok([others.join(), earlier.join()].includes(cookies.join()), `${cookies}`);
          assert.match(String(reply.headers.vary), /Cookie/);
          assert.match(String(reply.headers["cache-control"]), /private|no-store/);
        });
      }
    }
  });

  describe(`${protocol}: the cookie is computed again until the headers are sent`, () => {
    const rows: Record<string, { touching: Touching; data: Bag | undefined }> = {
      "a save, then a change": {
        touching(session, res) {
          session.user = "tom";
          session.save();
          session.user = "ann";
          res.end();
        },
        data: { user: "ann" },
      },
      "a save, then its undoing": {
        touching(session, res) {
          session.user = "tom";
          session.save();
          delete session.user;
          res.end();
        },
        data: undefined,
      },
      "a head that is refused, then a change and another head": {
        touching(session, res) {
          session.user = "tom";
          assert.throws(() => res.writeHead(9));
          session.user = "ann";
          res.writeHead(200).end();
        },
        data: { user: "ann" },
      },
      "a head that is refused, then a destruction and another head": {
        touching(session, res) {
          session.user = "tom";
          assert.throws(() => res.writeHead(9));
          session.destroy();
          res.writeHead(200).end();
        },
        data: undefined,
      },
      "a change in a timer before the head": {
        touching(session, res) {
          session.user = "ann";
          setTimeout(() => {
            session.user = "tim";
            res.end();
          }, 1);
        },
        data: { user: "tim" },
      },
    };
    for (const [what, { touching, data }] of Object.entries(rows)) {
      test(what, async (t) => {
        const { site, errors } = await app(start, t, (session, res, req) => {
          if (req.url === "/beside") res.setHeader("Set-Cookie", ["a=1"]);
          touching(session, res, req);
        });
        for (const [path, others] of Object.entries({ "/": [], "/beside": ["a=1"] })) {
          const reply = await site.ask(path);
          assert.deepEqual(besidesSession(reply, NAME).setCookie, others);
          assert.equal(reply.setCookie.length, others.length + (data === undefined ? 0 : 1));
          if (data === undefined) continue;
          assert.deepEqual(unseal("fernet", cookieValue(ownCookie(reply, NAME))).data, data);
        }
        assert.deepEqual(errors, []);
      });
    }

    test("a refused head does not delete the cookie", async (t) => {
      const { site } = await app(start, t, (session, res, req) => {
        const data = { ...session };
        for (const name of Object.keys(session)) delete session[name];
        assert.throws(() => res.writeHead(9));
        if (req.url === "/back") Object.assign(session, data);
        res.writeHead(200).end();
      });
      const headers = { cookie: cookieOf("fernet", { user: "tom" }) };
      assert.deepEqual((await site.ask("/back", { headers })).setCookie, []);
      assert.deepEqual((await site.ask("/", { headers })).setCookie, [CLEARING]);
    });
  });
}

test("a response with only the members that bulla needs carries the session", () => {
  const fields = new Map<string, unknown>();
  const res: NodeResponse = {
    statusMessage: "",
    headersSent: false,
    getHeader: (name) => fields.get(name) as string | undefined,
    setHeader: (name, value) => fields.set(name, value),
    removeHeader: (name) => void fields.delete(name),
    writeHead: (status: number) => status,
    once() {},
  };
  service().sessions.attach({ headers: {} }, res).user = "tom";
  assert.equal(res.writeHead(200), 200);
  const [cookie] = fields.get("Set-Cookie") as string[];
  assert.equal(unseal("fernet", cookieValue(cookie)).data.user, "tom");
  assert.deepEqual([...fields.keys()].sort(), ["Cache-Control", "Set-Cookie", "Vary"]);
});

interface Trace {
  refusal: string | undefined;
  before: http.OutgoingHttpHeaders;
  after: http.OutgoingHttpHeaders;
}

/**
 * Checks that every field is as before the call, or as node alone leaves it: node keeps those before a bad
 * one.
 */
function leavesNoTrace(traced: Trace | undefined, alone: Trace | undefined): void {
  const names = [traced, alone].flatMap((trace) => Object.keys(trace?.after ?? {}));
  for (const name of names) {
    const now = traced?.after[name];
    const right = [traced?.before[name], alone?.after[name]];
    assert.ok(
      right.some((value) => isDeepStrictEqual(value, now)),
      `${name}: ${now}`,
    );
  }
}

/** Returns the class and code of the error that a call throws, or undefined. */
function refusalOf(call: () => unknown): string | undefined {
  try {
    call();
    return undefined;
  } catch (error) {
    const { name, code } = error as Error & { code?: string };
    return `${name} ${code}`;
  }
}
