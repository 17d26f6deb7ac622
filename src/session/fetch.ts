/** Sessions for Fetch API handlers: opened from the Request, written to a copy of the Response. */

import { tell } from "../internal/callbacks.ts";
import { optionError } from "../internal/checks.ts";
import { SessionError } from "../internal/errors.ts";
import { changeHeaders, fieldsOf, isResponse } from "../internal/heads.ts";
import type { Config } from "./config.ts";
import { CLOSED } from "./draft.ts";
import { changesFor } from "./fields.ts";
import { openSource } from "./source.ts";
import type { State } from "./state.ts";

type Answer = Response | Promise<Response>;
type Handler<Q, R extends unknown[]> = (request: Q, session: object, ...rest: R) => Answer;

export class FetchSessions {
  readonly #config: Config;
  /** Sessions of the Requests being handled: a wrapped handler that calls another one shares its session. */
  readonly #running = new WeakMap<Request, State | Promise<State>>();

  constructor(config: Config) {
    this.#config = config;
  }

  /** @throws ConfigError ERR_OPTION */
  wrap<Q extends Request, R extends unknown[]>(
    handler: Handler<Q, R>,
  ): (request: Q, ...rest: R) => Promise<Response> {
    if (typeof handler !== "function") throw optionError("the handler", "a function");
    return async (request, ...rest) => {
      if (typeof request?.headers?.get !== "function") throw optionError("request", "a Request");
      const outer = this.#running.get(request);
      let state: State;
      try {
        const opened = outer ?? openSource(this.#config, request, false);
        this.#running.set(request, opened);
        state = await opened;
      } catch (error) {
        this.#running.delete(request);
        if (!(error instanceof SessionError)) throw error;
        tell("onError", () => this.#config.onError(error));
        return failed(error);
      }
      let response: Response;
      try {
        response = await handler(request, state.object, ...rest);
        if (outer === undefined) response = await carry(state, response);
      } catch (thrown) {
        if (outer !== undefined) throw thrown;
        // The handler awaited destroy() or regenerate(), and the list failed.
        if (state.failure && thrown === state.failure) response = refused(state, state.failure);
        else throw isResponse(thrown) ? await carry(state, thrown) : thrown;
      } finally {
        if (outer === undefined) {
          this.#running.delete(request);
          state.carrier = CLOSED;
        }
        if (state.carrier === CLOSED) state.reportLost();
      }
      return response;
    };
  }
}

/** Writes the session to a copy of the Response: the application may send the original to other clients. */
async function carry(state: State, response: Response): Promise<Response> {
  if (!isResponse(response)) throw optionError("the handler's result", "a Response");
  await state.pending;
  const commit = state.attempt();
  const failure = state.failure ?? commit.failure;
  if (failure !== undefined) {
    // Stops the source of a body that is never sent.
    if (!response.bodyUsed) response.body?.cancel().catch(() => {});
    return refused(state, failure);
  }
  // Response.error() and 1xx (an upgrade) have no header fields.
  if (response.status < 200) return response;
  const changes = changesFor(fieldsOf(response.headers), [commit], false);
  const isOwn = commit.cookie === undefined && changeHeaders(response.headers, changes);
  // Throws if the body was read: then the change is lost, and reported.
  const sent = isOwn ? response : new Response(response.body, response);
  if (!isOwn) changeHeaders(sent.headers, changes);
  state.carried(commit);
  return sent;
}

function refused(state: State, failure: SessionError): Response {
  state.carried(failure);
  return failed(failure, state.failure && state.config.clearing);
}

function failed(error: SessionError, cookie?: string): Response {
  const body = error.status === 503 ? "Service Unavailable" : "Internal Server Error";
  const headers = new Headers({ "Cache-Control": "no-store", Vary: "Cookie" });
  if (cookie !== undefined) headers.set("Set-Cookie", cookie);
  return new Response(body, { status: error.status, headers });
}
