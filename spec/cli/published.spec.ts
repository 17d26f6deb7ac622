/** `bulla check` and the check of a vendored folder: both run the published vectors and find failing ones. */

import assert from "node:assert/strict";
import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, mock, test } from "node:test";
import { pathToFileURL } from "node:url";
import { tests as asgi } from "../../src/cli/check/asgi.ts";
import { tests as base64url } from "../../src/cli/check/base64url.ts";
import { tests as cookie } from "../../src/cli/check/cookie.ts";
import { tests as fernet } from "../../src/cli/check/fernet.ts";
import { tests as jwt } from "../../src/cli/check/jwt.ts";
import {
  type Case,
  type Jwk,
  keyOf,
  octets,
  passes,
  run,
  type Tests,
  text,
} from "../../src/cli/check/run.ts";
import { tests as session } from "../../src/cli/check/session.ts";
import { good, inside } from "../helpers/cli-inside.ts";
import { fresh } from "../helpers/cli-process.ts";
import { ROOT } from "../helpers/cli-program.ts";

const VECTORS = pathToFileURL(`${ROOT}/vectors/`);
const { files: PACKED } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));

/** A folder with the packaged vectors, after an edit. */
function vectors(edit: (cases: Case[], file: string) => unknown = () => {}): string {
  const folder = fresh();
  mkdirSync(folder);
  const packed = (name: string) =>
    PACKED.some((path: string) =>
      new RegExp(`^vectors/${path.replace("vectors/", "").replace("*", ".*")}$`).test(
        `vectors/${name}`,
      ),
    );
  for (const name of readdirSync(VECTORS).filter(packed)) {
    const cases = JSON.parse(readFileSync(new URL(name, VECTORS), "utf8"));
    edit(cases, name);
    writeFileSync(join(folder, name), JSON.stringify(cases));
  }
  return folder;
}

/** Returns what `run` prints and its status. */
function ran(tables: Tests[], folder: string): { status: number; lines: string[] } {
  const lines: string[] = [];
  const spy = mock.method(console, "log", (line: string) => void lines.push(line));
  try {
    return { status: run(tables, pathToFileURL(`${folder}/`)), lines };
  } finally {
    spy.mock.restore();
  }
}

describe("check", () => {
  const SIX = [
    'good    base64url.encode  RFC 4648, 10: BASE64("foobar"), unpadded',
    "good    hmac              RFC 4231, 4.3: HMAC-SHA-256 test case 2",
    "good    jwt.verify        RFC 7515, A.1 (RFC 7519 3.1): HS256 example",
    "good    fernet.encrypt    fernet/spec, generate.json: generate",
    "good    fernet.decrypt    fernet/spec, verify.json: verify",
    "good    fernet.decrypt    fernet/spec, invalid.json: incorrect mac",
  ];
  test("prints six results, as text and as JSON", async () => {
    assert.equal(good(await inside("check")), `${SIX.join("\n")}\n`);
    const said = JSON.parse(good(await inside("check --json")));
    assert.equal(said.good, true);
    assert.equal(said.vectors.length, 6);
    assert.ok(said.vectors.every(({ passed }: { passed: boolean }) => passed));
  });
  test("marks the one that fails", async () => {
    const root = fresh();
    mkdirSync(root);
    const spoilt = vectors((cases) => {
      for (const one of cases) if (one.name === "verify") Object.assign(one, { out: "other" });
    });
    cpSync(spoilt, join(root, "vectors"), { recursive: true });
    const text = await inside("check", { root });
    const lines = SIX.map((line) =>
      line.includes(" verify") ? line.replace("good  ", "FAILED") : line,
    );
    assert.equal(text.stdout, `${lines.join("\n")}\n`);
    assert.deepEqual([text.status, text.stderr], [1, "bulla: ERR_CHECK: 1 of 6 vectors fail\n"]);
    const json = await inside("check --json", { root });
    assert.equal(JSON.parse(json.stdout).good, false);
    assert.equal(json.status, 1);
  });
});

