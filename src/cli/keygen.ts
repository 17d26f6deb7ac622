/** `bulla keygen`: a fresh random key of 256 bits. */

import { fstatSync, writeSync } from "node:fs";
import { toText } from "../internal/base64.ts";
import { randomKey } from "../internal/random.ts";
import type { Command } from "./main.ts";

/** As Jwt.generateKey and Fernet.generateKey; a session's secret is 43 characters of text too. */
const KINDS = {
  jwt: () => toText(randomKey()),
  fernet: () => toText(randomKey(), true),
  secret: () => toText(randomKey()),
};
const GROUP_AND_OTHERS = 0o077;

export const keygen: Command = {
  options: { out: "text" },
  words: { most: 1, otherwise: "keygen makes one key: jwt, fernet or secret" },
  choices: Object.keys(KINDS),
  async run(args, io) {
    const kind = args.words[0] as keyof typeof KINDS;
    const out = args.text("out");
    if (out === undefined && isOpenToOthers(io.stdout)) {
      const { keyFailure } = await import("./keys.ts");
      throw keyFailure("others could read the key: write it with --out FILE, as your own");
    }
    const key = KINDS[kind]();
    const text = args.has("json") ? JSON.stringify({ kind, key }) : key;
    // So little is written at once. --out needs io.ts, which is loaded only then.
    if (out === undefined) writeSync(io.stdout, `${text}\n`);
    else (await import("./io.ts")).emit(io, out, `${text}\n`);
  },
};

function isOpenToOthers(fd: number): boolean {
  const stat = fstatSync(fd);
  return stat.isFile() && (stat.mode & GROUP_AND_OTHERS) !== 0;
}
