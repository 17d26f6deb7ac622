/** Counts the clauses, and how many are kept, refused, or binding on others. */

import { clausesOf, type Row, type Standard } from "./table.ts";

export interface Summary {
  readonly standards: number;
  readonly clauses: number;
  readonly rows: number;
  readonly kept: number;
  readonly refused: number;
  readonly others: number;
}

export function summaryOf(standards: readonly Standard[]): Summary {
  const rows = standards.flatMap((standard) => standard.rows);
  const count = (of: (row: Row) => unknown): number => rows.filter(of).length;
  return {
    standards: standards.length,
    clauses: standards.flatMap(({ standard }) => clausesOf(standard)).length,
    rows: rows.length,
    kept: count((row) => row.does && !row.refused),
    refused: count((row) => row.refused),
    others: count((row) => row.binds),
  };
}
