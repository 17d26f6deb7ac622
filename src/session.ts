/**
 * Cookie sessions for node:http(2), Connect, Express and the Fetch API.
 *
 * From the bottom up, session/ has: seal (base64, JWT or Fernet), config (the options), envelope (claims and
 * times), revocation, open (picks a request's session), view (the application's object), draft (the next
 * cookie), state (the changes), source (requests, headers and stores), fields (Vary, Set-Cookie and
 * Cache-Control), and node, fetch and store, which write the cookie.
 *
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
export { ConfigError, SessionError } from "./internal/errors.ts";
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

/** The data of `req.session`: declare your own members in it, once, by module augmentation. */
// biome-ignore lint/suspicious/noEmptyInterface: there to be augmented
export interface SessionData {}

/** JSON data and the members of a session, whose names data cannot have. */
export type Session<T extends object = SessionData> = T & SessionMembers;
/** Data and the four facts, frozen. */
export type ReadonlySession<T extends object = SessionData> = Readonly<T> & SessionFacts;

/** Data that have no member's name. */
export type Data = { readonly [Name in keyof SessionMembers]?: never };

declare module "node:http" {
  interface IncomingMessage {
    get session(): SessionData extends object & Data ? Session : never;
    /** null destroys the session, an object replaces its data. */
    set session(data: SessionData | null);
  }
}

/** The ways to a session. An argument of the wrong kind is a ConfigError. */
export interface Sessions<T extends object> {
  /**
   * Connect, Express and the like: `req.session` opens on first touch. With a revocation list it is open
   * before `next` is called; `next` gets a SessionError (503) if the list failed. Until then, and if the list
   * failed, `req.session` is undefined.
   */
  middleware(req: NodeRequest, res: NodeResponse, next: (error?: Error) => void): void;
  /**
   * The session of a request; the same for every call.
   *
   * @throws ConfigError ERR_OPTION: the revocation list is asynchronous; ERR_KEY: a function `secret` gives no
   *   good secrets. SessionError ERR_SESSION_REVOCATION: the list failed.
   */
  attach(req: NodeRequest, res: NodeResponse): Session<T>;
  /** Like `attach`, for an asynchronous revocation list too; rejects with ERR_SESSION_REVOCATION. */
  load(req: NodeRequest, res: NodeResponse): Promise<Session<T>>;
  /** The asynchronous `read`; rejects with ERR_SESSION_REVOCATION. */
  load(source: SessionSource): Promise<ReadonlySession<T>>;
  /**
   * A handler of the Fetch API with a session. The Response that it sends is a copy of the handler's, with
   * the session's cookie. A thrown Response carries the session too; any other error passes through. A
   * session that cannot be checked (503) or written (500) becomes a Response.
   */
  wrap<Q extends Request, R extends unknown[]>(
    handler: (request: Q, session: Session<T>, ...rest: R) => Response | Promise<Response>,
  ): (request: Q, ...rest: R) => Promise<Response>;
  /**
   * A session where there is only a cookie store: Next's actions, SvelteKit, Astro. Written once, when the
   * handler returns or redirects; another error writes nothing but the deletion of an ended session. A store
   * sets no Vary and no Cache-Control.
   *
   * @throws ConfigError; SessionError: the session cannot be checked or written. What the handler or the
   *   store throws passes through.
   */
  edit<V>(store: CookieStore, handler: (session: Session<T>) => V | Promise<V>): Promise<V>;
  /**
   * A session's data and facts, where nothing is written: an upgrade, server-side rendering.
   *
   * @throws as `attach`.
   */
  read(source: SessionSource): ReadonlySession<T>;
  /**
   * A new session without a response: for tests and hand-overs. Whoever has the cookie has the session, so
   * never put it into a URL.
   *
   * @throws SessionError ERR_SESSION_DATA, ERR_SESSION_TOO_LARGE. ConfigError ERR_OPTION
   */
  issue(data: T, lifetime?: Lifetime): { id: string; setCookie: string };
}

/**
 * Makes cookie sessions of one configuration.
 *
 * @throws ConfigError ERR_OPTION, ERR_KEY
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

function issue(
  config: Config,
  data: object,
  lifetime: Lifetime | undefined,
): { id: string; setCookie: string } {
  const state = new State(config, NONE, config.now(), false);
  assign(state.object, copyOf(data));
  state.draft.touch(lifetime);
  return { id: state.draft.id, setCookie: state.commit().cookie as string };
}
