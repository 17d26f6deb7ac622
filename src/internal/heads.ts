/** Reads and changes a response's fields: those of a `writeHead` call (node:http, node:http2), or Headers. */

import { put } from "./json.ts";

export type FieldValue = string | number | readonly string[] | null | undefined;

/** A response's fields, by name in any case. */
export interface Fields {
  get(name: string): FieldValue;
  names(): Iterable<string>;
}

/** Sets a field; undefined removes it. */
export type Change = readonly [name: string, value: string | readonly string[] | undefined];

/** The members used of a ServerResponse or Http2ServerResponse. */
export interface HeadResponse {
  statusMessage: string;
  getHeader(name: string): string | number | readonly string[] | undefined;
  getHeaderNames?(): string[];
  setHeader(name: string, value: string | number | readonly string[]): unknown;
  removeHeader(name: string): void;
}

/** As a response holds a field; undefined if it does not. */
type Setting = readonly [name: string, value: ReturnType<HeadResponse["getHeader"]>];

type Pair = readonly [name: unknown, value: FieldValue];

const NOTHING: readonly never[] = [];
const NO_LENGTH: Change = ["Content-Length", "0"];

/** The arguments of `writeHead`: a status, a reason, and fields as an object, a flat list or pairs. */
export class HeadArguments implements Fields {
  readonly #status: unknown;
  readonly #res: HeadResponse;
  readonly #reason: readonly unknown[];
  readonly #given: unknown;
  readonly #pairs: readonly Pair[];
  readonly #arePairs: boolean;
  readonly #isHttp2: boolean;

  constructor(res: HeadResponse, [status, reason, fields]: readonly unknown[]) {
    const hasReason = typeof reason === "string";
    this.#status = status;
    this.#res = res;
    this.#reason = hasReason ? [reason] : NOTHING;
    this.#given = hasReason ? fields : (fields ?? reason);
    this.#pairs = pairsOf(this.#given);
    this.#arePairs = Array.isArray(this.#given) && Array.isArray(this.#given[0]);
    this.#isHttp2 = "stream" in res;
  }

