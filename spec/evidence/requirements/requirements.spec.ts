/** The table of requirements has a row for every clause, and names only what exists. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { keywordsOf } from "./count.ts";
import {
  clausesOf,
  counts,
  extents,
  faultsOf,
  faultsOfIds,
  idOf,
  ids,
  standards,
  unmatched,
} from "./table.ts";

test("every standard in the list has a file, and every file is in the list", () => {
  const names = standards.map(({ standard }) => standard);
  assert.deepEqual(names.toSorted(), Object.keys(extents).toSorted());
});

test("every id is at the end of one title, and a row names it", () => {
  assert.ok(ids.size > 50);
  assert.deepEqual(faultsOfIds(), []);
  assert.equal(idOf("of two members the last counts (section 4) [7515-4a]"), "7515-4a");
  assert.equal(idOf("vectors/jose.json"), "vectors/jose.json");
  for (const title of ["[7515]", "7515-4a", "[7515-4a] and more", "[x-4]", "vectors/../x.json"]) {
    assert.equal(idOf(title), undefined, title);
  }
});

for (const standard of standards) {
  describe(`Requirements of ${standard.standard}`, () => {
    test("every clause has one row, and every row only clauses of the list", () => {
      assert.deepEqual(unmatched(standard), []);
    });

    for (const row of standard.rows) {
      test(`${row.clauses.join(", ")}: the places and tests that it names exist`, () => {
        assert.deepEqual(faultsOf(row), []);
      });
    }
  });
}

describe("A wrong table is found", () => {
  const good = standards[0]?.rows[0];
  assert.ok(good);

  test("where a test, a place or a reason is missing", () => {
    assert.deepEqual(faultsOf(good), []);
    const rows = {
      "no such test: 7515-0": { ...good, tests: ["7515-0"] },
      "no such test: vectors/nothing.json": { ...good, tests: ["vectors/nothing.json"] },
      "no such place: cookie.ts nothing": { ...good, where: ["cookie.ts nothing"] },
      "no such place: nothing.ts encode": { ...good, where: ["nothing.ts encode"] },
      "no such place: cookie.ts": { ...good, where: ["cookie.ts"] },
      "no such place: cookie.ts .*": { ...good, where: ["cookie.ts .*"] },
      "no such place: ../spec/evidence/requirements/table.ts isPlace": {
        ...good,
        where: ["../spec/evidence/requirements/table.ts isPlace"],
      },
      demand: { ...good, demand: "misspelt" },
      "it lacks does, where or tests": { ...good, tests: [] },
      "refused without a reason": { ...good, refused: "" },
      "it binds others, and has does, refused, where or tests": {
        ...good,
        binds: "others",
        reason: "it does",
      },
      "it lacks clauses or demands": { ...good, clauses: [] },
    };
    assert.deepEqual(faultsOf({ ...good, demands: "" }), ["it lacks clauses or demands"]);
    for (const [fault, row] of Object.entries(rows)) assert.deepEqual(faultsOf(row), [fault]);
    const { clauses: named, demands } = good;
    const reason = "it does";
    for (const [row, fault] of [
      [{ binds: "others" }, "it lacks binds or reason"],
      [{ binds: "", reason }, "it lacks binds or reason"],
      [
        { binds: "others", reason, refused: "it is" },
        "it binds others, and has does, refused, where or tests",
      ],
    ] as const) {
      assert.deepEqual(faultsOf({ clauses: named, demands, ...row }), [fault]);
    }
  });

  test("where a clause has no row, a row has no clause, or two rows have one clause", () => {
    const [standard] = standards;
    assert.ok(standard);
    const [first, ...rest] = standard.rows;
    assert.ok(first);
    const missing = first.clauses.map((clause) => `${standard.standard} ${clause}`);
    assert.deepEqual(unmatched({ ...standard, rows: rest }), missing);
    assert.deepEqual(unmatched({ ...standard, rows: [first, ...standard.rows] }), missing);
    const unknown = { ...first, clauses: ["0.0 MUST 1"] };
    const wrong = unmatched({ ...standard, rows: [...standard.rows, unknown] });
    assert.deepEqual(wrong, [`${standard.standard} 0.0 MUST 1`]);
  });
});

describe("Keywords are counted in the text of a standard", () => {
  const text = `
1.  Introduction ............ 3
1.1.  Notational Conventions
   The key words "MUST", "SHOULD" and "MAY".

1.  Introduction
   It MUST be so.  It SHOULD
   NOT be otherwise; it MAY. must.

Author                 Standards Track                  [Page 1]

RFC 9999                     A Title                 January 2026

4.1.  Names
   It MUST NOT, MUST and MUST. It is RECOMMENDED, NOT RECOMMENDED and REQUIRED.
`;

  test("each keyword by itself, by section, also across lines and pages", () => {
    assert.deepEqual(keywordsOf(text), {
      "1.1": { MUST: 1, SHOULD: 1 },
      "1": { MUST: 1, "SHOULD NOT": 1 },
      "4.1": { "MUST NOT": 1, MUST: 2, RECOMMENDED: 1, "NOT RECOMMENDED": 1, REQUIRED: 1 },
    });
  });

  test("only in the sections that count, and in those below them", () => {
    const rows: [standard: string, section: string, counted: boolean][] = [
      ["RFC 4648", "3", true],
      ["RFC 4648", "3.5", true],
      ["RFC 4648", "4", false],
      ["RFC 4648", "31", false],
      ["RFC 7519", "4.1.3", true],
      ["RFC 7519", "1.1", false],
      ["RFC 7519", "10", false],
      ["RFC 7519", "10.1.1", false],
      ["RFC 7519", "1.10", true],
    ];
    for (const [standard, section, counted] of rows) {
      assert.equal(counts(standard, section), counted, `${standard} ${section}`);
    }
  });

  test("each has a clause, and no other section has one", () => {
    for (const { standard } of standards) {
      for (const section of Object.keys(extents[standard]?.keywords ?? {})) {
        assert.ok(counts(standard, section), `${standard} ${section}`);
      }
    }
    assert.ok(clausesOf("RFC 7519").includes("4.1.3 MUST 2"));
    assert.ok(clausesOf("RFC 7519").includes("7.2 step 10"));
  });
});
