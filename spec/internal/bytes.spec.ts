/**
 * isBytes asks the engine: it accepts bytes of every realm and kind of memory, and nothing that only claims
 * to be bytes.
 */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { createContext, runInContext } from "node:vm";
import { decode, encode } from "../../src/base64url.ts";
import { Fernet } from "../../src/fernet.ts";
import { bufferOver, isBytes, lengthOf, plainView } from "../../src/internal/bytes.ts";
import { secretBytes } from "../../src/internal/keys.ts";
import { Jwt } from "../../src/jwt.ts";
import { misuse } from "../helpers/token-refusals.ts";

const realm = createContext({ SharedArrayBuffer });
/** Runs code in a realm with another Uint8Array. */
const foreign = (code: string): Uint8Array => runInContext(code, realm);

/** A subclass that lies about its type, length, offset and buffer. */
class Liar extends Uint8Array {
  override get [Symbol.toStringTag](): "Uint8Array" {
    return "Int8Array" as "Uint8Array";
  }
  override get length(): number {
    return 99;
  }
  override get byteOffset(): number {
    return 99;
  }
  override get buffer(): never {
    throw new Error("not asked");
  }
}

describe("Refuses as bytes", () => {
  const tagged = (value: object): object =>
    Object.defineProperty(value, Symbol.toStringTag, { value: "Uint8Array" });
  const arrays = [
    Int8Array,
    Uint8ClampedArray,
    Uint16Array,
    Int32Array,
    Float64Array,
    BigInt64Array,
  ];
  const rows: [what: string, value: unknown][] = [
    ...[undefined, null, 0, 1n, true, "bytes", Symbol("s"), {}, [1, 2], () => 1, new Date()].map(
      (value): [string, unknown] => [String(value), value],
    ),
    ["an ArrayBuffer", new ArrayBuffer(32)],
    ["a SharedArrayBuffer", new SharedArrayBuffer(32)],
    ["a DataView", new DataView(new ArrayBuffer(32))],
    ...arrays.map((type): [string, unknown] => [type.name, new type(4)]),
    ["another realm's Int8Array", foreign("new Int8Array(4)")],
    ["another realm's Uint8ClampedArray", foreign("new Uint8ClampedArray(4)")],
    ["another realm's ArrayBuffer", foreign("new ArrayBuffer(4)")],
    ["another realm's array", foreign("[1, 2, 3]")],
    ["an object that inherits from Uint8Array", Object.create(Uint8Array.prototype)],
    ["an object that inherits from Buffer", Object.create(Buffer.prototype)],
    [
      "an object that inherits from another realm's Uint8Array",
      foreign("Object.create(Uint8Array.prototype)"),
    ],
    ["an object that inherits from a real array", Object.create(new Uint8Array(32))],
    ["bytes behind a Proxy", new Proxy(new Uint8Array(32), {})],
    ["another realm's bytes behind a Proxy", new Proxy(foreign("new Uint8Array(32)"), {})],
    ["an object tagged as a Uint8Array", tagged({ length: 32, byteLength: 32 })],
    ["an Int8Array tagged as a Uint8Array", tagged(new Int8Array(32))],
    ["a DataView tagged as a Uint8Array", tagged(new DataView(new ArrayBuffer(32)))],
    ["an array with the prototype of Uint8Array", Object.setPrototypeOf([1], Uint8Array.prototype)],
    [
      "an Int8Array with the prototype of Buffer",
      Object.setPrototypeOf(new Int8Array(4), Buffer.prototype),
    ],
  ];
  for (const [what, value] of rows) {
    test(what, () => {
      assert.equal(isBytes(value), false);
      misuse(() => encode(value as never), "ERR_OPTION", "bytes must be a Uint8Array");
    });
  }
});

describe("Accepts as bytes", () => {
  const OCTETS = Uint8Array.from({ length: 32 }, (_, at) => 7 * at + 1);
  const code = "Uint8Array.from({ length: 32 }, (_, at) => 7 * at + 1)";
  const sharing = (view: Uint8Array): Uint8Array => {
    view.set(OCTETS);
    return view;
  };
  const rows: [what: string, bytes: Uint8Array][] = [
    ["a Uint8Array", OCTETS],
    ["a Buffer", Buffer.from(OCTETS)],
    ["a part of a Buffer", Buffer.concat([OCTETS, OCTETS]).subarray(32)],
    ["a subclass that lies", new Liar(OCTETS)],
    ["shared memory", sharing(new Uint8Array(new SharedArrayBuffer(40), 8))],
    ["bytes without a prototype", Object.setPrototypeOf(Uint8Array.from(OCTETS), null)],
    ["another realm's Uint8Array", foreign(code)],
    [
      "a part of another realm's Uint8Array",
      foreign(`new Uint8Array([0, ...${code}, 0]).subarray(1, 33)`),
    ],
    [
      "another realm's shared memory",
      sharing(foreign("new Uint8Array(new SharedArrayBuffer(32))")),
    ],
    ["another realm's subclass", foreign(`new (class Own extends Uint8Array {})(${code})`)],
  ];
  const text = "AQgPFh0kKzI5QEdOVVxjanF4f4aNlJuiqbC3vsXM09o";

  for (const [what, bytes] of rows) {
    test(what, () => {
      assert.equal(isBytes(bytes), true);
      assert.equal(lengthOf(bytes), 32);
      for (const view of [plainView(bytes), bufferOver(bytes)]) {
        assert.ok(view instanceof Uint8Array);
        assert.deepEqual([...view], [...OCTETS]);
      }
      assert.equal(plainView(bytes).constructor, Uint8Array);
      assert.equal(encode(bytes), text);
      assert.equal(encode(bytes, { padding: true }), `${text}=`);
      assert.deepEqual(decode(text), OCTETS);
      // As a key for Jwt, Fernet and sessions, and as a message.
      const token = new Jwt(OCTETS).sign({ sub: "tom" }, { now: 1 });
      assert.equal(new Jwt(bytes).sign({ sub: "tom" }, { now: 1 }), token);
      const fernet = new Fernet(bytes);
      assert.deepEqual(new Fernet(OCTETS).decrypt(fernet.encrypt(bytes)), OCTETS);
      assert.deepEqual([...secretBytes(bytes, "secret")], [...OCTETS]);
    });
  }

  test("short arrays, which are encoded by hand, and empty ones", () => {
    for (let length = 0; length < 32; length++) {
      const expected = Buffer.alloc(length, 9).toString("base64url");
      assert.equal(encode(foreign(`new Uint8Array(${length}).fill(9)`)), expected);
    }
    assert.equal(plainView(new Uint8Array()).length, 0);
  });

  test("bytes whose buffer was transferred have the length 0", () => {
    const bytes = new Uint8Array(32);
    structuredClone(bytes, { transfer: [bytes.buffer] });
    assert.deepEqual([isBytes(bytes), lengthOf(bytes), plainView(bytes).length], [true, 0, 0]);
  });
});
