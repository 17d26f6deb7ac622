/**
 * npm run figures: writes the counted and measured parts of README.md, SECURITY.md, docs/ and vectors/README.md from
 * the committed data, between their marks. figures.spec.ts checks that the pages agree with the data.
 */

import { writeFileSync } from "node:fs";
import { withFigures as withBench } from "../bench/tables.ts";
import { sources } from "../evidence/mutation/plan.ts";
import { summaryOf } from "../evidence/requirements/summary.ts";
import { standards } from "../evidence/requirements/table.ts";
import {
  allCases,
  attackTexts,
  caseCounts,
  fleetFigures,
  fuzzFigures,
  mostBytes,
  mutationScores,
  namedAttacks,
  plantedFaults,
  ROOT,
  soakFigures,
  text,
  timingFigures,
  wycheproofFiles,
} from "./figures-data.ts";

const END = "<!-- figures -->";

const number = (value: number): string => value.toLocaleString("en");

/** The pages, each with the function that writes its generated parts; the rest of a page stays as it is. */
export const PAGES: Readonly<Record<string, (page: string) => string>> = {
  "README.md": (page) => withParts(page, { evidence }),
  "docs/performance.md": withBench,
  "docs/sessions.md": (page) => withParts(page, { sizes }),
  "SECURITY.md": (page) => withParts(page, { tested }),
  "vectors/README.md": (page) => withParts(page, { cases, total, refused, wycheproof }),
};

/** Writes each part between its marks; a part gets the text that stands there now. */
function withParts(page: string, parts: Record<string, (now: string) => string>): string {
  return Object.entries(parts).reduce((written, [name, part]) => {
    const begin = `<!-- figures: ${name} -->\n`;
    const from = written.indexOf(begin) + begin.length;
    const to = written.indexOf(END, from);
    if (from < begin.length || to < 0) throw new Error(`no ${begin.trim()} in the page`);
    const now = written.slice(from, to).trimEnd();
    return `${written.slice(0, from)}${part(now)}\n${written.slice(to)}`;
  }, page);
}

/** README.md: the evidence in three lines. */
function evidence(): string {
  const { clauses, ...all } = summaryOf(standards);
  const { parsers, least, disagreements } = fuzzFigures();
  const { files, mutants, killed } = mutationScores();
  const { sessions } = soakFigures();
  return [
    `- ${clauses} clauses of ${all.standards} standards, each with what is done and its test; ${number(caseCounts().all)} test vectors; ${namedAttacks()} named attacks.`,
    `- ${number(least)} random inputs to each of ${parsers} parsers: ${disagreements} disagreements with a second implementation. ${number(sessions)} sessions in a row: memory stays flat.`,
    `- ${number(mutants)} small faults planted in ${files} files: the tests noticed ${number(killed)}; [SECURITY.md](SECURITY.md#what-was-tested) tells of the rest.`,
  ].join("\n");
}

