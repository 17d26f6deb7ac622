/** Reads bytes from callers safely: a subclass or a growing buffer cannot change what is read. */

const prototype = Object.getPrototypeOf(Uint8Array.prototype) as Uint8Array;
const tagOf = getter(Symbol.toStringTag) as (this: unknown) => string | undefined;
const bufferOf = getter("buffer") as (this: Uint8Array) => ArrayBufferLike;
const byteOffsetOf = getter("byteOffset") as (this: Uint8Array) => number;
const lengthGetter = getter("length") as (this: Uint8Array) => number;

/** True for a Uint8Array of any realm. The getter reads an internal slot (ECMA-262 23.2.3.38) that nothing can fake. */
export function isBytes(value: unknown): value is Uint8Array {
  return tagOf.call(value) === "Uint8Array";
}

/** Reads the length by the engine's getter: the `length` of a subclass can be any code. */
export function lengthOf(bytes: Uint8Array): number {
  return lengthGetter.call(bytes);
}

export function bufferOver(bytes: Uint8Array): Buffer {
  return Buffer.from(bufferOf.call(bytes), byteOffsetOf.call(bytes), lengthGetter.call(bytes));
}

/** The same bytes as a plain view of fixed length: another thread can grow shared memory. Empty if transferred. */
export function plainView(bytes: Uint8Array): Uint8Array {
  const length = lengthOf(bytes);
  if (length === 0) return new Uint8Array();
  return new Uint8Array(bufferOf.call(bytes), byteOffsetOf.call(bytes), length);
}

function getter(name: string | symbol): unknown {
  return (Object.getOwnPropertyDescriptor(prototype, name) as PropertyDescriptor).get;
}
