/** Fernet's messages, times and key rotation. internal/frame.spec.ts has the forged tokens. */

import assert from "node:assert/strict";
import { createCipheriv, createDecipheriv, type Decipher, randomBytes } from "node:crypto";
import { describe, mock, test } from "node:test";
import { Fernet, type FernetDecryptOptions } from "../src/fernet.ts";
import { fernetToken, padded } from "./helpers/token-forge.ts";
import { misuse, refused, type Verdict } from "./helpers/token-refusals.ts";

const KEY = Buffer.from(Array.from({ length: 32 }, (_, index) => 200 + index));
const OTHER = Buffer.alloc(32, "another key");
const NOW = 1_700_000_000;

const fernet = new Fernet(KEY);

describe("Decrypting returns the message unchanged [fernet-verifying-e]", () => {
  const texts = [
    "",
    "a",
    "\0",
    " ",
    "{}",
    "caf\u00e9",
    "\u20ac",
    "\ud83d\ude00",
    "\ufeff\ufffd\uffff",
  ];
  texts.push("\x10".repeat(16), "\x01", "x".repeat(15), "x".repeat(16), "x".repeat(17));

  test("of text", () => {
    for (const text of texts) {
      const token = fernet.encrypt(text);
      assert.equal(fernet.decryptText(token), text);
      assert.deepEqual(fernet.decrypt(token), new Uint8Array(Buffer.from(text)));
    }
  });

  test("of every kind of bytes, which it neither changes nor keeps", () => {
    const bytes = randomBytes(100);
    const before = Buffer.from(bytes);
    const middle = new Uint8Array(bytes.buffer, bytes.byteOffset + 10, 50);
    const shared = new Uint8Array(new SharedArrayBuffer(40));
    shared.set(bytes.subarray(0, 40));
    for (const message of [bytes, middle, shared, new Uint8Array(bytes), new Uint8Array()]) {
      const token = fernet.encrypt(message);
      const opened = fernet.decrypt(token);
      assert.deepEqual(opened, new Uint8Array(message));
      assert.ok(!(opened.buffer instanceof SharedArrayBuffer));
    }
    assert.deepEqual(bytes, before);
  });

  test("as empty where its buffer was transferred", () => {
    const bytes = new Uint8Array(40);
    structuredClone(bytes, { transfer: [bytes.buffer] });
    assert.equal(fernet.decryptText(fernet.encrypt(bytes)), "");
  });

  test("in a buffer of its own", () => {
    const token = fernet.encrypt("a message");
    const opened = fernet.decrypt(token);
    assert.equal(opened.constructor, Uint8Array);
    const behind = [...new Uint8Array(opened.buffer, opened.length)];
    // Where update() returns a view of a larger buffer, the message is copied and nothing follows it.
    assert.ok(opened.buffer.byteLength <= 16, "no other memory is behind it");
    assert.deepEqual(behind, Array(behind.length).fill(7), "nothing but its padding is behind it");
    opened.fill(0);
    assert.equal(fernet.decryptText(token), "a message");
    const first = fernet.decrypt(token);
    fernet.encrypt("another message");
    fernet.decrypt(fernet.encrypt("a third message"));
    assert.equal(Buffer.from(first).toString(), "a message");
  });

  test("in a buffer of its own where a cipher's update() returns a view of a larger one", () => {
    const decipher = createDecipheriv("aes-128-cbc", new Uint8Array(16), new Uint8Array(16));
    const prototype = Object.getPrototypeOf(decipher) as typeof decipher;
    const update = prototype.update as (bytes: Uint8Array) => Buffer;
    const views = mock.method(prototype, "update", function (this: Decipher, bytes: Uint8Array) {
      const around = Buffer.alloc(50, 1);
      return Buffer.concat([around, update.call(this, bytes), around]).subarray(50, -50);
    });
    const token = fernet.encrypt("a message");
    const opened = fernet.decrypt(token);
    assert.equal(Buffer.from(opened).toString(), "a message");
    assert.equal(opened.buffer.byteLength, 9);
    assert.ok(views.mock.callCount() > 0);
    views.mock.restore();
  });

  test("around the page's end and far past it, of one to four bytes a character", () => {
    for (const unit of ["x", "\u00e9", "\u20ac", "\ud83d\ude00"]) {
      for (const bytes of [5400, 16_384, 49_152, 65_536]) {
        for (let more = -20; more < 20; more++) {
          const text = unit.repeat((bytes - 100) / Buffer.byteLength(unit)) + "a".repeat(more + 20);
          assert.ok(fernet.decryptText(fernet.encrypt(text)) === text, `${unit} ${bytes} ${more}`);
        }
      }
    }
    const long = randomBytes(3_000_000);
    assert.ok(long.equals(fernet.decrypt(fernet.encrypt(long))));
  });

  test("a token is padded base64url of version, time, IV, ciphertext and MAC [fernet-token-a]", () => {
    for (const length of [0, 1, 15, 16, 17, 1000, 40_000]) {
      const message = Buffer.alloc(length, "m");
      const token = fernet.encrypt(message, { now: NOW });
      assert.match(token, /^gAAAAABlU_EA[\w-]+={0,2}$/);
      const bytes = Buffer.from(token, "base64url");
      assert.equal(padded(bytes), token);
      assert.equal(bytes.length, 57 + length - (length % 16) + 16);
      const iv = bytes.subarray(9, 25);
      assert.equal(token, fernetToken(KEY, { message, iv, timestamp: NOW }));
    }
  });

  test('no IV repeats (the spec\'s "Generating", step 2) [fernet-iv-b]', () => {
    const seen = new Set<string>();
    const other = new Fernet(OTHER);
    for (let count = 0; count < 5000; count++) {
      const token = (count % 2 ? fernet : other).encrypt("", { now: 0 });
      seen.add(Buffer.from(token, "base64url").toString("hex", 9, 25));
    }
    assert.equal(seen.size, 5000);
  });
});

