/**
 * AES-128-CBC (NIST SP 800-38A section 6.2) over whole blocks; callers pad.
 *
 * createCipheriv costs several times the encryption of a short message. So each key keeps one cipher and one decipher
 * open, without padding, and each message is the next piece of one endless CBC stream. Let E be the block cipher, D its
 * inverse, and L the last ciphertext block that the context saw (at first the zero IV):
 *
 *     encrypt  For a first block X, the context gives E(X xor L). We feed it X = P1 xor IV xor L, so it gives
 *              E(P1 xor IV): the first block of CBC under IV. Later blocks chain by themselves.
 *     decrypt  For a first block C1, the context gives D(C1) xor L; CBC under IV needs D(C1) xor IV. One XOR
 *              with L and IV turns the first into the second. Later blocks depend on ciphertext alone.
 *
 * A context is opened at first use, and is out of its field while it runs, so one that threw is never used again.
 * Automatic padding is off: it would hold back the last block for final(), which is never called.
 * Trusted base: node:crypto alone.
 */

import { createCipheriv, createDecipheriv, createSecretKey, type KeyObject } from "node:crypto";

const BLOCK = 16;
const ALGORITHM = "aes-128-cbc";
const ZERO_IV = new Uint8Array(BLOCK);
/** Bytes to encrypt at once: whole blocks, few enough for the cache. */
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
  }

  /** Encrypts whole blocks in place, under the IV at `at` in `buffer`. */
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

  /** Decrypts whole blocks, padding included, into new memory; the IV as above. */
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

/** Frees the memory of a piece at once if nothing shares it: else pieces pile up to a third of a long message. */
function release({ buffer, length }: Buffer): void {
  if (buffer.byteLength === length) (buffer as Transferable).transfer?.(0);
}

function xor(target: Uint8Array, iv: Uint8Array, at: number, last: Uint8Array): void {
  for (let index = 0; index < BLOCK; index++) {
    const mask = (iv[at + index] as number) ^ (last[index] as number);
    target[index] = (target[index] as number) ^ mask;
  }
}

function copyBlock(target: Uint8Array, source: Uint8Array, from: number): void {
  for (let index = 0; index < BLOCK; index++) target[index] = source[from + index] as number;
}
