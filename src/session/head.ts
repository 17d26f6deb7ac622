/** Puts the session into a response's head as it is written: a ServerResponse's, of node:http or node:http2. */

import { SessionError } from "../internal/errors.ts";
import { tell } from "./open.ts";
import type { State } from "./state.ts";

type Field = string | number | readonly string[] | undefined;

/** What of node:http's and node:http2's responses is used. */
export interface NodeResponse {
  statusCode: number;
  statusMessage: string;
  readonly headersSent: boolean;
  getHeader(name: string): Field;
  setHeader(name: string, value: string | readonly string[]): unknown;
  appendHeader(name: string, value: string | readonly string[]): unknown;
  removeHeader(name: string): void;
  // biome-ignore lint/suspicious/noExplicitAny: the overloads of two modules, passed through
  writeHead(...args: any[]): any;
  // biome-ignore lint/suspicious/noExplicitAny: as above
  end(...args: any[]): any;
  once(event: "finish", listener: () => void): unknown;
  destroy?(error: unknown): unknown;
  /** Of node:http2. */
  readonly stream?: { destroy?(error: unknown): unknown };
}

export const NO_STORE = "no-store";

/**
 * Has the head of `res` carry the session, as it is when the head is written. Every way leads through
 * `writeHead`, which node:http calls itself where the application does not; only an `end()` without a
 * body on HTTP/2 does not.
 */
export function hookHead(state: State, res: NodeResponse): void {
  const head = new NodeHead(state, res);
  if (res.headersSent) state.missHeaders();
  head.hook();
  res.once("finish", () => head.finish());
}

class NodeHead {
  readonly #state: State;
  readonly #res: NodeResponse;
  readonly #http2: boolean;
  /** The Set-Cookie that was put in for a head that then was not written. */
  #cookie: string | undefined;
  #reported: SessionError | undefined;
  /** What `end` was given while the revocation list is being told. */
  #waiting: unknown[] | undefined;

  constructor(state: State, res: NodeResponse) {
    this.#state = state;
    this.#res = res;
    this.#http2 = "stream" in res;
  }

