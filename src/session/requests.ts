/** The sessions of requests: each opened once, when it is first touched or, with revocation, before. */

import { optionError } from "../internal/checks.ts";
import { SessionError } from "../internal/errors.ts";
import type { Config } from "./config.ts";
import { hookHead, type NodeResponse } from "./head.ts";
import { atOnce, isPromise, type Opened, open, tell } from "./open.ts";
import { failedResponse } from "./response.ts";
import { State } from "./state.ts";

/** What of an IncomingMessage or an Http2ServerRequest is used. */
export interface NodeRequest {
  readonly headers: { cookie?: string | undefined };
}

/** Whatever has a Cookie header, or the header's text. */
export type SessionSource = NodeRequest | Request | Headers | string | undefined;

/** A request, with what belongs to it. */
interface Holder extends NodeRequest {
  [member: symbol]: unknown;
}

export class Requests {
  readonly #config: Config;
  readonly #state = Symbol("bulla.state");
  readonly #response = Symbol("bulla.response");
  readonly #heard = new WeakSet<object>();
  /** One descriptor for all requests: to define it costs little, and an untouched session no more. */
  readonly #property: PropertyDescriptor;

  constructor(config: Config) {
    this.#config = config;
    const touched = (req: Holder): State => {
      const state = atOnce(this.open(req));
      this.touch(state, req[this.#response] as NodeResponse);
      return state;
    };
    this.#property = {
      configurable: true,
      enumerable: true,
      get(this: Holder) {
        return touched(this).object;
      },
      set(this: Holder, value: unknown) {
        touched(this).replace(value);
      },
    };
  }

  /** The session of a source that nothing is written to later, or of a Request. */
  read(source: SessionSource, readonly: boolean): State | Promise<State> {
    const config = this.#config;
    const now = config.now();
    const opened = open(config, cookieHeader(source), now);
    const begin = (found: Opened): State => {
      this.#hear(source, found);
      return new State(config, found, now, readonly);
    };
    return isPromise(opened) ? opened.then(begin) : begin(opened);
  }

  /** Tells why a cookie was refused; of a request once, however often it is read. */
  #hear(source: SessionSource, { refused }: Opened): void {
    const { onInvalid } = this.#config;
    if (refused === undefined || onInvalid === undefined) return;
    if (typeof source === "object") {
      if (this.#heard.has(source)) return;
      this.#heard.add(source);
    }
    tell("onInvalid", onInvalid, { code: refused });
  }

  /** The session of a Request, or the response that says that it could not be checked. */
  async readOrFail(request: Request): Promise<State | Response> {
    try {
      return await this.read(request, false);
    } catch (error) {
      if (error instanceof SessionError) return failedResponse(this.#config, error);
      throw error;
    }
  }

  /** The session of a request, always the same; a Promise while the revocation list is being asked. */
  open(req: NodeRequest): State | Promise<State> {
    if (!isObject(req)) throw optionError("req", "a request");
    const holder = req as Holder;
    const held = holder[this.#state] as State | Promise<State> | undefined;
    if (held !== undefined) return held;
    const state = this.read(req, false);
    holder[this.#state] = state;
    if (isPromise(state)) {
      state.then(
        (settled) => {
          holder[this.#state] = settled;
        },
        () => {},
      );
    }
    return state;
  }

  /** The session as the application has it: from now on the response's head carries it. */
  touch(state: State, res: NodeResponse): object {
    if (!state.hooked) {
      if (typeof res?.once !== "function") throw optionError("res", "a ServerResponse");
      state.hooked = true;
      hookHead(state, res);
    }
    return state.object;
  }

  /** Gives a request its `session`. */
  define(req: NodeRequest, res: NodeResponse): void {
    if (!isObject(req)) throw optionError("req", "a request");
    (req as Holder)[this.#response] = res;
    Object.defineProperty(req, "session", this.#property);
  }

  /** Calls `next` when the session can be touched: a handler cannot wait for a revocation list. */
  ready(req: NodeRequest, next: (error?: Error) => void): void {
    let state: State | Promise<State> | undefined;
    try {
      if (this.#config.revocation !== undefined) state = this.open(req);
    } catch (error) {
      next(error as Error);
      return;
    }
    if (isPromise(state)) state.then(() => next(), next);
    else next();
  }
}

/** The text of a source's Cookie header; several fields are one list (RFC 6265bis section 4.2.1). */
function cookieHeader(source: SessionSource): string | undefined {
  if (source === undefined || typeof source === "string") return source;
  const headers: unknown = isObject(source) && "headers" in source ? source.headers : source;
  if (!isObject(headers)) {
    throw optionError("what a session is read from", "a request, its headers or a Cookie header");
  }
  if (isHeaders(headers)) return headers.get("Cookie") ?? undefined;
  const { cookie } = headers as { cookie?: string | string[] };
  return Array.isArray(cookie) ? cookie.join("; ") : cookie;
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

function isHeaders(headers: object): headers is Headers {
  return typeof (headers as { get?: unknown }).get === "function";
}
