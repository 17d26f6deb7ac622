/**
 * Cookie sessions for node:http(2), Connect, Express and the Fetch API, composed of cookie.ts (one
 * cookie), seal.ts (base64, JWT or Fernet) and session/: options, open (from cookie to claims), state
 * (the session and its changes) and head (into the response).
 */

import { SessionError } from "./errors.ts";
import { optionError } from "./internal/options.ts";
import { failedResponse, hookHead, type NodeResponse, sealResponse } from "./session/head.ts";
import { atOnce, isPromise, type Opened, open } from "./session/open.ts";
import { type Config, configure, type SessionOptions } from "./session/options.ts";
import { type SessionFacts, type SessionMembers, State } from "./session/state.ts";

export { ConfigError, SessionError } from "./errors.ts";
export type { Priority, SameSite } from "./cookie.ts";
export type { Seal, SealType, Secret } from "./seal.ts";
export type { Revocation, SessionCookieOptions, SessionOptions } from "./session/options.ts";
export type { Done, SessionFacts, SessionMembers } from "./session/state.ts";

/** The data of `req.session`: declare your own members in it, once, by module augmentation. */
// biome-ignore lint/suspicious/noEmptyInterface: there to be augmented
export interface SessionData {}

/** Data, as JSON can hold them, and the members of a session, whose names no data can have. */
export type Session<T extends object = SessionData> = T & SessionMembers;
export type ReadonlySession<T extends object = SessionData> = Readonly<T> & SessionFacts;

/** Data that have no member's name. */
export type Data = { readonly [Name in keyof SessionMembers]?: never };

/** What of an IncomingMessage or an Http2ServerRequest is used. */
export interface NodeRequest {
  readonly headers: { cookie?: string | undefined };
}
export type { NodeResponse } from "./session/head.ts";

declare module "node:http" {
  interface IncomingMessage {
    get session(): SessionData extends object & Data ? Session : never;
    /** null destroys the session, an object replaces its data. */
    set session(data: SessionData | null);
  }
}

export interface Sessions<T extends object> {
  /** Connect, Express and the like: `req.session` opens on first touch. */
  middleware(req: NodeRequest, res: NodeResponse, next: (error?: unknown) => void): void;
  /** The session of a request; the same for every call. */
  attach(req: NodeRequest, res: NodeResponse): Session<T>;
  /** The same, where a revocation list has to be asked. */
  load(req: NodeRequest, res: NodeResponse): Promise<Session<T>>;
  /** The asynchronous `read`. */
  load(source: SessionSource): Promise<ReadonlySession<T>>;
  /** A handler of the Fetch API with a session. */
  wrap<R extends unknown[]>(
    handler: (request: Request, session: Session<T>, ...rest: R) => Response | Promise<Response>,
  ): (request: Request, ...rest: R) => Promise<Response>;
  /** A session's data and facts, where nothing is written: an upgrade, server-side rendering. */
  read(source: SessionSource): ReadonlySession<T>;
}

/** Whatever has a Cookie header, or the header's text. */
export type SessionSource = NodeRequest | Request | Headers | string | undefined;

/**
 * Sessions in cookies, of one configuration.
 *
 * @throws ConfigError ERR_OPTION, ERR_KEY
 */
export function sessions<T extends object & Data = SessionData>(
  options: SessionOptions,
): Sessions<T> {
  const config = configure(options);
  const requests = new Requests(config);

  const attach = (req: NodeRequest, res: NodeResponse): Session<T> =>
    requests.touch(atOnce(requests.open(req)), res) as Session<T>;

  async function load(source: NodeRequest | SessionSource, res?: NodeResponse): Promise<unknown> {
    if (res !== undefined) {
      return requests.touch(await requests.open(source as NodeRequest), res);
    }
    const now = config.now();
    return new State(config, await open(config, cookieHeader(source), now), now, true).object;
  }

  // A descriptor for all requests: to define it costs next to nothing, and an untouched one no more.
  const property: PropertyDescriptor & ThisType<Holder> = {
    configurable: true,
    enumerable: true,
    get() {
      return attach(this, this[RESPONSE] as NodeResponse);
    },
    set(value: unknown) {
      attach(this, this[RESPONSE] as NodeResponse);
      atOnce(requests.open(this)).replace(value);
    },
  };

  return {
    attach,
    load: load as Sessions<T>["load"],

    middleware(req, res, next) {
      (req as Holder)[RESPONSE] = res;
      Object.defineProperty(req, "session", property);
      if (config.revocation === undefined) {
        next();
        return;
      }
      // The list is asked before the handler runs, which cannot wait where it touches the session.
      let opened: State | Promise<State>;
      try {
        opened = requests.open(req);
      } catch (error) {
        next(error);
        return;
      }
      if (isPromise(opened)) opened.then(() => next(), next);
      else next();
    },

    wrap(handler) {
      return async (request, ...rest) => {
        const now = config.now();
        let opened: Opened;
        try {
          opened = await open(config, cookieHeader(request), now);
        } catch (error) {
          if (error instanceof SessionError) return failedResponse(config, error);
          throw error;
        }
        const state = new State(config, opened, now, false);
        const response = await handler(request, state.object as Session<T>, ...rest);
        return sealResponse(state, response);
      };
    },

    read(source) {
      const now = config.now();
      const opened = atOnce(open(config, cookieHeader(source), now));
      return new State(config, opened, now, true).object as ReadonlySession<T>;
    },
  };
}

const RESPONSE = Symbol("bulla.response");

/** A request, with what belongs to it. */
interface Holder extends NodeRequest {
  [RESPONSE]?: NodeResponse;
  [opened: symbol]: unknown;
}

/** The sessions of requests, each opened once. */
class Requests {
  readonly #config: Config;
  readonly #key = Symbol("bulla.session");

  constructor(config: Config) {
    this.#config = config;
  }

  /** The state of a request; a Promise while the revocation list is being asked. */
  open(req: NodeRequest): State | Promise<State> {
    const holder = req as Holder;
    const held = holder[this.#key] as State | Promise<State> | undefined;
    if (held !== undefined) return held;
    const config = this.#config;
    const now = config.now();
    const keep = (opened: Opened): State =>
      (holder[this.#key] = new State(config, opened, now, false)) as State;
    const opened = open(config, cookieHeader(req), now);
    if (!isPromise(opened)) return keep(opened);
    const opening = opened.then(keep);
    holder[this.#key] = opening;
    return opening;
  }

  /** The session as the application has it: from now on the response's head carries it. */
  touch(state: State, res: NodeResponse): object {
    if (!state.hooked) {
      state.hooked = true;
      hookHead(state, res);
    }
    return state.object;
  }
}

/** The text of a source's Cookie header; several fields are one list (RFC 6265bis section 4.2.1). */
function cookieHeader(source: SessionSource): string | undefined {
  if (source === undefined || typeof source === "string") return source;
  if (source === null || typeof source !== "object") {
    throw optionError("what a session is read from", "a request, its headers or a Cookie header");
  }
  const headers = "headers" in source ? source.headers : source;
  if (isHeaders(headers)) return headers.get("Cookie") ?? undefined;
  const { cookie }: { cookie?: string | string[] | undefined } = headers;
  return Array.isArray(cookie) ? cookie.join("; ") : cookie;
}

function isHeaders(headers: Headers | NodeRequest["headers"]): headers is Headers {
  return typeof (headers as { get?: unknown }).get === "function";
}
