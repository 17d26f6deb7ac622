/**
 * Strict base64url (RFC 4648 section 5): a text is accepted exactly when encoding its bytes gives that text back.
 * Trusted base: errors.ts, internal/base64.ts (the codec), bytes.ts and checks.ts.
 */

import { fromText, toText } from "./internal/base64.ts";
import { isBytes } from "./internal/bytes.ts";
import {
  type Checks,
  checkBoolean,
  checkNames,
  checkOption,
  optionError,
} from "./internal/checks.ts";

export {
  ConfigError,
  type ConfigErrorCode,
  TokenError,
  type TokenErrorCode,
} from "./internal/errors.ts";

/** Options of `encode` and `decode`. */
export interface Base64urlOptions {
  /** Is "=" written and required, up to a multiple of four characters? `false` by default: then it is refused. */
  padding?: boolean;
}

const OPTIONS: Checks<Base64urlOptions> = { padding: checkBoolean };

/**
 * Encodes bytes as base64url text: A-Z, a-z, 0-9, "-" and "_".
 * @example
 * ```ts
 * import { decode, encode } from "bulla/base64url";
 *
 * encode(new Uint8Array([3, 236, 255, 224, 193])); // "A-z_4ME"
 * encode(new Uint8Array(1), { padding: true }); // "AA=="
 * ```
 * @throws ConfigError ERR_OPTION: not bytes, or a wrong option.
 * @throws TokenError ERR_TOKEN_TOO_LARGE: more than 400,000,000 bytes.
 */
export function encode(bytes: Uint8Array, options?: Base64urlOptions): string {
  if (!isBytes(bytes)) throw optionError("bytes", "a Uint8Array");
  return toText(bytes, wantsPadding(options));
}

/**
 * Decodes base64url text into new memory. A text is accepted exactly when `encode` of its bytes, with the same options,
 * gives that text back.
 * @example
 * ```ts
 * decode("A-z_4ME"); // 3, 236, 255, 224, 193
 * ```
 * @throws TokenError ERR_ENCODING: a character outside the alphabet, an impossible length, padding that is there or
 *   missing against `options`, or trailing bits that are not zero.
 * @throws ConfigError ERR_OPTION: a wrong option.
 */
export function decode(text: string, options?: Base64urlOptions): Uint8Array {
  return fromText(text, wantsPadding(options));
}

function wantsPadding(options: Base64urlOptions | undefined): boolean {
  if (options === undefined) return false;
  checkNames(options, OPTIONS, "base64url");
  return checkOption(options, "padding", options.padding, OPTIONS.padding) === true;
}
