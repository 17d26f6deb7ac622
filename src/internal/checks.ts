/** Checks arguments and options: known names, valid values. */

import { ConfigError } from "./errors.ts";

/** Checks an option. @throws ConfigError ERR_OPTION: names the option and says what would be right. */
export type Check = (value: unknown, name: string) => void;

/** One check for each option of `O`: a missing row does not compile. */
export type Checks<O> = { readonly [Name in keyof Required<O>]: Check };

export function optionError(name: string, demand: string): ConfigError {
  return new ConfigError("ERR_OPTION", `${name} must be ${demand}`);
}

/** Refuses unknown names: a misspelt `ttl` must not switch expiry off. @throws ConfigError ERR_OPTION */
export function checkNames<O extends object>(
  options: O | undefined,
  checks: Checks<O>,
  of: string,
): void {
  if (options === undefined) return;
  if (options === null || typeof options !== "object" || Array.isArray(options)) {
    throw optionError(`the options of ${of}`, "an object");
  }
  for (const name in options) {
    if (!Object.hasOwn(checks, name)) {
      throw new ConfigError("ERR_OPTION", `unknown option ${JSON.stringify(name)} of ${of}`);
    }
  }
}

/**
 * Returns a checked option; undefined if absent. A `needed` option that is `undefined` is refused: a missing setting
 * must not switch a check off. Callers read the value once, so no getter can change it. (Reading here made calls 3 %
 * slower.)
 * @throws ConfigError ERR_OPTION
 */
export function checkOption<O extends object, Name extends keyof O & string>(
  options: O,
  name: Name,
  value: O[Name] | undefined,
  check: Check,
  needed: boolean = true,
): O[Name] | undefined {
  if (value !== undefined) check(value, name);
  else if (needed && name in options) {
    const demand = "a value, not undefined, as of an unset environment variable";
    throw optionError(name, `${demand}: set it, or leave it out`);
  }
  return value;
}

/** Returns a checked copy without absent options; `needed` ones must have a value. @throws ConfigError ERR_OPTION */
export function readOptions<O extends object>(
  options: O | undefined,
  checks: Checks<O>,
  of: string,
  needed: "all" | readonly (keyof O & string)[] = [],
): O {
  checkNames(options, checks, of);
  // No prototype: a member added to Object.prototype later is not an option.
  const plain: O = Object.create(null);
  if (options === undefined) return plain;
  for (const name in checks) {
    const isNeeded = needed === "all" || needed.includes(name);
    const value = checkOption(options, name, options[name], checks[name], isNeeded);
    if (value !== undefined) plain[name] = value;
  }
  return plain;
}

export function checkSeconds(value: unknown, name: string, least: number = -Infinity): void {
  if (!Number.isFinite(value) || (value as number) < least) {
    const floor = least === -Infinity ? "" : `, ${least} or more`;
    throw optionError(name, `a finite number of seconds${floor}`);
  }
}

export function checkDuration(value: unknown, name: string): void {
  checkSeconds(value, name, 0);
}

export function checkWholeSeconds(value: unknown, name: string, least: number, most: number): void {
  if (!Number.isInteger(value) || (value as number) < least || (value as number) > most) {
    throw optionError(name, `whole seconds from ${least} to ${most}`);
  }
}

export function checkString(value: unknown, name: string): void {
  if (typeof value !== "string" || value === "") throw optionError(name, "a string, not empty");
}

export function checkBoolean(value: unknown, name: string): void {
  if (typeof value !== "boolean") throw optionError(name, "a boolean");
}

export function checkFunction(value: unknown, name: string): void {
  if (typeof value !== "function") throw optionError(name, "a function");
}

export function checkMethods(value: unknown, name: string, methods: readonly string[]): void {
  const members = value as Record<string, unknown> | null;
  if (
    typeof value !== "object" ||
    methods.some((method) => typeof members?.[method] !== "function")
  )
    throw optionError(name, `an object with the methods ${methods.join(" and ")}`);
}

export function checkOneOf(value: unknown, name: string, allowed: readonly string[]): void {
  if (!allowed.includes(value as string)) throw optionError(name, `one of ${allowed.join(", ")}`);
}

export function seconds(now: number | undefined): number {
  return now ?? Math.floor(Date.now() / 1000);
}

/** A clock of whole seconds since the epoch: the caller's or the machine's. */
export function clockOf(clock: (() => number) | undefined): () => number {
  return clock === undefined ? () => seconds(undefined) : () => wholeSeconds(clock());
}

function wholeSeconds(now: number): number {
  checkSeconds(now, "the clock's time");
  return Math.floor(now);
}
