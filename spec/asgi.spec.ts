/** Sessions shared with Python: options, secrets and the cookie. */

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { type AsgiSessionOptions, asgiSessions } from "../src/asgi.ts";
import * as all from "../src/index.ts";
import { sessions } from "../src/session.ts";
import {
  FERNET_SECRET,
  JWT_SECRET,
  pythonCookie,
  pythonText,
  SECRETS,
  shared,
} from "./helpers/asgi-cookies.ts";
import { cookieValue, FOURTEEN_DAYS, maxAgeOf, NOW, TYPES } from "./helpers/session-cookies.ts";
import { OPENERS } from "./helpers/session-entries.ts";
import {
  type Bag,
  configRefusal,
  keyRefusal,
  optionRefusal,
  pairOf,
  visit,
} from "./helpers/session-visit.ts";

const TOM = '{"user":"tom"}';
const ANN = '{"user":"ann"}';
const good: AsgiSessionOptions = { type: "fernet", secret: FERNET_SECRET };
const make = (options: unknown): unknown => asgiSessions(options as AsgiSessionOptions);

/** How a message describes the secret it wants. */
const ADVICE = {
  jwt: '32 bytes or more, such as crypto.randomBytes(24).toString("base64")',
  fernet: '32 characters, not all hexadecimal, such as crypto.randomBytes(24).toString("base64")',
};

const warned: (Error & { code?: string })[] = [];
process.on("warning", (warning) => warned.push(warning));

test("allowWeakSecret warns once a process about a weak secret, and not about a strong one", async () => {
  make({ ...good, allowWeakSecret: true });
  make({ type: "jwt", secret: [JWT_SECRET], allowWeakSecret: true });
  await new Promise(setImmediate);
  assert.equal(warned.length, 0);
  for (const type of ["jwt", "fernet"] as const) {
    make({ type, secret: ["sessions-secret", "another secret"], allowWeakSecret: true });
  }
  await new Promise(setImmediate);
  assert.deepEqual(
    warned.map(({ code }) => code),
    ["BULLA_WEAK_SECRET"],
  );
  assert.equal(warned[0]?.message, `sessions can be forged: the secret should be ${ADVICE.jwt}`);
});

test("base64 warns, as in sessions()", async () => {
  make({ type: "base64" });
  await new Promise(setImmediate);
  assert.equal(warned.at(-1)?.code, "BULLA_BASE64");
  assert.equal(
    warned.at(-1)?.message,
    'sessions of type "base64" can be read and forged by anybody',
  );
});

