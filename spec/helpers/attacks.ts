/**
 * Forges the tokens that spec/evidence/attacks/*.json describes, with node:crypto alone. vectors.ts reads the
 * data.
 */

import { ALPHABET, base64url, fernetToken, padded, sealed, trailing } from "./token-forge.ts";
import { type Data, octets } from "./vectors.ts";

export const NOW = 1_700_000_000;
export const SECRET = Buffer.from("attacked key of 32 bytes, or so..");
export const FERNET_KEY = Buffer.from("attacked, which is 32 bytes long");

export interface JwtAttack {
  name: string;
  after: string;
  header?: Data;
  payload?: Data;
  /** The key and the hash of the MAC, where not our secret and SHA-256. */
  key?: Data;
  hash?: string;
  /** How the parts are joined; `{header}.{payload}.{mac}` by default. */
  form?: string;
  times?: number;
  policy?: object;
  /** null: the clause accepts the token. Otherwise a code, or `ERR_TOKEN_CLAIM` and the claim. */
  error: string | null;
}

export interface FernetAttack {
  name: string;
  after: string;
  /** Octets as data, 64-bit numbers as text. */
  parts?: { version?: number; timestamp?: string } & Partial<Record<OctetPart, Data>>;
  key?: Data;
  halfMac?: boolean;
  swappedKey?: boolean;
  /** A pattern and its replacement: applied once, or to every "=". */
  replace?: [string, string];
  ttl?: number;
  /** The message of a good token. */
  message?: string;
  error: string | null;
}

type OctetPart = "blocks" | "ciphertext" | "mac";

export function forgeJwt(attack: JwtAttack): string {
  const { header = '{"alg":"HS256","typ":"JWT"}', payload = '{"sub":"mallory"}' } = attack;
  const { form = "{header}.{payload}.{mac}", times = 1, hash = "sha256" } = attack;
  const key = attack.key === undefined ? SECRET : octets(attack.key);
  const input = `${base64url(octets(header))}.${base64url(octets(payload))}`;
  const parts = sealed(input, key, hash).split(".");
  const filled = ["{header}", "{payload}", "{mac}"].reduce(
    (text, place, index) => text.replaceAll(place, parts[index] as string),
    form,
  );
  return filled.repeat(times);
}

export function forgeFernet(attack: FernetAttack): string {
  const { version = 0x80, timestamp = NOW, ...given } = attack.parts ?? {};
  const parts = Object.fromEntries(
    Object.entries(given).map(([name, data]) => [name, octets(data)]),
  );
  const key = attack.key === undefined ? FERNET_KEY : octets(attack.key);
  const swapped = Buffer.concat([key.subarray(16), key.subarray(0, 16)]);
  let token = fernetToken(attack.swappedKey ? swapped : key, {
    version,
    timestamp: BigInt(timestamp),
    message: "attacked",
    ...parts,
  });
  if (attack.halfMac) token = padded(Buffer.from(token, "base64url").subarray(0, -16));
  if (attack.replace === undefined) return token;
  const [pattern, by] = attack.replace;
  return token.replace(new RegExp(pattern, pattern === "=" ? "g" : ""), by);
}

/** Characters that decoders skip, fold or stop at. */
const MARKS = [..." \t\n\r\f\v\0=.,;%+/~\"'\\", "\x7f", "\x80", "\xa0", "\xad", "\u0141"];
const WIDE_MARKS = ["\u200b", "\u2028", "\ufeff", "\ud800", "\udc00", "\u{1f36a}", "%3D", "%0a"];

/** Attacks that sweep over a whole token: every text that they yield must be refused. */
export const SWEEPS: Record<string, (token: string) => Iterable<string>> = {
  *truncation(token) {
    for (let length = 0; length < token.length; length++) {
      yield token.slice(0, length);
      if (length > 0) yield token.slice(length);
    }
  },
  *bits(token) {
    for (const [at, part] of parts(token)) {
      const bytes = Buffer.from(part, "base64url");
      for (let bit = 0; bit < bytes.length * 8; bit++) {
        const flipped = Buffer.from(bytes);
        flipped[bit >> 3] = (flipped[bit >> 3] as number) ^ (1 << (bit & 7));
        const text = part.endsWith("=") ? padded(flipped) : base64url(flipped);
        yield token.slice(0, at) + text + token.slice(at + part.length);
      }
    }
  },
  *characters(token) {
    for (let at = 0; at < token.length; at++) {
      for (const character of ALPHABET) {
        if (character !== token[at]) yield replaced(token, at, character);
      }
    }
  },
  *fold(token) {
    for (let at = 0; at < token.length; at++) {
      const code = token.charCodeAt(at);
      const folded = [0x80, 0x100, 0x200, 0x2100, 0xd800, 0xff00, 0xfee0, 0x1f00].map((more) =>
        String.fromCharCode((code + more) & 0xffff),
      );
      const astral = String.fromCodePoint(0x10000 + code);
      for (const character of [...folded, astral]) yield replaced(token, at, character);
    }
  },
  *insert(token) {
    for (let at = 0; at <= token.length; at++) {
      for (const mark of [...MARKS, ...WIDE_MARKS]) {
        yield token.slice(0, at) + mark + token.slice(at);
      }
    }
  },
  *endings(token) {
    for (const [at, part] of parts(token)) {
      const bare = part.replace(/=+$/, "");
      for (const other of trailing(bare)) {
        yield token.slice(0, at) + other + token.slice(at + bare.length);
      }
    }
  },
};

/** Yields Fernet tokens with a valid MAC and wrong padding in the last block (RFC 5652 section 6.3). */
export function* paddings(): Generator<string> {
  const token = (blocks: Uint8Array) => fernetToken(FERNET_KEY, { timestamp: NOW, blocks });
  for (let last = 0; last < 256; last++) {
    if (last < 1 || last > 16) yield token(Buffer.alloc(32, last));
  }
  for (let length = 2; length <= 16; length++) {
    for (let at = 32 - length; at < 31; at++) {
      for (const other of [0, length - 1, length + 1, length ^ 0x80, 0xff]) {
        const blocks = Buffer.alloc(32, 0x41).fill(length, 32 - length);
        blocks[at] = other;
        yield token(blocks);
      }
    }
  }
}

/** Yields the parts between the dots with their positions. */
function* parts(token: string): Generator<[number, string]> {
  let at = 0;
  for (const part of token.split(".")) {
    yield [at, part];
    at += part.length + 1;
  }
}

function replaced(token: string, at: number, by: string): string {
  return token.slice(0, at) + by + token.slice(at + 1);
}
