/** docs/command-line.md and the picture show what the command prints, and the examples of --help work as they stand. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { ROOT } from "../helpers/cli-program.ts";
import { baseOf, importsOf, MODULES } from "../helpers/cli-vendor.ts";
import {
  EMBEDDING,
  PAGE,
  PICTURE,
  picture,
  runHelp,
  withCounts,
  withOutput,
} from "./command-line.ts";

const COMMANDS = [
  "keygen",
  "inspect",
  "sign",
  "verify",
  "encrypt",
  "decrypt",
  "rotate",
  "check",
  "vendor",
];
const page = readFileSync(PAGE, "utf8");

test("docs/command-line.md shows what the commands print (npm run figures writes it)", () => {
  assert.equal(withOutput(page), page);
  assert.ok((page.match(/^\$ /gm)?.length ?? 0) > 10);
});

test("a changed output on that page is found", () => {
  const wrong = page.replace("by the key", "by nobody");
  assert.notEqual(wrong, page);
  assert.equal(withOutput(wrong), page);
});

test("that page shows every command", () => {
  for (const name of COMMANDS) assert.match(page, new RegExp(`bulla ${name}\\b`));
});

test("docs/inspect.svg shows what inspect prints (npm run figures draws it)", async () => {
  assert.equal(readFileSync(PICTURE, "utf8"), await picture());
});

describe("the example of --help works as it stands", () => {
  for (const name of COMMANDS) {
    test(name, () => {
      const { example, output } = runHelp(name);
      assert.match(example, new RegExp(`bulla ${name}\\b`));
      assert.doesNotMatch(output, /\[status|^bulla: ERR|not found/m);
      assert.notEqual(output, "");
    });
  }
});

describe("docs/embedding.md", () => {
  const embedding = readFileSync(EMBEDDING, "utf8");
  test("has the right counts of files and lines (npm run figures writes them)", () => {
    assert.equal(withCounts(embedding), embedding);
    for (const name of MODULES)
      assert.match(embedding, new RegExp(`^\\| \`${name}\` \\| \\d`, "m"));
    assert.notEqual(
      withCounts(embedding.replace("| 11 |", "| 12 |")),
      embedding.replace("| 11 |", "| 12 |"),
    );
  });
  for (const name of ["base64url", "cookie", "fernet", "jwt"]) {
    test(`lists the files of ${name} from the bottom up: a file comes after its imports`, () => {
      const [, row = ""] =
        new RegExp(`^\\| \`${name}\` \\| .* \\| (.*)$`, "m").exec(embedding) ?? [];
      const named = [...row.matchAll(/`(\w+)`/g)].map(([, one]) => one as string);
      for (const [index, file] of named.entries()) {
        const text = readFileSync(join(ROOT, "src/internal", `${file}.ts`), "utf8");
        for (const from of importsOf(text, true)) {
          const before = named.slice(0, index);
          assert.ok(before.includes(from.replace(/^\.\/|\.ts$/g, "")), `${file}: ${from}`);
        }
      }
      assert.equal(named.length, baseOf([name], true).size - 1);
    });
  }
});
