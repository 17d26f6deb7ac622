/** Collects the plaintext that node:crypto's decipher returns during a call, to inspect it afterwards. */

import crypto from "node:crypto";
import { mock } from "node:test";

interface Stream {
  update(...args: unknown[]): Buffer;
}

/** Every decipher has this prototype. */
const DECIPHER: Stream = Object.getPrototypeOf(
  crypto.createDecipheriv("aes-128-cbc", Buffer.alloc(16), Buffer.alloc(16)),
);

/** Returns the memory of each plaintext that the call decrypted, as the call left it. */
export function plaintextsOf(call: () => unknown): Buffer[] {
  const given: Buffer[] = [];
  const { update } = DECIPHER;
  const { mock: watched } = mock.method(DECIPHER, "update", function (this: Stream, ...args) {
    const plaintext = update.apply(this, args);
    given.push(plaintext);
    return plaintext;
  } as Stream["update"]);
  try {
    call();
  } finally {
    watched.restore();
  }
  return given;
}
