/** Checks that a call is refused in exactly one way: class, code, message, and nothing else in the error. */

import assert from "node:assert/strict";
import { ConfigError, TokenError, type TokenErrorCode } from "../../src/internal/errors.ts";

/** A code, or `ERR_TOKEN_CLAIM`, a space and the claim's name. */
export type Verdict = TokenErrorCode | `ERR_TOKEN_CLAIM ${string}`;

/** Checks that the call throws the TokenError of this verdict. */
export function refused(call: () => unknown, verdict: Verdict, what: string = verdict): void {
  const [code, claim] = verdict.split(" ") as [TokenErrorCode, string?];
  const { message } = new TokenError(code, claim);
  throwsJust(call, TokenError, { code, claim }, message, what);
}

/** Checks that the call throws a ConfigError with this code and message. */
export function misuse(
  call: () => unknown,
  code: "ERR_KEY" | "ERR_OPTION",
  message: string,
  what: string = message,
): void {
  throwsJust(call, ConfigError, { code, claim: undefined }, message, what);
}

/** Checks that the call throws any TokenError. */
export function refusedSomehow(call: () => unknown, what: string): void {
  const error = thrownBy(call, what);
  assert.ok(error instanceof TokenError, `${what}: ${error}`);
  refused(
    () => {
      throw error;
    },
    (error.claim === undefined ? error.code : `${error.code} ${error.claim}`) as Verdict,
    what,
  );
}

function throwsJust(
  call: () => unknown,
  type: typeof TokenError | typeof ConfigError,
  members: { code: string; claim: string | undefined },
  message: string,
  what: string,
): void {
  const error = thrownBy(call, what);
  assert.ok(error instanceof type, `${what}: ${error}`);
  const held = { claim: undefined, ...error, message: error.message };
  assert.deepEqual(held, { message, ...members }, what);
  assert.equal(error.name, type.name, what);
  assert.ok(!("cause" in error), what);
}

function thrownBy(call: () => unknown, what: string): unknown {
  let value: unknown;
  try {
    value = call();
  } catch (error) {
    return error;
  }
  return assert.fail(`${what}: not refused, but ${JSON.stringify(value)}`);
}