describe("Refuses messages", () => {
  const lone = ["\ud800", "\udfff", "a\ud83d", "\ude00\ud83d", `${"x".repeat(20_000)}\udc00`];

  test("with a lone surrogate, which UTF-8 cannot carry", () => {
    for (const text of lone) {
      misuse(() => fernet.encrypt(text), "ERR_OPTION", "the message must be well-formed text");
    }
  });

  test("that are neither text nor bytes", () => {
    const values = [undefined, null, 0, 1n, true, {}, [], [1], Symbol("s"), () => "", new Date()];
    values.push(new ArrayBuffer(8), new DataView(new ArrayBuffer(8)), new Uint16Array(8));
    for (const value of [...values, new String("x"), new Uint8ClampedArray(4), { length: 4 }]) {
      const encrypt = () => fernet.encrypt(value as never);
      misuse(encrypt, "ERR_OPTION", "the message must be a string or a Uint8Array", typeof value);
    }
  });

  test("that only inherit from bytes", () => {
    const proxy = new Proxy(new Uint8Array(4), {});
    for (const value of [
      Object.create(Uint8Array.prototype),
      Object.create(Buffer.prototype),
      proxy,
    ]) {
      misuse(
        () => fernet.encrypt(value),
        "ERR_OPTION",
        "the message must be a string or a Uint8Array",
      );
    }
  });

  test("whose token no string could hold", () => {
    // The memory costs nothing: the length is checked before any byte is read.
    const most = 400_000_000 - 57 - 16;
    const cipher = Object.getPrototypeOf(
      createCipheriv("aes-128-cbc", KEY.subarray(16), KEY.subarray(16)),
    );
    const { mock: update } = mock.method(cipher, "update", () => assert.fail("encrypted"));
    try {
      for (const length of [most + 16, most * 2, 2 ** 32 - 1]) {
        refused(() => fernet.encrypt(new Uint8Array(length)), "ERR_TOKEN_TOO_LARGE", `${length}`);
      }
    } finally {
      update.restore();
    }
  });

  test("decrypts bytes that are not UTF-8, and refuses them as text", () => {
    const bad = [
      "ff",
      "80",
      "c0af",
      "eda080",
      "edb080",
      "f4908080",
      "e282",
      "efbfbdff",
      "fffe6100",
    ];
    for (const hex of bad) {
      for (const size of [0, 100, 20_000]) {
        const message = Buffer.concat([Buffer.alloc(size, "x"), Buffer.from(hex, "hex")]);
        const token = fernet.encrypt(message);
        refused(() => fernet.decryptText(token), "ERR_TOKEN_MALFORMED", hex);
        assert.ok(message.equals(fernet.decrypt(token)));
      }
    }
  });
});

