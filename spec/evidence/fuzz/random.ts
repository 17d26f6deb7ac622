/** Random choices (sfc32) that depend on the seed and the case number alone. */

export class Random {
  #a = 0;
  #b = 0;
  #c = 0;
  #count = 1;

  /** Starts the choices of that case of that run. */
  start(seed: number, number: number): void {
    this.#a = seed | 0;
    this.#b = number | 0;
    this.#c = Math.floor(number / 2 ** 32) | 0;
    this.#count = 1;
    for (let round = 0; round < 12; round++) this.word();
  }

  /** 32 random bits. */
  word(): number {
    const sum = (this.#a + this.#b + this.#count++) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + sum) | 0;
    return sum >>> 0;
  }

  /** A whole number from 0 up to, but not including, `limit`. */
  below(limit: number): number {
    return Math.floor((this.word() / 2 ** 32) * limit);
  }

  /** Returns true so many times in a hundred. */
  chance(percent: number): boolean {
    return this.below(100) < percent;
  }

  pick<T>(list: ArrayLike<T>): T {
    return list[this.below(list.length)] as T;
  }

  bytes(length: number): Buffer {
    const bytes = Buffer.alloc(length + 3);
    for (let at = 0; at < length; at += 4) bytes.writeUInt32LE(this.word(), at);
    return bytes.subarray(0, length);
  }
}
