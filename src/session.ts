/**
 * Cookie sessions for node:http(2), Connect, Express and the Fetch API.
 *
 * From the bottom up, session/ has: seal (base64, JWT or Fernet), config (the options), envelope (claims and times),
 * revocation, open (picks a request's session), view (the application's object), draft (the next cookie), state (the
 * changes), source (requests, headers and stores), fields (Vary, Set-Cookie and Cache-Control), and node, fetch and
 * store, which write the cookie.
 * Trusted base: all of src/ but jwt.ts with claims.ts, fernet.ts, and digest.ts.
 */

import { assign, copyOf } from "./internal/data.ts";
import type { CookieSource as SessionSource } from "./internal/sources.ts";
import type { Config, Lifetime, SessionOptions } from "./session/config.ts";
import { configure } from "./session/config.ts";
import { FetchSessions } from "./session/fetch.ts";
import { type NodeRequest, type NodeResponse, NodeSessions } from "./session/node.ts";
import { atOnce, NONE } from "./session/open.ts";
import { openSource } from "./session/source.ts";
import { State } from "./session/state.ts";
import { type CookieStore, StoreSessions } from "./session/store.ts";
import type { SessionFacts, SessionMembers } from "./session/view.ts";

export type { Priority, SameSite } from "./internal/cookies.ts";
export {
  ConfigError,
  type ConfigErrorCode,
  SessionError,
  type SessionErrorCode,
  type TokenErrorCode,
} from "./internal/errors.ts";
export type { ListedSession, Revocation } from "./internal/lists.ts";
export {
  type MemoryRevocation,
  type MemoryRevocationOptions,
  memoryRevocation,
  type RedisRevocation,
  type RedisRevocationOptions,
  redisRevocation,
} from "./internal/lists.ts";
export type { RedisClient } from "./internal/redis.ts";
export type { CookieReader, CookieSource as SessionSource } from "./internal/sources.ts";
export type {
  InvalidReason,
  Lifetime,
  SessionCookieOptions,
  SessionOptions,
} from "./session/config.ts";
export type { NodeRequest, NodeResponse } from "./session/node.ts";
export type { Seal, SealType, Secret, Secrets } from "./session/seal.ts";
export type { CookieStore, StoreAttributes } from "./session/store.ts";
export type { Done, SessionFacts, SessionMembers } from "./session/view.ts";

/**
 * The data of `req.session`, and of `sessions()` without a type of its own. Declare your members in it, once.
 * @example
 * ```ts
 * import { createServer } from "node:http";
 * import { type CookieStore, type Session, sessions } from "bulla/session";
 *
 * declare module "bulla/session" {
 *   interface SessionData {
 *     user?: string;
 *   }
 * }
 * ```
 */
// biome-ignore lint/suspicious/noEmptyInterface: there to be augmented
export interface SessionData {}

/** Your data (JSON: text, finite numbers, booleans, null, lists, objects; 2,900 bytes) and a session's members. */
export type Session<T extends object = SessionData> = T & SessionMembers;
/** A session that is only read: your data and the four facts, frozen. */
export type ReadonlySession<T extends object = SessionData> = Readonly<T> & SessionFacts;

/** Data without a member's name. */
export type Data = { readonly [Name in keyof SessionMembers]?: never };

declare module "node:http" {
  interface IncomingMessage {
    get session(): SessionData extends object & Data ? Session : never;
    /** Destroys the session if null; an object replaces its data. */
    set session(data: SessionData | null);
  }
}

