/**
 * Clauses about a session as a whole, or without another test, through the public API alone. A row of
 * spec/evidence/requirements names a test by the id at the end of its title.
 */

import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { type TestContext, test } from "node:test";
import { Fernet } from "../src/fernet.ts";
import { decodeUnverified, Jwt, type JwtPolicy } from "../src/jwt.ts";
import { type Session, type SessionOptions, type Sessions, sessions } from "../src/session.ts";

const SECRET = "a secret of at least 32 bytes, for specs";
const NOW = 1_700_000_000;
const DAY = 86_400;
/** The warnings of the process. */
const warnings: unknown[] = [];
process.emitWarning = (warning: unknown) => void warnings.push(warning);
const TYPES = ["fernet", "jwt", "base64"] as const;

type Data = { user?: string; text?: string };

interface Made {
  readonly sessions: Sessions<Data>;
  /** The codes that onInvalid and onError got. */
  readonly heard: string[];
}

const options = (more: Partial<SessionOptions>, hear: (error: { code: string }) => void) =>
  ({
    ...(more.type === "base64" ? {} : { secret: SECRET }),
    ...{ clock: () => NOW, onInvalid: hear, onError: hear },
    ...more,
  }) as SessionOptions;

function make(more: Partial<SessionOptions> = {}): Made {
  const heard: string[] = [];
  return { sessions: sessions<Data>(options(more, ({ code }) => heard.push(code))), heard };
}

/** Sends one request with a cookie, and runs its handler. */
async function visit(
  { sessions }: Made,
  cookie = "",
  handler: (session: Session<Data>) => unknown = () => undefined,
  headers: Record<string, string> = {},
): Promise<{ status: number; fields: Headers; cookies: string[]; session: Session<Data> }> {
  let held: Session<Data> | undefined;
  const wrapped = sessions.wrap(async (_, session) => {
    held = session;
    const answer = await handler(session);
    return answer instanceof Response ? answer : new Response("");
  });
  const response = await wrapped(
    new Request("http://example.org/", { headers: { ...headers, Cookie: cookie } }),
  );
  const fields = response.headers;
  assert.ok(held);
  return { status: response.status, fields, cookies: fields.getSetCookie(), session: held };
}

const login = (session: Session<Data>) => {
  session.user = "tom";
};

/** A request's Cookie header with a session of user "tom". */
async function cookieOf(made: Made): Promise<string> {
  const { cookies } = await visit(made, "", login);
  return (cookies[0] as string).split(";", 1)[0] as string;
}

/** Returns the whole response of a node:http server to a request with these header lines. */
async function answered(t: TestContext, listener: RequestListener, lines: string): Promise<string> {
  const server = createServer(listener).listen(0, "127.0.0.1");
  t.after(() => server.close());
  await once(server, "listening");
  const socket = connect((server.address() as AddressInfo).port, "127.0.0.1");
  socket.end(`GET / HTTP/1.0\r\n${lines}\r\n`);
  let text = "";
  for await (const chunk of socket) text += chunk;
  return text;
}

const setCookies = (answer: string): string[] =>
  answer.split("\r\n").filter((line) => /^set-cookie:/i.test(line));

test("sends the application's Set-Cookie fields and the session's as separate fields [6265bis-3-fields]", async (t) => {
  const made = make();
  const answer = await answered(
    t,
    (req, res) => {
      res.setHeader("Set-Cookie", ["a=1; Path=/", "b=2"]);
      made.sessions.attach(req, res).user = "tom";
      res.end();
    },
    "",
  );
  assert.equal(setCookies(answer).length, 3, answer);
  const { cookies } = await visit(made, "", (session) => {
    login(session);
    const headers = new Headers({ "Set-Cookie": "a=1; Path=/" });
    headers.append("Set-Cookie", "b=2");
    return new Response("", { headers });
  });
  assert.deepEqual(cookies.slice(0, 2), ["a=1; Path=/", "b=2"]);
  assert.equal(cookies.length, 3);
});

