/** Keys of Jwt (RFC 7518 section 3.2) and of Fernet, and values that look like keys. */

import assert from "node:assert/strict";
import { createSecretKey, generateKeyPairSync, KeyObject, webcrypto } from "node:crypto";
import { describe, test } from "node:test";
import { decode } from "../../src/base64url.ts";
import { Fernet } from "../../src/fernet.ts";
import { toFront } from "../../src/internal/keys.ts";
import { Jwt, type JwtKey } from "../../src/jwt.ts";
import { base64url, fernetToken, jws } from "../helpers/token-forge.ts";
import { misuse, refused } from "../helpers/token-refusals.ts";

const TEXT = "a key of thirty-two bytes, no less";
const BYTES = Buffer.from(TEXT);
const HEADER = { alg: "HS256", typ: "JWT" };

/** A subclass that reports a length of 32. */
class Longer extends Uint8Array {
  override get length(): number {
    return 32;
  }
}

describe("A JWT's key is 32 bytes or more of text, bytes, a KeyObject or a JWK [2104-2b]", () => {
  const jwk = (members: object = {}) => ({ kty: "oct", k: base64url(TEXT), ...members });
  const within = new Uint8Array(Buffer.concat([Buffer.alloc(7), BYTES, Buffer.alloc(9)])).buffer;
  const shared = new Uint8Array(new SharedArrayBuffer(BYTES.length));
  shared.set(BYTES);
  const alike: [what: string, key: unknown][] = [
    ["text", TEXT],
    ["a Buffer", BYTES],
    ["a Uint8Array", new Uint8Array(BYTES)],
    ["a part of a buffer", new Uint8Array(within, 7, BYTES.length)],
    ["shared memory", shared],
    ["a secret KeyObject", createSecretKey(BYTES)],
    ["a JWK", jwk()],
    ["a JWK for HS256", jwk({ alg: "HS256", use: "sig" })],
    ["a JWK with unknown members", jwk({ key_ops: ["sign"], exp: 1, x: null })],
    ["a JWK without a prototype", Object.assign(Object.create(null), jwk())],
    ["a list of one", [TEXT]],
    ["a frozen list", Object.freeze([BYTES])],
  ];

  for (const [what, key] of alike) {
    test(`accepts ${what}`, () => {
      const jwt = new Jwt(key as JwtKey);
      const token = jws(HEADER, { iat: 1 }, TEXT);
      assert.equal(jwt.sign({}, { now: 1 }), token);
      assert.deepEqual(jwt.verify(token), { iat: 1 });
    });
  }

  const lengths = [32, 33, 63, 64, 65, 100, 1000];
  for (const length of lengths) {
    test(`accepts ${length} bytes in every form`, () => {
      const text = "k".repeat(length);
      const k = base64url(text);
      for (const key of [text, Buffer.from(text), createSecretKey(text, "utf8"), jwk({ k })]) {
        assert.equal(new Jwt(key as JwtKey).sign({}, { now: 1 }), jws(HEADER, { iat: 1 }, text));
      }
    });
  }

  test("counts text in bytes of UTF-8, and neither decodes nor trims it", () => {
    const texts = ["\u20ac".repeat(11), "\ud83d\ude00".repeat(8), ` ${"k".repeat(30)}\n`];
    texts.push("0".repeat(64), `${base64url(BYTES)}==`, "\0".repeat(32), `${"k".repeat(31)}\ufffd`);
    for (const text of texts) {
      assert.equal(new Jwt(text).sign({}, { now: 1 }), jws(HEADER, { iat: 1 }, text));
    }
  });

  const short = "a JWT key must be 32 bytes or more, such as randomBytes(32)";
  const kinds =
    'a JWT key must be a string, bytes, a secret KeyObject or a JWK of kty "oct": use Jwt.generateKey()';
  const encoding = "a key's text must be strict base64url, as generateKey() writes it";
  const pair = generateKeyPairSync("ed25519");
  const bad: [message: string, keys: unknown[]][] = [
    [short, ["k", "k".repeat(31), "\u20ac".repeat(10), "password"]],
    [short, [Buffer.alloc(31, 1), createSecretKey(Buffer.alloc(31, 1))]],
    [short, [jwk({ k: base64url("k".repeat(31)) })]],
    [
      `${short}; this one is empty: is its environment variable set?`,
      ["", new Uint8Array(), jwk({ k: "" })],
    ],
    [
      "a JWT key must be well-formed text, or bytes such as randomBytes(32)",
      [`${"k".repeat(40)}\ud800`, "\ude00".repeat(40)],
    ],
    [
      "a JWT key must be a secret KeyObject, not a key pair's: use createSecretKey(randomBytes(32))",
      [
        pair.privateKey,
        pair.publicKey,
        generateKeyPairSync("rsa", { modulusLength: 1024 }).publicKey,
      ],
    ],
    [kinds, [undefined, null, 0, 1n, true, Symbol("k"), () => TEXT, {}, new Date(), new Map()]],
    [kinds, [new String(TEXT), [[TEXT]], [TEXT, []], new ArrayBuffer(64), new Uint16Array(64)]],
    [kinds, [Object.assign(Array(2), { 1: TEXT }), Object.assign(Array(2), [TEXT])]],
    [kinds, [new DataView(new ArrayBuffer(64)), pair, { k: base64url(TEXT) }]],
    [kinds, ["RSA", "EC", "OKP", "OCT", "", null, ["oct"], 1].map((kty) => jwk({ kty }))],
    [encoding, [`${base64url(TEXT)}=`, ` ${base64url(TEXT)}`, "k", "+".repeat(44)].map(ofK)],
    [encoding, [`${base64url("k".repeat(32)).slice(0, -1)}t`, "\u0141".repeat(44)].map(ofK)],
    [encoding, [undefined, null, 1, [base64url(TEXT)], BYTES, {}].map(ofK)],
    [
      'the "alg" of a JWK must be HS256',
      ["HS512", "hs256", "none", "", null, ["HS256"]].map((alg) => jwk({ alg })),
    ],
    ['the "use" of a JWK must be sig', ["enc", "", null, 1].map((use) => jwk({ use }))],
    ['the "kid" of a JWK must be a string', [1, null, {}, ["kid"]].map((kid) => jwk({ kid }))],
  ];

  for (const [message, keys] of bad) {
    for (const key of keys) {
      test(`${message}: ${describeKey(key)}`, () => {
        misuse(() => new Jwt(key as JwtKey), "ERR_KEY", message);
        if (Array.isArray(key)) return;
        misuse(() => new Jwt([TEXT, key as JwtKey]), "ERR_KEY", message, "the second of two");
      });
    }
  }

  test("refuses an empty list and no argument", () => {
    misuse(
      () => new Jwt([]),
      "ERR_KEY",
      "no JWT key was given: make one with randomBytes(32), once, and keep it",
    );
    misuse(() => new (Jwt as unknown as new () => Jwt)(), "ERR_KEY", kinds);
  });

  test("refuses a CryptoKey", async () => {
    const algorithm = { name: "HMAC", hash: "SHA-256" };
    const key = await webcrypto.subtle.importKey("raw", BYTES, algorithm, false, ["sign"]);
    misuse(() => new Jwt(key as never), "ERR_KEY", kinds);
  });

  test("refuses an object that only inherits from a kind of key", () => {
    for (const { prototype } of [Uint8Array, Buffer]) {
      misuse(() => new Jwt(Object.create(prototype)), "ERR_KEY", kinds);
    }
    const secret = { type: { value: "secret" } };
    // Some Nodes throw when asked for its type, others only on export.
    for (const members of [{}, secret, { ...secret, k: { value: base64url(TEXT) } }]) {
      misuse(
        () => new Jwt(Object.create(KeyObject.prototype, members)),
        "ERR_KEY",
        "a JWT key must be a secret KeyObject, not a key pair's: use createSecretKey(randomBytes(32))",
      );
    }
    for (const value of [undefined, 32, [...BYTES], new ArrayBuffer(32)]) {
      const exporting = { ...secret, export: { value: () => value } };
      misuse(
        () => new Jwt(Object.create(KeyObject.prototype, exporting)),
        "ERR_KEY",
        "a JWT key must be a string or bytes, such as randomBytes(32)",
      );
    }
    misuse(() => new Jwt(new Proxy(new Uint8Array(BYTES), {})), "ERR_KEY", kinds, "a Proxy");
  });

  test("counts the true length of bytes that report another one", () => {
    misuse(() => new Jwt(new Longer(16)), "ERR_KEY", short);
    assert.equal(
      new Jwt(new Longer(BYTES)).sign({}, { now: 1 }),
      new Jwt(BYTES).sign({}, { now: 1 }),
    );
  });

  test("keeps its own copy of the key's bytes", () => {
    for (const length of [32, 100]) {
      const key = Buffer.alloc(length, "k");
      const jwt = new Jwt(key);
      const token = jws(HEADER, { iat: 1 }, key);
      key.fill(0);
      assert.equal(jwt.sign({}, { now: 1 }), token);
      jwt.verify(token);
    }
  });

  function ofK(k: unknown): object {
    return jwk({ k });
  }
});

