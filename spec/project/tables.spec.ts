/**
 * The documentation has a row for every option of the code, in the table after its mark, as
 * `<!-- options: JwtPolicy -->`, and a heading for every error code in docs/errors.md.
 */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { COOKIE_OPTIONS } from "../../src/session/config.ts";
import { namesIn, pageOf, pages, read, sources, tableAfter } from "./pages.ts";

const texts = sources.map((name) => read(name));

/** The options in each table of checks in src/, `const OPTIONS: Checks<JwtPolicy> = { ... }`. */
const checks = new Map<string, string[]>();
for (const text of texts) {
  for (const [, of = "", body = ""] of text.matchAll(
    /^(?:export )?const \w+: Checks<(\w+)> = \{([\s\S]*?)\};$/gm,
  )) {
    // A name begins a line or, in a table of one line, follows a brace or a comma.
    const names = /\n/.test(body)
      ? [...body.matchAll(/^ {2}(\w+)[:,]/gm)]
      : [...body.matchAll(/(?:^|, ) ?(\w+):/g)];
    checks.set(
      of,
      names.map(([, name = ""]) => name),
    );
  }
}
/** Its table is made from another one. */
checks.set("SessionCookieOptions", Object.keys(COOKIE_OPTIONS));
/** It has no table of its own: config.ts makes one for each configuration. */
checks.set("Lifetime", ["maxAge", "persistent"]);
/** The table of asgi.ts: its options, and two of sessions() that it refuses. */
const ASGI = "Given";

describe("Options", () => {
  it("are found in the sources", () => {
    assert.deepEqual(checks.get("FernetDecryptOptions"), ["ttl", "now"]);
    assert.ok(checks.get("SessionOptions")?.includes("renewAfter"));
    assert.ok(checks.size > 12, `${checks.size}`);
  });

  for (const [of, names] of checks) {
    if (of === ASGI) continue;
    const mark = `<!-- options: ${of} -->`;
    it(`of ${of} have a row each, and there is no other row`, () => {
      const page = [...pages.keys()].find((path) => pageOf(path).includes(`\n${mark}\n`));
      assert.ok(page !== undefined, `no page has ${mark}`);
      const rows = tableAfter(page, mark).flatMap(([name = ""]) => namesIn(name));
      assert.deepEqual(rows.toSorted(), names.toSorted());
    });
  }

  it("of asgiSessions have a row each", () => {
    const rows = tableAfter("docs/python.md", "<!-- options: AsgiSessionOptions -->");
    const names = ["type", "secret", ...(checks.get(ASGI) ?? [])];
    assert.deepEqual(rows.flatMap(([name = ""]) => namesIn(name)).toSorted(), names.toSorted());
  });
});

describe("Error codes", () => {
  const codesOf = (names: readonly string[]): Set<string> =>
    new Set(names.flatMap((name) => read(name).match(/\bERR_[A-Z]\w+/g) ?? []));
  const all = codesOf(sources);
  /** Error codes that only the command has are on the command's page. */
  const codes = codesOf(sources.filter((name) => !name.startsWith("src/cli/")));

  it("have a heading each in docs/errors.md, and there is no other heading", () => {
    const headings = [...pageOf("docs/errors.md").matchAll(/^### `?(ERR_\w+)`?$/gm)];
    assert.ok(codes.size > 15);
    assert.deepEqual(headings.map(([, code]) => code).toSorted(), [...codes].toSorted());
  });

  it("that a page names exist", () => {
    for (const [path, text] of pages) {
      for (const [code] of text.matchAll(/\bERR_[A-Z]\w+/g))
        assert.ok(all.has(code), `${path}: ${code}`);
    }
  });
});

describe("docs/auditing.md", () => {
  const rows = [...pageOf("docs/auditing.md").matchAll(/^\| `([\w/]+\.ts)` \| (\d+) \|/gm)];
  // Nothing imports the command, so no module rests on it.
  const files = sources
    .map((name) => name.slice("src/".length))
    .filter((name) => !/^(?:cli\/|bin\.ts)/.test(name));

  it("has a row for each file of src/ except the command's", () => {
    assert.deepEqual(rows.map(([, file]) => file).toSorted(), files.toSorted());
  });

  it("gives each file a reading time, at 3 to 8 lines a minute", () => {
    for (const [, file = "", minutes] of rows) {
      const lines = read(`src/${file}`).split("\n").length;
      assert.ok(Math.abs(lines / Number(minutes) - 5.5) < 2.5, `${file}: ${lines} lines`);
    }
  });
});
