/** Reads UTF-8 and JSON objects strictly; returns undefined for anything else. */

/** Without `ignoreBOM`, a decoder drops a byte order mark, and two tokens would have one meaning. */
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

export function utf8Text(bytes: Buffer, start: number, end: number): string | undefined {
  const text = bytes.toString("utf8", start, end);
  // The lenient decoder writes U+FFFD for ill-formed bytes: only then is the strict one needed.
  if (!text.includes("\uFFFD")) return text;
  try {
    return decoder.decode(bytes.subarray(start, end));
  } catch {
    return undefined;
  }
}

/** Parses a JSON object; an array or a bare value is not one. */
export function parseObject(text: string): Record<string, unknown> | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  return isObject(value) ? value : undefined;
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}