describe("ttl: a token is expired when timestamp + ttl < now, and may be at most 60 s ahead of the clock [fernet-verifying-b]", () => {
  const ts = 1000;
  const cases: [options: FernetDecryptOptions, timestamp: number | bigint, Verdict | "ok"][] = [
    [{}, ts, "ok"],
    [{ now: 1e12 }, ts, "ok"],
    [{ now: 0 }, ts, "ok"],
    [{ ttl: 0, now: 1000 }, ts, "ok"],
    [{ ttl: 0, now: 1000.25 }, ts, "ERR_TOKEN_EXPIRED"],
    [{ ttl: 0, now: 1001 }, ts, "ERR_TOKEN_EXPIRED"],
    [{ ttl: 0, now: 999 }, ts, "ok"],
    [{ ttl: -0, now: 1000 }, ts, "ok"],
    [{ ttl: 60, now: 1060 }, ts, "ok"],
    [{ ttl: 60, now: 1060.5 }, ts, "ERR_TOKEN_EXPIRED"],
    [{ ttl: 60, now: 1061 }, ts, "ERR_TOKEN_EXPIRED"],
    [{ ttl: 0.5, now: 1000.5 }, ts, "ok"],
    [{ ttl: 0.5, now: 1000.75 }, ts, "ERR_TOKEN_EXPIRED"],
    [{ ttl: 60.5, now: 1060.5 }, ts, "ok"],
    [{ ttl: 5, now: 940 }, ts, "ok"],
    [{ ttl: 5, now: 939.75 }, ts, "ERR_TOKEN_NOT_ACTIVE"],
    [{ ttl: 5, now: 939 }, ts, "ERR_TOKEN_NOT_ACTIVE"],
    [{ ttl: 0, now: 940 }, ts, "ok"],
    [{ ttl: 1e300, now: 939 }, ts, "ERR_TOKEN_NOT_ACTIVE"],
    [{ ttl: 1e300, now: 1e290 }, ts, "ok"],
    [{ ttl: Number.MAX_VALUE, now: NOW }, ts, "ok"],
    [{ ttl: 10, now: -1e300 }, ts, "ERR_TOKEN_NOT_ACTIVE"],
    [{ ttl: 10, now: 0 }, 0, "ok"],
    [{ ttl: 10, now: 10 }, 0, "ok"],
    [{ ttl: 10, now: 11 }, 0, "ERR_TOKEN_EXPIRED"],
    [{ ttl: 10, now: 2 ** 32 }, 2 ** 32, "ok"],
    [{ ttl: 10, now: 2 ** 32 + 11 }, 2 ** 32, "ERR_TOKEN_EXPIRED"],
    [{ ttl: 10, now: 0 }, 2 ** 32, "ERR_TOKEN_NOT_ACTIVE"],
    [{ ttl: 10, now: NOW }, 2 ** 53, "ERR_TOKEN_NOT_ACTIVE"],
    [{ ttl: 10, now: NOW }, 2n ** 63n, "ERR_TOKEN_NOT_ACTIVE"],
    [{ ttl: 10, now: NOW }, 2n ** 64n - 1n, "ERR_TOKEN_NOT_ACTIVE"],
    [{ ttl: 10, now: 2 ** 65 }, 2n ** 64n - 1n, "ERR_TOKEN_EXPIRED"],
    [{ now: NOW }, 2n ** 64n - 1n, "ok"],
    [{}, 2n ** 63n, "ok"],
  ];

  for (const [options, timestamp, verdict] of cases) {
    const what = `${JSON.stringify(options)} for ${timestamp}`;
    test(`${what}: ${verdict}`, () => {
      for (const message of ["m", "m".repeat(40_000)]) {
        const token = fernetToken(KEY, { timestamp, message });
        for (const call of [
          () => fernet.decryptText(token, options),
          () => Buffer.from(fernet.decrypt(token, options)).toString(),
          () => fernet.decryptText(fernet.rotate(token, options)),
        ]) {
          if (verdict === "ok") assert.equal(call(), message);
          else refused(call, verdict);
        }
        const foreign = fernetToken(OTHER, { timestamp, message });
        refused(() => fernet.decrypt(foreign, options), "ERR_TOKEN_INVALID", "the MAC first");
      }
    });
  }

  test("uses the system's clock without `now` [fernet-timestamp-b]", () => {
    const token = fernet.encrypt("m");
    assert.equal(fernet.decryptText(token, { ttl: 60 }), "m");
    const second = Math.floor(Date.now() / 1000);
    assert.ok(Math.abs(fernet.timestamp(token) - second) <= 1);
    const old = fernet.encrypt("m", { now: second - 100 });
    refused(() => fernet.decrypt(old, { ttl: 60 }), "ERR_TOKEN_EXPIRED");
    const ahead = fernet.encrypt("m", { now: second + 100 });
    refused(() => fernet.decrypt(ahead, { ttl: 60 }), "ERR_TOKEN_NOT_ACTIVE");
  });
});

