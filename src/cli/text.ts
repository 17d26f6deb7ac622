/** Makes text safe for people and terminals: characters that move the cursor or turn a line round become escapes. */

/** Controls but tab and newline, C1, marks that order text from right to left, and line separators. */
const UNSEEN =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: those are meant
  /[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

export function escaped(text: string): string {
  return text.replace(
    UNSEEN,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** Writes a value as JSON, on one line or with `spaces` a level. */
export function json(value: unknown, spaces?: number): string {
  return escaped(JSON.stringify(value, undefined, spaces));
}
