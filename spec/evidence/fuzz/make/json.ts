/** JSON texts by RFC 8259's grammar, and some that break it a little. */

import type { Random } from "../random.ts";
import { mutated } from "./text.ts";

/** A member: its name, and its value as JSON text or as something similar. */
export type Member = readonly [name: string, value: string];

export const TEXTS: readonly string[] = [
  ...['""', '"a"', '"me"', '"you"', '"tom"', '"1"', '"HS256"', '"\\u0048S256"', '"none"'],
  ...['"\\ud800"', '"\\udc00\\ud800"', '"\u{1f3fa}"', '"\ufeff"', '"\\u0000"', '"\u2028"'],
  ...['"\\/\\b\\f\\n\\r\\t\\"\\\\"', '"\u00e9\u017e\u6771"', '"__proto__"', '"\ufffd"'],
];
const NUMBERS: readonly string[] = [
  ...["0", "-0", "1", "-1", "0.5", "1e3", "1E+2", "5e-324", "1e308", "1e400", "-1e400", "1e-400"],
  ...["9007199254740993", "123456789012345678901234567890", "1700000000", "1.7e9", "17e8"],
];
const OTHERS: readonly string[] = ["null", "true", "false", "[]", "{}", "[null]", '["a",1]'];
/** Texts that some parsers take for JSON. */
const NO_JSON: readonly string[] = [
  ...["NaN", "Infinity", "-Infinity", "undefined", "'a'", "01", "+1", ".5", "1.", "0x10", "1e"],
  ...["-", "1_000", '"\n"', '"\\x41"', '"\\u00"', '"a', "[1,]", "{,}", '{"a":1,}', "tru", "NULL"],
  ...["", "/**/1", "1n", '"\t"', "[1 2]", '{"a" 1}', "{a:1}", "\u00a01", "[", "{", "]", "--1"],
];

/** Names that objects have by themselves, and look-alikes. */
export const NAMES: readonly string[] = [
  ...["__proto__", "constructor", "prototype", "toString", "hasOwnProperty", "toJSON", "valueOf"],
  ...["", "a", "data", "Exp", "EXP", "ex\u200bp", "\uff45xp", "exp\\u0000", "0", "length", "then"],
];

export function value(random: Random, depth: number = 2): string {
  const kind = random.below(100);
  if (kind < 40) return random.pick(TEXTS);
  if (kind < 65) return random.pick(NUMBERS);
  if (kind < 80 || depth === 0) return random.pick(OTHERS);
  if (kind < 82) return random.pick(NO_JSON);
  const items = Array.from({ length: random.below(3) }, () => value(random, depth - 1));
  if (kind < 90) return `[${items.join(",")}]`;
  return objectText(
    random,
    items.map((item) => [random.pick(NAMES), item]),
  );
}

/** The text of an object, with some names escaped, and white space where it is allowed. */
export function objectText(random: Random, members: readonly Member[]): string {
  const blank = random.chance(10) ? () => random.pick(["", " ", "\n", "\t", "\r\n "]) : () => "";
  const written = members.map(
    ([name, text]) => `${blank()}"${escaped(random, name)}"${blank()}:${blank()}${text}${blank()}`,
  );
  return `${blank()}{${written.join(",") || blank()}}${blank()}`;
}

/** The bytes of a text, sometimes damaged as JSON or as UTF-8. */
export function spoiltBytes(random: Random, text: string): Buffer {
  if (!random.chance(7)) return Buffer.from(text);
  const kind = random.below(5);
  if (kind === 0) return Buffer.from(mutated(random, text));
  if (kind === 1) {
    const replaced = text.replace('"tom', '"\ufffd');
    const around = [`\ufeff${text}`, `\ufeff${replaced}`, `[${text}]`, `${text},`, text + text];
    return Buffer.from(random.pick(around));
  }
  if (kind === 2) return Buffer.from(value(random));
  const ill = Buffer.from(random.pick(ILL_FORMED), "hex");
  const bytes = Buffer.from(text);
  const at = random.below(bytes.length + 1);
  return Buffer.concat([bytes.subarray(0, at), ill, bytes.subarray(at + random.below(2))]);
}

/** RFC 3629 section 3: bare, missing and surplus bytes, overlong forms, surrogates, too large; UTF-16. */
const ILL_FORMED: readonly string[] = [
  ...["80", "bf", "c2", "c080", "c1bf", "e08080", "e09fbf", "eda080", "edbfbf", "f0808080"],
  ...["f08fbfbf", "f4908080", "f5808080", "f888808080", "ff", "fe", "e282", "f09f8f", "c3a980"],
  ...["fffe7b00", "efbbbf", "efbfbd", "c3a9", "f09f8fba"],
];

function escaped(random: Random, name: string): string {
  if (!random.chance(5) || name === "" || name.includes("\\")) return name;
  const at = random.below(name.length);
  const code = name.charCodeAt(at).toString(16).padStart(4, "0");
  return `${name.slice(0, at)}\\u${random.chance(50) ? code : code.toUpperCase()}${name.slice(at + 1)}`;
}
