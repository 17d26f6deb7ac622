/** Which values JSON gives back as they were, and plain objects. */

/**
 * Whether JSON gives back what it is given: plain objects and arrays of strings, booleans, null and finite
 * numbers. A member that is `undefined` is absent. Of what has a `toJSON`, what that gives counts.
 */
export function isStorable(value: unknown): boolean {
  if (typeof value === "string" || typeof value === "boolean" || value === null) return true;
  if (typeof value === "number") return Number.isFinite(value);
  if (typeof value !== "object") return false;
  const json = asJson(value);
  if (typeof json !== "object" || json === null) return isStorable(json);
  if (Array.isArray(json)) return isStorableArray(json);
  if (!isPlain(json)) return false;
  for (const name of Object.keys(json)) {
    const member = (json as Record<string, unknown>)[name];
    if (member !== undefined && !isStorable(member)) return false;
  }
  return true;
}

/** Of a list or object within another: some parsers end at 254 levels. */
const MOST_LEVELS = 200;

/**
 * Whether other languages read the same in a JSON text as JSON.parse, which gave `value`: numbers up to 2^53
 * (RFC 8259 section 6), well-formed text (section 8.2), and no more than 200 levels.
 */
export function isPortable(value: unknown, json: string): boolean {
  // Text that was UTF-8, or that JSON.stringify made, has lone surrogates as escapes alone.
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

/** What JSON.stringify writes of it. */
export function asJson(value: object): unknown {
  const { toJSON } = value as { toJSON?: unknown };
  return typeof toJSON === "function" ? toJSON.call(value, "") : value;
}

/** Holes, and names beside the indices, are lost in JSON. */
function isStorableArray(array: readonly unknown[]): boolean {
  for (let index = 0; index < array.length; index++) if (!isStorable(array[index])) return false;
  return Object.keys(array).length === array.length;
}

/** An object literal's, of any realm, or without a prototype. */
export function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return (
    prototype === Object.prototype ||
    prototype === null ||
    (Object.getPrototypeOf(prototype) === null &&
      Object.hasOwn(prototype as object, "isPrototypeOf"))
  );
}

/** Sets an own member, whatever the object inherits. */
export function put(object: object, name: string, value: unknown): void {
  // An assignment would ask a setter that is inherited, and fail where Object.prototype is frozen.
  if (!(name in object)) (object as Record<string, unknown>)[name] = value;
  else
    Object.defineProperty(object, name, {
      value,
      writable: true,
      enumerable: true,
      configurable: true,
    });
}
