/** Uses of sessions that have to compile. Nothing here is run: `tsc -p spec` is the check. */

import http from "node:http";
import http2 from "node:http2";
import {
  type ReadonlySession,
  type Revocation,
  type Seal,
  type Session,
  type SessionData,
  type SessionError,
  type SessionOptions,
  type Sessions,
  sessions,
} from "../../../src/session.ts";
import { same } from "./same.ts";

const secret = new Uint8Array(32);

// One augmentation types req.session, wherever there is an IncomingMessage.
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
    session.regenerate();
    session.regenerate((error) => same<SessionError | undefined>()(error));
    session.destroy((error) => error?.status === 503);
    session.save((error) => error?.code === "ERR_SESSION_TOO_LARGE");
    session.touch();
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

// Everything that has a Cookie header.
visitors.read(new Request("https://example.org/"));
visitors.read(new Headers());
visitors.read("a=b");
visitors.read(undefined);
visitors.read({ headers: { cookie: "a=b" } });
void visitors.load(new Headers());

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

// Options: lists that are read only, seals and revocation lists of either kind.
const seal: Seal = {
  seal: (payload) => payload,
  open: (text) => (text === "" ? { code: "ERR_MINE" } : text),
};
const slow: Revocation = {
  isRevoked: async (id) => id === "",
  revoke: async (_id, until) => void until.toFixed(),
};
const quick: Revocation = { isRevoked: (id) => id === "", revoke: () => {} };
export const options: readonly SessionOptions[] = [
  { secret: "text" },
  { secret: ["newest", secret] as const, type: "jwt" },
  { seal, revocation: slow },
  { type: "base64", revocation: quick, renewAfter: false, clock: () => 0 },
  { secret, maxAge: 60, renewAfter: 30, maxLifetime: 3600 },
  { secret, onInvalid: ({ code }) => code.length, onError: ({ code, status }) => [code, status] },
  { secret, cookie: { name: "sid", path: "/", domain: "a.org", secure: true, persistent: false } },
  { secret, cookie: { sameSite: "none", partitioned: true, priority: "high" } },
];

// The members need no object: app.use(visitors.middleware).
export const { attach, load, middleware, read, wrap } = visitors;
