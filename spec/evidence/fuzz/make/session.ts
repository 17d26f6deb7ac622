/** Cookies of sessions: envelopes of every shape under a seal that opens, and damaged seals and headers. */

import { createHmac, type KeyObject } from "node:crypto";
import { base64url, fernetFrame } from "../../../helpers/token-forge.ts";
import type { Random } from "../random.ts";
import { type Member, NAMES, objectText, spoiltBytes, value } from "./json.ts";
import { NOW } from "./jwt.ts";
import { ALPHABET, mutated, noise } from "./text.ts";

export const TYPES = ["base64", "jwt", "fernet"] as const;
export type Type = (typeof TYPES)[number];

/** The key of a type: one key for JWT, two halves for Fernet. */
export interface Sealing {
  readonly type: Type;
  readonly key: Buffer;
  readonly mac: KeyObject;
}

const HEADERS: readonly string[] = [
  ...['{"alg":"HS256","typ":"JWT"}', '{"alg":"HS256"}', '{"alg":"none","typ":"session+jwt"}'],
  ...['{"typ":"session+jwt","alg":"HS256"}', '{"alg":"HS256","typ":"application/SESSION+jwt"}'],
  ...['{"alg":"HS512","typ":"session+jwt"}', '{"alg":"HS256","typ":"session+jwt","crit":["exp"]}'],
  ...['{"alg":"HS256","typ":"session+jwt","b64":true}', '{"alg":"HS256","typ":1}', "[]", "{"],
];
/** Canonical ids of 16 bytes, and invalid ones. */
const IDS: readonly string[] = [
  ...['"an-old-id-of-16-bytesA"', '"AAAAAAAAAAAAAAAAAAAAAA"', '"__________7w-_________w"'],
  ...['"an-old-id-of-16-bytesB"', '"an-old-id-of-16-bytes"', '"an-old-id-of-16-bytesAA"', '""'],
  ...['"an+old/id-of-16-bytesA"', '"9b1deb4d-3b7d-4bad-9bdd-2b0d7b3dcb6d"', "1", "null", "[]"],
  ...[
    '["an-old-id-of-16-bytesA"]',
    '"an-old-id-of-16-byte\\u0073A"',
    '"an-old-id-of-16-bytesA\\n"',
  ],
];
/** Times around now, and around the limits of the setups. */
const OFFSETS: readonly number[] = [
  ...[-201, -200, -199, -151, -150, -149, -101, -100, -99, -51, -50, -49, -11, -10, -9, -1, 0, 0],
  ...[1, 9, 10, 11, 49, 50, 51, 59, 60, 61, 99, 100, 101, 1e6, 1e9, -NOW, -1e9, -2e9],
];
const ODD_TIMES: readonly string[] = [
  ...["1700000000.5", '"1700000000"', "null", "true", "1e400", "-1e400", "17e8", "1.7E+9", "{}"],
  ...["9007199254740993", "9007199254740991", "-9007199254740991", "1e21", "-0", "NaN", '""'],
];
const AGES: readonly string[] = [
  ...["1", "50", "99", "100", "101", "150", "199", "200", "201", "1000000000", "0", "-1", "0.5"],
  ...['"150"', "null", "true", "9007199254740993", "1e2", "1e400", "[]"],
];
const KEEPS: readonly string[] = ["true", "false", "true", "false", "null", "1", '"true"', "[]"];
const DATA: readonly string[] = [
  ...['{"user":"tom"}', "{}", '{"user":"tom","visits":[1,{"a":null}]}', '{"id":"x","user":1}'],
  ...['{"__proto__":{"admin":true},"a":1}', '{"destroy":1,"touch":2,"b":3}', '{"1":1,"0":2}'],
  ...["[]", "null", '"tom"', "1", '{"a":1e400}', '{"a":[-1e400]}', '{"a":-0}', '{"a":1e3}'],
  ...['{"toString":1,"constructor":{}}', '{"a":"\\ud800"}', '{"a":"\u2028\u017e"}'],
];

