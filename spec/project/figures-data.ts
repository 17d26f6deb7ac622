/** The committed data behind the figures of the pages: reads them, and counts what they hold. figures.ts writes the pages. */

import { readdirSync, readFileSync } from "node:fs";
import { sessions } from "../../src/session.ts";
import { readFigures } from "../helpers/figures.ts";
import type { Case } from "../helpers/vectors.ts";

export const ROOT: URL = new URL("../../", import.meta.url);

export const text = (path: string): string => readFileSync(new URL(path, ROOT), "utf8");
const json = <T>(path: string): T => JSON.parse(text(path)) as T;
export const sum = (values: readonly number[]): number => values.reduce((all, one) => all + one, 0);

type Recorded<T> = T & { readonly node: string };

/** The results of a program that records a single part. */
function onlyPart<T>(program: string): Recorded<T> {
  const [part] = Object.values(readFigures<T>(program));
  if (part === undefined) throw new Error(`${program} has no figures.json`);
  return part;
}

export const attackTexts = (): number => onlyPart<{ texts: number }>("attacks").texts;

export function namedAttacks(): number {
  const named = ["jwt", "fernet", "cookies", "attributes"];
  return sum(named.map((name) => json<unknown[]>(`spec/evidence/attacks/${name}.json`).length));
}

interface FuzzFigures {
  readonly node: string;
  readonly seed: number;
  readonly parsers: number;
  /** The fewest cases that a parser got. */
  readonly least: number;
  readonly disagreements: number;
}

export function fuzzFigures(): FuzzFigures {
  const parts = Object.values(
    readFigures<{ seed: number; cases: number; disagreements: number }>("fuzz"),
  );
  const { seed, node } = parts[0] as (typeof parts)[0];
  return {
    node,
    seed,
    parsers: parts.length,
    least: Math.min(...parts.map(({ cases }) => cases)),
    disagreements: sum(parts.map(({ disagreements }) => disagreements)),
  };
}

/** Welch's t of each comparison, and of the leak planted in it. */
export function timingFigures(): Recorded<{ samples: number; t: number; leak: number }>[] {
  return Object.values(readFigures<{ samples: number; t: number; leak: number }>("timing"));
}

export function soakFigures(): Recorded<{ sessions: number; requests: number; heap: number }> {
  return onlyPart("soak");
}

export function fleetFigures(): Recorded<{ processes: number; requests: number; replays: number }> {
  return onlyPart("fleet");
}

export function plantedFaults(): string[] {
  const faults = json<{ fault: string }[]>("spec/evidence/mutation/planted.json");
  return faults.map(({ fault }) => fault);
}

export function mutationScores(): { files: number; mutants: number; killed: number } {
  const scores = Object.values(
    json<Record<string, { mutants: number; killed: number }>>("spec/evidence/mutation/scores.json"),
  );
  const all = (what: "mutants" | "killed"): number => sum(scores.map((one) => one[what]));
  return { files: scores.length, mutants: all("mutants"), killed: all("killed") };
}

/** All vectors in the order of vectors/README.md: files that others published come first. */
export function allCases(): (readonly [file: string, vector: Case])[] {
  const files = readdirSync(new URL("vectors/", ROOT)).filter((name) => name.endsWith(".json"));
  const order = (name: string) => `${Number(name.startsWith("bulla-"))}${name}`;
  return files
    .toSorted((one, other) => order(one).localeCompare(order(other)))
    .flatMap((file) => json<Case[]>(`vectors/${file}`).map((vector) => [file, vector] as const));
}

/** How many cases there are, and how many of them bulla's authors made. */
export function caseCounts(): { all: number; ours: number } {
  const sources = allCases().map(([, { source }]) => source);
  return {
    all: sources.length,
    ours: sources.filter((source) => source === "bulla").length,
  };
}

export function wycheproofFiles(): { file: string; applies: string; cases: number }[] {
  return json<{ file: string; applies: string; valid: number; invalid: number }[]>(
    "spec/helpers/wycheproof.json",
  ).map(({ file, applies, valid, invalid }) => ({ file, applies, cases: valid + invalid }));
}

/** How many bytes of JSON a session of that type holds: the most that `issue` writes. */
export function mostBytes(type: "fernet" | "jwt" | "base64"): number {
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
  return most;
}
