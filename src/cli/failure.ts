/**
 * The errors of a command. No text here repeats an argument or an input: either can be a token, or a misplaced secret.
 */

import { ConfigError, TokenError } from "../internal/errors.ts";

export const REFUSED = 1;
export const WRONG = 2;

export class Failure extends Error {
  readonly code: string;
  readonly status: number;
  /** The claim of ERR_TOKEN_CLAIM. */
  readonly claim: string | undefined;

  constructor(status: number, code: string, message: string, claim?: string) {
    super(message);
    this.status = status;
    this.code = code;
    this.claim = claim;
  }
}

export function misuse(message: string): Failure {
  return new Failure(WRONG, "ERR_OPTION", message);
}

const FILE_ERRORS: Readonly<Record<string, string>> = {
  EACCES: "not permitted",
  EEXIST: "it is there already, and nothing is overwritten",
  EISDIR: "it is a folder",
  ENOENT: "there is no such file",
  ENOSPC: "the disk is full",
  ENOTDIR: "there is no such folder",
  EPIPE: "nobody reads it",
};

/** Makes the failure of a file, named by its option. */
export function fileFailure(error: unknown, what: string): Failure {
  if (error instanceof Failure) return error;
  const code = codeOf(error) ?? "ERR_FILE";
  const said = FILE_ERRORS[code] ?? "it cannot be read or written";
  return new Failure(WRONG, code, `${what}: ${said}`);
}

/** Calls `work`; its errors become failures of the file. */
export function withFile<V>(what: string, work: () => V): V {
  try {
    return work();
  } catch (error) {
    throw fileFailure(error, what);
  }
}

/** Turns any error into a failure. Of a foreign error only the code is shown: its text could hold anything. */
export function failureOf(error: unknown, place?: string): Failure {
  if (error instanceof Failure) return error;
  const at = place === undefined ? "" : `${place}: `;
  if (error instanceof TokenError) {
    return new Failure(REFUSED, error.code, at + error.message, error.claim);
  }
  if (error instanceof ConfigError) return new Failure(WRONG, error.code, at + error.message);
  return new Failure(WRONG, codeOf(error) ?? "ERR_INTERNAL", `${at}the command failed`);
}

function codeOf(error: unknown): string | undefined {
  const { code } = error as { code?: unknown };
  return typeof code === "string" && /^E[A-Z0-9_]+$/.test(code) ? code : undefined;
}