/** The ways to a session, one for each kind of framework. Only a change sets a cookie. Misuse is a ConfigError. */
export interface Sessions<T extends object> {
  /**
   * For Connect, Express and the like: `app.use(visitors.middleware)`. `req.session` opens on first use; with a
   * revocation list before `next`, and is undefined until then. If the list fails, `next` gets a SessionError (503).
   */
  middleware(req: NodeRequest, res: NodeResponse, next: (error?: Error) => void): void;
  /**
   * For node:http, if no revocation list is asynchronous: the session of a request, the same each time.
   * @throws ConfigError ERR_OPTION: the list is asynchronous; ERR_KEY: a function `secret` gives no good secrets.
   * @throws SessionError ERR_SESSION_REVOCATION: the list failed.
   */
  attach(req: NodeRequest, res: NodeResponse): Session<T>;
  /**
   * For node:http and node:http2: a request's session, after asking the revocation list. Rejects as `attach` throws.
   * @example
   * ```ts
   * const visitors = sessions({ secret: process.env.SESSION_SECRET ?? "" });
   *
   * createServer(async (req, res) => {
   *   const session = await visitors.load(req, res);
   *   res.end(`Hello ${session.user ?? "stranger"}`);
   * }).listen(3000);
   * ```
   */
  load(req: NodeRequest, res: NodeResponse): Promise<Session<T>>;
  /** For where nothing is written: `read`, after asking the revocation list. Rejects as `attach` throws. */
  load(source: SessionSource): Promise<ReadonlySession<T>>;
  /**
   * For the Fetch API (Hono, Next's routes, SvelteKit, Bun, Deno, workers): a handler with a session. It sends a copy
   * of the handler's Response, with the cookie. A thrown Response carries the session too; other errors pass through. A
   * session that cannot be checked (503) or written (500) becomes a Response.
   * @example
   * ```ts
   * const handler = visitors.wrap((_request: Request, session: Session) => {
   *   return new Response(`Hello ${session.user ?? "stranger"}`);
   * });
   * ```
   */
  wrap<Q extends Request, R extends unknown[]>(
    handler: (request: Q, session: Session<T>, ...rest: R) => Response | Promise<Response>,
  ): (request: Q, ...rest: R) => Promise<Response>;
  /**
   * For where there is only a cookie store (Next's actions, SvelteKit, Astro): a session, written once, when the
   * handler returns or redirects. Another error writes nothing but the deletion of an ended session. A store sets no
   * Vary and no Cache-Control.
   * @example
   * ```ts
   * const rename = (store: CookieStore, user: string): Promise<void> =>
   *   visitors.edit(store, (session) => {
   *     session.user = user;
   *   });
   * ```
   * @throws ConfigError; SessionError: the session cannot be checked or written; any error of the handler or the store.
   */
  edit<V>(store: CookieStore, handler: (session: Session<T>) => V | Promise<V>): Promise<V>;
  /** For where nothing is written (an upgrade, server-side rendering): the data and facts. @throws as `attach`. */
  read(source: SessionSource): ReadonlySession<T>;
  /**
   * For tests and hand-overs: a new session without a response. Whoever has its cookie has it: never put it into a URL.
   * @example
   * ```ts
   * const { setCookie } = visitors.issue({ user: "tom" });
   * console.log(visitors.read(setCookie).user); // "tom"
   * ```
   * @throws SessionError ERR_SESSION_DATA, ERR_SESSION_TOO_LARGE. ConfigError ERR_OPTION
   */
  issue(data: T, lifetime?: Lifetime): IssuedSession;
}

/** A session issued without a response. */
export interface IssuedSession {
  /** The session's id. */
  id: string;
  /** The value of a Set-Cookie field. Up to the first ";" it is a Cookie field too. */
  setCookie: string;
}

/**
 * Makes the sessions of one configuration. Call it once for each cookie name, when the program starts. For data of
 * another type than SessionData: `sessions<{ user?: string }>(...)`.
 * @example
 * ```ts
 * import { sessions } from "bulla/session";
 * import express from "express";
 *
 * const app = express();
 * app.use(sessions({ secret: process.env.SESSION_SECRET ?? "", maxAge: 7 * 24 * 3600 }).middleware);
 *
 * app.get("/", (req, res) => {
 *   res.send(`Hello ${req.session.user ?? "stranger"}`);
 * });
 * app.listen(3000);
 * ```
 * @throws ConfigError ERR_OPTION: an unknown option or a wrong value. ERR_KEY: no secret, or one under 32 bytes.
 */
export function sessions<T extends object & Data = SessionData>(
  options: SessionOptions,
): Sessions<T> {
  const config = configure(options);
  const node = new NodeSessions(config);
  const fetch = new FetchSessions(config);
  const store = new StoreSessions(config);
  const load = async (
    source: NodeRequest | SessionSource,
    res?: NodeResponse,
  ): Promise<unknown> => {
    if (res === undefined) return (await openSource(config, source, true)).object;
    const exchange = node.exchange(source as NodeRequest, res);
    return exchange.join(await exchange.open());
  };
  return {
    attach(req, res) {
      const exchange = node.exchange(req, res);
      return exchange.join(atOnce(exchange.open())) as Session<T>;
    },
    load: load as Sessions<T>["load"],
    read: (source) => atOnce(openSource(config, source, true)).object as ReadonlySession<T>,
    middleware: (req, res, next) => node.middleware(req, res, next),
    wrap: (handler) => fetch.wrap(handler as never),
    edit: (cookies, handler) => store.edit(cookies, handler as never),
    issue: (data, lifetime) => issue(config, data, lifetime),
  };
}

function issue(config: Config, data: object, lifetime: Lifetime | undefined): IssuedSession {
  const state = new State(config, NONE, config.now(), false);
  assign(state.object, copyOf(data));
  state.draft.touch(lifetime);
  return { id: state.draft.id, setCookie: state.commit().cookie as string };
}
