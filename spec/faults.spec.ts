/**
 * Failures in the middle of a call, other threads, memory that changes during a call: no wrong result, no
 * secret left in memory, and the next call is right.
 */

import assert from "node:assert/strict";
import crypto from "node:crypto";
import { once } from "node:events";
import { syncBuiltinESMExports } from "node:module";
import { describe, type Mock, mock, test } from "node:test";
import { inspect } from "node:util";
import { Fernet } from "../src/fernet.ts";
import { ConfigError, TokenError } from "../src/internal/errors.ts";
import { page } from "../src/internal/hmac.ts";
import { Jwt } from "../src/jwt.ts";
import { fernetToken, jws } from "./helpers/token-forge.ts";
import { plaintextsOf } from "./helpers/token-plaintext.ts";
import { refused } from "./helpers/token-refusals.ts";
import { message, plainThread, thread } from "./helpers/token-threads.ts";
import { type Made, type Task, work } from "./helpers/token-worker.ts";

const KEY = Buffer.from(Array.from({ length: 32 }, (_, index) => 3 * index + 40));
const HEADER = { alg: "HS256", typ: "JWT" };
const NOW = 1_700_000_000;
/** Every message repeats this text, so that any piece of it left in memory is found. */
const MARK = "tom, dick & harry: ";
const SIZES = [MARK.length, 500, 12_000];
/** Too long for the page. */
const LONG = 20_000;
const messageOf = (length: number): string =>
  MARK.repeat(length / MARK.length + 1).slice(0, length);

/** The functions of node:crypto that are replaced by name. */
type Primitive = "randomFillSync" | "hash" | "createHmac" | "createCipheriv" | "timingSafeEqual";

/** Runs `run` with a function of node:crypto replaced. */
function withPrimitive(
  name: Primitive,
  other: (...args: never[]) => unknown,
  run: () => void,
): void {
  const { mock: patched } = mock.method(crypto, name, other as never) as Mock<() => void>;
  syncBuiltinESMExports();
  try {
    run();
  } finally {
    patched.restore();
    syncBuiltinESMExports();
  }
}

/** The prototype of createCipheriv's or createDecipheriv's result, whose `update` can be replaced. */
interface Stream {
  update(...args: unknown[]): Buffer;
}
const CIPHER: Stream = Object.getPrototypeOf(
  crypto.createCipheriv("aes-128-cbc", KEY.subarray(16), KEY.subarray(16)),
);
const DECIPHER: Stream = Object.getPrototypeOf(
  crypto.createDecipheriv("aes-128-cbc", KEY.subarray(16), KEY.subarray(16)),
);

class Fault extends Error {}

/** Checks that the call throws this very error. */
function fails(call: () => unknown, fault: Error): void {
  assert.throws(call, (error) => error === fault);
}

