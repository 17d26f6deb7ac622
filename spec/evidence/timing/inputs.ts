/**
 * Refused tokens of two classes, random except for the one property in which the classes differ. Both are
 * made by the same steps. Every token is a flat string of its own and is measured once, so that its place in memory
 * and the engine's caches cannot stand for its class.
 */

import { createCipheriv, createHmac, type KeyObject, randomBytes, randomInt } from "node:crypto";

/** A token of a class. */
export type Maker = (kind: 0 | 1) => string;

const MAC = 32;

/** The MAC is wrong in its first byte (0) or its last (1). */
export function wrongJwt(key: KeyObject): Maker {
  const header = Buffer.from('{"alg":"HS256","typ":"JWT"}').toString("base64url");
  return (kind) => {
    const payload = Buffer.from(JSON.stringify({ jti: randomBytes(48).toString("base64url") }));
    const input = `${header}.${payload.toString("base64url")}`;
    const mac = createHmac("sha256", key).update(input).digest();
    spoil(mac, kind === 0 ? 0 : MAC - 1);
    return flat(`${input}.${mac.toString("base64url")}`);
  };
}

/** The MAC is wrong in its first byte (0) or its last (1). */
export function wrongFernet(signing: KeyObject, encryption: KeyObject): Maker {
  return (kind) => {
    const signed = frame(encryption, randomBytes(40), 8);
    const mac = createHmac("sha256", signing).update(signed).digest();
    spoil(mac, kind === 0 ? 0 : MAC - 1);
    return encoded(signed, mac);
  };
}

/** The padding is right (0) or wrong (1); the MAC is random. */
export function wrongPadding(encryption: KeyObject): Maker {
  return (kind) => {
    const last = kind === 0 ? 8 : 17 + randomInt(256 - 17);
    return encoded(frame(encryption, randomBytes(40), last), randomBytes(MAC));
  };
}

/** Version, time, IV and ciphertext of a message that needs eight bytes of padding. */
function frame(encryption: KeyObject, message: Buffer, last: number): Buffer {
  const head = Buffer.alloc(9);
  head[0] = 0x80;
  head.writeUInt32BE(Math.floor(Date.now() / 1000), 5);
  const iv = randomBytes(16);
  const cipher = createCipheriv("aes-128-cbc", encryption, iv).setAutoPadding(false);
  const padding = Buffer.alloc(8, 8);
  padding[7] = last;
  return Buffer.concat([head, iv, cipher.update(Buffer.concat([message, padding]))]);
}

function encoded(signed: Buffer, mac: Buffer): string {
  const text = Buffer.concat([signed, mac]).toString("base64");
  return flat(text.replaceAll("+", "-").replaceAll("/", "_"));
}

function spoil(mac: Buffer, at: number): void {
  mac[at] = (mac[at] as number) ^ randomInt(1, 256);
}

/** Copies a text into one piece of memory. */
function flat(text: string): string {
  return Buffer.from(text, "latin1").toString("latin1");
}