describe("A policy's ttl applies to every call that gives none", () => {
  const ts = 1000;
  const aged = new Fernet(KEY, { ttl: 60 });
  const calls: [name: string, call: (token: string, options?: FernetDecryptOptions) => unknown][] =
    [
      ["decrypt", (token, options) => Buffer.from(aged.decrypt(token, options)).toString()],
      ["decryptText", (token, options) => aged.decryptText(token, options)],
      ["rotate", (token, options) => fernet.decryptText(aged.rotate(token, options))],
    ];
  const cases: [options: FernetDecryptOptions | undefined, now: number, Verdict | "ok"][] = [
    [undefined, 1060, "ok"],
    [undefined, 1061, "ERR_TOKEN_EXPIRED"],
    [undefined, 940, "ok"],
    [undefined, 939, "ERR_TOKEN_NOT_ACTIVE"],
    // The system's time counts in whole seconds, as timestamps do.
    [undefined, 1060.999, "ok"],
    [undefined, 939.999, "ERR_TOKEN_NOT_ACTIVE"],
    [{}, 1060, "ok"],
    [{}, 1061, "ERR_TOKEN_EXPIRED"],
    [{ now: 1060 }, 9e9, "ok"],
    [{ now: 1060.25 }, 0, "ERR_TOKEN_EXPIRED"],
    [{ now: 939.75 }, ts, "ERR_TOKEN_NOT_ACTIVE"],
    // A call's ttl replaces the policy's, shorter or longer.
    [{ ttl: 0 }, 1001, "ERR_TOKEN_EXPIRED"],
    [{ ttl: 59 }, 1060, "ERR_TOKEN_EXPIRED"],
    [{ ttl: 61 }, 1061, "ok"],
    [{ ttl: Number.MAX_VALUE }, 9e9, "ok"],
    [{ ttl: 61, now: 1061.25 }, ts, "ERR_TOKEN_EXPIRED"],
  ];
  for (const [options, now, verdict] of cases) {
    test(`${JSON.stringify(options)} at ${now}: ${verdict}`, () => {
      const { mock: clock } = mock.method(Date, "now", () => now * 1000);
      try {
        for (const message of ["m", "m".repeat(40_000)]) {
          const token = fernetToken(KEY, { timestamp: ts, message });
          const foreign = fernetToken(OTHER, { timestamp: ts, message });
          for (const [name, call] of calls) {
            if (verdict === "ok") assert.equal(call(token, options), message, name);
            else refused(() => call(token, options), verdict, name);
            refused(() => call(foreign, options), "ERR_TOKEN_INVALID", "the MAC first");
          }
        }
      } finally {
        clock.restore();
      }
    });
  }

  test("a ttl of 0 means 0", () => {
    const strict = new Fernet(KEY, { ttl: 0 });
    const token = fernetToken(KEY, { timestamp: ts, message: "m" });
    assert.equal(strict.decryptText(token, { now: ts }), "m");
    refused(() => strict.decryptText(token, { now: ts + 0.25 }), "ERR_TOKEN_EXPIRED");
  });

  test("timestamp and encrypt ignore the policy's ttl", () => {
    assert.equal(aged.timestamp(fernetToken(KEY, { timestamp: ts })), ts);
    assert.equal(aged.timestamp(aged.encrypt("m", { now: 5 })), 5);
  });

  test("without a ttl or a policy no token expires", () => {
    for (const policy of [{}, Object.create(null), undefined]) {
      const ageless = new Fernet(KEY, policy);
      assert.equal(ageless.decryptText(fernetToken(KEY, { timestamp: 0, message: "m" })), "m");
    }
  });

  test("refuses a policy that is not an object, has an unknown option, or a bad ttl", () => {
    for (const value of [null, 0, 60, "", "ttl", true, [], [60], () => ({}), Symbol("s")]) {
      const make = () => new Fernet(KEY, value as never);
      misuse(make, "ERR_OPTION", "the options of Fernet must be an object", String(value));
    }
    for (const option of ["tll", "TTL", "now", "maxAge", "toString"]) {
      const make = () => new Fernet(KEY, { [option]: 60 } as never);
      misuse(make, "ERR_OPTION", `unknown option "${option}" of Fernet`);
    }
    const demand = "ttl must be a finite number of seconds, 0 or more";
    for (const ttl of [-1, -0.001, Number.NaN, Infinity, "60", null, {}, 1n, false] as never[]) {
      misuse(() => new Fernet(KEY, { ttl }), "ERR_OPTION", demand, String(ttl));
    }
    const left =
      "ttl must be a value, not undefined, as of an unset environment variable: set it, or leave it out";
    misuse(() => new Fernet(KEY, { ttl: undefined as never }), "ERR_OPTION", left);
    misuse(() => new Fernet(KEY, Object.create({ ttl: undefined })), "ERR_OPTION", left);
  });

  test("reads a policy once; later changes have no effect", () => {
    let reads = 0;
    const policy = {
      get ttl() {
        return ++reads === 1 ? 60 : 1e12;
      },
    };
    const kept = new Fernet(KEY, policy);
    const token = fernetToken(KEY, { timestamp: ts });
    refused(() => kept.decrypt(token, { now: ts + 61 }), "ERR_TOKEN_EXPIRED");
    assert.equal(reads, 1);
  });
});