describe("Without entropy", () => {
  test("the runtime's error passes through, and the next call is right", () => {
    const fernet = new Fernet(KEY);
    const fault = new Fault("no entropy");
    let calls = 0;
    // Fills the bytes and then fails: they must never become an IV.
    const failing = (bytes: Uint8Array) => {
      calls++;
      bytes.fill(0xaa);
      throw fault;
    };
    withPrimitive("randomFillSync", failing, () => {
      // Use up the pool, which may be empty already.
      let left = 10_000;
      try {
        while (left-- > 0) fernet.encrypt(messageOf(100));
      } catch (error) {
        assert.equal(error, fault);
      }
      assert.ok(left > 0, "the pool was spent");
      for (let count = 0; count < 3; count++) {
        fails(() => fernet.encrypt(messageOf(100)), fault);
        fails(() => fernet.encrypt(messageOf(LONG)), fault);
        fails(() => fernet.rotate(fernetToken(KEY, { message: "m" })), fault);
        fails(() => Fernet.generateKey(), fault);
        fails(() => Jwt.generateKey(), fault);
      }
      assert.ok(calls > 15, "each asked anew");
      assert.equal(fernet.decryptText(fernetToken(KEY, { message: "m" })), "m");
      assert.equal(new Jwt(KEY).sign({ iat: 1 }), jws(HEADER, { iat: 1 }, KEY));
      nothingIn(page);
    });
    const ivs = new Set<string>();
    for (let count = 0; count < 1000; count++) {
      const token = fernet.encrypt(messageOf(100));
      assert.equal(fernet.decryptText(token), messageOf(100));
      ivs.add(Buffer.from(token, "base64url").toString("hex", 9, 25));
    }
    assert.equal(ivs.size, 1000);
    assert.ok(![...ivs].some((iv) => /^(?:aa){4}|^(?:00){4}/.test(iv)), "each of fresh bytes");
  });

  test("hands out random bytes once, in the order they came", () => {
    const fernet = new Fernet(KEY);
    let counter = 0;
    const counting = (bytes: Uint8Array) => {
      for (let at = 0; at < bytes.length; at += 4) {
        Buffer.from(bytes.buffer, bytes.byteOffset).writeUInt32BE(++counter, at);
      }
      return bytes;
    };
    withPrimitive("randomFillSync", counting, () => {
      // Use up the real entropy in the pool.
      while (counter === 0) fernet.encrypt("");
      const seen: number[] = [];
      for (let count = 0; count < 600; count++) {
        const iv = Buffer.from(fernet.encrypt(""), "base64url").subarray(9, 25);
        for (let at = 0; at < 16; at += 4) seen.push(iv.readUInt32BE(at));
      }
      assert.equal(new Set(seen).size, seen.length, "no byte twice");
      assert.ok(seen.every((value, index) => index === 0 || value > (seen[index - 1] as number)));
    });
    // Use up the counter's bytes, so that later tests do not get them.
    for (let count = 0; count < 300; count++) fernet.encrypt("");
  });
});

/** Calls of every kind, with the result that each must give. */
function operations(): { name: string; run: () => unknown }[] {
  const fernet = new Fernet(KEY);
  const jwt = new Jwt(KEY, { maxTokenLength: 2 ** 20 });
  return [...SIZES, LONG].flatMap((length) => {
    const text = messageOf(length);
    const token = fernetToken(KEY, { message: text });
    // Claims are not secret, and may stay in the page.
    const claims = { text: "c".repeat(length) };
    const signed = jws(HEADER, { ...claims, iat: 1 }, KEY);
    return [
      { name: "encrypt", run: () => assert.equal(opened(fernet.encrypt(text)), text) },
      {
        name: "encrypt bytes",
        run: () => assert.equal(opened(fernet.encrypt(Buffer.from(text))), text),
      },
      { name: "decrypt", run: () => assert.deepEqual(fernet.decrypt(token), bytesOf(text)) },
      { name: "decryptText", run: () => assert.equal(fernet.decryptText(token), text) },
      { name: "rotate", run: () => assert.equal(opened(fernet.rotate(token)), text) },
      { name: "timestamp", run: () => assert.equal(fernet.timestamp(token), NOW) },
      { name: "sign", run: () => assert.equal(jwt.sign(claims, { now: 1 }), signed) },
      { name: "verify", run: () => assert.deepEqual(jwt.verify(signed), { ...claims, iat: 1 }) },
      {
        name: "a refusal",
        run: () => refused(() => jwt.verify(`${signed}A`), "ERR_TOKEN_SIGNATURE"),
      },
    ].map(({ name, run }) => ({ name: `${name}, ${length} bytes`, run }));
  });
}