test("a response that sets a session is not stored by caches, and one that reads a session varies by Cookie [6265bis-3-caching]", async () => {
  const made = make();
  const set = await visit(made, "", login);
  assert.equal(set.fields.get("Cache-Control"), "no-store");
  assert.equal(set.fields.get("Vary"), "Cookie");
  const read = await visit(made, await cookieOf(made), (session) => session.user);
  assert.deepEqual(read.cookies, []);
  assert.equal(read.fields.get("Vary"), "Cookie");
  const shared = await visit(made, "", (session) => {
    login(session);
    return new Response("", { headers: { "Cache-Control": "public, max-age=60" } });
  });
  assert.ok(shared.cookies.length === 1 && shared.fields.get("Cache-Control") !== null);
});

test("a session's cookie value is base64url, for every type [6265bis-4.1.1-encoded]", async () => {
  for (const type of TYPES) {
    const made = make({ type });
    const { cookies } = await visit(made, "", (session) => {
      session.text = '\u0000 ; , " \\ \u{1f600} é';
    });
    assert.match(cookies[0] as string, /^__Host-session=[\w.-]+=*;/, type);
  }
});

test("a response sets a session's cookie at most once [6265bis-4.1.1-once]", async (t) => {
  const made = make();
  const answer = await answered(
    t,
    (req, res) => {
      const session = made.sessions.attach(req, res);
      session.user = "tom";
      made.sessions.attach(req, res).text = "again";
      res.writeHead(200);
      res.end();
    },
    "",
  );
  assert.equal(setCookies(answer).length, 1, answer);
  const inner = made.sessions.wrap(async (_, session) => {
    session.text = "inner";
    return new Response("");
  });
  const outer = made.sessions.wrap(async (request, session) => {
    session.user = "outer";
    return inner(request);
  });
  const response = await outer(new Request("http://example.org/"));
  assert.equal(response.headers.getSetCookie().length, 1);
});

test("a session expires by its own time, whatever a user agent keeps, and is empty without a cookie [6265bis-4.1.2.1]", async () => {
  let now = NOW;
  const made = make({ maxAge: 60, clock: () => now });
  const cookie = await cookieOf(made);
  now = NOW + 59;
  assert.equal((await visit(made, cookie)).session.user, "tom");
  now = NOW + 60;
  const late = await visit(made, cookie);
  assert.deepEqual([late.session.user, late.session.isNew], [undefined, true]);
  assert.deepEqual(made.heard, ["ERR_TOKEN_EXPIRED"]);
  const none = await visit(made);
  assert.deepEqual([none.session.user, none.session.isNew], [undefined, true]);
});

test("the cookie's name has the prefix __Host- where its attributes allow it [6265bis-4.1.3]", async () => {
  const nameOf = async (cookie: SessionOptions["cookie"]): Promise<string> => {
    const [text = ""] = (await visit(make(cookie === undefined ? {} : { cookie }), "", login))
      .cookies;
    return text.split("=", 1)[0] as string;
  };
  assert.equal(await nameOf(undefined), "__Host-session");
  assert.equal(await nameOf({ sameSite: "strict" }), "__Host-session");
  for (const cookie of [{ path: "/app" }, { domain: "example.org" }, { secure: false }]) {
    assert.ok(!(await nameOf(cookie)).startsWith("__Host-"));
  }
});

test("a session is one small cookie, written only on change; one over 4096 bytes is an error [6265bis-4.2.1-few]", async () => {
  const made = make();
  const cookie = await cookieOf(made);
  assert.ok(cookie.length < 400);
  assert.deepEqual((await visit(made, cookie, (session) => session.user)).cookies, []);
  assert.equal((await visit(made, cookie, (session) => (session.user = "ann"))).cookies.length, 1);
  const large = await visit(made, cookie, (session) => {
    session.text = "x".repeat(4096);
  });
  assert.deepEqual([large.status, large.cookies], [500, []]);
  assert.deepEqual(made.heard, ["ERR_SESSION_TOO_LARGE"]);
});

