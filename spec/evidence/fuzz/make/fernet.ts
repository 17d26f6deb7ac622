/** Fernet tokens: damaged good ones, and frames of every kind with a MAC that holds. */

import { createCipheriv, createHmac } from "node:crypto";
import type { FernetKeys, Times } from "../oracle/fernet.ts";
import type { Random } from "../random.ts";
import { padded } from "./base64url.ts";
import { spoiltBytes } from "./json.ts";
import { NOW } from "./jwt.ts";
import { ALPHABET, mutated, noise } from "./text.ts";

const TTLS: readonly number[] = [...[0, 0, 0.5, 1, 10, 60, 60, 60.25, 1e6, NOW, 2 ** 53, 1e300]];
/** How far a timestamp is from now. */
const OFFSETS: readonly number[] = [-61, -60, -11, -10, -1, 0, 0, 0, 1, 59, 60, 61, 1000];
const TIMESTAMPS: readonly bigint[] = [
  ...[0n, 1n, 0x7fffffffn, 0xffffffffn, 0x100000000n, 2n ** 53n - 1n, 2n ** 53n, 2n ** 53n + 1n],
  ...[2n ** 62n, 2n ** 63n - 1n, 2n ** 63n, 2n ** 64n - 1n],
];

export interface Made extends Times {
  readonly token: string;
}

/** The keys in `signing` make good tokens, those in `strange` do not. */
export function makeFernet(
  random: Random,
  signing: readonly FernetKeys[],
  strange: readonly FernetKeys[],
): Made {
  const ttl = random.chance(50) ? random.pick(TTLS) : undefined;
  const now = random.chance(95)
    ? NOW + random.below(5) / 4
    : random.pick([0, -1, 2 ** 40, 2 ** 52]);
  const key = random.chance(95) ? random.pick(signing) : random.pick(strange);
  const kind = random.below(100);
  if (kind < 6) return { token: noise(random, 120, ALPHABET), ttl, now };
  const text = padded(frame(random, key).toString("base64url"));
  if (kind < 65) return { token: text, ttl, now };
  if (kind < 70) return { token: respelt(random, text), ttl, now };
  return { token: mutated(random, text), ttl, now };
}

/** Another spelling of the same bytes. */
function respelt(random: Random, text: string): string {
  const bare = text.replaceAll("=", "");
  switch (random.below(5)) {
    case 0:
      return bare;
    case 1:
      return text + random.pick(["=", "==", "====", "\n", " ", "\0"]);
    case 2:
      return text.replaceAll("-", "+").replaceAll("_", "/");
    case 3:
      return padded(bare.slice(0, -1) + random.pick(ALPHABET));
    default:
      return random.pick([" ", "\n", "\ufeff", "="]) + text;
  }
}

function frame(random: Random, key: FernetKeys): Buffer {
  const head = Buffer.alloc(9);
  head[0] = random.chance(95) ? 0x80 : random.pick([0, 0x7f, 0x81, 0xff, random.below(256)]);
  head.writeBigUInt64BE(
    random.chance(75) ? BigInt(NOW + random.pick(OFFSETS)) : random.pick(TIMESTAMPS),
    1,
  );
  const iv = random.bytes(16);
  const signed = Buffer.concat([head, iv, ciphertext(random, key, iv)]);
  const mac = createHmac("sha256", key.signing).update(signed).digest();
  if (random.chance(93)) return Buffer.concat([signed, mac]);
  return Buffer.concat([signed, wrongMac(random, mac)]);
}

function wrongMac(random: Random, mac: Buffer): Buffer {
  switch (random.below(4)) {
    case 0:
      return mac.subarray(0, random.below(32));
    case 1:
      return Buffer.alloc(32, random.pick([0, 0xff]));
    case 2:
      return Buffer.concat([mac, random.bytes(1 + random.below(16))]);
    default:
      mac.writeUInt8((mac[random.below(32)] as number) ^ (1 << random.below(8)), random.below(32));
      return mac;
  }
}

function ciphertext(random: Random, key: FernetKeys, iv: Buffer): Buffer {
  // No block at all, or bytes that do not fill a block.
  if (random.chance(5)) return random.bytes(random.pick([0, 1, 15, 17, 31, random.below(48)]));
  if (random.chance(3)) return random.bytes(16 * (1 + random.below(4)));
  const cipher = createCipheriv("aes-128-cbc", key.encryption, iv).setAutoPadding(false);
  return cipher.update(plaintext(random));
}

/** Whole blocks: a message with padding of PKCS#7 or of another kind. */
function plaintext(random: Random): Buffer {
  const long = random.below(3000) === 0 ? random.below(20_000) : 0;
  const message = random.chance(50)
    ? spoiltBytes(random, '{"user":"tom \u017e\u6771\u{1f3fa}"}')
    : random.bytes(random.below(50) + long);
  const count = 16 - (message.length % 16);
  const padding = Buffer.alloc(count, count);
  if (random.chance(75)) return Buffer.concat([message, padding]);
  const blocks = Buffer.concat([message, random.chance(50) ? padding : random.bytes(count)]);
  switch (random.below(5)) {
    case 0:
      blocks[blocks.length - 1] = random.below(random.pick([18, 256]));
      return blocks;
    case 1: {
      // One byte of the padding differs.
      const said = 1 + random.below(17);
      blocks.fill(said, Math.max(0, blocks.length - said));
      const at = Math.max(0, blocks.length - said + random.below(said));
      blocks[at] = (blocks[at] as number) ^ (1 << random.below(8));
      return blocks;
    }
    case 2:
      // ANSI X.923, and ISO 7816-4.
      if (random.chance(50))
        return Buffer.concat([message, Buffer.alloc(count - 1), Buffer.of(count)]);
      return Buffer.concat([message, Buffer.of(0x80), Buffer.alloc(count - 1)]);
    case 3:
      return Buffer.alloc(16 * (1 + random.below(3)), random.below(18));
    default:
      return blocks;
  }
}
