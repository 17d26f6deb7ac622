/**
 * npm run figures: writes the parts of README.md, SECURITY.md, docs/ and vectors/README.md that are counted or measured,
 * between their marks, from the committed data. figures.spec.ts holds the pages to it.
 */

import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { sessions } from "../../src/session.ts";
import { withFigures as withBench } from "../bench/tables.ts";
import { sources } from "../evidence/mutation/plan.ts";
import { summaryOf } from "../evidence/requirements/summary.ts";
import { standards } from "../evidence/requirements/table.ts";
import { readFigures } from "../helpers/figures.ts";
import type { Case } from "../helpers/vectors.ts";

const ROOT = new URL("../../", import.meta.url);
const END = "<!-- figures -->";

const text = (path: string): string => readFileSync(new URL(path, ROOT), "utf8");
const json = <T>(path: string): T => JSON.parse(text(path)) as T;
const number = (value: number): string => value.toLocaleString("en");
const sum = (values: readonly number[]): number => values.reduce((all, one) => all + one, 0);

/** Each page with how its generated parts come from the data; the rest of it stays as it is. */
export const PAGES: Readonly<Record<string, (page: string) => string>> = {
  "README.md": (page) => withParts(page, { evidence }),
  "docs/performance.md": withBench,
  "docs/sessions.md": (page) => withParts(page, { sizes }),
  "SECURITY.md": (page) => withParts(page, { tested }),
  "vectors/README.md": (page) => withParts(page, { cases, total, refused, wycheproof }),
};

/** The page with each part, which is given what stands there now, between its marks. */
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

/** What was tested, in three lines. */
function evidence(): string {
  const { clauses, ...all } = summaryOf(standards);
  const fuzzed = Object.values(readFigures<{ cases: number; disagreements: number }>("fuzz"));
  const [scores, mutants, killed] = mutationScores();
  const { sessions } = found<{ sessions: number }>("soak");
  return [
    `- ${clauses} clauses of ${all.standards} standards, each with what is done and its test; ${number(allCases().length)} test vectors; ${namedAttacks()} named attacks.`,
    `- ${number(Math.min(...fuzzed.map(({ cases }) => cases)))} random inputs to each of ${fuzzed.length} parsers: ${sum(fuzzed.map(({ disagreements }) => disagreements))} disagreements with a second implementation. ${number(sessions)} sessions in a row: memory stays flat.`,
    `- ${number(mutants)} small faults planted in ${scores} files: the tests noticed ${number(killed)}; [SECURITY.md](SECURITY.md#what-was-tested) tells of the rest.`,
  ].join("\n");
}

/** "What was tested", a line for each kind of evidence. */
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
  const all = allCases().map(([, vector]) => vector);
  const ours = all.filter(({ source }) => source === "bulla");
  return [
    `${number(all.length)} vectors, ${number(ours.length)} of them ours, made by other programs; Wycheproof's HMAC, AES-CBC and HS256 files`,
    "`npm test`, with `WYCHEPROOF`; `npm run interop`",
    "all agree, on Node 20 to 26, Bun, Deno and workerd",
  ];
}

function attacks(): Line {
  const { texts } = found<{ texts: number }>("attacks");
  return [
    `${namedAttacks()} named attacks, and ${number(texts)} texts that are a good token or cookie but for one bit, character, insertion, ending or length`,
    "`npm test`",
    "each refused with the error that is said, or a session that is new; the few good ones among them pass",
  ];
}

function namedAttacks(): number {
  const named = ["jwt", "fernet", "cookies", "attributes"];
  return sum(named.map((name) => json<unknown[]>(`spec/evidence/attacks/${name}.json`).length));
}

function fuzz(): Line {
  const parts = Object.values(
    readFigures<{ seed: number; cases: number; disagreements: number }>("fuzz"),
  );
  const { seed, node } = parts[0] as (typeof parts)[0];
  const least = Math.min(...parts.map((part) => part.cases));
  const disagreements = sum(parts.map((part) => part.disagreements));
  return [
    `${parts.length} parsers, ${number(least)} cases each (seed ${seed}, Node ${node}), against a second implementation written from the specifications`,
    `\`npm run fuzz -- --cases ${least} --seed ${seed}\``,
    `${disagreements} disagreements, 0 crashes, no other error`,
  ];
}