  hook(): void {
    const res = this.#res;
    const { writeHead, end } = res;
    res.writeHead = (status: number, ...rest: unknown[]): unknown => {
      if (res.headersSent) return writeHead.call(res, status, ...rest);
      const reason = typeof rest[0] === "string" ? [rest[0]] : [];
      setFields(res, reason.length > 0 ? rest[1] : (rest[1] ?? rest[0]));
      const failure = this.#setSession();
      const written =
        failure === undefined
          ? writeHead.call(res, status, ...reason)
          : writeHead.call(res, failure.status);
      this.#state.sent = true;
      return written;
    };
    res.end = (...args: unknown[]): unknown => {
      const { pending } = this.#state;
      if (pending === undefined) return this.#end(end, args);
      // Not by `res.end`, which is whoever has wrapped it since.
      if (this.#waiting === undefined) void pending.then(() => this.#endLate(end));
      // An error handler that comes behind sees no head yet: then the response is what it ends with.
      if (this.#waiting === undefined || hasBody(args)) this.#waiting = args;
      return res;
    };
  }

  #end(end: NodeResponse["end"], args: readonly unknown[]): unknown {
    const res = this.#res;
    // Bun sends no length, and no end, where the status forbids a body until `writeHead` changes it.
    const early = this.#http2 || res.statusCode === 204 || res.statusCode === 304;
    if (early && !res.headersSent) {
      const failure = this.#setSession();
      if (failure !== undefined) res.statusCode = failure.status;
    }
    const ended = end.apply(res, args as unknown[]);
    this.#state.sent = true;
    return ended;
  }

  /** There is nobody any more to whom `end` could throw: the response is broken off. */
  #endLate(end: NodeResponse["end"]): void {
    this.#state.pending = undefined;
    try {
      this.#end(end, this.#waiting as unknown[]);
    } catch (error) {
      (this.#res.stream ?? this.#res).destroy?.(error);
      const detail = error instanceof Error ? error.message : "";
      process.emitWarning("a response could not be ended as asked", { code: "BULLA_END", detail });
    }
  }

  /** Reports what happened too late for the head. */
  finish(): void {
    // A session that could not be written has been reported; a client that goes before there is a head
    // is no error.
    if (this.#reported !== undefined || !this.#state.sent) return;
    const { untold } = this.#state;
    if (untold !== undefined) this.#report(untold);
    else if (this.#state.changedLate()) this.#report(new SessionError("ERR_SESSION_HEADERS_SENT"));
  }

  /** Sets Vary, Set-Cookie and Cache-Control; returns the error where the session cannot be written. */
  #setSession(): SessionError | undefined {
    const res = this.#res;
    const vary = varyWithCookie(res.getHeader("Vary"));
    if (vary !== undefined) res.setHeader("Vary", vary);
    const cookie = cookieOrError(this.#state);
    const failed = cookie instanceof SessionError;
    this.#replaceCookie(failed ? undefined : cookie);
    if (failed) {
      this.#report(cookie);
      res.setHeader("Cache-Control", NO_STORE);
      // HTTP/2 has no reason phrase, and Node warns of one.
      if (!this.#http2) res.statusMessage = "";
      return cookie;
    }
    if (cookie !== undefined && res.getHeader("Cache-Control") === undefined) {
      res.setHeader("Cache-Control", NO_STORE);
    }
    return undefined;
  }

  /** Sets the session's cookie beside the others, or takes an earlier one back. */
  #replaceCookie(cookie: string | undefined): void {
    const set = this.#res.getHeader("Set-Cookie");
    const before = set === undefined ? [] : Array.isArray(set) ? (set as string[]) : [String(set)];
    const own = cookie === undefined ? this.#cookie : ownPrefix(this.#state);
    if (own === undefined) return;
    const cookies = before.filter((other) => !String(other).startsWith(own));
    if (cookie !== undefined) cookies.push(cookie);
    this.#cookie = cookie;
    if (cookies.length > 0) this.#res.setHeader("Set-Cookie", cookies);
    else this.#res.removeHeader("Set-Cookie");
  }

  /** Each error once: a head can be tried twice. */
  #report(error: SessionError): void {
    if (this.#reported?.code !== error.code) tell("onError", this.#state.config.onError, error);
    this.#reported = error;
  }
}

/** Whether `end` was given more than a callback. */
function hasBody([chunk]: readonly unknown[]): boolean {
  return chunk !== undefined && chunk !== null && typeof chunk !== "function";
}

/**
 * Puts the fields given to writeHead beside those set before, as node:http has it: they replace those
 * of the same name, and an array of them may repeat a name.
 */
function setFields(res: NodeResponse, fields: unknown): void {
  if (fields === undefined || fields === null) return;
  if (!Array.isArray(fields)) {
    for (const [name, value] of Object.entries(fields)) res.setHeader(name, value);
    return;
  }
  const pairs: [string, string][] = [];
  if (Array.isArray(fields[0])) pairs.push(...fields);
  else for (let at = 0; at < fields.length; at += 2) pairs.push([fields[at], fields[at + 1]]);
  for (const [name] of pairs) res.removeHeader(name);
  for (const [name, value] of pairs) res.appendHeader(name, value);
}

/** `Vary` with Cookie among its names; undefined if it says so already. */
export function varyWithCookie(vary: Field | null): string | undefined {
  if (vary === undefined || vary === null || vary === "") return "Cookie";
  const text = String(vary);
  const names = text.toLowerCase().split(/[\t ,]/);
  return names.includes("*") || names.includes("cookie") ? undefined : `${text}, Cookie`;
}

/** The Set-Cookie that is due, or why it cannot be made. */
export function cookieOrError(state: State): string | SessionError | undefined {
  try {
    return state.cookie();
  } catch (error) {
    return error instanceof SessionError ? error : new SessionError("ERR_SESSION_DATA");
  }
}

/** What a Set-Cookie of the session begins with. */
export function ownPrefix({ config }: State): string {
  return `${config.name}=`;
}
