/** `bulla COMMAND`: loads the command, and only what it needs; turns any throw into one line and a status. */

import type { Options } from "./args.ts";
import type { Io } from "./io.ts";

/** A command's words and the checked values of its options. */
export class Args {
  readonly words: readonly string[];
  readonly #values: ReadonlyMap<string, readonly string[]>;

  constructor(words: readonly string[], values: ReadonlyMap<string, readonly string[]>) {
    this.words = words;
    this.#values = values;
  }

  has(name: string): boolean {
    return this.#values.has(name);
  }

  text(name: string): string | undefined {
    return this.#values.get(name)?.[0];
  }

  texts(name: string): readonly string[] {
    return this.#values.get(name) ?? [];
  }

  /** args.ts has checked that it is a number. */
  number(name: string): number | undefined {
    const text = this.text(name);
    return text === undefined ? undefined : Number(text);
  }
}

export interface Command {
  readonly options: Options;
  /** How many words it takes, and the error for more. */
  readonly words: { readonly most: number; readonly otherwise: string };
  /** The choices for its first word. */
  readonly choices?: readonly string[];
  run(args: Args, io: Io): void | Promise<void>;
}

export const PROCESS: Io = {
  env: process.env,
  stdin: 0,
  stdout: 1,
  stderr: 2,
  root: new URL("../../", import.meta.url),
  isTerminal: () => process.stdout.isTTY === true,
};

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

/** Runs a command; returns its exit status: 0 good, 1 refused, 2 misuse, a key or a file. Never throws. */
export async function main(argv: readonly string[], io: Io = PROCESS): Promise<number> {
  try {
    await run(argv, io);
    return 0;
  } catch (error) {
    const { tell } = await import("./io.ts");
    return tell(error, argv.includes("--json"), io.stderr);
  }
}

async function run([word = "", ...rest]: readonly string[], io: Io): Promise<void> {
  if (word === "--help" || word === "-h" || word === "help") return help(rest[0], io);
  if (word === "--version") return version(io);
  const load = Object.hasOwn(COMMANDS, word) ? COMMANDS[word] : undefined;
  if (load === undefined) throw await unknown(word, "command", NAMES);
  const command = await load();
  const args = await read(rest, command.options);
  if (args.has("help")) return help(word, io);
  if (args.has("version")) return version(io);
  const { words, choices } = command;
  if (args.words.length > words.most) {
    const { misuse } = await import("./failure.ts");
    throw misuse(words.otherwise);
  }
  const [first = ""] = args.words;
  if (choices?.includes(first) === false) throw await unknown(first, word, choices);
  return command.run(args, io);
}

async function read(argv: readonly string[], options: Options): Promise<Args> {
  if (!argv.some((word) => word.startsWith("-"))) return new Args(argv, new Map());
  const { parseOptions } = await import("./args.ts");
  return parseOptions(argv, options);
}

async function help(word: string | undefined, io: Io): Promise<void> {
  const { helpOf } = await import("./help.ts");
  const text = helpOf(word);
  if (text === undefined) throw await unknown(word as string, "command", NAMES);
  const { emit } = await import("./io.ts");
  emit(io, undefined, text);
}

async function version(io: Io): Promise<void> {
  const { emit, versionOf } = await import("./io.ts");
  emit(io, undefined, `${versionOf(io.root)}\n`);
}

async function unknown(word: string, what: string, known: readonly string[]): Promise<Error> {
  const { unknownWord } = await import("./args.ts");
  return unknownWord(word, what, known);
}