function timing(): Line {
  const parts = Object.values(readFigures<{ samples: number; t: number; leak: number }>("timing"));
  const { samples, node } = parts[0] as (typeof parts)[0];
  const list = (values: string[]) => `${values.slice(0, -1).join(", ")} and ${values.at(-1)}`;
  return [
    `whether the time of a refusal tells where a MAC is wrong, or what is under it: Welch's t over ${number(samples)} samples each (Node ${node})`,
    "`npm run timing`",
    `worst \\|t\\| ${list(parts.map(({ t }) => t.toFixed(1)))}, under 4.5; planted leaks ${list(parts.map(({ leak }) => leak.toFixed(0)))}`,
  ];
}

function planted(): Line {
  const faults = json<{ fault: string }[]>("spec/evidence/mutation/planted.json");
  return [
    `${faults.length} planted faults, such as: ${faults
      .slice(0, 3)
      .map(({ fault }) => fault)
      .join("; ")}`,
    "`npm run interop`",
    "all noticed",
  ];
}

function mutationScores(): [files: number, mutants: number, killed: number] {
  const scores = Object.values(
    json<Record<string, { mutants: number; killed: number }>>("spec/evidence/mutation/scores.json"),
  );
  const all = (what: "mutants" | "killed"): number => sum(scores.map((one) => one[what]));
  return [scores.length, all("mutants"), all("killed")];
}

function mutation(): Line {
  const [files, mutants, killed] = mutationScores();
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
  const { sessions, requests, node, heap } = found<{
    sessions: number;
    requests: number;
    heap: number;
  }>("soak");
  return [
    `${number(sessions)} sessions in a row, ${number(requests)} requests (Node ${node})`,
    "`npm run soak`",
    `heap ${Math.abs(Math.round(heap / 1024))} KiB ${heap < 0 ? "less" : "more"} after the first tenth`,
  ];
}

function fleet(): Line {
  const { processes, requests, replays } = found<{
    processes: number;
    requests: number;
    replays: number;
  }>("fleet");
  return [
    `${processes} processes, one Redis, nginx; keys rotated, a process killed, Redis stopped, cookies replayed after logout: ${number(requests)} requests`,
    "`npm run interop`",
    `no session lost or mixed up, no status 500, ${number(replays)} replays refused`,
  ];
}

/** What the only part of a program found. */
function found<T>(program: string): T & { node: string } {
  const [part] = Object.values(readFigures<T>(program));
  if (part === undefined) throw new Error(`${program} has no figures.json`);
  return part;
}

/** How many bytes of JSON a session can have: the most that `issue` writes. */
function sizes(): string {
  const rows = (["fernet", "jwt", "base64"] as const).map((type) => {
    const secret = type === "base64" ? {} : { secret: new Uint8Array(32) };
    const { issue } = sessions<{ text: string }>({ type, ...secret });
    const fits = (bytes: number): boolean => {
      try {
        return issue({ text: "x".repeat(bytes - '{"text":""}'.length) }).setCookie !== "";
      } catch {
        return false;
      }
    };
    let most = 4096;
    while (!fits(most)) most--;
    return `| \`${type}\` | ${number(most)} |`;
  });
  return ["| type | bytes of JSON |", "| --- | ---: |", ...rows].join("\n");
}

/** The table of provenance: its words stay, its counts are the files'. */
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
  const all = allCases().map(([, { source }]) => source);
  const ours = all.filter((source) => source === "bulla").length;
  return `${all.length} cases in all, ${ours} of them ours (\`"source": "bulla"\`).`;
}

function refused(): string {
  const rows = allCases()
    .filter(([, vector]) => vector.refused !== undefined)
    .map(([, { source, name, refused }]) => `| ${source} | ${name} | ${refused} |`);
  return ["| source | case | why |", "| --- | --- | --- |", ...rows].join("\n");
}

function wycheproof(): string {
  const rows = json<{ file: string; applies: string; valid: number; invalid: number }[]>(
    "spec/helpers/wycheproof.json",
  ).map(({ file, applies, valid, invalid }) => `| \`${file}\` | ${applies} | ${valid + invalid} |`);
  return ["| file | what applies | cases |", "| --- | --- | ---: |", ...rows].join("\n");
}

/** The order in which vectors/README.md tells of the files: those that others published first. */
function allCases(): (readonly [file: string, vector: Case])[] {
  const files = readdirSync(new URL("vectors/", ROOT)).filter((name) => name.endsWith(".json"));
  const order = (name: string) => `${Number(name.startsWith("bulla-"))}${name}`;
  return files
    .toSorted((one, other) => order(one).localeCompare(order(other)))
    .flatMap((file) => json<Case[]>(`vectors/${file}`).map((vector) => [file, vector] as const));
}

if (import.meta.filename === process.argv[1]) {
  for (const [path, generate] of Object.entries(PAGES)) {
    writeFileSync(new URL(path, ROOT), generate(text(path)));
  }
}
