/** The tables of `npm run bench http`, with a column for each Node version. */

import { readResults } from "../results.ts";

interface Report {
  readonly node: string;
  readonly rows: readonly { kind: string; microseconds: number; over: number; error: number }[];
  readonly garbage?: readonly { kind: string; microseconds: number; swingKiB: number }[];
}

/** The CPU of a request, and how much the session adds to the same server without one. */
export function serverTable(reports: readonly Report[] = readResults<Report>("http")): string {
  return table("µs of CPU a request, and more than bare", reports, ({ rows }) =>
    rows.map(({ kind, microseconds, over, error }) => {
      const more = kind.endsWith("bare") ? "" : `, ${percent(over - 1)} ± ${percent(error)} %`;
      return [kind, `${microseconds.toFixed(1)}${more}`];
    }),
  );
}

/** The garbage collector's time for a request, and the swing of the heap. */
export function garbageTable(reports: readonly Report[] = readResults<Report>("http")): string {
  const heading = "µs of garbage collection a request, and KiB between heaps after scavenges";
  const watched = reports.filter(({ garbage }) => garbage !== undefined);
  return table(heading, watched, ({ garbage = [] }) =>
    garbage.map(({ kind, microseconds, swingKiB }) => [
      kind,
      `${microseconds.toFixed(2)}, ${swingKiB.toFixed(0)}`,
    ]),
  );
}

type Cells = readonly (readonly [kind: string, cell: string])[];

function table(
  heading: string,
  reports: readonly Report[],
  cellsOf: (report: Report) => Cells,
): string {
  if (reports.length === 0) return "Not measured yet.";
  const columns = reports.map((report) => new Map(cellsOf(report)));
  const kinds = new Set(columns.flatMap((column) => [...column.keys()]));
  const majors = reports.map(({ node }) => `Node ${node.split(".")[0]}`);
  return [
    `| ${[heading, ...majors].join(" | ")} |`,
    `| --- | ${majors.map(() => "---:").join(" | ")} |`,
    ...[...kinds].map(
      (kind) => `| ${[kind, ...columns.map((column) => column.get(kind) ?? "")].join(" | ")} |`,
    ),
  ].join("\n");
}

function percent(ratio: number): string {
  return (ratio * 100).toFixed(Math.abs(ratio) < 0.1 ? 1 : 0).replace("-", "\u2212");
}
