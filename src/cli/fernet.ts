/** `bulla encrypt` and `bulla decrypt`: make a Fernet token of a message, and open it. */

import { Fernet, type FernetDecryptOptions } from "../fernet.ts";
import { toText } from "../internal/base64.ts";
import { utf8Text } from "../internal/text.ts";
import { type Options, STREAMS } from "./args.ts";
import { misuse } from "./failure.ts";
import { emit, MOST_BYTES, readAll } from "./io.ts";
import { keysOf, NO_WORDS, nowOf, readToken } from "./jwt.ts";
import type { Args, Command } from "./main.ts";
import { escaped, json } from "./text.ts";
import { isoOf } from "./when.ts";

const OPTIONS: Options = { ...STREAMS, key: "texts" };

export const encrypt: Command = {
  options: OPTIONS,
  words: NO_WORDS,
  run(args, io) {
    const fernet = new Fernet(keysOf(args, io));
    const message = readAll(io, args.text("in"), "the message", MOST_BYTES);
    const token = fernet.encrypt(message, nowOf(args));
    emit(io, args.text("out"), args.has("json") ? `${json({ token })}\n` : `${token}\n`);
  },
};

export const decrypt: Command = {
  options: { ...OPTIONS, ttl: "seconds" },
  words: NO_WORDS,
  run(args, io) {
    const fernet = new Fernet(keysOf(args, io));
    const token = readToken(args, io);
    const message = fernet.decrypt(token, decryptOptions(args));
    const seconds = fernet.timestamp(token);
    const out = args.text("out");
    if (args.has("json")) {
      const made = { timestamp: seconds, iso: isoOf(seconds) };
      emit(io, out, `${json({ ...messageOf(message), ...made })}\n`);
    } else if (out === undefined && io.isTerminal()) emit(io, out, shown(message));
    else emit(io, out, message);
  },
};

export function decryptOptions(args: Args): FernetDecryptOptions {
  const ttl = args.number("ttl");
  return { ...nowOf(args), ...(ttl !== undefined && { ttl }) };
}

export function messageOf(message: Uint8Array): { text: string } | { base64url: string } {
  const text = textOf(message);
  return text === undefined ? { base64url: toText(message) } : { text };
}

/** Makes a message fit for a terminal. @throws Failure: it is not text. */
function shown(message: Uint8Array): string {
  const text = textOf(message);
  if (text === undefined || text.includes("\0")) {
    throw misuse("the message is not text, and this is a terminal: take --out FILE, or a pipe");
  }
  return `${escaped(text)}${text.endsWith("\n") ? "" : "\n"}`;
}

function textOf({ buffer, byteOffset, length }: Uint8Array): string | undefined {
  return utf8Text(Buffer.from(buffer, byteOffset, length), 0, length);
}