/** SECURITY.md, "What was tested": a line for each kind of evidence. */
function tested(): string {
  const lines = [
    ["what", "by", "found"],
    ["---", "---", "---"],
    ...[requirements(), vectors(), attacks(), fuzz(), timing(), planted(), mutation(), faults()],
    ...[soak(), fleet()],
  ];
  return lines.map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

type Line = readonly [what: string, by: string, found: string];

function requirements(): Line {
  const { clauses, rows, kept, refused, others, ...all } = summaryOf(standards);
  return [
    `${clauses} clauses of ${all.standards} standards, in ${rows} rows, each with its place in \`src/\` and a passing test; keywords counted in the texts`,
    "`npm run requirements`",
    `${kept} kept, ${refused} refused on purpose with the reason, ${others} that bind others`,
  ];
}

function vectors(): Line {
  const { all, ours } = caseCounts();
  return [
    `${number(all)} vectors, ${number(ours)} of them ours, made by other programs; Wycheproof's HMAC, AES-CBC and HS256 files`,
    "`npm test`, with `WYCHEPROOF`; `npm run interop`",
    "all agree, on Node 20 to 26, Bun, Deno and workerd",
  ];
}

function attacks(): Line {
  return [
    `${namedAttacks()} named attacks, and ${number(attackTexts())} texts that are a good token or cookie but for one bit, character, insertion, ending or length`,
    "`npm test`",
    "each refused with the error that is said, or a session that is new; the few good ones among them pass",
  ];
}

function fuzz(): Line {
  const { node, seed, parsers, least, disagreements } = fuzzFigures();
  return [
    `${parsers} parsers, ${number(least)} cases each (seed ${seed}, Node ${node}), against a second implementation written from the specifications`,
    `\`npm run fuzz -- --cases ${least} --seed ${seed}\``,
    `${disagreements} disagreements, 0 crashes, no other error`,
  ];
}

function timing(): Line {
  const parts = timingFigures();
  const { samples, node } = parts[0] as (typeof parts)[0];
  const list = (values: string[]) => `${values.slice(0, -1).join(", ")} and ${values.at(-1)}`;
  return [
    `whether the time of a refusal tells where a MAC is wrong, or what is under it: Welch's t over ${number(samples)} samples each (Node ${node})`,
    "`npm run timing`",
    `worst \\|t\\| ${list(parts.map(({ t }) => t.toFixed(1)))}, under 4.5; planted leaks ${list(parts.map(({ leak }) => leak.toFixed(0)))}`,
  ];
}

function planted(): Line {
  const faults = plantedFaults();
  return [
    `${faults.length} planted faults, such as: ${faults.slice(0, 3).join("; ")}`,
    "`npm run interop`",
    "all noticed",
  ];
}

function mutation(): Line {
  const { files, mutants, killed } = mutationScores();
  const part =
    files === sources.length ? "all sources" : `${files} of the ${sources.length} sources`;
  return [
    `${number(mutants)} mutants of ${part} of \`src/\`, by Stryker's mutators and by leaving out each statement`,
    "`npm run mutation`",
    `${number(killed)} noticed, ${((100 * killed) / mutants).toFixed(1)} %; the other ${number(mutants - killed)} are equivalent, or need a text of a gigabyte to be told, each listed with the reason`,
  ];
}

function faults(): Line {
  return [
    "no entropy; a cipher that throws midway; a clock that stands still, goes back or is NaN. A socket that dies, memory that changes under a call, getters and callbacks that call back, threads",
    "`npm test`",
    "no wrong result, no crash; the next call is right",
  ];
}

function soak(): Line {
  const { sessions, requests, node, heap } = soakFigures();
  return [
    `${number(sessions)} sessions in a row, ${number(requests)} requests (Node ${node})`,
    "`npm run soak`",
    `heap ${Math.abs(Math.round(heap / 1024))} KiB ${heap < 0 ? "less" : "more"} after the first tenth`,
  ];
}

function fleet(): Line {
  const { processes, requests, replays } = fleetFigures();
  return [
    `${processes} processes, one Redis, nginx; keys rotated, a process killed, Redis stopped, cookies replayed after logout: ${number(requests)} requests`,
    "`npm run interop`",
    `no session lost or mixed up, no status 500, ${number(replays)} replays refused`,
  ];
}

/** docs/sessions.md: how many bytes of JSON a session of each type holds. */
function sizes(): string {
  const types = ["fernet", "jwt", "base64"] as const;
  const rows = types.map((type) => `| \`${type}\` | ${number(mostBytes(type))} |`);
  return ["| type | bytes of JSON |", "| --- | ---: |", ...rows].join("\n");
}

/** vectors/README.md, the table of provenance: keeps its words, and counts the cases in the files. */
function cases(now: string): string {
  const [head = "", rule = "", ...rows] = now.split("\n");
  const words = new Map(
    rows.map((row) => {
      const [, key = "", what = ""] =
        /^\| (`[^|]+` \| [^|]+) \| (.*) \| [\d,]* \|$/.exec(row) ?? [];
      return [key, what];
    }),
  );
  const counts = new Map<string, number>();
  for (const [file, { source }] of allCases()) {
    const key = `\`${file}\` | ${source}`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  const keys = [...words.keys()].filter((key) => counts.has(key));
  const all = [...keys, ...[...counts.keys()].filter((key) => !words.has(key))];
  return [
    head,
    rule,
    ...all.map((key) => `| ${key} | ${words.get(key) ?? "?"} | ${counts.get(key)} |`),
  ].join("\n");
}

function total(): string {
  const { all, ours } = caseCounts();
  return `${all} cases in all, ${ours} of them ours (\`"source": "bulla"\`).`;
}

function refused(): string {
  const rows = allCases()
    .filter(([, vector]) => vector.refused !== undefined)
    .map(([, { source, name, refused }]) => `| ${source} | ${name} | ${refused} |`);
  return ["| source | case | why |", "| --- | --- | --- |", ...rows].join("\n");
}

function wycheproof(): string {
  const rows = wycheproofFiles().map(
    ({ file, applies, cases }) => `| \`${file}\` | ${applies} | ${cases} |`,
  );
  return ["| file | what applies | cases |", "| --- | --- | ---: |", ...rows].join("\n");
}

if (import.meta.filename === process.argv[1]) {
  for (const [path, generate] of Object.entries(PAGES)) {
    writeFileSync(new URL(path, ROOT), generate(text(path)));
  }
}
