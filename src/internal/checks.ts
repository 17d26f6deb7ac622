/** Checks what a caller passes: every option has a known name and a sane value. */

import { ConfigError } from "./errors.ts";

/** An ERR_OPTION that names what is wrong and says what would be right. */
export function optionError(name: string, demand: string): ConfigError {
  return new ConfigError("ERR_OPTION", `${name} must be ${demand}`);
}

/**
 * Refuses what is no object and any member that `known` does not name: a misspelt `ttl` must not
 * silently switch expiry off. Absent options are fine.
 */
export function checkNames(options: unknown, known: ReadonlySet<string>, of: string): void {
  if (options === undefined) return;
  if (options === null || typeof options !== "object" || Array.isArray(options)) {
    throw optionError(`the options of ${of}`, "an object");
  }
  for (const name in options) {
    if (!known.has(name)) {
      throw new ConfigError("ERR_OPTION", `unknown option ${JSON.stringify(name)} of ${of}`);
    }
  }
}

/**
 * Options that are kept, as a plain object: each is read once, an inherited one or a getter's too, and
 * what is checked is what is used.
 */
export function readOptions<O extends object>(
  options: O | undefined,
  known: ReadonlySet<string>,
  of: string,
): O {
  checkNames(options, known, of);
  const given = (options ?? {}) as Record<string, unknown>;
  // Without a prototype: what is put on Object.prototype afterwards is no option.
  const plain: Record<string, unknown> = Object.create(null);
  for (const name of known) plain[name] = given[name];
  return plain as O;
}

/** A finite number of seconds, `least` or more. */
export function checkSeconds(
  value: number | undefined,
  name: string,
  least: number = -Infinity,
): void {
  if (value === undefined) return;
  if (!Number.isFinite(value) || value < least) {
    const floor = least === -Infinity ? "" : `, ${least} or more`;
    throw optionError(name, `a finite number of seconds${floor}`);
  }
}

export function checkString(value: string | undefined, name: string): void {
  if (value === undefined) return;
  if (typeof value !== "string" || value === "") throw optionError(name, "a string, not empty");
}

export function checkBoolean(value: boolean | undefined, name: string): void {
  if (value !== undefined && typeof value !== "boolean") throw optionError(name, "a boolean");
}

export function checkFunction(value: unknown, name: string): void {
  if (value !== undefined && typeof value !== "function") throw optionError(name, "a function");
}

export function checkOneOf(
  value: string | undefined,
  name: string,
  allowed: readonly string[],
): void {
  if (value !== undefined && !allowed.includes(value)) {
    throw optionError(name, `one of ${allowed.join(", ")}`);
  }
}

/** The current time in whole seconds since the epoch, or the caller's, which must be finite. */
export function seconds(now: number | undefined): number {
  if (now === undefined) return Math.floor(Date.now() / 1000);
  checkSeconds(now, "now");
  return now;
}
