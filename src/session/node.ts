/** Sessions for node:http and node:http2: writes the session cookie just before the headers go out. */

import { isPromise, warnOnce } from "../internal/callbacks.ts";
import { optionError } from "../internal/checks.ts";
import { HeadArguments, type HeadResponse } from "../internal/heads.ts";
import { streamOf } from "../internal/sources.ts";
import type { Config } from "./config.ts";
import type { Carrier, Commit } from "./draft.ts";
import { changesFor } from "./fields.ts";
import { openSource } from "./source.ts";
import type { State } from "./state.ts";

/** The members used of an IncomingMessage or Http2ServerRequest. */
export interface NodeRequest {
  /** The header fields, by their names in lower case. */
  readonly headers: { cookie?: string | undefined };
}

/** The members used of a ServerResponse or Http2ServerResponse. */
export interface NodeResponse extends HeadResponse {
  readonly headersSent: boolean;
  // biome-ignore lint/suspicious/noExplicitAny: the overloads of two modules, passed through
  writeHead(...args: any[]): any;
  once(event: "finish", listener: () => void): unknown;
  on?(event: "finish", listener: () => void): unknown;
}

/** The sessions of a response, and its own `writeHead`. */
interface Hook {
  readonly states: State[];
  readonly writeHead: NodeResponse["writeHead"];
}

/** Key of a response's Hook, for shared functions: one made for each response would outlive the young generation. */
const HOOK: unique symbol = Symbol("bulla.hook");
type Hooked = NodeResponse & { [HOOK]?: Hook };

type Keeping = NodeRequest & { [key: symbol]: Exchange | undefined };

class Exchange implements Carrier {
  readonly config: Config;
  readonly req: NodeRequest;
  res: Hooked;
  state: State | undefined;
  #opening: Promise<State> | undefined;

  constructor(config: Config, req: NodeRequest, res: NodeResponse) {
    this.config = config;
    this.req = req;
    this.res = res;
  }

  /** Opens the session, once; returns a Promise while the revocation list is asked. */
  open(): State | Promise<State> {
    const known = this.state ?? this.#opening;
    if (known !== undefined) return known;
    const opened = openSource(this.config, this.req, false);
    if (!isPromise(opened)) return this.#opened(opened);
    this.#opening = opened.then(
      (state) => this.#opened(state),
      (error) => {
        // A later call asks the list again.
        this.#opening = undefined;
        throw error;
      },
    );
    return this.#opening;
  }

  /** Returns the session's object; from now on the response carries it. */
  join(state: State): object {
    const { res, config } = this;
    const hook = res[HOOK];
    if (hook === undefined) {
      res[HOOK] = { states: [state], writeHead: res.writeHead };
      if (!res.headersSent) res.writeHead = writeHead;
      // `once` would make a function for each response.
      (res.on ?? res.once).call(res, "finish", reportLost);
    } else if (!hook.states.includes(state)) {
      if (hook.states.some((other) => other.config.name === config.name)) {
        warnOnce(
          "BULLA_COOKIE_NAME",
          "two sessions() write a cookie of one name: give each its own cookie.name",
        );
      }
      hook.states.push(state);
    }
    return state.object;
  }

  #opened(state: State): State {
    state.carrier = this;
    this.state = state;
    return state;
  }

  isClosed(): boolean {
    const { upgrade, socket } = this.req as { upgrade?: boolean; socket?: unknown };
    const res = this.res as { headersSent: boolean; socket?: unknown };
    // An upgrade's response is never sent: Bun gives it another socket, Node none.
    return res.headersSent || (upgrade === true && res.socket !== socket);
  }
}

export class NodeSessions {
  readonly #config: Config;
  readonly #key = Symbol("bulla.exchange");
  /** One descriptor for all requests, so an untouched session costs almost nothing. */
  readonly #property: PropertyDescriptor;

  constructor(config: Config) {
    this.#config = config;
    const key = this.#key;
    const opened = (req: Keeping): Exchange | undefined => {
      const exchange = req[key];
      // With a list, only the middleware opens it: an access log that reads it earlier gets undefined.
      if (config.revocation === undefined) exchange?.open();
      return exchange?.state === undefined ? undefined : exchange;
    };
    this.#property = {
      configurable: true,
      enumerable: false,
      get(this: Keeping) {
        const exchange = opened(this);
        return exchange?.join(exchange.state as State);
      },
      set(this: Keeping, value: unknown) {
        const exchange = opened(this);
        if (exchange === undefined)
          throw optionError("req.session", "assigned after the middleware has opened it");
        const state = exchange.state as State;
        exchange.join(state);
        state.replace(value);
      },
    };
  }

  /** Returns the request's exchange, the same for every call. @throws ConfigError ERR_OPTION */
  exchange(req: NodeRequest, res: NodeResponse): Exchange {
    // `in` does not call the getter of `headers`: an untouched session costs almost nothing.
    if (typeof req !== "object" || !("headers" in (req ?? {})))
      throw optionError("req", "an IncomingMessage");
    if (typeof res?.writeHead !== "function" || typeof res.once !== "function") {
      throw optionError("res", "a ServerResponse");
    }
    let exchange = (req as Keeping)[this.#key];
    if (exchange === undefined) {
      exchange = new Exchange(this.#config, req, res);
      // Not enumerable, so a log's copy of a request holds no session.
      Object.defineProperty(streamOf(req), this.#key, { value: exchange });
    } else {
      // An earlier call may have passed a stand-in for the response.
      exchange.res = res;
    }
    return exchange;
  }

  middleware(req: NodeRequest, res: NodeResponse, next: (error?: Error) => void): void {
    const exchange = this.exchange(req, res);
    Object.defineProperty(req, "session", this.#property);
    let state: State | Promise<State> | undefined;
    try {
      if (this.#config.revocation !== undefined) state = exchange.open();
    } catch (error) {
      next(error as Error);
      return;
    }
    if (isPromise(state)) state.then(() => next(), next);
    else next();
  }
}

function writeHead(this: Hooked, ...args: unknown[]): unknown {
  const { states, writeHead: original } = this[HOOK] as Hook;
  if (this.headersSent) return original.apply(this, args);
  const head = new HeadArguments(this, args);
  const commits = states.map((state) => state.attempt());
  const changes = changesFor(head, commits, head.hasNoBody);
  if (changes.some(([name]) => head.refuses(name))) return original.apply(this, args);
  const failure = commits.find((commit) => commit.failure)?.failure;
  const written = head.write(original, changes, failure?.status);
  for (const [index, state] of states.entries()) state.carried(commits[index] as Commit);
  return written;
}

/** HTTP/2 emits "finish" also if the client left before the headers: not an error. */
function reportLost(this: Hooked): void {
  if (!this.headersSent && "stream" in this) return;
  // A stand-in's listener is called for the response itself too.
  for (const state of this[HOOK]?.states ?? []) state.reportLost();
}
