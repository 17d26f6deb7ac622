/** Reads keys that options name and never hold: env:NAME, file:PATH or raw:PATH. */

import { utf8Text } from "../internal/text.ts";
import { Failure, misuse, WRONG } from "./failure.ts";
import { type Io, readAll } from "./io.ts";

export type Key = string | Uint8Array;

/** No real key is longer; a longer file may be a device without an end. */
const MOST_BYTES = 1_000_000;
const FORMS = "env:NAME, file:PATH (text) or raw:PATH (bytes)";

/** The keys of a repeatable option, in order. @throws Failure */
export function readKeys(io: Io, sources: readonly string[], option: string): Key[] {
  return sources.map((source, index) =>
    readKey(io, source, sources.length > 1 ? `${option} (the ${ordinal(index)})` : option),
  );
}

function readKey(io: Io, source: string, what: string): Key {
  const [, form, name = ""] = /^(env|file|raw):([\s\S]+)$/.exec(source) ?? [];
  if (form === undefined) throw misuse(`${what} must be ${FORMS}: a key itself is seen by others`);
  if (form === "env") {
    const value = Object.hasOwn(io.env, name) ? io.env[name] : undefined;
    if (value === undefined) throw keyFailure(`${what}: that environment variable is not set`);
    return value;
  }
  const bytes = readAll(io, name, what, MOST_BYTES);
  if (form === "raw") return bytes;
  const text = utf8Text(bytes, 0, bytes.length);
  if (text === undefined) throw keyFailure(`${what}: its text is not UTF-8; raw:PATH takes bytes`);
  return withoutNewline(text);
}

export function withoutNewline(text: string): string {
  return text.replace(/\r?\n$/, "");
}

export function keyFailure(message: string): Failure {
  return new Failure(WRONG, "ERR_KEY", message);
}

export function ordinal(index: number): string {
  return ["first", "second", "third"][index] ?? `${index + 1}th`;
}
