/** Checks and copies session data: JSON values, under names that are not reserved. */

import { optionError } from "./checks.ts";
import { ConfigError, SessionError } from "./errors.ts";
import { isPlain, put, type Snapshot, snapshot } from "./json.ts";

/** Reserved: these names would hide a member or the prototype. */
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
  throw new ConfigError(
    "ERR_OPTION",
    `${name} is a member of every session: data must have another name`,
  );
}

/** Data from a cookie have no `text`: the cookie's payload has it. */
export type Data = Partial<Snapshot>;
export const NO_DATA: Data = snapshotOf({});

/** Returns the session's data as they are now. @throws SessionError ERR_SESSION_DATA: JSON would lose or alter them. */
export function snapshotOf(object: object): Snapshot {
  // No `cause`: an error of a getter or toJSON could hold the data.
  const data = snapshot(object, RESERVED);
  if (data === undefined) throw new SessionError("ERR_SESSION_DATA");
  return data;
}

/** Removes all data. @throws ConfigError: the application froze the session or a part of it. */
export function clear(object: object): void {
  const names = Object.keys(object);
  const isFixed = (name: string): boolean =>
    !(Object.getOwnPropertyDescriptor(object, name) as PropertyDescriptor).configurable;
  if (!Object.isExtensible(object) || names.some(isFixed)) {
    throw optionError("the session", "extensible and its data configurable: do not freeze them");
  }
  for (const name of names) Reflect.deleteProperty(object, name);
}

export function withoutReserved(data: object): Record<string, unknown> {
  const names = Object.keys(data);
  if (!names.some((name) => RESERVED.has(name))) return data as Record<string, unknown>;
  const allowed = {};
  for (const name of names) {
    if (!RESERVED.has(name)) put(allowed, name, (data as Record<string, unknown>)[name]);
  }
  return allowed;
}

export function assign(object: object, data: object): void {
  for (const name of Object.keys(data)) put(object, name, (data as Record<string, unknown>)[name]);
}

/** Checks and copies an object that the application assigns. @throws ConfigError ERR_OPTION */
export function copyOf(value: unknown): object {
  if (value === null || typeof value !== "object" || Array.isArray(value) || !isPlain(value)) {
    throw optionError("the value assigned to the session", "a plain object or null");
  }
  for (const name of Object.keys(value)) if (RESERVED.has(name)) refuseName(name);
  return { ...value };
}
