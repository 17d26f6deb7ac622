/** Reads a command's words and options. Messages of parseArgs are not shown: they repeat arguments, even secrets. */

import { parseArgs } from "node:util";
import { misuse } from "./failure.ts";
import { Args } from "./main.ts";

/** "texts" can be given more than once; seconds are a number. */
export type Kind = "flag" | "text" | "texts" | "seconds" | "count";
export type Options = Readonly<Record<string, Kind>>;

const COMMON: Options = { help: "flag", version: "flag", json: "flag", "no-color": "flag" };
/** Options of a command that reads an input and writes an output. */
export const STREAMS: Options = { in: "text", out: "text", now: "seconds" };

const NUMBER = /^-?\d+(?:\.\d+)?$/;

/** @throws Failure ERR_OPTION: an option that is unknown or repeated, a missing or extra value, or not a number. */
export function parseOptions(argv: readonly string[], own: Options): Args {
  const options = { ...COMMON, ...own };
  const config = Object.fromEntries(
    Object.entries(options).map(([name, kind]) => [
      name,
      { type: kind === "flag" ? ("boolean" as const) : ("string" as const), multiple: true },
    ]),
  );
  // parseArgs leaves out what follows "--"; here those are words too.
  const { tokens } = parseArgs({ args: [...argv], options: config, strict: false, tokens: true });
  const words: string[] = [];
  const values = new Map<string, string[]>();
  for (const token of tokens) {
    if (token.kind === "positional") words.push(token.value);
    if (token.kind !== "option") continue;
    const kind = Object.hasOwn(options, token.name) ? options[token.name] : undefined;
    if (kind === undefined) throw unknownOption(token.rawName, Object.keys(options));
    const value = checkedValue(token.name, kind, token.value, token.inlineValue === true);
    const given = values.get(token.name) ?? [];
    if (given.length > 0 && kind !== "texts" && kind !== "flag") {
      throw misuse(`--${token.name} is given more than once`);
    }
    values.set(token.name, [...given, value]);
  }
  return new Args(words, values);
}

function checkedValue(
  name: string,
  kind: Kind,
  value: string | undefined,
  inline: boolean,
): string {
  if (kind === "flag") {
    if (value !== undefined) throw misuse(`--${name} takes no value`);
    return "";
  }
  // In "--key --json" the value is missing: it is not "--json".
  if (value === undefined || value === "" || (!inline && value.startsWith("-"))) {
    throw misuse(`--${name} needs a value`);
  }
  if (kind === "seconds" && !NUMBER.test(value)) throw misuse(`--${name} must be seconds`);
  if (kind === "count" && !NUMBER.test(value)) throw misuse(`--${name} must be a number`);
  return value;
}

function unknownOption(rawName: string, known: readonly string[]): Error {
  const near = nearest(rawName.replace(/^-+/, ""), known);
  return misuse(`unknown option${near === undefined ? "" : `: is it --${near}?`}`);
}

/** Makes the error for an unknown word. It does not repeat the word, which may be a token. */
export function unknownWord(word: string, what: string, known: readonly string[]): Error {
  const near = nearest(word, known);
  if (near !== undefined) return misuse(`unknown ${what}: is it ${near}?`);
  const said = word === "" ? `which ${what}?` : `unknown ${what}:`;
  return misuse(`${said} ${known.join(", ")}; bulla --help tells more`);
}

/** Finds the known word that is most like this one, if any is. */
export function nearest(word: string, known: readonly string[]): string | undefined {
  if (word === "" || word.length > 24) return undefined;
  const lower = word.toLowerCase();
  const begun = known.filter((one) => one.startsWith(lower));
  if (begun.length === 1) return begun[0];
  let best: string | undefined;
  let least = Math.min(3, Math.ceil(lower.length / 2)) + 1;
  for (const one of known) {
    const distance = distanceOf(lower, one);
    if (distance < least) [best, least] = [one, distance];
  }
  return best;
}

/** Counts the letters to insert, delete, replace or swap with a neighbour (Damerau and Levenshtein). */
function distanceOf(a: string, b: string): number {
  let [older, old]: [number[], number[]] = [[], Array.from({ length: b.length + 1 }, (_, i) => i)];
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const other = a[i - 1] === b[j - 1] ? 0 : 1;
      let least = Math.min(at(old, j) + 1, at(row, j - 1) + 1, at(old, j - 1) + other);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        least = Math.min(least, at(older, j - 2) + 1);
      }
      row.push(least);
    }
    [older, old] = [old, row];
  }
  return at(old, b.length);
}

function at(row: readonly number[], index: number): number {
  return row[index] as number;
}
