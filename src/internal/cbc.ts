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

/** ECMAScript 2024; not on Node 20. */
type Transferable = ArrayBufferLike & { transfer?(length: number): unknown };

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

  /** Encrypts whole blocks where they lie, under the IV that is at `at` in `buffer`. */
  encrypt(blocks: Buffer, buffer: Buffer, at: number): void {
    const context = this.#encryption ?? this.#openEncryption();
    this.#encryption = undefined;
    const { stream, last } = context;
    xor(blocks, buffer, at, last);
    for (let from = 0; from < blocks.length; from += PIECE) {
      const piece = blocks.length > PIECE ? blocks.subarray(from, from + PIECE) : blocks;
      const encrypted = stream.update(piece);
      blocks.set(encrypted, from);
      if (piece !== blocks) release(encrypted);
    }
    copyBlock(last, blocks, blocks.length - BLOCK);
    this.#encryption = context;
  }

  /** The plaintext of whole blocks, padding included, in memory of its own; the IV as above. */
  decrypt(blocks: Buffer, buffer: Buffer, at: number): Buffer {
    const context = this.#decryption ?? this.#openDecryption();
    this.#decryption = undefined;
    const { stream, last } = context;
    const plaintext = stream.update(blocks);
    xor(plaintext, buffer, at, last);
    copyBlock(last, blocks, blocks.length - BLOCK);
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

/**
 * Gives the memory of a piece back at once, on runtimes that can: the collector lets such pieces pile up to
 * a third of a long message. Only where the bytes are all that their memory has: else others may use it.
 */
function release({ buffer, length }: Buffer): void {
  if (buffer.byteLength === length) (buffer as Transferable).transfer?.(0);
}

/** The first block of `target` ^= iv[at...] ^ last. */
function xor(target: Uint8Array, iv: Uint8Array, at: number, last: Uint8Array): void {
  for (let index = 0; index < BLOCK; index++) {
    const mask = (iv[at + index] as number) ^ (last[index] as number);
    target[index] = (target[index] as number) ^ mask;
  }
}

function copyBlock(target: Uint8Array, source: Uint8Array, from: number): void {
  for (let index = 0; index < BLOCK; index++) target[index] = source[from + index] as number;
}
