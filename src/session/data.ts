/** What a session's data may be: what JSON gives back as it was. */

import { optionError } from "../internal/checks.ts";
import { ConfigError, SessionError } from "../internal/errors.ts";
import { asJson, hasParts, isPlain, type Parts, partsOf, put } from "../internal/json.ts";

/** Data cannot have these names: they would hide a member or the prototype. */
export const RESERVED: ReadonlySet<string> = new Set([
  "id",
  "isNew",
  "createdAt",
  "expiresAt",
  "regenerate",
  "destroy",
  "save",
  "touch",
  "__proto__",
]);

export function refuseName(name: string): never {
  throw new ConfigError("ERR_OPTION", `${name} is a session's own: data must have another name`);
}

/** A session's data at one moment. */
export interface Snapshot {
  /** As JSON text; undefined: as the cookie brought them. */
  readonly text: string | undefined;
  /** To see without serialising that nothing changed; undefined: it cannot be seen. */
  readonly parts: Parts | undefined;
}

export const NO_DATA: Snapshot = { text: "{}", parts: partsOf({}) };

/**
 * The session's data as they are now.
 *
 * @throws SessionError ERR_SESSION_DATA: JSON cannot hold the data, or would alter them.
 */
export function snapshotOf(object: object): Snapshot & { readonly text: string } {
  let text: string | undefined;
  let parts: Parts | undefined;
  try {
    const json = asJson(object) as object;
    parts = json === object || isPlain(json) ? partsOf(json) : undefined;
    const right = parts !== undefined && !Object.keys(json).some((name) => RESERVED.has(name));
    if (json !== object) parts = undefined;
    if (right) text = JSON.stringify(object);
  } catch {
    // A cycle, a getter or a toJSON that threw: its error could hold the data.
  }
  if (text === undefined) throw new SessionError("ERR_SESSION_DATA");
  return { text, parts };
}

/** Whether nothing in the data changed; false where that takes their text to say. */
export function isStill(object: object, { parts }: Snapshot): boolean {
  try {
    return parts !== undefined && hasParts(object, parts);
  } catch {
    return false; // A getter that throws.
  }
}

/** Removes all data. @throws ConfigError: the application has frozen the session, or a part of it. */
export function clear(object: object): void {
  const names = Object.keys(object);
  const isFixed = (name: string): boolean =>
    !(Object.getOwnPropertyDescriptor(object, name) as PropertyDescriptor).configurable;
  if (!Object.isExtensible(object) || names.some(isFixed)) {
    throw optionError("the session", "extensible, and its data configurable");
  }
  for (const name of names) Reflect.deleteProperty(object, name);
}

/** The data that a cookie brought, but for reserved names. */
export function withoutReserved(data: object): Record<string, unknown> {
  const names = Object.keys(data);
  if (!names.some((name) => RESERVED.has(name))) return data as Record<string, unknown>;
  const allowed = {};
  for (const name of names) {
    if (!RESERVED.has(name)) put(allowed, name, (data as Record<string, unknown>)[name]);
  }
  return allowed;
}

/** Copies data. */
export function assign(object: object, data: object): void {
  for (const name of Object.keys(data)) put(object, name, (data as Record<string, unknown>)[name]);
}

/** A copy of what the application assigns. @throws ConfigError ERR_OPTION */
export function copyOf(value: unknown): object {
  if (value === null || typeof value !== "object" || Array.isArray(value) || !isPlain(value)) {
    throw optionError("what is assigned to the session", "a plain object or null");
  }
  for (const name of Object.keys(value)) if (RESERVED.has(name)) refuseName(name);
  return { ...value };
}