describe("No foreign code runs while a token lies in the page", () => {
  // Of equal length, so that the second would overwrite the first exactly.
  const [alice, mallory] = ["to: alice, 1 EUR", "to: mallory 9EUR"];
  const timed = new Fernet([OTHER, KEY], { ttl: 60 });
  const token = fernetToken(KEY, { timestamp: NOW, message: alice });

  /** Uses the page, as a clock or a getter of the application might. */
  const intrude = (): void => {
    fernet.encrypt(mallory, { now: 5 });
    assert.equal(fernet.decryptText(fernetToken(KEY, { message: mallory, timestamp: 5 })), mallory);
    refused(() => fernet.decrypt(fernetToken(OTHER)), "ERR_TOKEN_INVALID");
  };

  /** Runs it with a clock that calls `intrude`; returns how often the clock was read. */
  function withClock(run: () => void): number {
    let asked = 0;
    let busy = false;
    const { mock: clock } = mock.method(Date, "now", () => {
      if (!busy) {
        busy = true;
        asked++;
        intrude();
        busy = false;
      }
      return NOW * 1000;
    });
    try {
      run();
    } finally {
      clock.restore();
    }
    return asked;
  }

  const uses: [name: string, options: FernetDecryptOptions | undefined][] = [
    ["a policy's ttl", undefined],
    ["a policy's ttl, with options", {}],
    ["a call's ttl", { ttl: 5 }],
  ];
  for (const [name, options] of uses) {
    test(`reads the clock before it, under ${name}`, () => {
      const asked = withClock(() => {
        assert.equal(timed.decryptText(token, options), alice);
        assert.equal(Buffer.from(timed.decrypt(token, options)).toString(), alice);
        const rotated = timed.rotate(token, options);
        assert.equal(timed.decryptText(rotated, options), alice);
        assert.equal(timed.timestamp(rotated), NOW);
        refused(
          () => timed.decrypt(fernet.encrypt("old", { now: 1 }), options),
          "ERR_TOKEN_EXPIRED",
        );
      });
      assert.equal(asked, 5);
    });
  }

  test("reads the clock before it, when encrypting", () => {
    const asked = withClock(() => {
      const made = fernet.encrypt(alice);
      const iv = Buffer.from(made, "base64url").subarray(9, 25);
      assert.equal(made, fernetToken(KEY, { message: alice, iv, timestamp: NOW }));
    });
    assert.equal(asked, 1);
  });

  test("reads an option's getter before it", () => {
    const options = {
      get ttl() {
        intrude();
        return 60;
      },
      get now() {
        intrude();
        return NOW;
      },
    };
    const at = {
      get now() {
        intrude();
        return NOW;
      },
    };
    assert.equal(timed.decryptText(token, options), alice);
    assert.equal(fernet.decryptText(timed.rotate(token, options) && token, options), alice);
    assert.equal(fernet.decryptText(fernet.encrypt(alice, at)), alice);
  });

  test("a clock that throws leaves the next call right", () => {
    const fault = new Error("no clock");
    const { mock: clock } = mock.method(Date, "now", () => {
      throw fault;
    });
    try {
      for (const call of [() => timed.decrypt(token), () => fernet.encrypt(alice)]) {
        assert.throws(call, (error) => error === fault);
      }
      assert.equal(fernet.decryptText(token), alice);
    } finally {
      clock.restore();
    }
  });
});

