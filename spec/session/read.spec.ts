/**
 * Where a session is read from, which cookie of a header it is, and which of several.
 */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { NodeRequest, SessionSource } from "../../src/session.ts";
import {
  BEGAN,
  CLEARING,
  cookieOf,
  ENDS,
  envelope,
  FOURTEEN_DAYS,
  NAME,
  NOW,
  seal,
} from "../helpers/session-cookies.ts";
import { type Bag, facts, request, service, visit } from "../helpers/session-visit.ts";
import { misuse } from "../helpers/token-refusals.ts";

describe("read and load give data and the four facts, of whatever has a Cookie header", () => {
  const data = { user: "tom" };
  const cookie = cookieOf("fernet", data);
  const sources: Record<string, SessionSource> = {
    "a request of node:http": { headers: { cookie } },
    "its headers": { cookie } as unknown as NodeRequest,
    "headers with several Cookie fields": {
      headers: { cookie: ["a=1", cookie, "b=2"] },
    } as unknown as NodeRequest,
    "a Request": request(cookie),
    Headers: new Headers({ cookie }),
    "Headers with several Cookie fields": new Headers([
      ["Cookie", "a=1"],
      ["Cookie", cookie],
    ]),
    "the header's text": cookie,
    "the header's text among others": `theme=dark;${cookie} ;a=b`,
  };
  for (const [what, source] of Object.entries(sources)) {
    test(`${what}`, async () => {
      const made = service();
      for (const session of [made.sessions.read(source), await made.sessions.load(source)]) {
        assert.deepEqual({ ...session }, data);
        const expected = { id: "an-old-id", isNew: false, createdAt: BEGAN };
        assert.deepEqual(facts(session), { ...expected, expiresAt: ENDS });
        for (const method of ["regenerate", "destroy", "save", "touch"]) {
          assert.ok(!(method in session), method);
        }
        assert.throws(() => ((session as Bag).user = "ann"), TypeError);
        assert.throws(() => ((session as Bag).more = "ann"), TypeError);
        assert.equal(Reflect.get(session, "__proto__"), Object.getPrototypeOf(session));
      }
    });
  }

  const without: Record<string, SessionSource> = {
    undefined: undefined,
    "an empty text": "",
    "other cookies": "a=b; session=x",
    "a request without cookies": { headers: {} },
    "a Request without cookies": request(),
    "Headers without cookies": new Headers(),
    "an empty object": {} as NodeRequest,
  };
  for (const [what, source] of Object.entries(without)) {
    test(`a new session where there is none: ${what}`, async () => {
      const made = service();
      for (const session of [made.sessions.read(source), await made.sessions.load(source)]) {
        assert.deepEqual(Object.keys(session), []);
        const expected = { id: session.id, isNew: true, createdAt: NOW };
        assert.deepEqual(facts(session), { ...expected, expiresAt: NOW + FOURTEEN_DAYS });
      }
      assert.deepEqual(made.invalid, []);
    });
  }

  const wrong: Record<string, unknown> = {
    null: null,
    "a number": 7,
    "a boolean": true,
    "a function": () => {},
    "a symbol": Symbol("request"),
    "an object whose headers are undefined": { headers: undefined },
    "an object whose headers are null": { headers: null },
  };
  for (const [what, source] of Object.entries(wrong)) {
    test(`and a ConfigError for ${what}`, async () => {
      const { sessions } = service();
      const message =
        "what a session is read from must be a request, its headers or a Cookie header";
      misuse(() => sessions.read(source as string), "ERR_OPTION", message);
      await assert.rejects(sessions.load(source as string), { name: "ConfigError", message });
      const handler = sessions.wrap(() => new Response());
      await assert.rejects(handler(source as Request), { name: "ConfigError", message });
    });
  }
});

