/** Shared by the programs behind `npm run`: reads options and reports progress. */

import { type ParseArgsConfig, parseArgs } from "node:util";

type Options = NonNullable<ParseArgsConfig["options"]>;

/** Parses a command's options; exits with one line where one is unknown. */
export function optionsOf<O extends Options>(
  command: string,
  options: O,
): ReturnType<typeof parseArgs<{ options: O }>>["values"] {
  try {
    return parseArgs({ options }).values;
  } catch (error) {
    misuse(command, (error as Error).message.split(". ", 1)[0] as string);
  }
}

export function misuse(command: string, fault: string): never {
  console.error(`${fault}. The options: npm run ${command} -- --help`);
  process.exit(2);
}

const EVERY = 5000;
let told = performance.now();

/** Prints the progress when nothing was printed for five seconds. */
export function progress(text: () => string): void {
  const now = performance.now();
  if (now - told < EVERY) return;
  told = now;
  console.log(`  ... ${text()}`);
}
