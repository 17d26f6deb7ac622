/** Uses of sessions that have to compile. Nothing here runs: `tsc -p spec` is the check. */

import http from "node:http";
import http2 from "node:http2";
import {
  type CookieReader,
  type CookieStore,
  type ReadonlySession,
  type Revocation,
  type Seal,
  type Session,
  type SessionData,
  type SessionError,
  type SessionOptions,
  type SessionSource,
  type Sessions,
  type StoreAttributes,
  sessions,
} from "../../../src/session.ts";
import { same } from "./same.ts";

const secret = new Uint8Array(32);

// One augmentation types req.session on every IncomingMessage.
declare module "../../../src/session.ts" {
  interface SessionData {
    /** A name that no other spec and no example uses. */
    clayTokens?: { shape: "cone" | "sphere"; count: number }[];
  }
}

http.createServer((req, res) => {
  sessions({ secret }).middleware(req, res, (error) => {
    same<Error | undefined>()(error);
    const { session } = req;
    same<Session>()(session);
    session.clayTokens = [{ shape: "cone", count: 3 }];
    session.clayTokens?.push({ shape: "sphere", count: 1 });
    delete session.clayTokens;
    same<string>()(session.id);
    same<boolean>()(session.isNew);
    same<number>()(session.createdAt);
    same<number>()(session.expiresAt);
    same<Promise<void>>()(session.regenerate());
    same<Promise<void>>()(session.destroy());
    same<void>()(session.save());
    same<void>()(session.touch());
    void session.regenerate((error) => same<SessionError | undefined>()(error));
    void session.destroy((error) => error?.status === 503);
    session.save((error) => error?.code === "ERR_SESSION_TOO_LARGE");
    session.save((error) => error?.code === "ERR_SESSION_UNSENT" && error.statusCode === 500);
    session.touch({});
    session.touch({ maxAge: 60 });
    session.touch({ persistent: false });
    session.touch({ maxAge: 60, persistent: true });
    req.session = null;
    req.session = { clayTokens: [] };
    req.session = {};
    req.session = session;
    res.end();
  });
});

// Data of its own: an interface, a type, optional members or not, a bag of anything.
interface Visits {
  visits?: number;
  user: { name: string; roles: readonly string[] } | undefined;
}
const visitors = sessions<Visits>({ secret });
same<Sessions<Visits>>()(visitors);
export const bags: Sessions<Record<string, unknown>> = sessions<Record<string, unknown>>({
  secret,
});
export const none: Sessions<SessionData> = sessions({ secret });

http.createServer(async (req, res) => {
  const session = visitors.attach(req, res);
  same<Session<Visits>>()(session);
  session.visits = (session.visits ?? 0) + 1;
  const loaded = await visitors.load(req, res);
  same<Session<Visits>>()(loaded);
  const read = visitors.read(req);
  same<ReadonlySession<Visits>>()(read);
  same<number | undefined>()(read.visits);
  same<ReadonlySession<Visits>>()(await visitors.load(req));
});

// The compatibility API of node:http2, with and without TLS.
http2.createServer((req, res) => {
  visitors.attach(req, res).visits = 1;
  void visitors.load(req, res);
  visitors.middleware(req, res, () => {});
  visitors.read(req);
});
http2.createSecureServer((req, res) => void visitors.attach(req, res));

// All sources of a cookie.
visitors.read(new Request("https://example.org/"));
visitors.read(new Headers());
visitors.read("a=b");
visitors.read(undefined);
void visitors.load(new Headers());

// Cookie readers: a value, or an object that has it.
visitors.read(new Map<string, string>());
visitors.read(new Map<string, { value: string }>());
const next = {
  get: (name: string): { name: string; value: string } | undefined => ({ name, value: "" }),
  set: (_name: string, _value: string, _attributes?: { path?: string; httpOnly?: boolean }) => next,
};
const svelte = {
  get: (_name: string, _options?: { decode?(value: string): string }): string | undefined => "",
  set(_name: string, _value: string, _options: { path: string; maxAge?: number }): void {},
};
export const sources: SessionSource[] = [next, svelte, { get: () => null }];
const reader: CookieReader = next;
void visitors.load(reader);

