/** The fields of a response, and changes to them: of a `writeHead` of node:http or node:http2, and of Headers. */

export type FieldValue = string | number | readonly string[] | null | undefined;

/** A response's fields, by name in any case. */
export interface Fields {
  get(name: string): FieldValue;
  names(): Iterable<string>;
}

/** undefined removes the field. */
export type Change = readonly [name: string, value: string | readonly string[] | undefined];

/** What is used of a ServerResponse or an Http2ServerResponse. */
export interface HeadResponse {
  statusMessage: string;
  getHeader(name: string): string | number | readonly string[] | undefined;
  getHeaderNames(): string[];
  setHeader(name: string, value: string | readonly string[]): unknown;
  removeHeader(name: string): void;
}

type Pair = readonly [name: string, value: FieldValue];

/** The arguments of a `writeHead`: a status, a reason, and fields as an object, a flat list or pairs. */
export class HeadArguments implements Fields {
  readonly status: unknown;
  readonly #res: HeadResponse;
  readonly #reason: readonly unknown[];
  readonly #given: unknown;
  readonly #pairs: readonly Pair[];

  constructor(res: HeadResponse, [status, ...rest]: readonly unknown[]) {
    this.status = status;
    this.#res = res;
    this.#reason = typeof rest[0] === "string" ? [rest.shift()] : [];
    this.#given = rest[1] ?? rest[0];
    this.#pairs = pairsOf(this.#given);
  }

  /** As it would be sent: a field of the call comes before one that was set. */
  get(name: string): FieldValue {
    const lower = name.toLowerCase();
    const pairs = this.#pairs.filter(([other]) => other.toLowerCase() === lower);
    if (pairs.length === 0) return this.#res.getHeader(name);
    return pairs.flatMap(([, value]) => value as string | readonly string[]);
  }

  names(): string[] {
    return [...this.#res.getHeaderNames(), ...this.#pairs.map(([name]) => name)];
  }

  /**
   * Calls `writeHead` with these arguments, the changes and, if there is one, another status.
   *
   * A response without fields of its own gets the changes in a copy of the argument, since any `setHeader` puts
   * node:http on a path where repeated names of a list collapse. Otherwise they are set on the response. A call
   * that throws leaves nothing behind.
   */
  write(
    writeHead: (...args: unknown[]) => unknown,
    changes: readonly Change[],
    status?: number,
  ): unknown {
    const res = this.#res;
    const bare = res.getHeaderNames().length === 0;
    const fields = this.#joined(changes, bare);
    const undo = bare ? [] : setFields(res, changes);
    const { statusMessage } = res;
    // HTTP/2 has no reason phrase, and Node warns of one.
    const renamed = status !== undefined && !("stream" in res);
    if (renamed) res.statusMessage = "";
    const line = status === undefined ? [this.status, ...this.#reason] : [status];
    try {
      return writeHead.call(res, ...line, ...(fields === undefined ? [] : [fields]));
    } catch (error) {
      setFields(res, undo);
      if (renamed) res.statusMessage = statusMessage;
      throw error;
    }
  }

  /** A copy of the fields in the form they had, without those that change; `bare`: with their new values. */
  #joined(changes: readonly Change[], bare: boolean): unknown {
    const given = this.#given;
    const added = bare ? changes.filter(([, value]) => value !== undefined) : [];
    const changed = new Set(changes.map(([name]) => name.toLowerCase()));
    const kept = this.#pairs.filter(([name]) => !changed.has(name.toLowerCase()));
    if (added.length === 0 && kept.length === this.#pairs.length) return given;
    if (!Array.isArray(given)) return Object.fromEntries([...kept, ...added]);
    const single = added.flatMap(([name, value]) => [value].flat().map((one): Pair => [name, one]));
    const all = [...kept, ...single];
    return Array.isArray(given[0]) ? all : all.flat(1);
  }
}

function pairsOf(given: unknown): Pair[] {
  if (given === undefined || given === null) return [];
  if (!Array.isArray(given)) return Object.entries(given);
  if (Array.isArray(given[0])) return given.map(([name, value]) => [String(name), value]);
  const pairs: Pair[] = [];
  for (let at = 0; at < given.length; at += 2) pairs.push([String(given[at]), given[at + 1]]);
  return pairs;
}

/** Sets the changes; returns those that take them back. */
function setFields(res: HeadResponse, changes: readonly Change[]): Change[] {
  const before = changes.map(([name]): Change => {
    const value = res.getHeader(name);
    return [name, typeof value === "number" ? String(value) : value];
  });
  for (const [name, value] of changes) {
    if (value === undefined) res.removeHeader(name);
    else res.setHeader(name, value);
  }
  return before;
}

/** The fields of Headers. */
export function fieldsOf(headers: Headers): Fields {
  return {
    get: (name) => (name === "Set-Cookie" ? headers.getSetCookie() : headers.get(name)),
    names: () => headers.keys(),
  };
}

/** @throws TypeError: the headers are immutable. */
export function changeHeaders(headers: Headers, changes: readonly Change[]): void {
  for (const [name, value] of changes) {
    headers.delete(name);
    for (const one of [value ?? []].flat()) headers.append(name, one);
  }
}
