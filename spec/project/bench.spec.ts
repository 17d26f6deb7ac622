/** Checks how the benchmarks turn figures into verdicts, tables and numbers of cores. */

import { deepEqual, equal } from "node:assert/strict";
import { describe, it } from "node:test";
import { needLine, needs } from "../bench/fleet/tables.ts";
import { COOKIE_OF, KINDS } from "../bench/http/kinds.ts";
import { garbageTable, serverTable } from "../bench/http/tables.ts";
import { judgeServers } from "../bench/thresholds.ts";

describe("the servers' thresholds", () => {
  /** Times relative to a bare server. By default bulla adds just under half of what cookie-session adds. */
  const rows = (
    untouched: number,
    read: number,
    write: number,
    their = 1.71,
    theirWrite = 2.81,
  ) => [
    { kind: "bulla, untouched", over: untouched },
    { kind: "bulla, read", over: read },
    { kind: "bulla, read and write", over: write },
    { kind: "cookie-session, read", over: their },
    { kind: "cookie-session, read and write", over: theirWrite },
  ];
  const held = (...over: Parameters<typeof rows>) =>
    judgeServers(rows(...over)).map(({ holds }) => holds);

  it("hold at their bounds, and where bulla adds half of what cookie-session adds", () => {
    deepEqual(held(1.03, 1.35, 1.9), [true, true, true, true, true]);
  });

  it("fail one by one above their bounds", () => {
    deepEqual(held(1.04, 1.35, 1.9), [false, true, true, true, true]);
    deepEqual(held(1.03, 1.36, 1.9, 1.8), [true, false, true, true, true]);
    deepEqual(held(1.03, 1.35, 1.91, 1.71, 2.9), [true, true, false, true, true]);
    deepEqual(held(1.03, 1.35, 1.9, 1.69), [true, true, true, false, true]);
    deepEqual(held(1.03, 1.35, 1.9, 1.71, 2.79), [true, true, true, true, false]);
  });

  it("fail where a server was not measured", () => {
    deepEqual(
      judgeServers([]).map(({ holds }) => holds),
      [false, false, false, false, false],
    );
  });
});

describe("the servers", () => {
  it("are each compared with a bare server, which gets the cookie of one of them", () => {
    for (const bare of new Set(Object.values(KINDS))) {
      const source = COOKIE_OF[bare];
      equal(source !== undefined && KINDS[source], bare);
      equal(COOKIE_OF[source as keyof typeof KINDS], undefined, "it makes its own cookie");
    }
  });

  const report = (node: string, ...kinds: string[]) => ({
    node,
    rows: kinds.map((kind, index) => ({
      kind,
      microseconds: 20,
      over: 1 + index / 4,
      error: 0.01,
    })),
  });
  const garbage = [{ kind: "bulla, read", microseconds: 1.234, swingKiB: 56.7 }];

  it("have a column for each Node version, and an empty cell where a version has no such server", () => {
    const reports = [report("20.1.0", "bare", "old"), report("22.2.0", "bare", "bulla, read")];
    deepEqual(serverTable(reports).split("\n").slice(1), [
      "| --- | ---: | ---: |",
      "| bare | 20.0 | 20.0 |",
      "| old | 20.0, 25 ± 1.0 % |  |",
      "| bulla, read |  | 20.0, 25 ± 1.0 % |",
    ]);
    equal(serverTable([]), "Not measured yet.");
  });

  it("have a garbage table of the Node versions that measured it", () => {
    equal(garbageTable([report("20.1.0", "bare")]), "Not measured yet.");
    const watched = { ...report("22.2.0", "bare"), garbage };
    deepEqual(
      garbageTable([report("20.1.0", "bare"), watched])
        .split("\n")
        .slice(1),
      ["| --- | ---: |", "| bulla, read | 1.23, 57 |"],
    );
  });
});

describe("100,000 requests a second", () => {
  const row = (processes: number, list: boolean, servers: number) => ({
    ...{ processes, list, servers, nginx: 10, redis: list ? 5 : 0 },
    ...{ perSecond: 1, from: 1, to: 1 },
  });

  it("need a core for each ten microseconds of CPU: a range from the cheapest row to the dearest", () => {
    const rows = [row(1, false, 30), row(1, true, 45), row(4, false, 90), row(4, true, 60)];
    deepEqual(needs(rows).map(needLine), [
      "100,000 requests a second without a list need 4.0 to 10.0 cores: 3.0 to 9.0 for the servers, 1.0 for nginx",
      "100,000 requests a second with a list need 6.0 to 7.5 cores: 4.5 to 6.0 for the servers, 1.0 for nginx, 0.5 for Redis",
    ]);
  });
});
