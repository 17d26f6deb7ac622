/** Which cookie of a request becomes its session; cookies that do not open change nothing. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { inspect } from "node:util";
import type { Seal } from "../../src/session.ts";
import {
  BEGAN,
  CLEARING,
  cookieOf,
  cookieValue,
  ENDS,
  envelope,
  FOURTEEN_DAYS,
  idOf,
  NAME,
  NOW,
  OLD_ID,
  SECRET,
  seal,
  TYPES,
  type Type,
  unseal,
} from "../helpers/session-cookies.ts";
import { exchange, OPENERS, shown, type WithSession, writers } from "../helpers/session-entries.ts";
import { serve } from "../helpers/session-server.ts";
import {
  type BagSession,
  optionsOf,
  pairOf,
  request,
  service,
  visit,
} from "../helpers/session-visit.ts";

const TOM = { user: "tom" };

/** Cookies that do not open, and the code that onInvalid gets; undefined where it depends on the type. */
function bad(type: Type): Record<string, readonly [cookie: string, code: string | undefined]> {
  const refused = { fernet: "ERR_TOKEN_INVALID", jwt: "ERR_TOKEN_SIGNATURE" } as const;
  const keyed: [string, readonly [string, string]][] =
    type === "base64"
      ? []
      : [
          [
            "another secret",
            [`${NAME}=${seal(type, envelope(TOM), { secret: `${SECRET}!` })}`, refused[type]],
          ],
          [
            "another name's key",
            [`${NAME}=${seal(type, envelope(TOM), { name: "session" })}`, refused[type]],
          ],
        ];
  return {
    ...Object.fromEntries(keyed),
    empty: [`${NAME}=`, undefined],
    garbage: [`${NAME}=garbage!`, undefined],
    "another type's": [
      `${NAME}=${seal(type === "jwt" ? "fernet" : "jwt", envelope(TOM))}`,
      undefined,
    ],
    "claims of the wrong shape": [cookieOf(type, TOM, { jti: "an-old-id" }), "ERR_TOKEN_MALFORMED"],
    expired: [cookieOf(type, TOM, { exp: NOW }), "ERR_TOKEN_EXPIRED"],
    "from the future": [cookieOf(type, TOM, { iat: NOW + 61 }), "ERR_TOKEN_NOT_ACTIVE"],
    "too long": [`${NAME}=${"A".repeat(4097 - NAME.length)}`, "ERR_TOKEN_TOO_LARGE"],
    padded: [`${cookieOf(type, TOM)}=`, undefined],
  };
}