  /** RFC 9110 section 6.4.1. Node converts a status that is text. */
  get hasNoBody(): boolean {
    const code = (this.#status as number) | 0;
    return code === 204 || code === 304 || code < 200;
  }

  /** The value that would be sent: a field of the call overrides one that was set. */
  get(name: string): FieldValue {
    const values: FieldValue[] = [];
    for (const [other, value] of this.#pairs) if (isNamed(other, name)) values.push(value);
    return values.length === 0 ? this.#res.getHeader(name) : (values.flat() as string[]);
  }

  names(): string[] {
    const own = this.#res.getHeaderNames?.() ?? [];
    return [...own, ...this.#pairs.map(([name]) => String(name))];
  }

  /** True if Node rejects the list, or the value of such a field: the call must then fail as it is. */
  refuses(name: string): boolean {
    for (const [other, value] of this.#pairs) {
      if (value === undefined) return true;
      if (!this.#isHttp2 && isNamed(other, name) && isRefused(value)) return true;
    }
    return false;
  }

  /**
   * Calls `writeHead` with the changes and, if given, another status. Without set fields the changes go into a copy of
   * the argument: after any `setHeader`, node:http sends only one field of a repeated name. Otherwise they are set on
   * the response, and undone if the call throws.
   */
  write(
    writeHead: (...args: unknown[]) => unknown,
    wanted: readonly Change[],
    status?: number,
  ): unknown {
    const res = this.#res;
    // Without a length, a client would read the next response as this one's body.
    const changes = status !== undefined && this.#isEmptied() ? [...wanted, NO_LENGTH] : wanted;
    const bare = res.getHeaderNames?.().length === 0;
    // On a bare response, node:http sets nothing that must be undone.
    const before =
      bare && !this.#isHttp2
        ? NOTHING
        : changes.map(([name]): Setting => [name, res.getHeader(name)]);
    // After any field is set, node:http rejects pairs: they go through unchanged, so that it throws.
    const fields =
      bare || this.#isHttp2 || !this.#arePairs ? this.#joined(changes, bare) : this.#given;
    const line = status === undefined ? [this.#status, ...this.#reason] : [status];
    // HTTP/2 has no reason phrase: Node warns if one is read or set.
    const renamed = status !== undefined && !this.#isHttp2;
    const statusMessage = renamed ? res.statusMessage : "";
    try {
      if (!bare) setFields(res, changes);
      if (renamed) res.statusMessage = "";
      return writeHead.call(res, ...line, ...(fields === undefined ? [] : [fields]));
    } catch (error) {
      // node:http2 sets the fields of a call before it rejects the call.
      setFields(res, before);
      if (renamed) res.statusMessage = statusMessage;
      throw error;
    }
  }

  /** On Bun, `end` drops the body of a 204 or 304 before it calls `writeHead`, and adds no Content-Length later. */
  #isEmptied(): boolean {
    return this.hasNoBody && (this.#res as { _hasBody?: boolean })._hasBody === false;
  }

  /** Copies the fields in their form, without those that change; if `bare`, with the new values. */
  #joined(changes: readonly Change[], bare: boolean): unknown {
    const given = this.#given;
    const all: Pair[] = [];
    for (const pair of this.#pairs) {
      if (!changes.some(([name]) => isNamed(pair[0], name))) all.push(pair);
    }
    const isSame = all.length === this.#pairs.length;
    if (bare) for (const change of changes) if (change[1] !== undefined) all.push(change);
    if (isSame && all.length === this.#pairs.length) return given;
    if (Array.isArray(given) && given.length > 0) {
      // Several values stay one list: on Node 20, after any `setHeader`, only the last of a repeated name is sent.
      return this.#arePairs ? all : all.flat(1);
    }
    const fields = {};
    for (const [name, value] of all) put(fields, name as string, value);
    return fields;
  }
}

function pairsOf(given: unknown): readonly Pair[] {
  if (given === undefined || given === null) return NOTHING;
  if (!Array.isArray(given)) return Object.entries(given);
  if (Array.isArray(given[0])) return given.map(([name, value]) => [name, value]);
  const pairs: Pair[] = [];
  for (let at = 0; at < given.length; at += 2) pairs.push([given[at], given[at + 1]]);
  return pairs;
}

function isNamed(given: unknown, name: string): boolean {
  return (
    typeof given === "string" &&
    given.length === name.length &&
    given.toLowerCase() === name.toLowerCase()
  );
}

/** True for a value that node:http rejects: undefined, or a character outside RFC 9110 section 5.5. */
function isRefused(value: FieldValue): boolean {
  if (Array.isArray(value)) return value.some(isRefused);
  return value === undefined || /[^\t\x20-\x7e\x80-\xff]/.test(String(value));
}

function setFields(res: HeadResponse, settings: readonly Setting[]): void {
  for (const [name, value] of settings) {
    if (value === undefined) res.removeHeader(name);
    else res.setHeader(name, value);
  }
}

export function fieldsOf(headers: Headers): Fields {
  return {
    get: (name) => (name === "Set-Cookie" ? headers.getSetCookie() : headers.get(name)),
    names: () => headers.keys(),
  };
}

/** Makes the changes; false for immutable headers, such as those of Response.redirect() and fetch(). */
export function changeHeaders(headers: Headers, changes: readonly Change[]): boolean {
  try {
    for (const [name, value] of changes) {
      headers.delete(name);
      for (const one of [value ?? []].flat()) headers.append(name, one);
    }
    return true;
  } catch {
    return false;
  }
}

/** True for a Response of any realm. The tag of another object can be a getter that throws. */
export function isResponse(value: unknown): value is Response {
  try {
    return Object.prototype.toString.call(value) === "[object Response]";
  } catch {
    return false;
  }
}