describe("A primitive that throws before or after its work", () => {
  const patches: [name: string, patch: (wrap: Wrap, run: () => void) => void][] = [
    ...(["hash", "createHmac", "timingSafeEqual"] as const).map(
      (name): [string, (wrap: Wrap, run: () => void) => void] => [
        `crypto.${name}`,
        (wrap, run) => withPrimitive(name, wrap(crypto[name] as never), run),
      ],
    ),
    ["cipher.update", (wrap, run) => withMethod(CIPHER, wrap, run)],
    ["decipher.update", (wrap, run) => withMethod(DECIPHER, wrap, run)],
  ];

  type Primitive = (this: unknown, ...args: unknown[]) => unknown;
  type Wrap = (original: Primitive) => Primitive;

  function withMethod(prototype: Stream, wrap: Wrap, run: () => void): void {
    const { mock: patched } = mock.method(prototype, "update", wrap(prototype.update) as never);
    try {
      run();
    } finally {
      patched.restore();
    }
  }

  for (const [name, patch] of patches) {
    for (const late of [false, true]) {
      test(`${name}, ${late ? "after" : "before"} its work`, () => {
        const fault = new Fault(name);
        let faults = 0;
        // The n-th use throws. A call may use the primitive less often, and then succeeds.
        for (let nth = 1; nth <= 4; nth++) {
          const all = operations();
          for (const { name: what, run } of all) {
            let uses = 0;
            let failed = false;
            patch(
              (original) =>
                function (...args) {
                  const failing = ++uses === nth;
                  if (failing && !late) throw fault;
                  const result = original.apply(this, args);
                  if (failing) throw fault;
                  return result;
                },
              () => {
                try {
                  run();
                } catch (error) {
                  assert.equal(error, fault, what);
                  failed = true;
                }
              },
            );
            if (failed) {
              faults++;
              nothingIn(page);
            }
            run();
            run();
          }
          // Run them once more in another order, on the same objects.
          for (const { run } of all.reverse()) run();
        }
        assert.ok(faults > 0, `${faults} faults`);
      });
    }
  }

  test("encrypting fails while no new cipher can be made, then works again", () => {
    const fernet = new Fernet(KEY);
    const fault = new Fault("no memory");
    const failing = () => {
      throw fault;
    };
    const token = fernetToken(KEY, { message: "m" });
    const { mock: update } = mock.method(CIPHER, "update", failing as never);
    fails(() => fernet.encrypt(messageOf(100)), fault);
    update.restore();
    withPrimitive("createCipheriv", failing, () => {
      for (let count = 0; count < 3; count++) fails(() => fernet.encrypt(messageOf(100)), fault);
      nothingIn(page);
      assert.equal(fernet.decryptText(token), "m");
    });
    for (let count = 0; count < 3; count++) assert.equal(opened(fernet.encrypt("m")), "m");
  });
});

describe("Leaves no message in the page", () => {
  test("the search finds a message that is there", () => {
    page.write(messageOf(100), 1000);
    assert.throws(() => nothingIn(page));
    page.fill(0);
    nothingIn(page);
  });

  for (const length of [...SIZES, 16_300, 16_311, 16_312, LONG]) {
    test(`a message of ${length} bytes`, () => {
      const fernet = new Fernet(KEY);
      const old = fernetToken(Buffer.alloc(32, "old"), { message: messageOf(length) });
      const both = new Fernet([KEY, Buffer.alloc(32, "old")]);
      const token = fernetToken(KEY, { message: messageOf(length) });
      const calls: (() => unknown)[] = [
        () => fernet.encrypt(messageOf(length)),
        () => fernet.encrypt(Buffer.from(messageOf(length))),
        () => fernet.decrypt(token),
        () => fernet.decryptText(token),
        () => fernet.rotate(token),
        () => both.rotate(old),
        () => both.decrypt(old),
        () => fernet.timestamp(token),
      ];
      for (const call of calls) {
        call();
        nothingIn(page);
      }
      const notText = Buffer.concat([Buffer.from(messageOf(length)), Buffer.from([0xff])]);
      const calls2 = fernetToken(KEY, { message: notText });
      refused(() => fernet.decryptText(calls2), "ERR_TOKEN_MALFORMED");
      nothingIn(page);
      const blocks = Buffer.alloc(length - (length % 16) + 16, MARK);
      refused(() => fernet.decrypt(fernetToken(KEY, { blocks })), "ERR_TOKEN_INVALID");
      nothingIn(page);
    });
  }
});