describe("a cookie that does not open", () => {
  for (const type of TYPES) {
    for (const [what, [cookie, code]] of Object.entries(bad(type))) {
      test(`${type}, ${what}: the session is empty, nothing is written, onInvalid is called once`, async (t) => {
        for (const [how, { open }] of Object.entries(OPENERS)) {
          const made = service(optionsOf(type));
          const { data, isNew, id, createdAt, expiresAt } = await open(made, cookie);
          assert.deepEqual([data, isNew], [{}, true], how);
          assert.notEqual(id, OLD_ID);
          assert.deepEqual([createdAt, expiresAt], [NOW, NOW + FOURTEEN_DAYS], how);
          assert.equal(made.invalid.length, 1, how);
          if (code !== undefined) assert.deepEqual(made.invalid, [code], how);
          assert.deepEqual(made.errors, [], how);
        }
        for (const [how, write] of writers()) {
          const made = service(optionsOf(type));
          const reply = await write(t, made, cookie, (session) => [session.user, session.save()]);
          assert.deepEqual(reply, { status: 200, setCookie: [] }, how);
          assert.deepEqual([made.invalid.length, made.errors], [1, []], how);
        }
      });

      test(`${type}, ${what}: destroy and regenerate delete it`, async (t) => {
        for (const end of ["destroy", "regenerate"] as const) {
          for (const [how, write] of writers()) {
            const reply = await write(t, service(optionsOf(type)), cookie, (s) => s[end]());
            assert.deepEqual(reply, { status: 200, setCookie: [CLEARING] }, `${end}, ${how}`);
          }
        }
      });

      test(`${type}, ${what}: emptying the session keeps it, new data replace it`, async () => {
        const made = service(optionsOf(type));
        const emptied = await visit(made, cookie, (session) => {
          session.user = "ann";
          delete session.user;
        });
        assert.deepEqual(emptied.setCookie, []);
        const filled = await visit(made, cookie, (session) => (session.user = "ann"));
        assert.equal(filled.setCookie.length, 1);
        const { jti, data, begun } = unseal(type, cookieValue(filled.setCookie[0]));
        assert.deepEqual([jti, data, begun], [filled.session.id, { user: "ann" }, undefined]);
      });
    }
  }

  test("a value outside the cookie grammar is ignored", async () => {
    for (const value of ['"quoted"', "a b", "a,b", "a\\b"]) {
      for (const end of ["destroy", "regenerate"] as const) {
        const made = service();
        const { setCookie } = await visit(made, `${NAME}=${value}`, (session) => session[end]());
        assert.deepEqual([setCookie, made.invalid], [[], []], value);
      }
    }
  });

  test("a slow request does not delete it when it expired meanwhile", async (t) => {
    let now = NOW;
    const made = service({ maxAge: 60, clock: () => now });
    const { setCookie } = await visit(made, undefined, (session) => (session.user = "tom"));
    const old = pairOf(setCookie[0]);
    now += 61;
    const site = await serve(t, (req, res) => {
      const session = made.sessions.attach(req, res);
      if (req.url === "/login") {
        session.regenerate();
        session.user = "tom";
      }
      res.end(`${session.user}`);
    });
    const login = await site.ask("/login", { headers: { cookie: old } });
    assert.equal(made.sessions.read(pairOf(login.setCookie[0])).user, "tom");
    const poll = await site.ask("/poll", { headers: { cookie: old } });
    assert.deepEqual([poll.text, poll.setCookie], ["undefined", []]);
  });

  test("onInvalid gets only a code, and the source", async () => {
    const heard: unknown[][] = [];
    const { sessions } = service({ onInvalid: (...given) => heard.push(given) });
    const secret = "hunter2";
    const cookie = cookieOf("fernet", { user: secret }, { exp: NOW });
    sessions.read(cookie);
    await sessions.load(cookie);
    const headers = new Headers({ cookie });
    sessions.read(headers);
    const asked = request(cookie);
    await sessions.wrap(() => new Response())(asked);
    const pair = exchange(cookie);
    sessions.attach(...pair);
    sessions.attach(...pair);
    await sessions.load(...pair);
    const [lazy, res] = exchange(cookie);
    sessions.middleware(lazy, res, () => {});
    assert.equal(heard.length, 5);
    assert.equal((lazy as WithSession).session?.isNew, true);
    assert.deepEqual(
      heard.map(([reason]) => reason),
      Array.from(heard, () => ({ code: "ERR_TOKEN_EXPIRED" })),
    );
    const sources = [cookie, cookie, headers, asked, pair[0], lazy];
    for (const [index, [, source]] of heard.entries()) assert.equal(source, sources[index]);
    const seen = inspect(
      heard.map(([reason]) => reason),
      { showHidden: true },
    );
    assert.equal(seen.includes(secret), false);
  });
});