describe("only a cookie of exactly that name counts", () => {
  const value = seal("fernet", envelope({ user: "tom" }));
  const cases: Record<string, boolean> = {
    [`${NAME}=${value}`]: true,
    [`a=b; ${NAME}=${value}; c=d`]: true,
    [`a=b;${NAME}=${value};c=d`]: true,
    [` \t${NAME} \t=\t ${value}\t ;`]: true,
    [`;;=;${NAME}=${value}`]: true,
    [`${NAME.toLowerCase()}=${value}`]: false,
    [`x${NAME}=${value}`]: false,
    [`${NAME}x=${value}`]: false,
    [`a=${NAME}=${value}`]: false,
    [`a=b, ${NAME}=${value}`]: false,
    [`${NAME}="${value}"`]: false,
    [`%5F_Host-session=${value}`]: false,
    [`\u00a0${NAME}=${value}`]: false,
    [`${NAME}=${value}\u00a0`]: false,
    [`$Version=1; $${NAME}=${value}`]: false,
  };
  for (const [header, there] of Object.entries(cases)) {
    test(`${JSON.stringify(header.replace(value, "VALUE"))}: ${there}`, () => {
      const made = service();
      const session = made.sessions.read(header);
      assert.deepEqual({ ...session }, there ? { user: "tom" } : {});
      assert.deepEqual(made.invalid, []);
    });
  }
});

describe("of several valid cookies of one name the newest wins, in whatever order they come", () => {
  const candidates: Record<string, readonly object[]> = {
    "the largest exp": [
      { jti: "newest", iat: NOW - 50, exp: NOW + 300 },
      { jti: "older", iat: NOW - 10, exp: NOW + 200 },
      { jti: "oldest", iat: NOW - 1, exp: NOW + 100 },
    ],
    "then the largest iat": [
      { jti: "newest", iat: NOW - 10, exp: NOW + 300 },
      { jti: "older", iat: NOW - 50, exp: NOW + 300 },
    ],
    "and not one that has expired": [
      { jti: "newest", iat: NOW - 50, exp: NOW + 1 },
      { jti: "older", iat: NOW - 10, exp: NOW },
    ],
  };
  for (const [what, claims] of Object.entries(candidates)) {
    test(`${what}`, async () => {
      const values = claims.map((differing) =>
        seal("fernet", envelope({ of: differing }, differing)),
      );
      for (const order of [
        values,
        values.toReversed(),
        [...values.slice(1), ...values.slice(0, 1)],
      ]) {
        const made = service({ renewAfter: false });
        const header = order.map((value) => `${NAME}=${value}`).join("; ");
        const { session, setCookie } = await visit(made, header);
        assert.equal(session.id, "newest");
        assert.deepEqual(session.of, claims[0]);
        assert.deepEqual(setCookie, []);
        assert.deepEqual(made.invalid, []);
      }
    });
  }

  test("bad ones beside a valid one are neither heard of nor cleared", async () => {
    const good = cookieOf("fernet", { user: "tom" });
    const bad = [`${NAME}=garbage`, `${NAME}=`, `${NAME}=${seal("jwt", envelope({}))}`];
    for (const header of [
      [good, ...bad],
      [...bad, good],
      [...bad, good, ...bad],
    ]) {
      const made = service({ renewAfter: false });
      const { session, setCookie } = await visit(made, header.join("; "));
      assert.equal(session.user, "tom");
      assert.deepEqual(setCookie, []);
      assert.deepEqual(made.invalid, []);
    }
  });

  test("a request's bad cookie is heard of once, however often it is read; a text's each time", () => {
    const made = service();
    const header = `${NAME}=garbage`;
    const req = { headers: { cookie: header } };
    const headers = new Headers({ cookie: header });
    for (const source of [req, headers, req, headers, req]) made.sessions.read(source);
    assert.equal(made.invalid.length, 2);
    for (let count = 0; count < 2; count++) made.sessions.read(header);
    assert.equal(made.invalid.length, 4);
  });

  test("at most 8 are tried", async () => {
    let tried = 0;
    const custom = {
      seal: () => "x",
      open(text: string) {
        tried++;
        return text === "good" ? envelope({ user: "tom" }) : { code: `NO_${text}` };
      },
    };
    const header = (bad: number) =>
      Array.from({ length: bad }, (_, index) => `${NAME}=bad${index}; a=b`).join("; ");
    const made = service({ seal: custom, renewAfter: false });
    const eighth = await visit(made, `${header(7)}; ${NAME}=good`);
    assert.equal(eighth.session.user, "tom");
    assert.deepEqual([tried, made.invalid], [8, []]);
    tried = 0;
    const ninth = await visit(made, `${header(8)}; ${NAME}=good`);
    assert.equal(ninth.session.isNew, true);
    assert.deepEqual(ninth.setCookie, [CLEARING]);
    assert.deepEqual([tried, made.invalid], [8, ["NO_bad0"]]);
    tried = 0;
    await visit(made, header(1000));
    assert.equal(tried, 8);
  });
});
