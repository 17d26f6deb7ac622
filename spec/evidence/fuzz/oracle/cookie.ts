/** A Cookie header by RFC 6265bis section 4.2.1, split and trimmed. */

/** Section 4.1.1: the visible ASCII characters that are not cookie-octets. */
const EXCLUDED = '",;\\';

/** The values of a name, in order. A value that is not made of cookie-octets is left out. */
export function cookieValues(header: string, name: string): string[] {
  const values: string[] = [];
  for (const pair of header.split(";")) {
    const equals = pair.indexOf("=");
    if (equals < 0 || trimmed(pair.slice(0, equals)) !== name) continue;
    const value = trimmed(pair.slice(equals + 1));
    if (value.split("").every(isOctet)) values.push(value);
  }
  return values;
}

/** Without SP and HTAB at both ends. */
function trimmed(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && isBlank(text[start])) start++;
  while (end > start && isBlank(text[end - 1])) end--;
  return text.slice(start, end);
}

function isBlank(character: string | undefined): boolean {
  return character === " " || character === "\t";
}

function isOctet(character: string): boolean {
  return character > " " && character < "\x7f" && !EXCLUDED.includes(character);
}
