/** Bytes as text and text as JSON objects, strictly, with `undefined` for a refusal. */

/** Without `ignoreBOM` a decoder drops a byte order mark, and two texts would have one meaning. */
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** The text of well-formed UTF-8. */
export function utf8Text(bytes: Buffer, start: number, end: number): string | undefined {
  const text = bytes.toString("utf8", start, end);
  // The lenient decoder writes U+FFFD for what is ill-formed; only then is the strict one asked.
  if (!text.includes("\uFFFD")) return text;
  try {
    return decoder.decode(bytes.subarray(start, end));
  } catch {
    return undefined;
  }
}

/** The object that a JSON text is; an array or a bare value is none. */
export function parseObject(text: string): Record<string, unknown> | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  return isObject(value) ? value : undefined;
}

/** Whether a parsed value is an object of JSON. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}