describe("Timestamps have 64 bits [fernet-timestamp-a]", () => {
  const MAX = Number.MAX_SAFE_INTEGER;

  test("encrypt writes whole seconds up to 2^53 - 1", () => {
    const cases: [now: number, timestamp: number][] = [
      [0, 0],
      [0.999, 0],
      [NOW + 0.5, NOW],
      [2 ** 31, 2 ** 31],
      [2 ** 32 - 1, 2 ** 32 - 1],
      [2 ** 32, 2 ** 32],
      [2 ** 40 + 1, 2 ** 40 + 1],
      [MAX, MAX],
    ];
    for (const [now, timestamp] of cases) {
      const token = fernet.encrypt("m", { now });
      assert.equal(fernet.timestamp(token), timestamp);
      assert.equal(Buffer.from(token, "base64url").readBigUInt64BE(1), BigInt(timestamp));
    }
  });

  test("rotate keeps every bit of the timestamp, and the message", () => {
    const both = new Fernet([OTHER, KEY]);
    const only = new Fernet(OTHER);
    const times = [0n, 1n, 2n ** 32n, 2n ** 53n - 1n, 2n ** 53n + 1n, 2n ** 63n, 2n ** 64n - 1n];
    for (const timestamp of times) {
      for (const message of [randomBytes(40), randomBytes(20_000)]) {
        const token = fernetToken(KEY, { timestamp, message });
        const rotated = both.rotate(token);
        assert.equal(Buffer.from(rotated, "base64url").readBigUInt64BE(1), timestamp);
        assert.ok(message.equals(only.decrypt(rotated)));
        assert.equal(only.timestamp(rotated), Number(timestamp));
        refused(() => fernet.decrypt(rotated), "ERR_TOKEN_INVALID");
      }
    }
  });

  test("refuses a bad `now`", () => {
    const finite = "now must be a finite number of seconds";
    for (const now of [Number.NaN, Infinity, -Infinity, "1", null, {}, 1n, true, [1]] as never[]) {
      misuse(() => fernet.encrypt("m", { now }), "ERR_OPTION", finite, String(now));
      misuse(() => fernet.decrypt("", { now }), "ERR_OPTION", finite, String(now));
      misuse(() => fernet.decrypt("", { ttl: 1, now }), "ERR_OPTION", finite, String(now));
    }
    for (const now of [-1, -0.5, -1e300]) {
      misuse(() => fernet.encrypt("m", { now }), "ERR_OPTION", "now must be 0 or more");
    }
    for (const now of [2 ** 53, 2 ** 64, 1e300]) {
      const { message } = thrown(() => fernet.encrypt("m", { now }));
      misuse(() => fernet.encrypt("m", { now }), "ERR_OPTION", message);
      assert.match(message, /^now must be /);
    }
  });

  test("refuses a bad ttl, whatever the token", () => {
    const demand = "ttl must be a finite number of seconds, 0 or more";
    const token = fernet.encrypt("m");
    for (const ttl of [-1, -0.001, Number.NaN, Infinity, "60", null, {}, 1n, false] as never[]) {
      for (const given of [token, "", null as never]) {
        misuse(() => fernet.decrypt(given, { ttl }), "ERR_OPTION", demand, String(ttl));
        misuse(() => fernet.decryptText(given, { ttl }), "ERR_OPTION", demand, String(ttl));
        misuse(() => fernet.rotate(given, { ttl }), "ERR_OPTION", demand, String(ttl));
      }
    }
  });
});

