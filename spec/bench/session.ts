/** Cookie sessions, on requests and responses that have only the members of node:http's that contenders use. */

import assert from "node:assert/strict";
import { type NodeRequest, type NodeResponse, type Sessions, sessions } from "bulla/session";
import { cookieHeader, each, eachLater, userOf, whole, withWrongMac } from "./fixtures.ts";
import type { Case, Contender } from "./harness.ts";
import { cookieSession, ironSession, type Middleware } from "./rivals.ts";

type User = ReturnType<typeof userOf>;
type Data = { user?: User; visits?: number };
type Held = { session: Data };

const SECRET = "a secret of the benchmark, of 32 bytes or more";
const NAME = "session";
const KEYS = [SECRET];
const IRON = { password: SECRET, cookieName: NAME };

class FakeRequest implements NodeRequest {
  readonly headers: { cookie: string };
  readonly socket = { encrypted: false };
  readonly url = "/";

  constructor(cookie: string) {
    this.headers = { cookie };
  }
}

class FakeResponse implements NodeResponse {
  statusCode = 200;
  statusMessage = "";
  headersSent = false;
  readonly #fields = new Map<string, string | readonly string[]>();

  getHeaderNames(): string[] {
    return [...this.#fields.keys()];
  }
  getHeader(name: string): string | readonly string[] | undefined {
    return this.#fields.get(name.toLowerCase());
  }
  setHeader(name: string, value: string | readonly string[]): void {
    this.#fields.set(name.toLowerCase(), value);
  }
  appendHeader(name: string, value: string | readonly string[]): void {
    const before = this.getHeader(name) ?? [];
    this.setHeader(name, [before, value].flat() as string[]);
  }
  removeHeader(name: string): void {
    this.#fields.delete(name.toLowerCase());
  }
  writeHead(_status: number, fields: Record<string, string | readonly string[]> = {}): this {
    this.headersSent = true;
    for (const name of Object.keys(fields)) this.setHeader(name, fields[name] ?? "");
    return this;
  }
  end(): void {}
  once(): void {}
}

/** The middleware of a contender, and Cookie headers for it. */
interface Party {
  readonly name: string;
  readonly middleware: Middleware;
  readonly header: (turn: number) => string;
}

const bullas = { fernet: bulla("fernet"), jwt: bulla("jwt") };
const parties: readonly Party[] = [
  party("bulla", bullas.fernet),
  party("bulla, jwt", bullas.jwt),
  signedByKeygrip(),
];
const ironHeader = await eachLater(async (index) => {
  const value = await ironSession.sealData({ user: userOf(index) }, IRON);
  return cookieHeader(`${NAME}=${value}`);
});

export async function agree(): Promise<void> {
  for (const { name, middleware, header } of parties) {
    assert.deepEqual(visited(middleware, header(0)).user, userOf(0), name);
    const pair = pairsOf(middleware, (session) => Object.assign(session, { user: userOf(1) }));
    assert.deepEqual(visited(middleware, cookieHeader(pair)).user, userOf(1), name);
    assert.equal(visited(middleware, spoilt(header(0))).user, undefined, `${name}, wrong MAC`);
  }
  assert.deepEqual((await iron(ironHeader(0))).user, userOf(0));
  assert.equal((await iron(spoilt(ironHeader(0)))).user, undefined);
}

export function cases(): Case[] {
  return [reading(), touching(), writing(), untouched(), refusing("fernet"), refusing("jwt")];
}

/** Reads the user from a Cookie header, by the shortest way of each contender. */
function reading(): Case {
  const [fernet, jwt, rival] = parties as [Party, Party, Party];
  return {
    id: "session.read",
    title: "session read",
    contenders: [
      { name: "bulla", run: (turn) => read(bullas.fernet, fernet.header(turn)) },
      { name: "bulla, jwt", run: (turn) => read(bullas.jwt, jwt.header(turn)) },
      { name: rival.name, run: (turn) => visited(rival.middleware, rival.header(turn)).user },
      { name: "iron-session", run: async (turn) => (await iron(ironHeader(turn))).user },
    ],
  };
}

/** The same through the middleware, with a response that sets no cookie. */
function touching(): Case {
  const contend = ({ name, middleware, header }: Party): Contender => ({
    name,
    run: (turn) => {
      const req = new FakeRequest(header(turn));
      const res = new FakeResponse();
      middleware(req, res, next);
      const { user } = (req as unknown as Held).session;
      res.writeHead(200);
      return user;
    },
  });
  const contenders = parties.map(contend);
  return { id: "session.touch", title: "session read by middleware", contenders };
}

function writing(): Case {
  const contend = ({ name, middleware, header }: Party): Contender => ({
    name,
    run: (turn) => {
      const req = new FakeRequest(header(turn));
      const res = new FakeResponse();
      middleware(req, res, next);
      (req as unknown as Held).session.visits = turn;
      res.writeHead(200);
      return res.getHeader("Set-Cookie");
    },
  });
  const written = async (turn: number): Promise<unknown> => {
    const res = new FakeResponse();
    const session = await ironSession.getIronSession(new FakeRequest(ironHeader(turn)), res, IRON);
    session.visits = turn;
    await session.save();
    return res.getHeader("Set-Cookie");
  };
  const contenders = [...parties.map(contend), { name: "iron-session", run: written }];
  return { id: "session.write", title: "session read and write", contenders };
}

function untouched(): Case {
  const contend = ({ name, middleware, header }: Party): Contender => ({
    name,
    run: (turn) => {
      const req = new FakeRequest(header(turn));
      const res = new FakeResponse();
      middleware(req, res, next);
      return res.writeHead(200);
    },
  });
  const bare = (turn: number): FakeResponse => {
    new FakeRequest((parties[0] as Party).header(turn));
    return new FakeResponse().writeHead(200);
  };
  const rivals = parties.filter(({ name }) => name !== "bulla, jwt").map(contend);
  const contenders = [...rivals, { name: "no session", run: bare, floor: true }];
  return { id: "session.untouched", title: "session untouched", contenders };
}

/** A cookie whose MAC is wrong, and one that is not a token, beside one that is accepted. */
function refusing(type: "fernet" | "jwt"): Case {
  const { header } = parties[type === "fernet" ? 0 : 1] as Party;
  const wrong = each((index) => spoilt(header(index)));
  const garbage = each((index) => cookieHeader(`${NAME}=${"z*".repeat(60 + index)}`));
  const source = bullas[type];
  return {
    id: `session.refuse.${type}`,
    title: `session read of a bad cookie, ${type}`,
    contenders: [
      { name: "accepted", run: (turn) => read(source, header(turn)) },
      { name: "wrong MAC", run: (turn) => read(source, wrong(turn)) },
      { name: "no token", run: (turn) => read(source, garbage(turn)) },
    ],
  };
}

function bulla(type: "fernet" | "jwt"): Sessions<Data> {
  return sessions<Data>({ type, secret: SECRET, cookie: { name: NAME, secure: false } });
}

function read(source: Sessions<Data>, header: string): User | undefined {
  return source.read(new FakeRequest(header)).user;
}

function party(name: string, { middleware }: Sessions<Data>): Party {
  const untyped = middleware as Middleware;
  return { name, middleware: untyped, header: headersOf(untyped) };
}

function signedByKeygrip(): Party {
  const middleware = cookieSession({ name: NAME, keys: KEYS });
  return { name: "cookie-session", middleware, header: headersOf(middleware) };
}

function headersOf(middleware: Middleware): (turn: number) => string {
  return each((index) =>
    cookieHeader(
      pairsOf(middleware, (session) => {
        session.user = userOf(index);
      }),
    ),
  );
}

/** The cookies that a response sets for a session that was changed so. */
function pairsOf(middleware: Middleware, change: (session: Data) => void): string {
  const req = new FakeRequest("");
  const res = new FakeResponse();
  middleware(req, res, next);
  change((req as unknown as Held).session);
  res.writeHead(200);
  const set = res.getHeader("Set-Cookie") as string[];
  return set.map((cookie) => cookie.split(";", 1)[0]).join("; ");
}

function visited(middleware: Middleware, header: string): Data {
  const req = new FakeRequest(header);
  middleware(req, new FakeResponse(), next);
  return (req as unknown as Held).session;
}

async function iron(header: string): Promise<Data> {
  const req = new FakeRequest(header);
  return (await ironSession.getIronSession(req, new FakeResponse(), IRON)) as Data;
}

/** The header with the last MAC of the session's cookies spoilt. */
function spoilt(header: string): string {
  const end = header.lastIndexOf(";");
  return whole(withWrongMac(header.slice(0, end)) + header.slice(end));
}

function next(): void {}