test("Wipes plaintext that the caller does not get", () => {
  const fernet = new Fernet(KEY);
  for (const length of [...SIZES, LONG]) {
    const token = fernetToken(KEY, { message: messageOf(length) });
    const noText = fernetToken(KEY, {
      message: Buffer.from(`${messageOf(length)}\xff`, "latin1"),
    });
    const calls: [name: string, call: () => unknown][] = [
      ["decryptText", () => fernet.decryptText(token)],
      [
        "decryptText of bytes that are not UTF-8",
        () => refused(() => fernet.decryptText(noText), "ERR_TOKEN_MALFORMED"),
      ],
      ["rotate", () => fernet.rotate(token)],
    ];
    for (const [name, call] of calls) {
      const given = plaintextsOf(call);
      assert.equal(given.length, 1, name);
      // Bun's buffers are views of a pool, which may also hold other messages of this file.
      for (const plaintext of given) {
        nothingIn(Buffer.from(new Uint8Array(plaintext).buffer), `${name}, ${length} bytes`);
      }
    }
  }
});

describe("A message in memory that changes during the call", () => {
  for (const length of [48, 1000, LONG]) {
    test(`${length} bytes that another thread keeps changing`, async () => {
      const fernet = new Fernet(KEY);
      const shared = new Uint8Array(new SharedArrayBuffer(length));
      const beat = new Int32Array(new SharedArrayBuffer(4));
      const worker = plainThread(
        `const { workerData: { shared, beat } } = require("node:worker_threads");
         for (let octet = 0; ; octet++) { shared.fill(octet); Atomics.add(beat, 0, 1); }`,
        { shared, beat },
      );
      try {
        await once(worker, "online");
        const until = performance.now() + 150;
        while (performance.now() < until || Atomics.load(beat, 0) < 100) {
          assert.equal(fernet.decrypt(fernet.encrypt(shared)).length, length);
        }
      } finally {
        await worker.terminate();
      }
    });
  }

  for (const length of [100, 15_000, 16_311, LONG]) {
    for (const [what, growth] of [
      ["a byte", 1],
      ["a block", 16],
      ["300 bytes", 300],
      ["far", 200_000],
    ] as const) {
      test(`${length} bytes that grow by ${what} at any moment`, () => {
        for (let moment = 0; moment < 6; moment++) {
          const fernet = new Fernet(KEY);
          try {
            const token = fernet.encrypt(growing(length, growth, moment));
            const opened = Buffer.from(fernet.decrypt(token)).toString();
            assert.equal(opened, messageOf(opened.length));
          } catch (error) {
            const typed = error instanceof ConfigError || error instanceof TokenError;
            assert.ok(typed, `${moment}: ${error}`);
          }
          nothingIn(page);
          assert.equal(opened(fernet.encrypt("the next")), "the next");
        }
      });
    }
  }

  /**
   * Growable shared memory that another thread seems to grow: the length is longer after it was read for the
   * n-th time.
   */
  function growing(length: number, by: number, moment: number): Uint8Array {
    const Growable = SharedArrayBuffer as unknown as new (
      length: number,
      options: { maxByteLength: number },
    ) => SharedArrayBuffer & { grow(length: number): void };
    const memory = new Growable(length, { maxByteLength: length + by });
    Buffer.from(memory).write(messageOf(length), "latin1");
    let reads = 0;
    const grow = (): void => {
      memory.grow(length + by);
      Buffer.from(memory).write(messageOf(length + by), "latin1");
    };
    class Watched extends Uint8Array {
      override get length(): number {
        const now = super.length;
        if (reads++ === moment) grow();
        return now;
      }
    }
    return new Watched(memory as unknown as ArrayBuffer);
  }

  test("a message whose length getter encrypts another message", () => {
    const fernet = new Fernet(KEY);
    const inner: string[] = [];
    class Nested extends Uint8Array {
      override get length(): number {
        inner.push(fernet.encrypt("inner", { now: 5 }));
        return super.length;
      }
    }
    for (const length of [50, LONG]) {
      const outer = new Nested(Buffer.from(messageOf(length)));
      inner.length = 0;
      const token = fernet.encrypt(outer, { now: NOW });
      assert.equal(fernet.timestamp(token), NOW);
      assert.equal(opened(token), messageOf(length));
      const ivs = [token, ...inner].map((each) => each.slice(12, 33));
      assert.equal(new Set(ivs).size, ivs.length, "an IV for each");
    }
  });
});