describe("The first key encrypts, all keys decrypt", () => {
  const third = Buffer.alloc(32, 3);
  const all = new Fernet([KEY, OTHER, third]);

  test("tokens of every key open, and new ones are made with the first", () => {
    for (const key of [KEY, OTHER, third]) {
      for (const message of ["m", "m".repeat(40_000)]) {
        const one = new Fernet(key);
        assert.equal(all.decryptText(one.encrypt(message)), message);
        assert.equal(fernet.decryptText(all.rotate(one.encrypt(message))), message);
        if (key === KEY) assert.equal(one.decryptText(all.encrypt(message)), message);
        else refused(() => one.decryptText(all.encrypt(message)), "ERR_TOKEN_INVALID");
      }
    }
    refused(() => all.decrypt(fernetToken(Buffer.alloc(32))), "ERR_TOKEN_INVALID");
  });

  test("of two keys with the same signing half only the first is tried", () => {
    // The same signing half with another encryption half: the MAC holds under both.
    const twin = Buffer.concat([KEY.subarray(0, 16), OTHER.subarray(16)]);
    const token = fernetToken(KEY, { blocks: Buffer.alloc(16, 16), iv: Buffer.alloc(16) });
    assert.equal(new Fernet([KEY, twin]).decryptText(token), "");
    refused(() => new Fernet([twin, KEY]).decrypt(token), "ERR_TOKEN_INVALID");
  });

  test("rotate makes a new token with the same timestamp, even of a token of the first key", () => {
    const token = fernet.encrypt("m", { now: 5 });
    const rotated = fernet.rotate(token);
    assert.notEqual(rotated, token);
    assert.equal(fernet.timestamp(rotated), 5);
    assert.equal(fernet.decryptText(rotated), "m");
  });

  test("10,000 keys take at most 32 KiB each", () => {
    const before = process.memoryUsage.rss();
    const key = (index: number) => Buffer.from(`${index}`.padStart(32, "0")).reverse();
    const many = Array.from({ length: 10_000 }, (_, index) => new Fernet(key(index)));
    const tokens = many.map((one, index) => one.encrypt(`message ${index}`));
    const perKey = (process.memoryUsage.rss() - before) / many.length;
    assert.ok(perKey < 32 * 1024, `${perKey} bytes`);
    for (let index = 0; index < many.length; index += 7) {
      const text = (many[index] as Fernet).decryptText(tokens[index] as string);
      assert.equal(text, `message ${index}`);
      refused(
        () => (many[index] as Fernet).decrypt(tokens[(index + 1) % many.length] as string),
        "ERR_TOKEN_INVALID",
      );
    }
  });
});

describe("Checks options", () => {
  const token = fernet.encrypt("m");
  const calls: [name: string, of: string, call: (options: never) => unknown][] = [
    ["encrypt", "encrypt", (options) => fernet.encrypt("m", options)],
    ["decrypt", "decrypt", (options) => fernet.decrypt(token, options)],
    ["decryptText", "decrypt", (options) => fernet.decryptText(token, options)],
    ["rotate", "decrypt", (options) => fernet.rotate(token, options)],
  ];

  for (const [name, of, call] of calls) {
    test(`of ${name}`, () => {
      for (const value of [null, 0, 1, "", true, [], [60], () => ({}), Symbol("s")]) {
        misuse(
          () => call(value as never),
          "ERR_OPTION",
          `the options of ${of} must be an object`,
          String(value),
        );
      }
      for (const option of ["tll", "TTL", "time", "toString", "currentTime"]) {
        const message = `unknown option "${option}" of ${of}`;
        misuse(() => call({ [option]: 60 } as never), "ERR_OPTION", message);
      }
      if (name === "encrypt") {
        misuse(() => call({ ttl: 60 } as never), "ERR_OPTION", 'unknown option "ttl" of encrypt');
      }
      const left =
        "a value, not undefined, as of an unset environment variable: set it, or leave it out";
      for (const option of name === "encrypt" ? ["now"] : ["ttl", "now"]) {
        const given = { ttl: 1e12, [option]: undefined };
        if (name === "encrypt") Reflect.deleteProperty(given, "ttl");
        misuse(() => call(given as never), "ERR_OPTION", `${option} must be ${left}`);
      }
      call({} as never);
      call(undefined as never);
    });
  }
});

function thrown(call: () => unknown): Error {
  try {
    call();
  } catch (error) {
    return error as Error;
  }
  return assert.fail("nothing was thrown");
}