describe("Refuses text that is visibly another kind of key (RFC 8725 section 2.1) [8725-3.1]", () => {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const pem = publicKey.export({ type: "spki", format: "pem" }) as string;
  const blob = "AAAAC3NzaC1lZDI1NTE5AAAAIJ4P1Pn2Hs5Y0bZz2G3YdQ0J2y4m3aGmYw1Yw7y6kQ8e";
  const jwk = publicKey.export({ format: "jwk" });
  const texts: [what: string, text: string][] = [
    ["a public key", pem],
    ["a public key, \\r\\n", pem.replaceAll("\n", "\r\n")],
    ["a public key behind white space", `\n  ${pem}`],
    ["a public key behind a byte order mark", `\ufeff${pem}`],
    ["a public key behind its bag attributes", `Bag Attributes\n  friendlyName: x\n${pem}`],
    ["a private key", privateKey.export({ type: "pkcs8", format: "pem" }) as string],
    ["a certificate", `-----BEGIN CERTIFICATE-----\nMIIB${"A".repeat(60)}\n`],
    ["an RSA public key", `-----BEGIN RSA PUBLIC KEY-----\nMIIB${"A".repeat(60)}\n`],
    ["an OpenSSH private key", `-----BEGIN OPENSSH PRIVATE KEY-----\n${blob}\n`],
    ["ssh-ed25519", `ssh-ed25519 ${blob} tom@example`],
    ["ssh-rsa behind white space", `\n ssh-rsa ${blob}`],
    ["ecdsa-sha2-nistp256", `ecdsa-sha2-nistp256 ${blob}`],
    ["sk-ssh-ed25519", `sk-ssh-ed25519@openssh.com ${blob}`],
    ["sk-ecdsa-sha2-nistp256", `sk-ecdsa-sha2-nistp256@openssh.com\t${blob}`],
    ["a JWK", JSON.stringify(jwk)],
    ["a JWK over lines", JSON.stringify(jwk, null, 2)],
    ["a symmetric JWK", JSON.stringify({ k: base64url(TEXT), kty: "oct" })],
    ["a set of JWKs", JSON.stringify({ keys: [jwk] })],
    ["an SSH public key of RFC 4716", `---- BEGIN SSH2 PUBLIC KEY ----\n${blob}\n---- END`],
    ["ssh-ed25519 behind a byte order mark", `\ufeffssh-ed25519 ${blob}`],
    ["a JWK behind a byte order mark", `\ufeff${JSON.stringify(jwk)}`],
  ];
  const message =
    "a JWT key must be secret bytes such as randomBytes(32), not the text of a PEM, an SSH key or a JWK";

  for (const [what, text] of texts) {
    test(`${what}, as text and as bytes`, () => {
      misuse(() => new Jwt(text), "ERR_KEY", message);
      misuse(() => new Jwt([TEXT, Buffer.from(text)]), "ERR_KEY", message);
    });
  }

  test("a PEM in a KeyObject or a JWK", () => {
    misuse(() => new Jwt(createSecretKey(pem, "utf8")), "ERR_KEY", message, "a KeyObject");
    misuse(() => new Jwt({ kty: "oct", k: base64url(pem) }), "ERR_KEY", message, "a JWK");
  });

  test("but accepts a secret that only resembles one", () => {
    const secrets = ["my ssh-rsa key has been lost, sorry", `{"key":"${"k".repeat(32)}"}`];
    secrets.push("-----begin public key----- in jest.", `${"-".repeat(32)}BEGIN`, `ssh-${blob}`);
    secrets.push(`"kty" is a fine word of three letters`, `BEGIN PUBLIC KEY ${blob}`);
    secrets.push(`not {"kty":"oct"}, whose brace comes first`);
    for (const secret of secrets) new Jwt(secret).verify(new Jwt(secret).sign({}));
  });
});

