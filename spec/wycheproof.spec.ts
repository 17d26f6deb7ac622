/**
 * Runs C2SP/wycheproof from the folder in the environment variable WYCHEPROOF; it is too large to transcribe.
 * vectors/README.md lists what applies. The counts are checked, so that no case is lost unnoticed.
 */

import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { Fernet } from "../src/fernet.ts";
import { pad } from "../src/internal/base64.ts";
import { TokenError } from "../src/internal/errors.ts";
import { Frames } from "../src/internal/frame.ts";
import { HmacKey, isMac, page } from "../src/internal/hmac.ts";
import { Jws } from "../src/internal/jws.ts";
import { Jwt } from "../src/jwt.ts";

interface Test {
  tcId: number;
  comment: string;
  result: "valid" | "invalid";
}
type Group<T, G> = G & { tests: (Test & T)[] };

/** How many cases of each file apply, as in vectors/README.md. */
const COUNTS: readonly { file: string; valid: number; invalid: number }[] = JSON.parse(
  readFileSync(new URL("helpers/wycheproof.json", import.meta.url), "utf8"),
);

/** Cases with a wrong label. Each entry must still be needed. */
const WAIVED: Record<number, string> = {
  367: "labelled invalid, byte for byte the valid 357",
  370: "labelled invalid, byte for byte the valid 357",
  372: "labelled valid, but its header holds a ?, and no MAC covers its text",
  373: "labelled valid, but its payload holds a ?, and no MAC covers its text",
};

const folder = process.env.WYCHEPROOF;

if (folder === undefined) {
  test("Wycheproof", (t) => t.skip("WYCHEPROOF names no folder with Wycheproof's JSON files"));
} else {
  run(folder);
}

function run(from: string): void {
  function read<T, G>(file: string): Group<T, G>[] {
    return JSON.parse(readFileSync(join(from, file), "utf8")).testGroups;
  }

  describe("Wycheproof: HMAC-SHA256, 256-bit tags", () => {
    const groups = read<{ key: string; msg: string; tag: string }, { tagSize: number }>(
      "hmac_sha256_test.json",
    ).filter(({ tagSize }) => tagSize === 256);
    const cases = groups.flatMap(({ tests }) => tests);

    test("has the expected number of cases", () => assertCounts("hmac_sha256_test.json", cases));

    for (const { tcId, comment, result, key, msg, tag } of cases) {
      test(`${tcId}: ${comment}`, () => {
        const made = new HmacKey(bytes(key));
        const message = bytes(msg);
        page.set(message);
        assert.equal(isMac(bytes(tag), made.ofPage(message.length, "utf16le")), result === "valid");
        assert.equal(isMac(bytes(tag), made.of(message, "utf16le")), result === "valid");
      });
    }
  });

  /*
   * CBC is tested through Fernet: each ciphertext is put into a frame with a valid MAC, so that only the
   * padding decides, and the message comes back.
   */
  describe("Wycheproof: AES-128-CBC-PKCS5", () => {
    const groups = read<{ key: string; iv: string; msg: string; ct: string }, { keySize: number }>(
      "aes_cbc_pkcs5_test.json",
    ).filter(({ keySize }) => keySize === 128);
    const cases = groups.flatMap(({ tests }) => tests);

    test("has the expected number of cases", () => assertCounts("aes_cbc_pkcs5_test.json", cases));

    for (const { tcId, comment, result, key, iv, msg, ct } of cases) {
      test(`${tcId}: ${comment}`, () => {
        const signing = Buffer.alloc(16, "wycheproof");
        const fernetKey = Buffer.concat([signing, bytes(key)]);
        const head = Buffer.alloc(9);
        head[0] = 0x80;
        const frame = Buffer.concat([head, bytes(iv), bytes(ct)]);
        const mac = createHmac("sha256", signing).update(frame).digest();
        const token = Buffer.concat([frame, mac])
          .toString("base64")
          .replaceAll("+", "-")
          .replaceAll("/", "_");
        const fernet = new Fernet(fernetKey);
        if (result === "valid") {
          assert.equal(Buffer.from(fernet.decrypt(token)).toString("hex"), msg);
          const given = (target: Uint8Array, at: number) => target.set(bytes(iv), at);
          assert.equal(pad(new Frames(fernetKey, given).encrypt(bytes(msg), 0)), token);
        } else {
          assert.equal(
            refusal(() => fernet.decrypt(token)),
            "ERR_TOKEN_INVALID",
          );
        }
      });
    }
  });

  describe("Wycheproof: JWS with HS256", () => {
    type Jwk = { kty: "oct"; k: string; kid: string };
    const groups = read<{ jws: string }, { private?: { kty: string } }>(
      "json_web_signature_test.json",
    ).filter((group) => group.private?.kty === "oct");
    const cases = groups.flatMap(({ tests, private: key }) =>
      tests.map((one) => ({ ...one, key: key as Jwk })),
    );

    test("has the expected number of cases", () =>
      assertCounts("json_web_signature_test.json", cases));

    test("each waiver names an existing case with the fault it describes", () => {
      const token = (id: number) => cases.find(({ tcId }) => tcId === id)?.jws;
      assert.ok(token(357));
      assert.equal(token(367), token(357));
      assert.equal(token(370), token(357));
      assert.match(token(372)?.split(".")[0] ?? "", /\?/);
      assert.match(token(373)?.split(".")[1] ?? "", /\?/);
    });

    for (const { tcId, comment, result, jws, key } of cases) {
      const waived = WAIVED[tcId];
      test(`${tcId}: ${comment}${waived === undefined ? "" : `, waived: ${waived}`}`, () => {
        const opened = new Jws(key).open(jws);
        const accepted = typeof opened === "string";
        assert.equal(accepted, (result === "valid") === (waived === undefined));
        const code = refusal(() => new Jwt(key).verify(jws));
        if (accepted) {
          assert.equal(opened, Buffer.from(jws.split(".")[1] as string, "base64url").toString());
          // A payload that is not a JSON object is not a claims set (RFC 7519 section 7.2).
          assert.equal(code, "ERR_TOKEN_MALFORMED");
        } else {
          assert.equal(code, opened.code);
        }
      });
    }
  });
}

function bytes(hex: string): Buffer {
  return Buffer.from(hex, "hex");
}

function assertCounts(name: string, cases: readonly Test[]): void {
  const { valid, invalid } = COUNTS.find(({ file }) => file === name) ?? {};
  assert.deepEqual(counts(cases), { valid, invalid });
}

function counts(cases: readonly Test[]): { valid: number; invalid: number } {
  const valid = cases.filter(({ result }) => result === "valid").length;
  return { valid, invalid: cases.length - valid };
}

/** Returns the code with which `call` refuses, or "accepted". */
function refusal(call: () => unknown): string {
  try {
    call();
  } catch (error) {
    assert.ok(error instanceof TokenError, String(error));
    return error.code;
  }
  return "accepted";
}
