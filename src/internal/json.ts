/** Which values JSON gives back as they were, and plain objects. */

/**
 * Whether JSON gives back what it is given: plain objects and arrays of strings, booleans, null and finite
 * numbers. A member that is `undefined` is absent. Of what has a `toJSON`, what that gives counts.
 */
export function isStorable(value: unknown): boolean {
  return isJson(typeof value === "object" && value !== null ? asJson(value) : value);
}

/** What JSON.stringify writes of it. */
export function asJson(value: object): unknown {
  const { toJSON } = value as { toJSON?: unknown };
  return typeof toJSON === "function" ? toJSON.call(value, "") : value;
}

function isJson(value: unknown): boolean {
  if (typeof value === "string" || typeof value === "boolean" || value === null) return true;
  if (typeof value === "number") return Number.isFinite(value);
  if (typeof value !== "object") return false;
  if (Array.isArray(value)) return isStorableArray(value);
  if (!isPlain(value)) return false;
  return Object.values(value).every((member) => member === undefined || isStorable(member));
}

/** Holes, and names beside the indices, are lost in JSON. */
function isStorableArray(array: readonly unknown[]): boolean {
  return Object.keys(array).length === array.length && array.every((item) => isStorable(item));
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
