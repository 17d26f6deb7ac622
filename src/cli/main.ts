/**
 * `bulla COMMAND`: finds the command, loads it, and turns whatever it throws into one line and a status.
 * Each command is loaded when it is asked for: `bulla keygen` is there about as soon as Node is.
 */

import { readFileSync } from "node:fs";
import { type Args, nearest, type Options, parseOptions } from "./args.ts";
import { type Failure, failureOf, GOOD, misuse } from "./failure.ts";
import { type Io, PROCESS, writeAll } from "./io.ts";

export interface Command {
  readonly options: Options;
  /** How many words it takes, and why no more. */
  readonly words: { readonly most: number; readonly otherwise: string };
  /** The exit status; none is 0. */
  run(args: Args, io: Io): number | undefined;
}

const COMMANDS: Readonly<Record<string, () => Promise<Command>>> = {
  keygen: async () => (await import("./keygen.ts")).keygen,
  inspect: async () => (await import("./inspect.ts")).inspect,
  sign: async () => (await import("./jwt.ts")).sign,
  verify: async () => (await import("./jwt.ts")).verify,
  encrypt: async () => (await import("./fernet.ts")).encrypt,
  decrypt: async () => (await import("./fernet.ts")).decrypt,
  rotate: async () => (await import("./rotate.ts")).rotate,
  check: async () => (await import("./check.ts")).check,
  vendor: async () => (await import("./vendor.ts")).vendor,
};
const NAMES = Object.keys(COMMANDS);

/** Runs a command and gives its exit status: 0 good, 1 refused, 2 misuse, a key or a file. Never throws. */
export async function main(argv: readonly string[], io: Io = PROCESS): Promise<number> {
  try {
    return await run(argv, io);
  } catch (error) {
    return tell(failureOf(error), argv.includes("--json"), io);
  }
}

async function run(argv: readonly string[], io: Io): Promise<number> {
  const [word = "", ...rest] = argv;
  if (word === "--help" || word === "-h" || word === "help") return help(rest[0], io);
  if (word === "--version") return version(io);
  const load = Object.hasOwn(COMMANDS, word) ? COMMANDS[word] : undefined;
  if (load === undefined) throw unknownCommand(word);
  const command = await load();
  const args = parseOptions(rest, command.options);
  if (args.has("help")) return help(word, io);
  if (args.has("version")) return version(io);
  const { most, otherwise } = command.words;
  if (args.words.length > most) throw misuse(otherwise);
  return command.run(args, io) ?? GOOD;
}

async function help(word: string | undefined, io: Io): Promise<number> {
  const { helpOf } = await import("./help.ts");
  const text = helpOf(word);
  if (text === undefined) throw unknownCommand(word as string);
  writeAll(io.stdout, text);
  return GOOD;
}

function version(io: Io): number {
  writeAll(io.stdout, `${versionOf(io.root)}\n`);
  return GOOD;
}

/** The version of the package in that folder. */
export function versionOf(root: URL): string {
  return JSON.parse(readFileSync(new URL("package.json", root), "utf8")).version;
}

/** The word itself is not repeated: it may be a token. */
function unknownCommand(word: string): Failure {
  const near = nearest(word, NAMES);
  if (near !== undefined) return misuse(`unknown command: is it bulla ${near}?`);
  const which = word === "" ? "which command?" : "unknown command:";
  return misuse(`${which} ${NAMES.join(", ")}; bulla --help tells more`);
}

function tell({ code, message, claim, status }: Failure, asJson: boolean, io: Io): number {
  const line = asJson ? JSON.stringify({ code, message, claim }) : `bulla: ${code}: ${message}`;
  try {
    writeAll(io.stderr, `${line}\n`);
  } catch {
    // Nobody reads that either; the status says it.
  }
  return status;
}
