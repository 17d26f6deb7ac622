/** Finds values that JSON would alter, and compares data without serialising them. */

/** The values in order: an object, then its names and members; a list, then its length and items. */
export type Parts = readonly unknown[];

/** Returns the parts of a value, or undefined if JSON alters it. The parts of a `toJSON` result never match again. */
export function partsOf(value: object): Parts | undefined {
  const parts: unknown[] = [];
  return addMembers(value, parts) ? parts : undefined;
}

/** True if an object still has exactly these parts. False also if only a comparison of the JSON could tell. */
export function hasParts(value: object, parts: Parts | undefined): boolean {
  try {
    return parts !== undefined && endOfMembers(value, parts, 0) === parts.length;
  } catch {
    return false; // A getter that throws.
  }
}

export interface Snapshot {
  readonly text: string;
  /** For `hasParts`; undefined if the object has a `toJSON`. */
  readonly parts: Parts | undefined;
}

/** Takes an object's data; undefined if JSON would alter them, or a name is reserved. */
export function snapshot(object: object, reserved: ReadonlySet<string>): Snapshot | undefined {
  try {
    const json = asJson(object) as object;
    const parts = json === object || isPlain(json) ? partsOf(json) : undefined;
    if (parts === undefined || Object.keys(json).some((name) => reserved.has(name))) {
      return undefined;
    }
    return { text: JSON.stringify(object), parts: json === object ? parts : undefined };
  } catch {
    return undefined; // A cycle, a getter or a toJSON that threw.
  }
}

function addPart(value: unknown, parts: unknown[]): boolean {
  parts.push(value);
  if (typeof value === "string" || typeof value === "boolean" || value === null) return true;
  if (typeof value === "number") return Number.isFinite(value);
  if (typeof value !== "object") return false;
  const json = asJson(value);
  // NaN equals nothing, so these parts never match.
  if (json !== value) parts.push(NaN);
  if (typeof json !== "object" || json === null) return addPart(json, parts);
  if (Array.isArray(json)) return addItems(json, parts);
  return isPlain(json) && addMembers(json, parts);
}

function addMembers(object: object, parts: unknown[]): boolean {
  const names = Object.keys(object);
  parts.push(names);
  for (const name of names) {
    const member = (object as Record<string, unknown>)[name];
    if (member === undefined) parts.push(undefined);
    else if (!addPart(member, parts)) return false;
  }
  return true;
}

/** JSON loses holes, and names that are not indices. */
function addItems(array: readonly unknown[], parts: unknown[]): boolean {
  parts.push(array.length);
  for (let index = 0; index < array.length; index++)
    if (!addPart(array[index], parts)) return false;
  return Object.keys(array).length === array.length;
}

/** Returns the index after the value's parts, which begin at `at`; -1 if they differ. */
function endOfPart(value: unknown, parts: Parts, at: number): number {
  if (value !== parts[at]) return -1;
  if (typeof value !== "object" || value === null) return at + 1;
  if (Array.isArray(value)) return endOfItems(value, parts, at + 1);
  return isPlain(value) ? endOfMembers(value, parts, at + 1) : -1;
}

function endOfMembers(object: object, parts: Parts, begin: number): number {
  const recorded = parts[begin] as readonly string[];
  const names = Object.keys(object);
  if (names.length !== recorded.length) return -1;
  let at = begin + 1;
  for (let index = 0; index < names.length && at >= 0; index++) {
    const name = names[index] as string;
    if (name !== recorded[index]) return -1;
    at = endOfPart((object as Record<string, unknown>)[name], parts, at);
  }
  return at;
}

function endOfItems(array: readonly unknown[], parts: Parts, begin: number): number {
  const { length } = array;
  if (length !== parts[begin] || Object.keys(array).length !== length) return -1;
  let at = begin + 1;
  for (let index = 0; index < length && at >= 0; index++) at = endOfPart(array[index], parts, at);
  return at;
}

/** The deepest nesting: some parsers stop at 254 levels. */
const MOST_LEVELS = 200;

/** True if other languages read the same value: numbers up to 2^53 (RFC 8259 section 6), well-formed text (8.2). */
export function isPortable(value: unknown, json: string): boolean {
  // In UTF-8 text, and from JSON.stringify, a lone surrogate can only be an escape.
  return isPortableAt(value, MOST_LEVELS, json.includes("\\u"));
}

function isPortableAt(value: unknown, levels: number, escapes: boolean): boolean {
  if (typeof value === "string") return !escapes || value.isWellFormed();
  if (typeof value === "number") return Math.abs(value) <= Number.MAX_SAFE_INTEGER;
  if (typeof value !== "object" || value === null) return true;
  if (levels === 0) return false;
  if (Array.isArray(value)) {
    for (const item of value) if (!isPortableAt(item, levels - 1, escapes)) return false;
    return true;
  }
  for (const name of Object.keys(value)) {
    if (escapes && !name.isWellFormed()) return false;
    const member = (value as Record<string, unknown>)[name];
    if (!isPortableAt(member, levels - 1, escapes)) return false;
  }
  return true;
}

/** Returns the value that JSON.stringify writes: the result of `toJSON`, if there is one. */
export function asJson(value: object): unknown {
  const { toJSON } = value as { toJSON?: unknown };
  return typeof toJSON === "function" ? toJSON.call(value, "") : value;
}

/** True for an object literal of any realm, or an object without a prototype. */
export function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return (
    prototype === Object.prototype ||
    prototype === null ||
    (Object.getPrototypeOf(prototype) === null &&
      Object.hasOwn(prototype as object, "isPrototypeOf"))
  );
}

export function put(object: object, name: string, value: unknown): void {
  // An assignment would call an inherited setter, and fail if Object.prototype is frozen.
  if (!(name in object)) (object as Record<string, unknown>)[name] = value;
  else
    Object.defineProperty(object, name, {
      value,
      writable: true,
      enumerable: true,
      configurable: true,
    });
}
