/** Cookie headers: pairs with the wanted name, and with names that look like it. */

import type { Random } from "../random.ts";
import { lookAlike, mutated, stranger } from "./text.ts";

export const COOKIE_NAMES: readonly string[] = [
  ...["a", "aa", "session", "__Host-session", "__Secure-id", "$Version", "__proto__", "a.b*", "-"],
];
const PIECES: readonly string[] = [
  ...[
    "=",
    "=",
    "=",
    ";",
    ";",
    "; ",
    " ",
    "\t",
    ",",
    '"',
    "a",
    "aa",
    "1",
    "%61",
    "$Path",
    "\\",
    "\n",
  ],
];
const VALUES: readonly string[] = [
  ...["", "1", "a=1", "=", "==", "x y", '"1"', '"', "1,2", "%31", "\\1", "j:{x}", "\u00e9", "1\0"],
  ...[
    "1\u00a0",
    "\ufeff1",
    "1\r\nSet-Cookie: a=2",
    "gAAAAA==",
    "a",
    "$Path=/",
    "!#$%&'()*+-./:<=>?@",
  ],
];

export interface Header {
  readonly header: string;
  readonly name: string;
}

export function makeHeader(random: Random): Header {
  const name = random.pick(COOKIE_NAMES);
  if (random.chance(20)) return { header: pieces(random, name), name };
  const pairs = Array.from({ length: 1 + random.below(6) }, () => pair(random, name));
  const header = pairs.join(random.pick(["; ", "; ", ";", " ;\t", ", ", ";;"]));
  return { header: random.chance(40) ? mutated(random, header) : header, name };
}

function pieces(random: Random, name: string): string {
  let text = "";
  for (let left = random.below(14); left > 0; left--) {
    text += random.chance(20) ? name : random.chance(5) ? stranger(random) : random.pick(PIECES);
  }
  return text;
}

function pair(random: Random, name: string): string {
  const blank = random.chance(20) ? () => random.pick(["", " ", "\t", " \t ", "\u00a0"]) : () => "";
  const value = random.chance(70) ? random.pick(VALUES) : random.bytes(9).toString("base64url");
  return `${blank()}${random.chance(60) ? name : cousin(random, name)}${blank()}=${blank()}${value}${blank()}`;
}

/** Another name, which some reader takes for this one. */
function cousin(random: Random, name: string): string {
  const at = random.below(name.length);
  switch (random.below(7)) {
    case 0:
      return name.toUpperCase();
    case 1:
      return name.toLowerCase();
    case 2:
      return `%${name.charCodeAt(0).toString(16)}${name.slice(1)}`;
    case 3:
      return name.slice(0, at) + lookAlike(random, name[at] as string) + name.slice(at + 1);
    case 4:
      return random.pick(["x", "=", "", " ", '"', "\ufeff"]) + name;
    case 5:
      return name + random.pick(["x", "-", " x", "\0", '"', "[]", "."]);
    default:
      return random.pick(COOKIE_NAMES);
  }
}