describe("A Fernet key is 44 characters or 32 bytes [fernet-key]", () => {
  const bytes = Buffer.from(Array.from({ length: 32 }, (_, index) => 255 - index * 7));
  const text = `${bytes.toString("base64url")}=`;
  const shared = new Uint8Array(new SharedArrayBuffer(32));
  shared.set(bytes);
  const alike: [what: string, key: unknown][] = [
    ["text", text],
    ["a Buffer", bytes],
    ["a Uint8Array", new Uint8Array(bytes)],
    ["a part of a buffer", Buffer.concat([bytes, bytes]).subarray(32)],
    ["shared memory", shared],
    ["a list of both", [text, bytes]],
    ["a frozen list", Object.freeze([text])],
  ];
  for (const [what, key] of alike) {
    test(`accepts ${what}`, () => {
      const fernet = new Fernet(key as string);
      const token = fernet.encrypt("m", { now: 1 });
      const iv = Buffer.from(token, "base64url").subarray(9, 25);
      assert.equal(token, fernetToken(bytes, { message: "m", iv, timestamp: 1 }));
    });
  }

  const size =
    "a Fernet key must be 44 characters of padded base64url, or 32 bytes: use Fernet.generateKey()";
  const encoding = "a key's text must be strict base64url, as generateKey() writes it";
  const bad: [message: string, keys: unknown[]][] = [
    [size, ["", "k", "k".repeat(32), text.slice(0, -1), `${text}=`, `${text}\n`, ` ${text}`]],
    [
      size,
      [bytes.toString("hex"), bytes.toString("latin1"), "A".repeat(44), `${"A".repeat(42)}==`],
    ],
    [
      size,
      [new Uint8Array(), bytes.subarray(1), Buffer.alloc(33), Buffer.alloc(16), Buffer.alloc(64)],
    ],
    [size, [undefined, null, 0, 1n, true, Symbol("k"), () => text, {}, new Date(), [[text]]]],
    [size, [new String(text), new ArrayBuffer(32), new Uint16Array(32), createSecretKey(bytes)]],
    [size, [new DataView(new ArrayBuffer(32)), { kty: "oct", k: text }, { length: 32 }]],
    [encoding, [text.replaceAll("-", "+").replaceAll("_", "/"), ` ${text.slice(1)}`]],
    [encoding, [`${text.slice(0, -2)}==`, `${text.slice(0, -2)}=A`, "=".repeat(44)]],
    [encoding, [`${"A".repeat(42)}B=`, `\u0141${text.slice(1)}`, `${text.slice(0, -1)}\n`]],
  ];
  for (const [message, keys] of bad) {
    for (const key of keys) {
      test(`${message}: ${describeKey(key)}`, () => {
        misuse(() => new Fernet(key as string), "ERR_KEY", message);
        if (Array.isArray(key)) return;
        misuse(() => new Fernet([text, key as string]), "ERR_KEY", message, "the second of two");
      });
    }
  }

  test("refuses an empty list and no argument", () => {
    misuse(
      () => new Fernet([]),
      "ERR_KEY",
      "no Fernet key was given: make one with randomBytes(32), once, and keep it",
    );
    misuse(() => new (Fernet as unknown as new () => Fernet)(), "ERR_KEY", size);
  });

  test("refuses an object that only inherits from bytes", () => {
    for (const { prototype } of [Uint8Array, Buffer]) {
      misuse(() => new Fernet(Object.create(prototype)), "ERR_KEY", size);
    }
    misuse(() => new Fernet(new Proxy(new Uint8Array(bytes), {})), "ERR_KEY", size, "a Proxy");
  });

  test("counts the true length of bytes that report another one", () => {
    misuse(() => new Fernet(new Longer(16)), "ERR_KEY", size);
    assert.equal(new Fernet(new Longer(bytes)).decryptText(new Fernet(bytes).encrypt("m")), "m");
  });

  test("refuses a hole in a list", () => {
    for (const at of [0, 1]) {
      const list = Object.assign(Array(2), { [at]: bytes });
      misuse(() => new Fernet(list), "ERR_KEY", size);
    }
  });

  test("keeps its own copy of the key's bytes", () => {
    const key = Buffer.from(bytes);
    const fernet = new Fernet(key);
    key.fill(0);
    assert.equal(fernet.decryptText(fernetToken(bytes, { message: "m" })), "m");
    assert.equal(new Fernet(bytes).decryptText(fernet.encrypt("m")), "m");
  });
});

