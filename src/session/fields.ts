/** Computes the Vary, Set-Cookie and Cache-Control fields that sessions change in a response. Keeps all others. */

import type { SessionError } from "../internal/errors.ts";
import type { Change, Fields, FieldValue } from "../internal/heads.ts";

/** One session's part of a response. */
export interface Carrying {
  readonly name: string;
  /** The Set-Cookie to send, if any; undefined on failure. */
  readonly cookie: string | undefined;
  /** The reason why the session cannot be written: the response's status becomes 500. */
  readonly failure?: SessionError | undefined;
}

const NO_STORE = "no-store";

/** Fields that some caches obey instead of Cache-Control. */
const OVERRIDING =
  /^(?:surrogate-control|edge-control|x-accel-expires|(?:.+-)?cdn-cache-control)$/i;
/** Fields of the body that a failed response no longer has. */
const OF_A_BODY = ["Content-Length", "ETag", "Last-Modified", "Content-Encoding"];

/** RFC 9111 section 5.2: a directive, its argument and the comma after it. */
const TOKEN = "[!#$%&'*+\\-.^_`|~0-9A-Za-z]+";
const DIRECTIVE = new RegExp(
  `[\\t ]*(?:(${TOKEN})(=(?:${TOKEN}|"(?:[^"\\\\]|\\\\.)*"))?[\\t ]*)?(?:,|$)`,
  "y",
);

/** Returns the changes for all sessions of a response. `bodyForbidden`: the intended status has no body. */
export function changesFor(
  fields: Fields,
  carryings: readonly Carrying[],
  bodyForbidden: boolean,
): Change[] {
  if (carryings.length === 0) return [];
  const changes: Change[] = [];
  const vary = varyWithCookie(fields.get("Vary"));
  if (vary !== undefined) changes.push(["Vary", vary]);
  const writing = carryings.filter(({ cookie, failure }) => cookie ?? failure);
  if (writing.length === 0) return changes;
  const failed = writing.some(({ failure }) => failure);
  const cookies = cookiesWith(fields.get("Set-Cookie"), writing);
  if (cookies !== undefined) changes.push(["Set-Cookie", cookies.length > 0 ? cookies : undefined]);
  const given = fields.get("Cache-Control");
  const control = failed ? NO_STORE : notShared(given);
  if (control !== given) changes.push(["Cache-Control", control]);
  for (const name of fields.names()) if (OVERRIDING.test(name)) changes.push([name, undefined]);
  // RFC 9110 section 8.6: a 304 may state the length of the body that a 200 would have.
  if (failed && bodyForbidden) {
    const there = OF_A_BODY.filter((name) => (fields.get(name) ?? undefined) !== undefined);
    for (const name of there) changes.push([name, undefined]);
  }
  return changes;
}

/** Adds Cookie to `Vary`; undefined if it is there already. */
function varyWithCookie(vary: FieldValue): string | undefined {
  const text = textOf(vary);
  if (text === "") return "Cookie";
  const names = text.toLowerCase().split(/[\t ,]/);
  return names.includes("*") || names.includes("cookie") ? undefined : `${text}, Cookie`;
}

/** Puts the sessions' cookies in place of earlier ones of their names; undefined for no change. */
function cookiesWith(given: FieldValue, writing: readonly Carrying[]): string[] | undefined {
  const own = writing.flatMap(({ cookie }) => cookie ?? []);
  if (given === undefined || given === null) return own.length > 0 ? own : undefined;
  const before = [given].flat().map(String);
  const names = writing.map(({ name }) => name);
  const others = before.filter(
    (cookie) => !names.includes((cookie.split("=", 1)[0] as string).trim()),
  );
  return own.length === 0 && others.length === before.length ? undefined : [...others, ...own];
}

/** Keeps shared caches from storing the response (RFC 6265bis section 8, RFC 9111 section 5.2.2). */
function notShared(given: FieldValue): string {
  const text = textOf(given);
  if (text === "") return NO_STORE;
  const kept: string[] = [];
  let removed = false;
  let isPrivate = false;
  for (let at = 0; at < text.length; at = DIRECTIVE.lastIndex) {
    DIRECTIVE.lastIndex = at;
    const match = DIRECTIVE.exec(text);
    if (match === null) return NO_STORE; // unparsable
    const [, name, argument = ""] = match;
    if (name === undefined) continue;
    const lower = name.toLowerCase();
    if (lower === "public" || lower === "s-maxage" || (lower === "private" && argument !== "")) {
      removed = true;
      continue;
    }
    if (lower === "private" || lower === NO_STORE) isPrivate = true;
    kept.push(name + argument);
  }
  if (!isPrivate) return [...kept, "private"].join(", ");
  return removed ? kept.join(", ") : text;
}

/** Joins repeated fields into one list (RFC 9110 section 5.3). */
function textOf(value: FieldValue): string {
  return Array.isArray(value) ? value.join(", ") : String(value ?? "");
}
