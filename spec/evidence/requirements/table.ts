/**
 * The demands of the standards on this library, as data: one file a standard, and clauses.json, which says what the
 * rows have to cover. It has the number of each keyword in each section, as count.ts counts them in the text, and the
 * clauses that bind without a keyword.
 *
 * A row names a test by the id at the end of the test's title, as in "of two members of one name the last counts
 * [7515-4a]", or by a file of vectors/. It names a place by its file and a name declared there.
 */

import { existsSync, readdirSync, readFileSync } from "node:fs";

export interface Row {
  /** "4.1.11 MUST 2" is the second MUST of that section. */
  readonly clauses: readonly string[];
  readonly demands: string;
  /** The library's behaviour; absent where the clause binds somebody else. */
  readonly does?: string;
  /** The reason why the library does otherwise on purpose. */
  readonly refused?: string;
  /** "internal/cookies.ts checkPrefix": a file of src/ and a name that it declares. */
  readonly where?: readonly string[];
  /** "7515-4a": the id of a test; or "vectors/jose.json". */
  readonly tests?: readonly string[];
  /** Who is bound by the clause in place of this library, and the reason. */
  readonly binds?: string;
  readonly reason?: string;
}

export interface Standard {
  readonly standard: string;
  readonly title: string;
  readonly text: string;
  readonly rows: readonly Row[];
}

/** How often each keyword stands in each section: `{ "4.1.11": { "MUST": 2 } }`. */
export type Keywords = Record<string, Record<string, number>>;

interface Extent {
  /** The sections that count, with those below them; or the sections that do not. */
  readonly only?: readonly string[];
  readonly except?: readonly string[];
  readonly keywords?: Keywords;
  /** Clauses that bind without a keyword of RFC 2119: "2 definition 1", "5.2 step 8". */
  readonly more: readonly string[];
}

const here = new URL("./", import.meta.url);
const specs = new URL("../../", import.meta.url);
const src = new URL("../../../src/", import.meta.url);
const CLAUSES = "clauses.json";

const read = (url: URL): string => readFileSync(url, "utf8");

export const standards: readonly Standard[] = readdirSync(here)
  .filter((name) => name.endsWith(".json") && name !== CLAUSES)
  .map((name) => JSON.parse(read(new URL(name, here))) as Standard);

export const extents: Readonly<Record<string, Extent>> = JSON.parse(read(new URL(CLAUSES, here)));

/** "4 MUST 1", "4 MUST 2" and so on, and the clauses without a keyword. */
export function clausesOf(standard: string): string[] {
  const { keywords = {}, more = [] } = extents[standard] ?? {};
  const counted = Object.entries(keywords).flatMap(([section, counts]) =>
    Object.entries(counts).flatMap(([keyword, count]) =>
      Array.from({ length: count }, (_, index) => `${section} ${keyword} ${index + 1}`),
    ),
  );
  return [...counted, ...more];
}

/** Tells if a section of that standard counts. */
export function counts(standard: string, section: string): boolean {
  const { only, except = [] } = extents[standard] ?? {};
  const isBelow = (above: string) => section === above || section.startsWith(`${above}.`);
  return only === undefined ? !except.some(isBelow) : only.some(isBelow);
}

const ID = /(?:^| )\[((?:\d{4}(?:bis)?|fernet)-[\w.-]+)\]$/;
const IN_SPEC = /(?<= \[)(?:\d{4}(?:bis)?|fernet)-[\w.-]+(?=\]["'`])/g;
const VECTORS = "vectors.spec.ts";
const NO_SPECS_OF_SRC = ["bench", "evidence", "helpers", "interop", "project"];

/** The name of a test in the rows, by its title; undefined if rows cannot name it. */
export function idOf(title: string): string | undefined {
  return /^vectors\/[\w-]+\.json$/.test(title) ? title : ID.exec(title)?.[1];
}

/** The ids in the titles of the specs of src/, each with the specs that have it. There should be one. */
export const ids: ReadonlyMap<string, readonly string[]> = specFiles().reduce((all, file) => {
  for (const [id] of read(new URL(file, specs)).matchAll(IN_SPEC)) {
    all.set(id, [...(all.get(id) ?? []), file]);
  }
  return all;
}, new Map<string, string[]>());

/** The specs that have the tests of the rows. */
export function specsNamed(): string[] {
  const tests = standards.flatMap(({ rows }) => rows.flatMap((row) => row.tests ?? []));
  return [...new Set(tests.flatMap((id) => ids.get(id) ?? [VECTORS]))];
}

/** The ids that several tests have, or that no row names. */
export function faultsOfIds(): string[] {
  const named = new Set(standards.flatMap(({ rows }) => rows.flatMap(({ tests = [] }) => tests)));
  return [...ids].flatMap(([id, files]) => [
    ...(files.length > 1 ? [`two tests have the id ${id}: ${files.join(", ")}`] : []),
    ...(named.has(id) ? [] : [`no row names the id ${id}: ${files[0]}`]),
  ]);
}

function specFiles(): string[] {
  const folders = readdirSync(specs, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !NO_SPECS_OF_SRC.includes(entry.name))
    .map(({ name }) => `${name}/`);
  return ["", ...folders].flatMap((folder) =>
    readdirSync(new URL(folder, specs))
      .filter((name) => name.endsWith(".spec.ts"))
      .map((name) => `${folder}${name}`),
  );
}

const MEMBERS: ReadonlySet<string> = new Set([
  ...["clauses", "demands", "does", "refused", "where", "tests", "binds", "reason"],
]);

/** The faults of a single row. */
export function faultsOf(row: Row): string[] {
  const { does, where = [], tests = [], binds, reason, refused } = row;
  const faults = Object.keys(row).filter((name) => !MEMBERS.has(name));
  if (row.clauses.length === 0 || !row.demands) faults.push("it lacks clauses or demands");
  if (binds !== undefined) {
    if (!binds || !reason) faults.push("it lacks binds or reason");
    const ours = does ?? refused ?? where[0] ?? tests[0];
    if (ours !== undefined) faults.push("it binds others, and has does, refused, where or tests");
  } else {
    if (!does || where.length === 0 || tests.length === 0)
      faults.push("it lacks does, where or tests");
    if (refused === "") faults.push("refused without a reason");
  }
  faults.push(
    ...where.filter((place) => !isPlace(place)).map((place) => `no such place: ${place}`),
  );
  faults.push(...tests.filter((id) => !isTest(id)).map((id) => `no such test: ${id}`));
  return faults;
}

/** The clauses that have no row or two, and the clauses of rows that are not in the list. */
export function unmatched({ standard, rows }: Standard): string[] {
  const left = new Set(clausesOf(standard));
  const wrong = rows.flatMap((row) => row.clauses.filter((clause) => !left.delete(clause)));
  return [...left, ...wrong].map((clause) => `${standard} ${clause}`);
}

function isPlace(place: string): boolean {
  const [, file = "", name = ""] = /^((?:\w+\/)?[\w-]+\.ts) (\w+)$/.exec(place) ?? [];
  const url = new URL(file, src);
  if (file === "" || !existsSync(url)) return false;
  const declared = new RegExp(
    `^(export )?(async )?(const|let|function|class|interface|type) ${name}\\b`,
    "m",
  );
  return declared.test(read(url));
}

function isTest(id: string): boolean {
  return ids.has(id) || (idOf(id) === id && existsSync(new URL(`../${id}`, specs)));
}