describe("weak secrets", () => {
  const rows: [what: string, type: "jwt" | "fernet", secret: string][] = [
    ["one character", "jwt", "x"],
    ["15 characters", "jwt", "sessions-secret"],
    ["31 bytes", "jwt", "x".repeat(31)],
    ["31 bytes that are 30 characters", "jwt", `${"x".repeat(29)}é`],
    ["one character", "fernet", "x"],
    ["16 characters, whose AES key is public", "fernet", "x".repeat(16)],
    ["31 characters", "fernet", FERNET_SECRET.slice(1)],
    ["32 digits", "fernet", "0123456789".repeat(4).slice(0, 32)],
    ["32 hexadecimal digits", "fernet", "0123456789abcdef0123456789ABCDEF"],
  ];
  for (const [what, type, secret] of rows) {
    test(`${type}: ${what} need allowWeakSecret, alone or beside a strong secret`, () => {
      const strong = SECRETS[type] as string;
      for (const secrets of [secret, [secret], [strong, secret], [secret, strong]]) {
        for (const options of [{}, { allowWeakSecret: false }, { allowWeakSecret: undefined }]) {
          assert.throws(
            () => make({ type, secret: secrets, ...options }),
            keyRefusal(`the secret must be ${ADVICE[type]}`),
          );
        }
      }
      const { sessions: weak } = shared(type, { secret, allowWeakSecret: true });
      assert.equal(weak.read(pythonCookie(type, TOM, { secret })).user, "tom");
      const { setCookie } = weak.issue({ user: "tom" });
      assert.equal(pythonText(type, cookieValue(setCookie), secret), TOM);
    });
  }

  const never: [what: string, type: "jwt" | "fernet", secret: unknown][] = [
    ["33 characters, on which Python fails", "fernet", `${FERNET_SECRET}x`],
    ["32 characters, one not ASCII", "fernet", `${FERNET_SECRET.slice(1)}é`],
    ["8 characters, one not ASCII", "fernet", "sécurité"],
    ["no character", "fernet", ""],
    ["no character", "jwt", ""],
    ["a lone surrogate", "jwt", `${JWT_SECRET}\ud800`],
    ["a lone surrogate, short", "jwt", "\ud800"],
    ["a PEM", "jwt", "-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQ\n"],
    ["bytes", "jwt", Buffer.alloc(32, 1)],
    ["a function", "jwt", () => JWT_SECRET],
    ["null", "jwt", null],
    ["a list with a hole", "jwt", new Array(1)],
    ["an empty list", "jwt", []],
    ["an empty list", "fernet", []],
  ];
  for (const [what, type, secret] of never) {
    test(`${type}: ${what} is always refused`, () => {
      for (const allowWeakSecret of [false, true]) {
        const right =
          /^(?:a fernet secret must be 32 ASCII|a secret must be text|a JWT key must be secret bytes|no secret)/;
        assert.throws(
          () => make({ type, secret, allowWeakSecret }),
          configRefusal(right, "ERR_KEY"),
        );
      }
    });
  }

  test("a missing or undefined secret is a ConfigError", () => {
    for (const type of ["jwt", "fernet"] as const) {
      const none = keyRefusal("a secret must be text, not empty: Python's secret_key");
      assert.throws(() => make({ type }), none);
      assert.throws(() => make({ type, secret: undefined }), configRefusal(/secret/));
    }
  });

  test("no error message contains a secret", () => {
    for (const [, type, secret] of rows) {
      if (secret.length < 8) continue;
      assert.throws(
        () => make({ type, secret }),
        ({ message }: Error) => !message.includes(secret),
      );
    }
  });

  test("the shortest strong secrets are accepted without a warning", () => {
    make({ type: "jwt", secret: "x".repeat(32) });
    make({ type: "jwt", secret: "é".repeat(16) });
    make({ type: "jwt", secret: "0123456789abcdef".repeat(2) });
    make({ type: "fernet", secret: `${"a".repeat(31)}g` });
    make({ type: "fernet", secret: FERNET_SECRET, allowWeakSecret: true });
  });

  test("src/ has no SHA-1, MD5 or PBKDF2, which only old cookies need", () => {
    const folder = new URL("../src/", import.meta.url);
    for (const name of readdirSync(folder, { recursive: true }).map(String)) {
      if (!name.endsWith(".ts")) continue;
      const text = readFileSync(new URL(name.replaceAll("\\", "/"), folder), "utf8");
      assert.doesNotMatch(text, /sha-?1\b|md5|pbkdf2/i, name);
    }
  });

  test("sessions() accepts no weak secret and has no option for it", () => {
    for (const secret of ["sessions-secret", "x".repeat(31)]) {
      for (const type of ["jwt", "fernet"] as const) {
        assert.throws(() => sessions({ type, secret }), { code: "ERR_KEY" });
        const options = { type, secret, allowWeakSecret: true };
        assert.throws(() => sessions(options), configRefusal(/allowWeakSecret/));
      }
    }
  });
});

