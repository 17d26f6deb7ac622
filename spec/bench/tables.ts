/** The tables that docs/performance.md shows, from the committed results. */

import { fleetTable } from "./fleet/tables.ts";
import { garbageTable, serverTable } from "./http/tables.ts";
import { readResults } from "./results.ts";
import type { Verdict } from "./thresholds.ts";

interface Report {
  readonly machine: string;
  readonly verdicts: readonly Verdict[];
}

const TITLES: Record<string, string> = {
  "jwt.sign.120": "JWT sign",
  "jwt.verify.120": "JWT verify",
  "fernet.encrypt.120": "Fernet encrypt",
  "fernet.decrypt.120": "Fernet decrypt",
  "session.read": "Session read",
};
const PLAIN = "node:crypto";

export const TABLES: Readonly<Record<string, () => string>> = {
  rivals: rivalsTable,
  floor: floorTable,
  server: serverTable,
  garbage: garbageTable,
  fleet: fleetTable,
  growth: growthTable,
  provenance,
};

/** Writes the figures of the committed results between the marks of a page. */
export function withFigures(page: string): string {
  let text = page;
  for (const [begin, name = ""] of page.matchAll(/<!-- bench: (\w+) -->/g)) {
    const table = TABLES[name];
    const from = text.indexOf(begin);
    const to = text.indexOf("<!-- bench -->", from);
    if (table === undefined || to < 0) throw new Error(`${begin}: no such table, or no end of it`);
    text = `${text.slice(0, from + begin.length)}\n${table()}\n${text.slice(to)}`;
  }
  return text;
}

/** Memory and time of keys, long messages and two million calls. */
function growthTable(): string {
  const [report] = readResults<Report>("scaling");
  if (report === undefined) throw new Error("npm run bench scaling has no results");
  const { node, verdicts } = report;
  const of = (what: string): number =>
    verdicts.find((verdict) => verdict.what.startsWith(what))?.ratio ?? Number.NaN;
  const most = (pattern: RegExp): string => {
    const found = verdicts.filter(({ what }) => pattern.test(what));
    const top = found.reduce((all, one) => (one.ratio > all.ratio ? one : all));
    return `${top.ratio.toFixed(1)} (${top.what.replace(pattern, "$1")})`;
  };
  const [encrypt, decrypt] = ["encrypt", "decrypt"].map((way) =>
    of(`Fernet ${way}, 100000000 bytes`).toFixed(2),
  );
  return [
    `| on Node ${node} | |`,
    "| --- | --- |",
    `| 100 MB, of the time of plain \`node:crypto\` | Fernet encrypt ${encrypt}, decrypt ${decrypt} |`,
    `| peak memory of an encryption | ${of("peak memory").toFixed(1)} times the message |`,
    `| memory of a key | Fernet ${of("KiB of memory for a Fernet").toFixed(1)} KiB, ` +
      `JWT ${of("KiB of memory for a JWT").toFixed(1)} KiB |`,
    "| KiB of heap more after two million calls, at most | " +
      `${most(/^2,000,000 times (.*): KiB of heap more$/)} |`,
    "| cost of ten times the message, from 10 kB to 10 MB, at most | " +
      `${most(/^(.*): \d+ bytes over a tenth of them$/)} |`,
  ].join("\n");
}

/** How many times as fast as each rival bulla is, by Node version. */
function rivalsTable(): string {
  return byNode("bulla is so many times as fast", (verdict) => {
    const [, id = "", rival = ""] = /^(\S+): faster than (\S+)$/.exec(verdict.what) ?? [];
    const title = TITLES[id];
    if (title === undefined) return undefined;
    return `${title}: ${rival === PLAIN ? "plain `node:crypto`" : rival}`;
  });
}

/** bulla's time over that of the calls that cannot be avoided, by Node version. */
function floorTable(): string {
  return byNode("time over the floor", (verdict) => {
    const [, id = ""] = /^(\S+): cost over floor$/.exec(verdict.what) ?? [];
    return TITLES[id];
  });
}

/** Where and on what the figures were measured. */
function provenance(): string {
  const reports = readResults<Report>("node");
  const [machine = ""] = new Set(reports.map((report) => report.machine));
  return `Node ${reports.map(({ node }) => node).join(", ")} on ${machine}`;
}

function byNode(heading: string, titleOf: (verdict: Verdict) => string | undefined): string {
  const reports = readResults<Report>("node");
  const titles = reports[0]?.verdicts.flatMap((verdict) => titleOf(verdict) ?? []) ?? [];
  const cells = titles.map((title) =>
    reports.map(({ verdicts }) => {
      const found = verdicts.find((verdict) => titleOf(verdict) === title);
      return found === undefined ? "" : found.ratio.toFixed(found.ratio < 10 ? 2 : 0);
    }),
  );
  const majors = reports.map(({ node }) => `Node ${node.split(".")[0]}`);
  return [
    `| ${[heading, ...majors].join(" | ")} |`,
    `| --- | ${majors.map(() => "---:").join(" | ")} |`,
    ...titles.map((title, row) => `| ${[title, ...(cells[row] ?? [])].join(" | ")} |`),
  ].join("\n");
}
