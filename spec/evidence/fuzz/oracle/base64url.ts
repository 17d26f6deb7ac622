/** RFC 4648 section 5, read one character at a time. */

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const VALUES = new Map([...ALPHABET].map((character, value) => [character.charCodeAt(0), value]));

/** The bytes that a text encodes; undefined unless it is the only text that encodes them. */
export function base64urlBytes(text: string, padded: boolean): number[] | undefined {
  const end = padded ? paddingStart(text) : text.length;
  if (end === undefined) return undefined;
  const bytes: number[] = [];
  let bits = 0;
  let held = 0;
  for (let at = 0; at < end; at++) {
    const value = VALUES.get(text.charCodeAt(at));
    // Section 3.3: characters outside the alphabet are refused, "=" included.
    if (value === undefined) return undefined;
    bits = (bits << 6) | value;
    held += 6;
    if (held < 8) continue;
    held -= 8;
    bytes.push(bits >> held);
    bits &= (1 << held) - 1;
  }
  // Section 3.5: unused bits are zero. Six of them would be a whole character too many.
  return held < 6 && bits === 0 ? bytes : undefined;
}

/** Section 4: one or two "=" fill the last group of four. */
function paddingStart(text: string): number | undefined {
  if (text.length % 4 !== 0) return undefined;
  if (text.endsWith("==")) return text.length - 2;
  return text.endsWith("=") ? text.length - 1 : text.length;
}