describe("options", () => {
  const NO_TYPE = "type must be fernet, jwt or base64, as Python's session_type";
  const NO_ID =
    "must be left out: a Python cookie has no session id, and no time at which the session began";
  const ANOTHER = "must be left out: it would make this cookie another one than Python's";
  const rows: [what: string, options: unknown, names: RegExp | string][] = [
    ["none", undefined, NO_TYPE],
    ["null", null, /options of asgiSessions/],
    ["a list", [], /options of asgiSessions/],
    ["no type", { secret: FERNET_SECRET }, NO_TYPE],
    ["another type", { ...good, type: "jwe" }, /type/],
    ["an unknown one", { ...good, secrets: "" }, /"secrets" of asgiSessions/],
    ["seal", { type: "base64", seal: { seal() {}, open() {} } }, /seal/],
    ["revocation", { ...good, revocation: { isRevoked() {}, revoke() {} } }, `revocation ${NO_ID}`],
    ["revocation: undefined", { ...good, revocation: undefined }, /^revocation/],
    ["maxLifetime", { ...good, maxLifetime: 60 }, `maxLifetime ${NO_ID}`],
    ["maxLifetime: undefined", { ...good, maxLifetime: undefined }, /^maxLifetime/],
    ["maxAge: 0", { ...good, maxAge: 0 }, /^maxAge/],
    ["maxAge: undefined", { ...good, maxAge: undefined }, /^maxAge/],
    ["allowWeakSecret: 1", { ...good, allowWeakSecret: 1 }, /^allowWeakSecret/],
    ["clock: 1", { ...good, clock: 1 }, /^clock/],
    ["cookie: null", { ...good, cookie: null }, /cookie/],
    ["cookie: a name", { ...good, cookie: "session" }, /cookie/],
    ["cookie.name: null", { ...good, cookie: { name: null } }, /name/],
    ["cookie.maxAge", { ...good, cookie: { maxAge: 60 } }, /maxAge/],
    ["cookie.path", { ...good, cookie: { path: "/shop" } }, `path ${ANOTHER}`],
    ["cookie.domain", { ...good, cookie: { domain: "example.org" } }, `domain ${ANOTHER}`],
    ["cookie.partitioned", { ...good, cookie: { partitioned: true } }, `partitioned ${ANOTHER}`],
  ];
  for (const [what, options, names] of rows) {
    test(`${what}: a ConfigError that names it`, () => {
      assert.throws(
        () => make(options),
        typeof names === "string" ? optionRefusal(names) : configRefusal(names),
      );
    });
  }

  test("reads each option once", () => {
    let reads = 0;
    const options = {
      type: "fernet",
      get secret() {
        reads++;
        return FERNET_SECRET;
      },
    };
    make(options);
    assert.equal(reads, 1);
  });

  test("touch and issue accept no lifetime: a Python cookie has no place for it", async () => {
    for (const type of TYPES) {
      const made = shared(type, { longestAge: 30 * 24 * 3600 });
      for (const lifetime of [{ maxAge: 60 }, { persistent: false }, { persistent: true }]) {
        const [name = ""] = Object.keys(lifetime);
        const { setCookie } = await visit(made, undefined, (session) => {
          assert.throws(
            () => session.touch(lifetime),
            optionRefusal(`${name} must be left out: a Python cookie has no lifetime of its own`),
          );
        });
        assert.deepEqual(setCookie, []);
        assert.throws(() => made.sessions.issue({}, lifetime), configRefusal(/lifetime/));
      }
      for (const lifetime of [undefined, {}, { maxAge: undefined }] as object[]) {
        const { setCookie } = await visit(made, undefined, (session) => session.touch(lifetime));
        assert.equal(maxAgeOf(setCookie[0]), FOURTEEN_DAYS);
      }
    }
  });

  test("bulla exports the same function", () => {
    assert.equal(all.asgiSessions, asgiSessions);
  });
});