test("Five threads at once: every token opens, and all IVs differ", async () => {
  const count = 1500;
  const task = (name: string): Task => ({ key: KEY, name, count });
  const names = ["one", "two", "three", "four"];
  const module = new URL("./helpers/token-worker.ts", import.meta.url);
  const threads = names.map((name) => message<Made>(thread(module, { task: task(name) })));
  const all: Made[] = [work(task("this")), ...(await Promise.all(threads))];
  const fernet = new Fernet(KEY);
  const jwt = new Jwt(KEY);
  const ivs = new Set<string>();
  for (const [index, { fernet: tokens, jwt: signed }] of all.entries()) {
    const name = ["this", ...names][index] as string;
    for (let number = 0; number < count; number++) {
      const text = `${name} ${number} ${"x".repeat(number % 97)}`;
      assert.equal(fernet.decryptText(tokens[number] as string), text);
      assert.equal(jwt.verify(signed[number] as string).sub, text);
      ivs.add(Buffer.from(tokens[number] as string, "base64url").toString("hex", 9, 25));
    }
  }
  assert.equal(ivs.size, 5 * count);
});

describe("An object does not reveal its keys", () => {
  const text = "a key of thirty-two bytes, no less";
  const jwk = { kty: "oct", k: Buffer.from(text).toString("base64url"), kid: "kid" } as const;
  const objects: [what: string, object: object, key: Uint8Array][] = [
    ["Jwt of text", new Jwt(text), Buffer.from(text)],
    ["Jwt of a JWK", new Jwt([jwk]), Buffer.from(text)],
    ["Jwt of bytes", new Jwt(Buffer.from(text), { issuer: "joe" }), Buffer.from(text)],
    ["Fernet of bytes", new Fernet(KEY), KEY],
    ["Fernet of text", new Fernet([`${KEY.toString("base64url")}=`]), KEY],
  ];

  for (const [what, object, key] of objects) {
    test(what, () => {
      const deep = { showHidden: true, depth: 20, maxArrayLength: null, maxStringLength: null };
      const shown = [
        inspect(object, deep),
        inspect({ object }, { ...deep, showProxy: true }),
        JSON.stringify(object),
        JSON.stringify(structuredClone(object)),
        String(object),
        ...Reflect.ownKeys(object).map(String),
        ...Object.values(object).map(String),
      ].join("\n");
      const bytes = Buffer.from(key);
      const forms = ["latin1", "hex", "base64", "base64url"] as const;
      for (const part of [bytes, bytes.subarray(0, 16), bytes.subarray(16)]) {
        for (const form of forms)
          assert.ok(!shown.includes(part.toString(form).slice(0, 20)), form);
        assert.ok(!shown.includes([...part.subarray(0, 4)].join(", ")), "as numbers");
        assert.ok(!shown.includes([...part.subarray(0, 4)].join(",")), "as numbers");
      }
      assert.equal(JSON.stringify(object), "{}");
      assert.deepEqual(Reflect.ownKeys(object), []);
    });
  }
});

/** Checks that no eight bytes of a message lie anywhere in the buffer's memory. */
function nothingIn({ buffer }: Buffer, what: string = "the page"): void {
  const memory = Buffer.from(buffer);
  for (let at = 0; at < MARK.length; at++) {
    const part = (MARK + MARK).slice(at, at + 8);
    assert.ok(!memory.includes(part), `${JSON.stringify(part)} stayed: ${what}`);
  }
}

function bytesOf(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text));
}

/** Decrypts a token of KEY with node:crypto alone. */
function opened(token: string): string {
  const bytes = Buffer.from(token, "base64url");
  const mac = bytes.length - 32;
  const decipher = crypto.createDecipheriv("aes-128-cbc", KEY.subarray(16), bytes.subarray(9, 25));
  return Buffer.concat([decipher.update(bytes.subarray(25, mac)), decipher.final()]).toString();
}
