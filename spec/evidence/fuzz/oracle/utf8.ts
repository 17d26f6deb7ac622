/** RFC 3629: bytes as text. */

/** For each range of the first byte: how many bytes follow, and the least code point that needs so many. */
const FORMS = [
  { from: 0xc0, to: 0xdf, follow: 1, least: 0x80 },
  { from: 0xe0, to: 0xef, follow: 2, least: 0x800 },
  { from: 0xf0, to: 0xf7, follow: 3, least: 0x10000 },
] as const;

/** The text; undefined if the bytes are not UTF-8. A byte order mark is an ordinary character. */
export function utf8Text(bytes: readonly number[]): string | undefined {
  const points: number[] = [];
  for (let at = 0; at < bytes.length; at++) {
    const first = bytes[at] as number;
    if (first < 0x80) {
      points.push(first);
      continue;
    }
    const form = FORMS.find(({ from, to }) => from <= first && first <= to);
    if (form === undefined) return undefined;
    let point = first - form.from;
    for (let left = form.follow; left > 0; left--) {
      const byte = bytes[++at];
      if (byte === undefined || byte < 0x80 || byte > 0xbf) return undefined;
      point = point * 64 + (byte - 0x80);
    }
    const surrogate = point >= 0xd800 && point <= 0xdfff;
    if (point < form.least || point > 0x10ffff || surrogate) return undefined;
    points.push(point);
  }
  return String.fromCodePoint(...points);
}