describe("the cookie", () => {
  test('is named session by default, Secure, HttpOnly and SameSite=Lax, for "/"', async () => {
    for (const type of TYPES) {
      for (const cookie of [undefined, {}, { name: undefined }] as AsgiSessionOptions["cookie"][]) {
        const made = shared(type, cookie === undefined ? {} : { cookie });
        const { setCookie } = await visit(made, undefined, (session) => (session.user = "tom"));
        const [, attributes] = /^session=[^;]+(; .*)$/.exec(setCookie[0] ?? "") ?? [];
        const rest = "; Path=/; HttpOnly; Secure; SameSite=Lax";
        assert.equal(attributes, `; Max-Age=${FOURTEEN_DAYS}${rest}`);
      }
    }
  });

  test("accepts the attributes that Python can set", () => {
    const cookie = {
      name: "sid",
      path: "/",
      secure: false,
      sameSite: "strict",
      partitioned: false,
      persistent: false,
    } as const;
    const { setCookie } = shared("jwt", { cookie }).sessions.issue({ user: "tom" });
    assert.match(setCookie, /^sid=[\w.-]+; Path=\/; HttpOnly; SameSite=Strict$/);
  });

  test("holds only the data: no exp, no iat, no id", () => {
    for (const type of TYPES) {
      const made = shared(type);
      const value = cookieValue(made.sessions.issue({ user: "Zoë 😀", n: [1, 2.5] }).setCookie);
      assert.equal(pythonText(type, value), '{"user":"Zoë 😀","n":[1,2.5]}');
      const empty = cookieValue(made.sessions.issue({}).setCookie);
      assert.equal(pythonText(type, empty), "{}");
    }
  });

  test("is deleted by destroy, and when all data are removed", async () => {
    for (const type of TYPES) {
      const made = shared(type);
      for (const end of ["destroy", "empty"]) {
        const { setCookie } = await visit(made, pythonCookie(type, TOM), (session) => {
          if (end === "destroy") return session.destroy();
          delete session.user;
        });
        assert.match(setCookie[0] ?? "", /^session=; Max-Age=0; .*; Path=\/; HttpOnly/);
      }
    }
  });

  test("that Python emptied opens as a session without data, not as a new one", async () => {
    for (const type of TYPES) {
      const made = shared(type);
      const { session, setCookie } = await visit(made, pythonCookie(type, "{}"));
      assert.deepEqual([{ ...session }, session.isNew, setCookie], [{}, false, []]);
      assert.deepEqual(made.invalid, []);
    }
  });

  test("seals with the first secret and opens with all", async () => {
    const rows = [
      ["jwt", "an old secret of 32 bytes or more", JWT_SECRET],
      ["fernet", "bZ7rS0mC/9yXw+Qe5TtHu2LbVn41GdPa", FERNET_SECRET],
    ] as const;
    for (const [type, old, current] of rows) {
      const made = shared(type, { secret: [current, old] });
      const change = (session: Bag) => (session.user = "ann");
      const { session, setCookie } = await visit(made, pythonCookie(type, TOM, { secret: old }));
      assert.deepEqual([session.user, setCookie], ["tom", []]);
      const changed = await visit(made, pythonCookie(type, TOM, { secret: old }), change);
      assert.equal(pythonText(type, cookieValue(changed.setCookie[0]), current), ANN);
      const alone = shared(type, { secret: current });
      const { isNew } = alone.sessions.read(pythonCookie(type, TOM, { secret: old }));
      assert.equal(isNew, true);
    }
  });
});

describe("opens only the last of several cookies, as Python does", () => {
  for (const type of TYPES) {
    const tom = pythonCookie(type, TOM);
    const ann = pythonCookie(type, ANN);
    // A later time, for the type that has one.
    const newer = pythonCookie(type, ANN, { at: NOW + 30 });
    const bad = "session=bad";
    const rows: [what: string, cookies: string[], user: string | undefined, codes: number][] = [
      ["a bad one last", [tom, bad], undefined, 1],
      ["an empty one last", [tom, "session="], undefined, 1],
      ["a bad one first", [bad, tom], "tom", 0],
      ["two good ones", [tom, ann], "ann", 0],
      ["the other way round", [ann, tom], "tom", 0],
      ["a newer one first", [newer, tom], "tom", 0],
      ["others around", ["a=1", newer, "xsession=1", tom, "sessions=2"], "tom", 0],
    ];
    for (const [what, cookies, user, codes] of rows) {
      for (const [how, { open }] of Object.entries(OPENERS)) {
        test(`${type}, ${how}: ${what}`, async () => {
          const made = shared(type);
          const { data, isNew } = await open(made, cookies.join("; "));
          assert.deepEqual([data.user, isNew], [user, user === undefined]);
          assert.equal(made.invalid.length, codes);
        });
      }
    }
  }

  test("destroy deletes the cookie even where the last one does not open", async () => {
    const { setCookie } = await visit(
      shared("jwt"),
      `${pythonCookie("jwt", TOM)}; session=bad`,
      (session) => session.destroy(),
    );
    assert.match(setCookie[0] ?? "", /^session=; Max-Age=0/);
  });

  test("sessions() still takes the newest valid one", () => {
    const own = (at: number) =>
      sessions<{ at: number }>({ secret: JWT_SECRET, clock: () => at }).issue({ at }).setCookie;
    const header = [NOW, NOW + 20, NOW - 20].map((at) => pairOf(own(at))).join("; ");
    const read = sessions<{ at: number }>({ secret: JWT_SECRET, clock: () => NOW }).read(header);
    assert.equal(read.at, NOW + 20);
  });
});
