/** Characters and texts that a lenient decoder takes for others, and small damage to good texts. */

import type { Random } from "../random.ts";

export const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

const STRANGERS: readonly string[] = [
  ...["=", "==", ".", "..", "+", "/", " ", "\t", "\n", "\r\n", "\0", "\v", ";", ",", '"', "\\"],
  ...["%41", "%3D", "%", "\x7f", "\x80", "\xa0", "\xad", "\xc1", "\xe9", "\xff", "~", "$", "@"],
  ...["\u0141", "\u0161", "\u0130", "\u012d", "\u015f", "\u013d", "\u012e", "\u212a", "\u017f"],
  ...["\u0131", "\u2010", "\u2028", "\u200b", "\u3002", "\ufeff", "\ufffe", "\uffff", "\ufffd"],
  ...["\uff0e", "\uff1d", "\uff1b", "\ud800", "\udc41", "\udbff", "\ud83d\ude00", "\ud841\udc41"],
];

/** One or a few characters that belong in no token. */
export function stranger(random: Random): string {
  switch (random.below(8)) {
    case 0:
      return lookAlike(random, random.pick(ALPHABET));
    case 1:
      return String.fromCharCode(random.below(0x10000));
    case 2:
      // Half of a surrogate pair, whose low byte is a letter's.
      return String.fromCharCode(0xd800 + 0x100 * random.below(8) + 0x41 + random.below(26));
    default:
      return random.pick(STRANGERS);
  }
}

/** A character that a decoder takes for this one if it drops bits or folds widths. */
export function lookAlike(random: Random, character: string): string {
  const code = character.charCodeAt(0);
  switch (random.below(5)) {
    case 0:
      return String.fromCharCode(code + 0xfee0);
    case 1:
      return String.fromCodePoint(code + 0x10000 * (1 + random.below(16)));
    case 2:
      return String.fromCharCode(code | 0x80);
    case 3:
      return String.fromCharCode(code + (code << 8));
    default:
      return String.fromCharCode(code + 0x100 * (1 + random.below(255)));
  }
}

/** A text with one to three small changes. */
export function mutated(random: Random, text: string): string {
  let result = text;
  for (let times = random.chance(70) ? 1 : 1 + random.below(3); times > 0; times--) {
    result = mutation(random, result);
  }
  return result;
}

function mutation(random: Random, text: string): string {
  const at = random.below(text.length);
  const front = text.slice(0, at);
  const back = text.slice(at + 1);
  const code = text.charCodeAt(at) || 0;
  switch (random.below(12)) {
    case 0:
      return front + stranger(random) + back;
    case 1:
      return front + stranger(random) + text.slice(at);
    case 2:
      return front + lookAlike(random, String.fromCharCode(code)) + back;
    case 3:
      return front + String.fromCharCode(code ^ (1 << random.below(16))) + back;
    case 4:
      return front + String.fromCharCode(code ^ (1 << random.below(7))) + back;
    case 5:
      return front;
    case 6:
      return text.slice(at);
    case 7:
      return front + back;
    case 8:
      return random.chance(50) ? text + stranger(random) : stranger(random) + text;
    case 9:
      return front + text.slice(at, at + 1 + random.below(9)) + text.slice(at);
    case 10:
      return text.slice(0, -1) + random.pick(ALPHABET);
    default:
      return front + random.pick(ALPHABET) + back;
  }
}

/** Up to `most` characters of an alphabet, of strangers, or of both. */
export function noise(random: Random, most: number, alphabet: ArrayLike<string>): string {
  const strangers = random.pick([0, 0, 2, 20, 100]);
  let text = "";
  for (let left = random.below(most + 1); left > 0; left--) {
    text += random.chance(strangers) ? stranger(random) : random.pick(alphabet);
  }
  return text;
}