describe("cookies of another host or path beside the valid one", () => {
  const kinds: Record<string, (type: Type, index: number) => string> = {
    "the same garbage": () => `${NAME}=x`,
    "different garbage": (_type, index) => `${NAME}=x${index}`,
    "empty ones": () => `${NAME}=`,
    "expired ones": (type, index) => cookieOf(type, { index }, { exp: NOW - index }),
    "ones from the future": (type, index) =>
      cookieOf(type, { user: "eve" }, { iat: NOW + 61 + index, exp: ENDS + 99 }),
    "older sessions": (type, index) =>
      cookieOf(type, { user: "eve" }, { jti: idOf(`${index}`), iat: BEGAN - 1 - index }),
  };
  for (const [what, toss] of Object.entries(kinds)) {
    for (const count of [1, 7, 8, 9, 30]) {
      test(`${count} of ${what}`, async () => {
        for (const type of TYPES) {
          const tossed = Array.from({ length: count }, (_, index) => toss(type, index));
          const valid = cookieOf(type, TOM);
          const half = count >> 1;
          for (const order of [
            [...tossed, valid],
            [valid, ...tossed],
            [...tossed.slice(half), valid, ...tossed.slice(0, half)],
          ]) {
            const made = service(optionsOf(type));
            const { session, setCookie } = await visit(made, order.join("; "));
            assert.deepEqual([{ ...session }, session.id], [TOM, OLD_ID]);
            assert.deepEqual([setCookie, made.invalid], [[], []]);
          }
        }
      });
    }
  }

  for (const [how, { open }] of Object.entries(OPENERS)) {
    test(`by ${how}`, async () => {
      const tossed = Array.from({ length: 9 }, (_, index) => `${NAME}=x${index}`).join("; ");
      const made = service();
      const { data } = await open(made, `${tossed}; other=1; ${cookieOf("fernet", TOM)}`);
      assert.deepEqual([data, made.invalid], [TOM, []]);
    });
  }

  test("where none opens, onInvalid is called once", () => {
    const made = service();
    const tossed = Array.from({ length: 20 }, (_, index) => `${NAME}=x${index}`).join("; ");
    assert.equal(made.sessions.read(tossed).isNew, true);
    assert.equal(made.invalid.length, 1);
  });
});

describe("of several valid cookies", () => {
  const permuted = <V>(items: readonly V[]): V[][] =>
    items.length < 2
      ? [[...items]]
      : items.flatMap((item, at) =>
          permuted(items.toSpliced(at, 1)).map((others) => [item, ...others]),
        );
  const rows: Record<string, readonly object[]> = {
    "the largest iat wins": [{ iat: NOW }, { iat: NOW - 1 }, { iat: NOW - 100 }],
    "the largest iat wins, whatever exp says": [
      { iat: NOW - 5, exp: ENDS - 99 },
      { iat: NOW - 6, exp: ENDS },
      { iat: NOW - 7, exp: 2 ** 53 - 1 },
    ],
    "the largest exp wins where iat is the same": [
      { exp: ENDS },
      { exp: ENDS - 1 },
      { exp: NOW + 1 },
    ],
    "the beginning does not matter": [
      { iat: NOW, begun: 5 },
      { iat: NOW - 5 },
      { iat: NOW - 6, begun: NOW - 7 },
    ],
    "a lifetime of its own does not matter": [
      { iat: NOW, age: 5 },
      { iat: NOW - 5, age: FOURTEEN_DAYS, keep: true },
      { iat: NOW - 6 },
    ],
    "one of a clock ahead wins": [{ iat: NOW + 60 }, { iat: NOW + 59 }, { iat: NOW }],
    "the newest that opens wins": [
      { iat: NOW - 20 },
      { iat: NOW - 30 },
      { iat: NOW - 10, exp: NOW },
    ],
  };
  for (const [what, claims] of Object.entries(rows)) {
    test(`${what}, in any order`, async () => {
      for (const type of TYPES) {
        const cookies = claims.map((differing, at) =>
          cookieOf(type, { at }, { jti: idOf(`${at}`), ...differing }),
        );
        for (const order of permuted(cookies)) {
          const made = service({ ...optionsOf(type), renewAfter: false });
          const { session, setCookie } = await visit(made, order.join("; "));
          assert.deepEqual([session.at, session.id, setCookie], [0, idOf("0"), []]);
          assert.deepEqual(made.invalid, []);
        }
      }
    });
  }

  test("only the winner is written", async () => {
    const cookies = [
      cookieOf("fernet", { at: 1 }, { jti: idOf("1"), iat: NOW - 30 }),
      cookieOf("fernet", { at: 0 }, { jti: idOf("0"), iat: NOW - 20 }),
    ];
    const { setCookie } = await visit(service(), cookies.join("; "), (session) => {
      session.more = true;
    });
    assert.equal(setCookie.length, 1);
    const { jti, begun, data } = unseal("fernet", cookieValue(setCookie[0]));
    assert.deepEqual([jti, begun, data], [idOf("0"), NOW - 20, { at: 0, more: true }]);
  });
});

