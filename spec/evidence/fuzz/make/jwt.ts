/** Tokens: damaged good ones, and all that the grammar allows or forbids under a MAC that holds. */

import { createHmac, type KeyObject } from "node:crypto";
import type { Random } from "../random.ts";
import { type Member, NAMES, objectText, spoiltBytes, TEXTS, value } from "./json.ts";
import { ALPHABET, mutated, noise, stranger } from "./text.ts";

export const NOW = 1_700_000_000;

const ALGORITHMS: readonly string[] = [
  ...['"none"', '"None"', '"nOnE"', '"HS512"', '"hS256"', '"hs256"', '"RS256"', '"HS256 "', '""'],
  ...['"HS256\\u0000"', '"H\u017f256"', '"\uff28S256"', '["HS256"]', "256", "null", "true", "{}"],
];
const SPELT: readonly string[] = ['"\\u0048S256"', '"HS\\u0032\\u00356"'];
const TYPES: readonly string[] = [
  ...['"JWT"', '"jwt"', '"at+jwt"', '"AT+JWT"', '"application/at+jwt"', '"application/AT+jwt"'],
  ...[
    '"text/x"',
    '"TEXT/x"',
    '"application/text/x"',
    '"x"',
    '"at+jwt "',
    '"at+\u212awt"',
    '""',
    "null",
    "1",
    '["at+jwt"]',
  ],
];
const KIDS: readonly string[] = [
  '"a"',
  '"b"',
  '"c"',
  '"\\u0061"',
  '""',
  "null",
  "1",
  '["a"]',
  '"A"',
];
const CRITICAL: readonly Member[] = [
  ...(["[]", '["exp"]', '["b64"]', "null", "false", '"b64"', "{}"] as const).map(
    (list) => ["crit", list] as const,
  ),
  ...(["false", "true", "null", '"no"'] as const).map((flag) => ["b64", flag] as const),
];
const TIMES: readonly string[] = [
  ...["1700000000", "1699999999", "1700000001", "1700000000.5", "1699999999.5", "17e8", "1.7E+9"],
  ...["1700000005", "1699999995", "1699999994.5", "1700000005.5", "1699999940", "1699999939.5"],
  ...["1699999935", "1699999934", "1e400", "-1e400", "1e308", "-1e308", "0", "-0", "-1", "1e21"],
  ...["9007199254740993", '"1700000001"', "null", "true", "[1700000001]", "{}", '""', "NaN", "1e"],
];
const AUDIENCES: readonly string[] = [
  ...['"you"', '["you"]', '["x","all"]', '"all"', "[]", '""', '"You"', '["x"]', "null", "1"],
  ...['["you",1]', '[["you"]]', '{"0":"you"}', '"you,all"', '["you",null]'],
];

/** Claims that the setups of jwt.ts accept; each setup accepts some. */
const GOOD: readonly Member[] = [
  ["iss", '"me"'],
  ["aud", '["you"]'],
  ["sub", '"tom"'],
  ["jti", '"1"'],
  ["iat", "1699999990"],
  ["nbf", "1700000000"],
  ["exp", "1700000060"],
  ["data", '{"user":"tom"}'],
];

export interface Made {
  readonly token: string;
  readonly now: number;
}

export interface Signers {
  /** The keys of good tokens. */
  readonly signing: readonly KeyObject[];
  /** Other keys. */
  readonly strange: readonly KeyObject[];
  /** The `typ` that the policy demands. */
  readonly typ: string;
}

export function makeJwt(random: Random, { signing, strange, typ }: Signers): Made {
  const now = random.chance(70)
    ? NOW
    : NOW + random.pick([-60, -5, -1, -0.5, 0.5, 1, 5, 60, 65, 1e9]);
  const key = random.chance(95) ? random.pick(signing) : random.pick(strange);
  const kind = random.below(100);
  if (kind < 3) return { token: noise(random, 60, `${ALPHABET}....`), now };
  const input = `${part(random, header(random, typ))}.${part(random, payload(random))}`;
  // The MAC holds for any signed text, so only the structure can be wrong.
  if (kind < 72) return { token: sealed(input, key), now };
  if (kind < 79) return { token: sealed(mutated(random, input), key), now };
  if (kind < 93) return { token: mutated(random, sealed(input, key)), now };
  return { token: foreign(random, input, key), now };
}