test("reads several Cookie fields, of any case, as one list [6265bis-4.2.1-several]", async (t) => {
  const made = make();
  const cookie = await cookieOf(made);
  const listener: RequestListener = (req, res) => {
    res.end(`user ${made.sessions.attach(req, res).user}`);
  };
  for (const fields of [
    `Cookie: a=1\r\nCookie: ${cookie}\r\n`,
    `cookie: ${cookie}\r\nCOOKIE: b=2\r\n`,
    `Cookie: a=1\r\nX: y\r\ncOOKIE: ${cookie}; c=3\r\n`,
  ]) {
    assert.match(await answered(t, listener, fields), /\r\n\r\nuser tom$/, fields);
  }
});

test("the newest of several valid cookies of one name wins, in any order [6265bis-4.2.2]", async () => {
  let now = NOW;
  const made = make({ clock: () => now });
  const cookies: string[] = [];
  for (const user of ["old", "newer", "newest"]) {
    const { cookies: set } = await visit(made, "", (session) => {
      session.user = user;
    });
    cookies.push((set[0] as string).split(";", 1)[0] as string);
    now += 10;
  }
  const [a, b, c] = cookies as [string, string, string];
  for (const order of [
    [a, b, c],
    [a, c, b],
    [b, a, c],
    [b, c, a],
    [c, a, b],
    [c, b, a],
  ]) {
    assert.equal((await visit(made, order.join("; "))).session.user, "newest");
  }
});

test("a lifetime over 400 days is a ConfigError [6265bis-5.5]", () => {
  make({ maxAge: 400 * DAY });
  assert.throws(() => make({ maxAge: 400 * DAY + 1 }), { code: "ERR_OPTION" });
});

test("a session lives 14 days, is renewed by use, and ends at maxLifetime [6265bis-7.4]", async () => {
  let now = NOW;
  const made = make({ maxLifetime: 20 * DAY, clock: () => now });
  let cookie = "";
  const use = async (after: number): Promise<string | undefined> => {
    now = NOW + after;
    const { session, cookies } = await visit(made, cookie, (held) => held.user);
    if (cookies[0] !== undefined) cookie = cookies[0].split(";", 1)[0] as string;
    return session.user;
  };
  const { cookies } = await visit(made, "", login);
  assert.match(cookies[0] as string, new RegExp(`; Max-Age=${14 * DAY};`));
  cookie = (cookies[0] as string).split(";", 1)[0] as string;
  assert.equal(await use(13 * DAY), "tom");
  assert.equal(await use(19 * DAY), "tom", "it was renewed");
  assert.equal(await use(20 * DAY), undefined);
});

test("a cookie is encrypted and signed by default; base64 is neither, and warns [6265bis-8.3-sealed]", async () => {
  const made = make();
  const cookie = await cookieOf(made);
  const value = cookie.slice(cookie.indexOf("=") + 1);
  assert.ok(!Buffer.from(value, "base64url").includes("tom"));
  for (let index = 0; index < value.length; index++) {
    const other = value[index] === "A" ? "B" : "A";
    const changed = `__Host-session=${value.slice(0, index)}${other}${value.slice(index + 1)}`;
    assert.equal((await visit(made, changed)).session.user, undefined, `${index}`);
  }
  for (const type of TYPES) make({ type });
  assert.equal(warnings.length, 1);
  assert.match(String(warnings[0]), /base64/);
});

test("a cookie is Secure by configuration, whatever a request's headers say [6265bis-8.3-secure]", async () => {
  const forwarded = { "X-Forwarded-Proto": "http", Forwarded: "proto=http" };
  const plain = await visit(make(), "", login, forwarded);
  assert.match(plain.cookies[0] as string, /; Secure(?:;|$)/);
  const https = { "X-Forwarded-Proto": "https", Forwarded: "proto=https" };
  const open = await visit(make({ cookie: { secure: false } }), "", login, https);
  assert.doesNotMatch(open.cookies[0] as string, /; Secure/);
});