describe("the check of a vendored folder", () => {
  const all = { base64url, jwt, fernet, cookie, session, asgi };
  for (const [name, tests] of Object.entries(all)) {
    test(`${name}: every case passes, and every case fails once its result is changed`, () => {
      const folder = vectors();
      const { status, lines } = ran([tests], folder);
      assert.equal(status, 0, lines.join("\n"));
      assert.deepEqual(
        lines.filter((line) => line.startsWith("  ")),
        [],
      );
      const spoilt = vectors((cases) => {
        for (const one of cases) {
          const { error } = one;
          Object.assign(
            one,
            error === undefined ? { error: "ERR_OTHER" } : { error: undefined, out: "" },
          );
        }
      });
      const wrong = ran([tests], spoilt);
      assert.equal(wrong.status, 1);
      const counts = wrong.lines.filter((line) => !line.startsWith("  "));
      assert.ok(
        counts.every((line) => /: 0 of \d+ pass$/.test(line)),
        counts.join("\n"),
      );
      assert.equal(counts.length, lines.length);
    });
  }
  test("prints the counts of each file and the names of failing cases", () => {
    const folder = vectors((cases, file) => {
      if (file === "fernet.json") Object.assign(cases[0] as Case, { out: "" });
    });
    const { status, lines } = ran([fernet, jwt], folder);
    assert.equal(status, 1);
    const at = lines.indexOf("fernet.json: 11 of 12 pass");
    assert.equal(lines[at + 1], "  failed: generate");
    assert.ok(lines.includes("jose.json: 17 of 17 pass"));
    assert.ok(lines.includes("rfc6265.json: 0 of 0 pass"), "which has nothing for them");
  });
  test("fails where there is nothing to run", () => {
    const folder = fresh();
    mkdirSync(folder);
    assert.deepEqual(ran([jwt], folder), { status: 1, lines: [] });
  });
});

describe("a case passes", () => {
  const tests: Tests = {
    fine: { out: "json", run: () => ({ a: 1 }) },
    bad: {
      out: "json",
      run() {
        throw Object.assign(new Error(), { code: "ERR_TOKEN_CLAIM", claim: "aud" });
      },
    },
  };
  const one = (test: string, more: object) =>
    passes(tests, { name: "", source: "", section: "", test, in: {}, ...more } as Case);
  test("with exactly its value or its error, and its claim where the case has one", () => {
    assert.ok(one("fine", { out: { a: 1 } }));
    assert.ok(!one("fine", { out: { a: 2 } }));
    assert.ok(!one("fine", { out: { a: 1 }, error: "ERR_TOKEN_CLAIM" }));
    assert.ok(one("bad", { error: "ERR_TOKEN_CLAIM" }));
    assert.ok(one("bad", { error: "ERR_TOKEN_CLAIM", claim: "aud" }));
    assert.ok(!one("bad", { error: "ERR_TOKEN_CLAIM", claim: "iss" }));
    assert.ok(!one("bad", { error: "ERR_OTHER" }));
    assert.ok(!one("bad", { out: { a: 1 } }));
  });
});

test("data are text or repeated pieces", () => {
  assert.equal(octets("\u00e9").toString("hex"), "c3a9");
  assert.equal(octets({ hex: "0a", times: 3 }).toString("hex"), "0a0a0a");
  assert.equal(octets([{ utf8: "a" }, { base64url: "_w" }]).toString("hex"), "61ff");
  assert.equal(octets({ utf8: "", times: 5 }).length, 0);
  assert.equal(text([{ utf8: "a" }, { utf8: "b", times: 2 }]), "abb");
  assert.equal(text("as it is"), "as it is");
  const jwk: Jwk = { kty: "oct", k: "AA" };
  assert.equal(keyOf(jwk), jwk);
  assert.equal(keyOf("a key"), "a key");
  assert.deepEqual(keyOf({ hex: "00" }), Buffer.alloc(1));
});
