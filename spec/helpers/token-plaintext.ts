/** What the decipher of node:crypto gives during a call, to look at once the call is over. */

import crypto from "node:crypto";
import { mock } from "node:test";

interface Stream {
  update(...args: unknown[]): Buffer;
}

/** The same prototype is behind every decipher. */
const DECIPHER: Stream = Object.getPrototypeOf(
  crypto.createDecipheriv("aes-128-cbc", Buffer.alloc(16), Buffer.alloc(16)),
);

/** The memory of each plaintext that the call decrypts, as the call leaves it. */
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