describe("generateKey [2104-3a]", () => {
  test("of Jwt: 256 random bits as 43 characters [7515-10.1]", () => {
    const keys = new Set(Array.from({ length: 1000 }, () => Jwt.generateKey()));
    assert.equal(keys.size, 1000);
    everyByteVaries([...keys].map((each) => decode(each)));
    const [key] = keys as Iterable<string> as [string];
    for (const each of keys) assert.equal(decode(each).length, 32);
    const token = new Jwt(key).sign({}, { now: 1 });
    assert.equal(token, jws(HEADER, { iat: 1 }, key), "used as the text that it is");
  });

  test("of Fernet: 32 random bytes as 44 characters", () => {
    const keys = new Set(Array.from({ length: 1000 }, () => Fernet.generateKey()));
    assert.equal(keys.size, 1000);
    for (const each of keys) assert.equal(decode(each, { padding: true }).length, 32);
    everyByteVaries([...keys].map((each) => decode(each, { padding: true })));
    const [key, other] = [...keys] as [string, string];
    const token = new Fernet(key).encrypt("m");
    assert.equal(new Fernet(decode(key, { padding: true })).decryptText(token), "m");
    refused(() => new Fernet(other).decrypt(token), "ERR_TOKEN_INVALID");
  });
});

/** Checks that every byte is random: a thousand keys give it many values. */
function everyByteVaries(keys: readonly Uint8Array[]): void {
  for (let at = 0; at < 32; at++) {
    assert.ok(new Set(keys.map((key) => key[at])).size > 200, `byte ${at}`);
  }
}

/** A title for a key: its kind and its beginning. */
function describeKey(key: unknown): string {
  if (key instanceof Uint8Array) return `${key.length} bytes`;
  if (typeof key === "string")
    return `${key.length} characters, ${JSON.stringify(key.slice(0, 8))}`;
  const json = typeof key === "bigint" ? undefined : JSON.stringify(key);
  return (json ?? String(key)).slice(0, 70);
}

describe("The key that matched last", () => {
  for (const index of [0, 1, 2, 3]) {
    test(`moves from ${index} to the front, the others keep their order`, () => {
      const keys = ["a", "b", "c", "d"];
      const expected = [keys[index], ...keys.filter((_, other) => other !== index)];
      assert.equal(toFront(keys, index), expected[0]);
      assert.deepEqual(keys, expected);
    });
  }

  test("stays where it is if it is the first", () => {
    assert.equal(toFront(Object.freeze(["a", "b"]) as string[], 0), "a");
  });
});
