/**
 * What the standards demand of this library, as data: one file a standard, and beside them clauses.json,
 * which says what the rows have to cover: how often each keyword stands in each section, as count.ts
 * counts it in the text itself, and what binds without a keyword.
 */

import { existsSync, readdirSync, readFileSync } from "node:fs";

export interface Row {
  /** "4.1.11 MUST 2" is the second MUST of that section. */
  readonly clauses: readonly string[];
  readonly demands: string;
  /** What the library does; absent where the clause binds somebody else. */
  readonly does?: string;
  /** Why we do otherwise, on purpose. */
  readonly refused?: string;
  /** "cookie.ts checkPrefix": a file of src/ and a name that it declares. */
  readonly where?: readonly string[];
  /** "cookie.spec.ts: the test's name". */
  readonly shown?: readonly string[];
  /** Whom the clause binds in place of this library, and the reason. */
  readonly binds?: string;
  readonly reason?: string;
}

export interface Standard {
  readonly standard: string;
  readonly title: string;
  readonly text: string;
  readonly rows: readonly Row[];
}

/** "MUST" stands in "4.1.11" so many times. */
export type Keywords = Record<string, Record<string, number>>;

interface Extent {
  /** The sections that count, and what is below them; or those that do not. */
  readonly only?: readonly string[];
  readonly except?: readonly string[];
  readonly keywords?: Keywords;
  /** What binds without a keyword of RFC 2119: "2 definition 1", "5.2 step 8". */
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

/** "4 MUST 1", "4 MUST 2" and so on, and what has no keyword. */
export function clausesOf(standard: string): string[] {
  const { keywords = {}, more = [] } = extents[standard] ?? {};
  const counted = Object.entries(keywords).flatMap(([section, counts]) =>
    Object.entries(counts).flatMap(([keyword, count]) =>
      Array.from({ length: count }, (_, index) => `${section} ${keyword} ${index + 1}`),
    ),
  );
  return [...counted, ...more];
}

/** Whether a section of that standard is among those that count. */
export function counts(standard: string, section: string): boolean {
  const { only, except = [] } = extents[standard] ?? {};
  const isBelow = (above: string) => section === above || section.startsWith(`${above}.`);
  return only === undefined ? !except.some(isBelow) : only.some(isBelow);
}

/** "cookie.spec.ts: the test's name" as its two halves. */
export function testOf(shown: string): { file: string; name: string } {
  const [file = "", ...name] = shown.split(": ");
  return { file, name: name.join(": ") };
}

const MEMBERS: ReadonlySet<string> = new Set([
  ...["clauses", "demands", "does", "refused", "where", "shown", "binds", "reason"],
]);

/** What is wrong with a row in itself. */
export function faultsOf(row: Row): string[] {
  const { does, where = [], shown = [], binds, reason, refused } = row;
  const faults = Object.keys(row).filter((name) => !MEMBERS.has(name));
  if (row.clauses.length === 0 || !row.demands) faults.push("it says nothing");
  if (binds !== undefined) {
    if (!binds || !reason) faults.push("no reason why it binds others");
    const ours = does ?? refused ?? where[0] ?? shown[0];
    if (ours !== undefined) faults.push("others, or we");
  } else {
    if (!does || where.length === 0 || shown.length === 0) faults.push("no deed, place or test");
    if (refused === "") faults.push("refused without a reason");
  }
  faults.push(
    ...where.filter((place) => !isPlace(place)).map((place) => `no such place: ${place}`),
  );
  faults.push(...shown.filter((test) => !isTest(test)).map((test) => `no such test: ${test}`));
  return faults;
}

/** The clauses that have no row, that have two, and the rows of clauses that the list does not have. */
export function unmatched({ standard, rows }: Standard): string[] {
  const left = new Set(clausesOf(standard));
  const wrong = rows.flatMap((row) => row.clauses.filter((clause) => !left.delete(clause)));
  return [...left, ...wrong].map((clause) => `${standard} ${clause}`);
}

function isPlace(place: string): boolean {
  const [, file = "", name = ""] = /^((?:\w+\/)?\w+\.ts) (\w+)$/.exec(place) ?? [];
  const url = new URL(file, src);
  if (file === "" || !existsSync(url)) return false;
  const declared = new RegExp(
    `^(export )?(async )?(const|let|function|class|interface|type) ${name}\\b`,
    "m",
  );
  return declared.test(read(url));
}

/** Whether the spec calls `test` or `describe` with that name, or with a template that can make it. */
function isTest(shown: string): boolean {
  const { file, name } = testOf(shown);
  const url = new URL(file, specs);
  if (!existsSync(url)) return false;
  const calls = read(url).matchAll(
    /^\s*(?:test|describe|it)\(\s*("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`[^`]*`)/gm,
  );
  return [...calls].some(([, text = ""]) => {
    if (text.startsWith("`")) return patternOf(text).test(name);
    return text.slice(1, -1).replace(/\\(.)/g, "$1") === name;
  });
}

/** A template with hardly any text of its own would match every name. */
const LEAST_TEXT = 8;

function patternOf(template: string): RegExp {
  const parts = template.slice(1, -1).split(/\$\{[^}]*\}/);
  if (parts.join("").length < LEAST_TEXT) return /^(?!)/;
  const quoted = parts.map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`^${quoted.join(".+")}$`);
}