function sealed(input: string, key: KeyObject, hash: string = "sha256"): string {
  return `${input}.${createHmac(hash, key).update(input).digest("base64url")}`;
}

/** A MAC of another kind or of another text, or none. */
function foreign(random: Random, input: string, key: KeyObject): string {
  const token = sealed(input, key);
  const mac = token.slice(input.length + 1);
  switch (random.below(8)) {
    case 0:
      return sealed(input, key, "sha512");
    case 1:
      return `${input}.`;
    case 2:
      return input;
    case 3:
      return `${input}.${mac.slice(0, random.below(43))}`;
    case 4:
      return `${input}.${mac}${random.pick(["A", "AA", "=", ".", `.${mac}`, mac])}`;
    case 5:
      return `${random.pick(["", ".", " "])}${token}.`;
    case 6:
      return `${token.slice(0, -1)}${random.pick(ALPHABET)}`;
    default:
      return `${input}.${random.bytes(random.pick([0, 16, 31, 32, 33, 64])).toString("base64url")}`;
  }
}

function header(random: Random, typ: string): string {
  if (random.chance(60)) return `{"alg":"HS256","typ":"${typ}"}`;
  const members: Member[] = [["alg", random.chance(92) ? '"HS256"' : random.pick(ALGORITHMS)]];
  if (random.chance(10)) members[0] = ["alg", random.pick(SPELT)];
  if (random.chance(50)) members.push(["typ", random.pick(TYPES)]);
  else members.push(["typ", `"${typ}"`]);
  if (random.chance(40)) members.push(["kid", random.pick(KIDS)]);
  if (random.chance(6)) members.push(random.pick(CRITICAL));
  return strangely(random, members);
}

function payload(random: Random): string {
  const members = GOOD.flatMap((member): Member[] => {
    if (member[0] === "aud" ? random.chance(30) : random.chance(7)) return [];
    return [random.chance(90) ? member : [member[0], claimValue(random, member[0])]];
  });
  // Sometimes longer than the page of the MAC, or than the length that a policy allows.
  if (random.below(2000) === 0) members.push(["long", `"${"x".repeat(random.below(30_000))}"`]);
  return strangely(random, members);
}

function claimValue(random: Random, name: string): string {
  if (name === "exp" || name === "nbf" || name === "iat") return random.pick(TIMES);
  if (name === "aud" && random.chance(80)) return random.pick(AUDIENCES);
  return random.chance(50) ? random.pick(TEXTS) : value(random);
}

/** Adds members that come twice, that are unknown, or that objects have by themselves. */
function strangely(random: Random, members: Member[]): string {
  const all = [...members];
  if (random.chance(8)) all.push(random.pick(members.length > 0 ? members : GOOD));
  if (random.chance(8)) all.unshift([random.pick(["alg", "exp", "crit", "kid"]), value(random)]);
  if (random.chance(10)) all.push([random.pick(NAMES), value(random)]);
  if (random.chance(3)) all.push(["__proto__", objectText(random, members)]);
  return objectText(random, all);
}

/** Strict base64url of a text's bytes, except now and then. */
function part(random: Random, text: string): string {
  const encoded = spoiltBytes(random, text).toString("base64url");
  if (!random.chance(5)) return encoded;
  switch (random.below(4)) {
    case 0:
      return encoded + random.pick(["=", "==", "A", "AA", "\n", " "]);
    case 1:
      // Other trailing bits, where the text has any.
      return encoded.slice(0, -1) + random.pick(ALPHABET);
    case 2:
      return encoded.replace(/[-_]/, (one) => (one === "-" ? "+" : "/"));
    default:
      return encoded + stranger(random);
  }
}
