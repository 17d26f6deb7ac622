/** That the table of requirements has a row for every clause, and names only what is there. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { clauses, faultsOf, standards, unmatched } from "./requirements/table.ts";

test("every standard of the list has a file, and every file its list", () => {
  const names = standards.map(({ standard }) => standard);
  assert.deepEqual(names.toSorted(), Object.keys(clauses).toSorted());
});

for (const standard of standards) {
  describe(`Requirements of ${standard.standard}`, () => {
    test("every clause has one row, and every row only clauses of the list", () => {
      assert.deepEqual(unmatched(standard), []);
    });

    for (const row of standard.rows) {
      test(`${row.clauses.join(", ")}: the places and tests it names are there`, () => {
        assert.deepEqual(faultsOf(row), []);
      });
    }
  });
}

describe("A table that is wrong is found out", () => {
  const good = standards[0]?.rows[0];
  assert.ok(good);

  test("a test, a place or a reason that is not there", () => {
    assert.deepEqual(faultsOf(good), []);
    const rows = {
      "no such test: cookie.spec.ts: nothing": { ...good, shown: ["cookie.spec.ts: nothing"] },
      "no such test: nothing.spec.ts: nothing": { ...good, shown: ["nothing.spec.ts: nothing"] },
      "no such place: cookie.ts nothing": { ...good, where: ["cookie.ts nothing"] },
      "no such place: nothing.ts encode": { ...good, where: ["nothing.ts encode"] },
      "no deed, place or test": { ...good, shown: [] },
      "refused without a reason": { ...good, refused: "" },
      "others, or we": { ...good, binds: "others", reason: "it does" },
      "it says nothing": { ...good, clauses: [] },
    };
    for (const [fault, row] of Object.entries(rows)) assert.deepEqual(faultsOf(row), [fault]);
    const { clauses: named, demands } = good;
    assert.deepEqual(faultsOf({ clauses: named, demands, binds: "others" }), [
      "no reason why it binds others",
    ]);
  });

  test("a clause without a row, a row without a clause, and two of one clause", () => {
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
