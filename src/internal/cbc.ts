/**
 * AES-128-CBC (NIST SP 800-38A section 6.2) over whole blocks; the padding is the caller's.
 *
 * createCipheriv costs several times what the encryption of a short message does, so each key keeps
 * one cipher and one decipher open, without padding, and makes every message look like the next
 * piece of one endless CBC stream. With E the block cipher, and L the last ciphertext block that the
 * context has seen (the zero IV at first):
 *
 *   encrypt  the context yields C1 = E(X xor L) for the first block X it is fed. Fed X = P1 xor IV xor L
 *            it yields E(P1 xor IV), which is what CBC under IV has; later blocks chain by themselves.
 *   decrypt  the context yields D(C1) xor L where CBC under IV has D(C1) xor IV: one XOR with L and
 *            the IV turns the first into the second; later blocks depend on ciphertext alone.
 *
 * A context is taken out of its field for as long as it runs: one that threw is never used again. A
 * decipher with automatic padding would keep the last block back for final(), which never comes.
 *
 * Trusted base: node:crypto alone.
 */

import { createCipheriv, createDecipheriv, createSecretKey, type KeyObject } from "node:crypto";

const BLOCK = 16;
const ALGORITHM = "aes-128-cbc";
const ZERO_IV = new Uint8Array(BLOCK);
/** Bytes that are encrypted at once: whole blocks, and what the cipher returns stays in the cache. */
const PIECE = 262_144;

/** An open cipher or decipher, and the last ciphertext block that went through it. */
interface Context {
  readonly stream: { update(blocks: Uint8Array): Buffer };
  readonly last: Uint8Array;
}

export class CbcKey {
  readonly #key: KeyObject;
  #encryption: Context | undefined;
  #decryption: Context | undefined;

  constructor(bytes: Uint8Array) {
    this.#key = createSecretKey(bytes);
    this.#encryption = this.#openEncryption();
    this.#decryption = this.#openDecryption();
  }

  /**
   * Encrypts whole blocks where they lie, from `start` to `end`; the IV is the 16 bytes in front of
   * them, as in a Fernet token.
   */
  encrypt(buffer: Buffer, start: number, end: number): void {
    const context = this.#encryption ?? this.#openEncryption();
    this.#encryption = undefined;
    const { stream, last } = context;
    xor(buffer, start, buffer, start - BLOCK, last);
    for (let at = start; at < end; at += PIECE) {
      buffer.set(stream.update(buffer.subarray(at, Math.min(at + PIECE, end))), at);
    }
    copyBlock(last, buffer, end - BLOCK);
    this.#encryption = context;
  }

  /** The plaintext, padding included, of whole blocks behind their IV; in memory of its own. */
  decrypt(buffer: Buffer, start: number, end: number): Buffer {
    const context = this.#decryption ?? this.#openDecryption();
    this.#decryption = undefined;
    const { stream, last } = context;
    const plaintext = stream.update(buffer.subarray(start, end));
    xor(plaintext, 0, buffer, start - BLOCK, last);
    copyBlock(last, buffer, end - BLOCK);
    this.#decryption = context;
    return plaintext;
  }

  #openEncryption(): Context {
    const stream = createCipheriv(ALGORITHM, this.#key, ZERO_IV).setAutoPadding(false);
    return { stream, last: new Uint8Array(BLOCK) };
  }

  #openDecryption(): Context {
    const stream = createDecipheriv(ALGORITHM, this.#key, ZERO_IV).setAutoPadding(false);
    return { stream, last: new Uint8Array(BLOCK) };
  }
}

/** target[at...] ^= iv[from...] ^ last, for one block. */
function xor(target: Uint8Array, at: number, iv: Uint8Array, from: number, last: Uint8Array): void {
  for (let index = 0; index < BLOCK; index++) {
    const mask = (iv[from + index] as number) ^ (last[index] as number);
    target[at + index] = (target[at + index] as number) ^ mask;
  }
}

function copyBlock(target: Uint8Array, source: Uint8Array, from: number): void {
  for (let index = 0; index < BLOCK; index++) target[index] = source[from + index] as number;
}