describe("each distinct value is opened once a request", () => {
  const counting = (): { opened: string[]; seal: Seal } => {
    const opened: string[] = [];
    return {
      opened,
      seal: {
        seal: (payload) => Buffer.from(payload).toString("hex"),
        open(text) {
          opened.push(text);
          return text === "good" ? envelope(TOM) : { code: "ERR_TOKEN_INVALID" };
        },
      },
    };
  };
  const header = ["a", "b", "a", "good", "a", "good", "b"].map((v) => `${NAME}=${v}`).join("; ");

  for (const [how, { open }] of Object.entries(OPENERS)) {
    test(`${how}`, async () => {
      const { opened, seal } = counting();
      assert.deepEqual((await open(service({ seal }), header)).data, TOM);
      assert.deepEqual(opened.sort(), ["a", "b", "good"]);
    });
  }

  test("by all entries of one request together", async () => {
    const { opened, seal } = counting();
    const { sessions } = service({ seal });
    const [req, res] = exchange(header);
    sessions.middleware(req, res, () => {});
    assert.deepEqual(opened, []);
    const { session } = req as WithSession;
    assert.deepEqual(shown(session).data, TOM);
    assert.equal(sessions.attach(req, res), session);
    assert.equal(await sessions.load(req, res), session);
    assert.equal((req as WithSession).session, session);
    assert.deepEqual(opened.sort(), ["a", "b", "good"]);
  });

  test("a request without a cookie opens nothing", async () => {
    for (const { open } of Object.values(OPENERS)) {
      const { opened, seal } = counting();
      const made = service({ seal });
      for (const cookie of [undefined, "", "other=good", `x${NAME}=good`]) {
        assert.equal((await open(made, cookie)).isNew, true);
      }
      assert.deepEqual([opened, made.invalid], [[], []]);
    }
  });
});

test("a session that is not used is not opened, and adds no field", async (t) => {
  const made = service();
  const site = await serve(t, (req, res) => made.sessions.middleware(req, res, () => res.end()));
  for (const cookie of [cookieOf("fernet", TOM), `${NAME}=garbage`]) {
    const { headers, setCookie } = await site.ask("/", { headers: { cookie } });
    assert.deepEqual([setCookie, headers.vary, made.invalid], [[], undefined, []]);
  }
});

test("a session that is used but not written adds only Vary", async () => {
  const rows: Record<string, (session: BagSession) => unknown> = {
    reading: (session) => session.user,
    saving: (session) => session.save(),
  };
  for (const edit of Object.values(rows)) {
    const { response } = await visit(service(), cookieOf("fernet", TOM), edit);
    assert.equal(response.headers.get("Vary"), "Cookie");
    assert.equal(response.headers.get("Cache-Control"), null);
  }
});

test("of two cookies with one id the newer counts, in any order", async () => {
  const older = cookieOf("fernet", { user: "older" }, { iat: NOW - 20 });
  const newer = cookieOf("fernet", { user: "newer" }, { iat: NOW - 10 });
  const longer = cookieOf("fernet", { user: "longer" }, { iat: NOW - 10, exp: ENDS + 9 });
  for (const [cookies, user] of [
    [[older, newer], "newer"],
    [[newer, older], "newer"],
    [[newer, longer], "longer"],
    [[longer, newer, older], "longer"],
  ] as const) {
    const { session } = await visit(service(), cookies.join("; "));
    assert.equal(session.user, user, cookies.length.toString());
  }
});

test("destroy deletes the cookies of a request where none opens, one or several", async () => {
  for (const cookie of [`${NAME}=bad`, `${NAME}=bad; ${NAME}=worse`]) {
    const { setCookie } = await visit(service(), cookie, (session) => session.destroy());
    assert.deepEqual(setCookie, [CLEARING]);
  }
});