// A store that is written to: the attributes are complete.
const store: CookieStore = {
  get: () => undefined,
  set(name, value, attributes) {
    same<string>()(name);
    same<string>()(value);
    same<StoreAttributes>()(attributes);
    same<string>()(attributes.path);
    same<boolean>()(attributes.httpOnly);
    same<boolean>()(attributes.secure);
    same<(value: string) => string>()(attributes.encode);
  },
};
for (const it of [store, next, svelte]) void visitors.edit(it, (session) => session.visits);
same<Promise<number>>()(visitors.edit(store, () => 7));
same<Promise<string>>()(visitors.edit(store, async (session) => session.id));

// A new session without a response.
const issued = visitors.issue({ user: undefined });
same<string>()(issued.id);
same<string>()(issued.setCookie);
visitors.issue({ visits: 1, user: { name: "tom", roles: [] } }, { maxAge: 60, persistent: false });

// wrap keeps the types of what else the framework passes.
interface Context {
  params: Promise<{ id: string }>;
}
const handler = visitors.wrap(async (request, session, context: Context, last?: number) => {
  same<Request>()(request);
  same<Session<Visits>>()(session);
  session.user = { name: (await context.params).id, roles: [`${last}`] };
  return new Response();
});
same<(request: Request, context: Context, last?: number) => Promise<Response>>()(handler);
const plain = visitors.wrap(() => new Response());
same<(request: Request) => Promise<Response>>()(plain);

// A subclass of Request reaches the handler, and is asked of the caller.
class OwnRequest extends Request {
  readonly own: string = "";
}
const owned = visitors.wrap((request: OwnRequest, session, id: string) => {
  same<OwnRequest>()(request);
  same<Session<Visits>>()(session);
  return new Response(`${request.own} ${id}`);
});
same<(request: OwnRequest, id: string) => Promise<Response>>()(owned);

// Options: lists that are read only, seals and revocation lists of either kind.
const seal: Seal = {
  seal: (payload) => payload,
  open: (text) => (text === "" ? { code: "ERR_MINE" } : text),
};
const slow: Revocation = {
  isRevoked: async (id) => id === "",
  revoke: async (_id, until, session) => {
    until.toFixed();
    session.createdAt.toFixed();
    session.expiresAt.toFixed();
  },
};
const byUser: Revocation = {
  isRevoked: (_id, { createdAt, data }) => createdAt < 0 && "user" in (data as object),
  revoke() {},
};
const quick: Revocation = { isRevoked: (id) => id === "", revoke: () => {} };
export const options: readonly SessionOptions[] = [
  { secret: "text" },
  { secret: ["newest", secret] as const, type: "jwt" },
  { secret: () => "text" },
  { secret: () => secret },
  { secret: () => ["newest", secret] as const },
  { seal, revocation: slow },
  { type: "jwt", secret, revocation: quick, renewAfter: false, clock: () => 0 },
  { type: "base64" },
  { secret, revocation: byUser },
  { secret, maxAge: 60, renewAfter: 30, maxLifetime: 3600, longestAge: 90 },
  {
    secret,
    onInvalid({ code }, source) {
      same<SessionSource>()(source);
      if (code !== "ERR_TOKEN_EXPIRED" && code !== "ERR_SESSION_REVOKED") code.length;
    },
  },
  { secret, onInvalid: ({ code }) => code.length, onError: ({ code, status }) => [code, status] },
  { secret, cookie: { name: "sid", path: "/", domain: "a.org", secure: true, persistent: false } },
  { secret, cookie: { sameSite: "none", partitioned: true, priority: "high" } },
];

// The members need no object: app.use(visitors.middleware).
export const { attach, edit, issue, load, middleware, read, wrap } = visitors;