export interface MadeSession {
  readonly header: string;
  readonly now: number;
}

export function makeSession(random: Random, name: string, sealing: Sealing): MadeSession {
  const now = random.chance(85) ? NOW : NOW + random.pick([-61, -60, -1, 1, 60, 90, 100, 200]);
  const kind = random.below(100);
  if (kind < 4) return { header: `${name}=${noise(random, 90, `${ALPHABET}..`)}`, now };
  const text = sealed(random, sealing, envelope(random));
  if (kind < 84) return { header: `${name}=${text}`, now };
  if (kind < 90) return { header: `${name}=${respelt(random, text)}`, now };
  if (kind < 97) return { header: `${name}=${mutated(random, text)}`, now };
  return { header: mutated(random, `${name}=${text}`), now };
}

/** Another spelling of a value. */
function respelt(random: Random, text: string): string {
  switch (random.below(5)) {
    case 0:
      return text + "=".repeat(-text.length & 3 || random.below(5));
    case 1:
      return `"${text}"`;
    case 2:
      return text.replace(/^./, (one) => `%${one.charCodeAt(0).toString(16)}`);
    case 3:
      return text.replaceAll("-", "+").replaceAll("_", "/");
    default:
      return text.slice(0, -1) + random.pick(ALPHABET);
  }
}

function sealed(random: Random, { type, key, mac }: Sealing, text: string): string {
  const bytes = spoiltBytes(random, text);
  if (type === "base64") return bytes.toString("base64url");
  if (type === "fernet") {
    return fernetFrame(key, { message: bytes, iv: random.bytes(16) }).toString("base64url");
  }
  const header = random.chance(85) ? '{"alg":"HS256","typ":"session+jwt"}' : random.pick(HEADERS);
  const input = `${base64url(header)}.${bytes.toString("base64url")}`;
  return `${input}.${createHmac("sha256", mac).update(input).digest("base64url")}`;
}

function envelope(random: Random): string {
  const odd = random.chance(35);
  const unless = (percent: number, good: string, other: () => string): string =>
    odd && random.chance(percent) ? other() : good;
  const time = (): string =>
    random.chance(75) ? String(NOW + random.pick(OFFSETS)) : random.pick(ODD_TIMES);
  const members: Member[] = [
    ["jti", unless(20, random.pick(IDS.slice(0, 3)), () => random.pick(IDS))],
    ["iat", unless(40, String(NOW - random.pick([0, 10, 50])), time)],
    ["exp", unless(40, String(NOW + random.pick([50, 90, 1000])), time)],
  ];
  if (random.chance(30)) members.push(["begun", unless(40, String(NOW - 60), time)]);
  if (random.chance(25)) members.push(["age", unless(50, "150", () => random.pick(AGES))]);
  if (random.chance(15)) members.push(["keep", unless(50, "false", () => random.pick(KEEPS))]);
  members.push(["data", random.chance(50) ? '{"user":"tom"}' : random.pick(DATA)]);
  // Longer than user agents keep.
  if (random.below(80) === 0) members.push(["long", `"${"x".repeat(3500)}"`]);
  return odd ? strangely(random, members) : `{${members.map(([n, t]) => `"${n}":${t}`).join(",")}}`;
}

/** Leaves out a member, repeats one, or adds an unknown one, in unusual formatting. */
function strangely(random: Random, members: Member[]): string {
  const all = members.filter(() => !random.chance(4));
  if (random.chance(8)) all.push(random.pick(members));
  if (random.chance(8)) all.push([random.pick(NAMES), value(random)]);
  if (random.chance(8)) all.reverse();
  if (random.chance(3)) all.push(["__proto__", objectText(random, members)]);
  if (random.chance(60)) return `{${all.map(([name, text]) => `"${name}":${text}`).join(",")}}`;
  return objectText(random, all);
}
