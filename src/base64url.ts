/**
 * Strict base64url (RFC 4648 section 5): a text is accepted exactly when encoding its bytes gives
 * that text back.
 *
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

export { ConfigError, TokenError } from "./internal/errors.ts";

export interface Base64urlOptions {
  /** false (the default): "=" is refused and never written; true: it is required and written. */
  padding?: boolean;
}

const OPTIONS: Checks<Base64urlOptions> = { padding: checkBoolean };

/**
 * Bytes as base64url text.
 *
 * @throws ConfigError ERR_OPTION: not bytes, or a wrong option.
 * @throws TokenError ERR_TOKEN_TOO_LARGE: more than 400,000,000 bytes.
 */
export function encode(bytes: Uint8Array, options?: Base64urlOptions): string {
  if (!isBytes(bytes)) throw optionError("bytes", "a Uint8Array");
  return toText(bytes, wantsPadding(options));
}

/**
 * The bytes of a base64url text, in memory of their own.
 *
 * @throws TokenError ERR_ENCODING: a character outside the alphabet, an impossible length, padding
 *   that is there or missing against `options`, or trailing bits that are not zero.
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
