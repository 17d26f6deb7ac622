/** Runs published test values (schema: vectors/README.md) on the modules beside it; a vendored check.js calls it. */

import { readdirSync, readFileSync } from "node:fs";
import { isDeepStrictEqual } from "node:util";

/** Octets or text: one piece or several, each repeated `times`. */
type Piece = ({ utf8: string } | { hex: string } | { base64url: string }) & { times?: number };
export type Data = string | Piece | readonly Piece[];
export type Jwk = { kty: "oct"; k: string; kid?: string };

/** The input of a case; its `test` says which of these it has. */
export interface Given {
  readonly attributes: { readonly path?: string; readonly expires?: string };
  readonly bits?: number;
  readonly bytes: Data;
  readonly cookie: string;
  readonly header: string;
  readonly iv: Data;
  readonly key: Data | Jwk;
  readonly message: Data;
  readonly name: string;
  readonly now?: number;
  readonly padding?: boolean;
  readonly secret?: string;
  readonly text: Data;
  readonly token: Data;
  readonly ttl?: number;
  readonly type: "fernet" | "jwt" | "base64";
  readonly value: string;
  readonly weak?: boolean;
}

export interface Case {
  readonly name: string;
  readonly source: string;
  readonly section: string;
  readonly test: string;
  readonly in: Given;
  readonly out?: unknown;
  readonly error?: string;
  readonly claim?: string;
}

/** How to run a case's `test`, and how to read its `out`. */
export interface Test {
  readonly out: "octets" | "text" | "json";
  run(given: Given): unknown;
}
export type Tests = Readonly<Record<string, Test>>;

export interface Result {
  readonly file: string;
  readonly name: string;
  readonly passed: boolean;
}

/** Runs the cases of a folder that the tests cover, and prints a line for each file; returns 1 if one fails. */
export function run(tables: readonly Tests[], folder: URL): number {
  const tests: Tests = Object.assign({}, ...tables);
  const files = readdirSync(folder).filter((name) => name.endsWith(".json"));
  const results = files.flatMap((file) =>
    casesOf(folder, file)
      .filter(({ test }) => Object.hasOwn(tests, test))
      .map((one) => ({ file, name: one.name, passed: passes(tests, one) })),
  );
  for (const file of files) {
    const own = results.filter((result) => result.file === file);
    const failed = own.filter(({ passed }) => !passed);
    console.log(`${file}: ${own.length - failed.length} of ${own.length} pass`);
    for (const { name } of failed) console.log(`  failed: ${name}`);
  }
  return results.length > 0 && results.every(({ passed }) => passed) ? 0 : 1;
}

export function casesOf(folder: URL, file: string): readonly Case[] {
  return JSON.parse(readFileSync(new URL(file, folder), "utf8"));
}

export function passes(tests: Tests, { test, in: given, out, error, claim }: Case): boolean {
  const { run, out: kind } = tests[test] as Test;
  try {
    const actual = run(given);
    return error === undefined && isDeepStrictEqual(actual, expected(kind, out));
  } catch (thrown) {
    const { code, claim: named } = thrown as { code?: unknown; claim?: unknown };
    return error !== undefined && code === error && (claim === undefined || named === claim);
  }
}

function expected(kind: Test["out"], out: unknown): unknown {
  if (kind === "json") return out;
  return kind === "text" ? text(out as Data) : hex(octets(out as Data));
}

export function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}

export function octets(data: Data): Buffer {
  if (typeof data === "string") return Buffer.from(data);
  return Buffer.concat(
    [data].flat().map((piece) => {
      const bytes =
        "utf8" in piece
          ? Buffer.from(piece.utf8)
          : "hex" in piece
            ? Buffer.from(piece.hex, "hex")
            : Buffer.from(piece.base64url, "base64url");
      return Buffer.concat(Array.from({ length: piece.times ?? 1 }, () => bytes));
    }),
  );
}

export function text(data: Data): string {
  return typeof data === "string" ? data : octets(data).toString();
}

export function keyOf(key: Data | Jwk): string | Buffer | Jwk {
  if (typeof key === "string") return key;
  return "kty" in key ? key : octets(key as Data);
}

export function pick<N extends keyof Given>(given: Given, ...names: N[]): Pick<Given, N> {
  const present = names.filter((name) => name in given);
  return Object.fromEntries(present.map((name) => [name, given[name]])) as Pick<Given, N>;
}
