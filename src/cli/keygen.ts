/** `bulla keygen`: a fresh random key of 256 bits. */

import { fstatSync } from "node:fs";
import { toText } from "../internal/base64.ts";
import { randomKey } from "../internal/random.ts";
import { nearest } from "./args.ts";
import { Failure, misuse, WRONG } from "./failure.ts";
import { emit } from "./io.ts";
import type { Command } from "./main.ts";

/** As Jwt.generateKey and Fernet.generateKey have it; a session's secret is text of 43 characters too. */
const KINDS: Readonly<Record<string, () => string>> = {
  jwt: () => toText(randomKey()),
  fernet: () => toText(randomKey(), true),
  secret: () => toText(randomKey()),
};
const NAMES = Object.keys(KINDS);
const GROUP_AND_OTHERS = 0o077;

export const keygen: Command = {
  options: { out: "text" },
  words: { most: 1, otherwise: "keygen makes one key: jwt, fernet or secret" },
  run(args, io) {
    const [word = ""] = args.words;
    const make = Object.hasOwn(KINDS, word) ? KINDS[word] : undefined;
    if (make === undefined) {
      const near = nearest(word, NAMES);
      throw misuse(near === undefined ? `keygen what? ${NAMES.join(", ")}` : `is it ${near}?`);
    }
    const out = args.text("out");
    if (out === undefined && isOpenToOthers(io.stdout)) {
      const advice = "write it with --out FILE, which only you can read";
      throw new Failure(WRONG, "ERR_KEY", `others could read the key: ${advice}`);
    }
    const key = make();
    emit(io, out, args.has("json") ? `${JSON.stringify({ kind: word, key })}\n` : `${key}\n`);
    return undefined;
  },
};

/** Whether that is a file that not only its owner can read. */
function isOpenToOthers(fd: number): boolean {
  const stat = fstatSync(fd);
  return stat.isFile() && (stat.mode & GROUP_AND_OTHERS) !== 0;
}
