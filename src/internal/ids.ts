/** A table of session ids that expire, 24 bytes each. Its parts are swept one by one, in place, so no call stalls. */

import { decodeInto } from "./base64.ts";

const ID_BYTES = 16;
const ID_CHARACTERS = 22;
const WORDS = ID_BYTES / 4;
/** A million ids are about 240 a part: searching one takes a quarter of a microsecond. */
const PARTS = 4096;
/** How many parts with expired ids does a full table sweep in one call? */
const PARTS_SWEPT = 256;

const text: Buffer = Buffer.alloc(ID_CHARACTERS + 4);

class Part {
  ids: Uint32Array<ArrayBuffer> = new Uint32Array(0);
  untils: Float64Array<ArrayBuffer> = new Float64Array(0);
  size = 0;
  /** No id of this part expires earlier. */
  earliest = Infinity;

  find(id: Uint32Array): number {
    const { ids, size } = this;
    const [a, b, c, d] = id;
    for (let index = 0, at = 0; index < size; index++, at += WORDS) {
      if (ids[at] === a && ids[at + 1] === b && ids[at + 2] === c && ids[at + 3] === d)
        return index;
    }
    return -1;
  }

  add(id: Uint32Array, until: number): void {
    if (this.size === this.untils.length) this.#grow();
    this.ids.set(id, this.size * WORDS);
    this.untils[this.size++] = until;
    this.earliest = Math.min(this.earliest, until);
  }

  /** Drops expired ids, moving the last id into each gap; returns their number. */
  sweep(now: number): number {
    const { ids, untils, size } = this;
    this.earliest = Infinity;
    for (let index = 0; index < this.size; ) {
      const until = untils[index] as number;
      if (until > now) {
        this.earliest = Math.min(this.earliest, until);
        index++;
        continue;
      }
      const last = --this.size;
      untils[index] = untils[last] as number;
      ids.copyWithin(index * WORDS, last * WORDS, (last + 1) * WORDS);
    }
    return size - this.size;
  }

  #grow(): void {
    const room = Math.ceil(this.size * 1.5) + 4;
    const { ids, untils } = this;
    this.ids = new Uint32Array(room * WORDS);
    this.ids.set(ids);
    this.untils = new Float64Array(room);
    this.untils.set(untils);
  }
}

export class IdTable {
  readonly #limit: number;
  readonly #parts: Part[] = Array.from({ length: PARTS }, () => new Part());
  readonly #id = new Uint32Array(WORDS);
  #size = 0;
  #next = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  has(id: string, now: number): boolean {
    const part = this.#partOf(id);
    if (part === undefined) return false;
    const index = part.find(this.#id);
    return index >= 0 && now < (part.untils[index] as number);
  }

  /** Returns why the id was not added; undefined if it was. */
  add(id: string, until: number, now: number): "full" | "not an id" | undefined {
    const part = this.#partOf(id);
    if (part === undefined) return "not an id";
    const index = part.find(this.#id);
    if (index >= 0) {
      part.untils[index] = Math.max(until, part.untils[index] as number);
      return undefined;
    }
    if (part.earliest <= now) this.#size -= part.sweep(now);
    if (this.#size >= this.#limit) this.#makeRoom(now);
    if (this.#size >= this.#limit) return "full";
    part.add(this.#id, until);
    this.#size++;
    return undefined;
  }

  #makeRoom(now: number): void {
    let swept = 0;
    for (let looked = 0; looked < PARTS; looked++) {
      if (swept >= PARTS_SWEPT && this.#size < this.#limit) return;
      const part = this.#parts[this.#next] as Part;
      this.#next = (this.#next + 1) % PARTS;
      if (part.earliest > now) continue;
      swept++;
      this.#size -= part.sweep(now);
    }
  }

  /** Writes the id to `#id` and returns its part. */
  #partOf(id: string): Part | undefined {
    if (typeof id !== "string" || id.length !== ID_CHARACTERS) return undefined;
    if (decodeInto(text, id, 0, ID_CHARACTERS) !== ID_BYTES) return undefined;
    for (let word = 0; word < WORDS; word++) this.#id[word] = text.readUInt32LE(word * 4);
    const [a = 0, b = 0, c = 0, d = 0] = this.#id;
    return this.#parts[((a ^ b ^ c ^ d) >>> 0) % PARTS];
  }
}