test("accepts no id from outside its seal; regenerate makes a new id and revokes the old one [6265bis-8.4]", async () => {
  const revoked: string[] = [];
  const revocation = {
    isRevoked: (id: string) => revoked.includes(id),
    revoke: (id: string) => void revoked.push(id),
  };
  const made = make({ revocation });
  const cookie = await cookieOf(made);
  const before = (await visit(made, cookie)).session.id;
  const planted = await cookieOf(make({ secret: "another secret of at least 32 bytes" }));
  const stranger = await visit(make({ revocation }), planted);
  assert.ok(stranger.session.isNew && stranger.session.user === undefined);
  const after = await visit(made, cookie, async (session) => {
    await session.regenerate();
    login(session);
  });
  assert.notEqual(after.session.id, before);
  assert.deepEqual(revoked, [before]);
  assert.ok((await visit(made, cookie)).session.isNew, "the old cookie opens no more");
});

test("a cookie of another type, name or secret does not open [8725-2.8]", async () => {
  const makers = (["fernet", "jwt"] as const).flatMap((type) =>
    ["a", "b"].flatMap((name) =>
      [SECRET, "another secret of at least 32 bytes"].map((secret) => ({ type, name, secret })),
    ),
  );
  const all = makers.map(({ type, name, secret }) => make({ type, secret, cookie: { name } }));
  for (const [index, maker] of all.entries()) {
    const value = (await cookieOf(maker)).slice(2);
    for (const [other, opener] of all.entries()) {
      const { session } = await visit(opener, `${makers[other]?.name}=${value}`);
      assert.equal(session.user === "tom", other === index);
    }
  }
});

test("has no option to choose an algorithm [8725-3.1-option]", () => {
  for (const name of ["algorithms", "algorithm", "alg"]) {
    const policy = { [name]: ["HS256"] } as JwtPolicy;
    assert.throws(() => new Jwt(SECRET, policy), { code: "ERR_OPTION" });
    assert.throws(() => new Jwt(SECRET).verify("", policy as object), { code: "ERR_OPTION" });
  }
});

test("compresses nothing before encryption: only the length of a message shows [8725-3.6]", async () => {
  const fernet = new Fernet(Fernet.generateKey());
  const random = Array.from({ length: 1000 }, (_, index) =>
    String.fromCharCode(33 + ((index * index * 31 + 7 * index) % 90)),
  ).join("");
  assert.equal(fernet.encrypt("a".repeat(1000)).length, fernet.encrypt(random).length);
  const made = make();
  const lengths = await Promise.all(
    ["a".repeat(1000), random.replace(/["\\]/g, "a")].map(async (text) => {
      const { cookies } = await visit(made, "", (session) => {
        session.text = text;
      });
      return (cookies[0] as string).length;
    }),
  );
  assert.equal(lengths[0], lengths[1]);
});

test("writes an explicit typ without application/, as example+jwt [8725-3.11]", async () => {
  assert.equal(decodeUnverified(new Jwt(SECRET, { typ: "at+jwt" }).sign({})).header.typ, "at+jwt");
  const made = make({ type: "jwt" });
  const cookie = await cookieOf(made);
  const token = cookie.slice(cookie.indexOf("=") + 1);
  assert.equal(decodeUnverified(token).header.typ, "session+jwt");
});

test("refuses JWT and session keys under 32 bytes; Fernet signs with 16 [2104-3-short]", () => {
  for (const length of [0, 1, 16, 31]) {
    assert.throws(() => new Jwt("k".repeat(length)), { code: "ERR_KEY" });
    assert.throws(() => make({ secret: "k".repeat(length) }), { code: "ERR_KEY" });
  }
  const key = Buffer.from(Array.from({ length: 32 }, (_, index) => 7 * index));
  const token = Buffer.from(new Fernet(key).encrypt("message"), "base64url");
  const mac = createHmac("sha256", key.subarray(0, 16)).update(token.subarray(0, -32)).digest();
  assert.deepEqual(token.subarray(-32), mac);
});
