/**
 * Cookie sessions for node:http(2), Connect, Express and the Fetch API, composed of internal/cookies.ts
 * (one cookie) and session/: config (the options), seal (base64, JWT or Fernet), requests (one session a
 * request), open (from cookie to claims), view (what the application holds), state (what changed), head
 * and response (into what is sent) and revocation (two lists of what is no longer honoured).
 *
 * Trusted base: all of src/ but base64url.ts, cookie.ts, fernet.ts, and jwt.ts with claims.ts.
 */

import { optionError } from "./internal/checks.ts";
import { configure, type SessionOptions } from "./session/config.ts";
import type { NodeResponse } from "./session/head.ts";
import { atOnce } from "./session/open.ts";
import { type NodeRequest, Requests, type SessionSource } from "./session/requests.ts";
import { sealResponse } from "./session/response.ts";
import type { SessionFacts, SessionMembers } from "./session/view.ts";

export type { Priority, SameSite } from "./internal/cookies.ts";
export { ConfigError, SessionError } from "./internal/errors.ts";
export type { Revocation, SessionCookieOptions, SessionOptions } from "./session/config.ts";
export type { NodeResponse } from "./session/head.ts";
export type { NodeRequest, SessionSource } from "./session/requests.ts";
export {
  type MemoryRevocation,
  type MemoryRevocationOptions,
  memoryRevocation,
  type RedisClient,
  type RedisRevocation,
  type RedisRevocationOptions,
  redisRevocation,
} from "./session/revocation.ts";
export type { Seal, SealType, Secret } from "./session/seal.ts";
export type { Done, SessionFacts, SessionMembers } from "./session/view.ts";

/** The data of `req.session`: declare your own members in it, once, by module augmentation. */
// biome-ignore lint/suspicious/noEmptyInterface: there to be augmented
export interface SessionData {}

/** Data, as JSON can hold them, and the members of a session, whose names no data can have. */
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

/** The ways to a session. Whatever takes a request or a response throws ConfigError for what is none. */
export interface Sessions<T extends object> {
  /**
   * Connect, Express and the like: `req.session` opens on first touch. With a revocation list it is open
   * before `next` is called, which hears a SessionError (503) where the list cannot be asked.
   */
  middleware(req: NodeRequest, res: NodeResponse, next: (error?: Error) => void): void;
  /**
   * The session of a request; the same for every call.
   *
   * @throws ConfigError ERR_OPTION: the revocation list is asynchronous. SessionError
   *   ERR_SESSION_REVOCATION: it cannot be asked.
   */
  attach(req: NodeRequest, res: NodeResponse): Session<T>;
  /** The same, where a revocation list has to be asked; rejects with ERR_SESSION_REVOCATION. */
  load(req: NodeRequest, res: NodeResponse): Promise<Session<T>>;
  /** The asynchronous `read`; rejects with ERR_SESSION_REVOCATION. */
  load(source: SessionSource): Promise<ReadonlySession<T>>;
  /**
   * A handler of the Fetch API with a session. What it throws passes through; a session that cannot be
   * checked (503) or written (500) becomes a Response.
   */
  wrap<R extends unknown[]>(
    handler: (request: Request, session: Session<T>, ...rest: R) => Response | Promise<Response>,
  ): (request: Request, ...rest: R) => Promise<Response>;
  /**
   * A session's data and facts, where nothing is written: an upgrade, server-side rendering.
   *
   * @throws as `attach`.
   */
  read(source: SessionSource): ReadonlySession<T>;
}

/**
 * Sessions in cookies, of one configuration.
 *
 * @throws ConfigError ERR_OPTION, ERR_KEY
 */
export function sessions<T extends object & Data = SessionData>(
  options: SessionOptions,
): Sessions<T> {
  const requests = new Requests(configure(options));
  const load = async (source: NodeRequest | SessionSource, res?: NodeResponse): Promise<unknown> =>
    res === undefined
      ? (await requests.read(source, true)).object
      : requests.touch(await requests.open(source as NodeRequest), res);
  return {
    attach: (req, res) => requests.touch(atOnce(requests.open(req)), res) as Session<T>,
    load: load as Sessions<T>["load"],
    read: (source) => atOnce(requests.read(source, true)).object as unknown as ReadonlySession<T>,
    middleware(req, res, next) {
      requests.define(req, res);
      requests.ready(req, next);
    },
    wrap(handler) {
      if (typeof handler !== "function") throw optionError("the handler", "a function");
      return async (request, ...rest) => {
        const state = await requests.readOrFail(request);
        if (state instanceof Response) return state;
        const session = state.object as unknown as Session<T>;
        return sealResponse(state, await handler(request, session, ...rest));
      };
    },
  };
}
