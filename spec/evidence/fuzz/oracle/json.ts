/** RFC 8259 as a recursive descent; of two members of one name the last counts (RFC 7515 section 4). */

export type Json = null | boolean | number | string | Json[] | JsonObject;
export interface JsonObject {
  [name: string]: Json;
}

/** The value of a JSON text; undefined if the text is not JSON. */
export function jsonValue(text: string): Json | undefined {
  const reader = new Reader(text);
  const value = reader.element();
  return reader.atEnd() ? value : undefined;
}

export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

const NUMBER = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;
/** Section 7: %x20-21 / %x23-5B / %x5D-10FFFF. */
const UNESCAPED = /[ !#-[\]-\uffff]*/y;
const BLANK = /[ \t\n\r]*/y;
const HEX = /^[0-9A-Fa-f]{4}$/;
const ESCAPES: Record<string, string> = {
  '"': '"',
  "\\": "\\",
  "/": "/",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
};

/** Every method returns undefined where the text breaks the grammar. */
class Reader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  atEnd(): boolean {
    return this.#at === this.#text.length;
  }

  /** A value with white space around it. */
  element(): Json | undefined {
    this.#blank();
    const value = this.#value();
    this.#blank();
    return value;
  }

  #value(): Json | undefined {
    switch (this.#text[this.#at]) {
      case "{":
        return this.#object();
      case "[":
        return this.#array();
      case '"':
        return this.#string();
    }
    if (this.#take("null")) return null;
    if (this.#take("true")) return true;
    return this.#take("false") ? false : this.#number();
  }

  #object(): JsonObject | undefined {
    const members = new Map<string, Json>();
    this.#at++;
    this.#blank();
    if (this.#take("}")) return {};
    do {
      this.#blank();
      const name = this.#string();
      this.#blank();
      if (name === undefined || !this.#take(":")) return undefined;
      const value = this.element();
      if (value === undefined) return undefined;
      members.set(name, value);
    } while (this.#take(","));
    // fromEntries makes `__proto__` a member like any other.
    return this.#take("}") ? Object.fromEntries(members) : undefined;
  }

  #array(): Json[] | undefined {
    const items: Json[] = [];
    this.#at++;
    this.#blank();
    if (this.#take("]")) return items;
    do {
      const item = this.element();
      if (item === undefined) return undefined;
      items.push(item);
    } while (this.#take(","));
    return this.#take("]") ? items : undefined;
  }

  #string(): string | undefined {
    if (!this.#take('"')) return undefined;
    let text = "";
    for (;;) {
      text += this.#matched(UNESCAPED);
      if (this.#take('"')) return text;
      const escaped = this.#take("\\") ? this.#escaped() : undefined;
      if (escaped === undefined) return undefined;
      text += escaped;
    }
  }

  #escaped(): string | undefined {
    const character = this.#text[this.#at++] ?? "";
    if (character !== "u")
      return Object.hasOwn(ESCAPES, character) ? ESCAPES[character] : undefined;
    const digits = this.#text.slice(this.#at, this.#at + 4);
    this.#at += 4;
    return HEX.test(digits) ? String.fromCharCode(Number.parseInt(digits, 16)) : undefined;
  }

  #number(): number | undefined {
    const digits = this.#matched(NUMBER);
    return digits === "" ? undefined : Number(digits);
  }

  #take(word: string): boolean {
    if (!this.#text.startsWith(word, this.#at)) return false;
    this.#at += word.length;
    return true;
  }

  #blank(): void {
    this.#matched(BLANK);
  }

  /** The text that a sticky expression matches from here on, or "". */
  #matched(expression: RegExp): string {
    expression.lastIndex = this.#at;
    const found = expression.exec(this.#text)?.[0] ?? "";
    this.#at += found.length;
    return found;
  }
}
