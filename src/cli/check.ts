/** `bulla check`: six published vectors, as a self-test of the installed package. */

import { tests as base64url } from "./check/base64url.ts";
import { tests as fernet } from "./check/fernet.ts";
import { tests as jwt } from "./check/jwt.ts";
import { type Case, casesOf, passes, type Tests } from "./check/run.ts";
import { Failure, REFUSED } from "./failure.ts";
import { emit } from "./io.ts";
import type { Command } from "./main.ts";
import { json } from "./text.ts";

const SIX: readonly (readonly [file: string, name: string, test: string])[] = [
  ["rfc4648.json", 'BASE64("foobar"), unpadded', "base64url.encode"],
  ["rfc4231.json", "HMAC-SHA-256 test case 2", "hmac"],
  ["jose.json", "HS256 example", "jwt.verify"],
  ["fernet.json", "generate", "fernet.encrypt"],
  ["fernet.json", "verify", "fernet.decrypt"],
  ["fernet.json", "incorrect mac", "fernet.decrypt"],
];
const TESTS: Tests = { ...jwt, ...fernet, ...base64url };

export const check: Command = {
  options: {},
  words: { most: 0, otherwise: "check takes no argument" },
  run(args, io) {
    const folder = new URL("vectors/", io.root);
    const results = SIX.map(([file, name, test]) => {
      const found = casesOf(folder, file).find((one) => one.name === name && one.test === test);
      const { source, section, ...rest } = found as Case;
      return { source, section, name, test, passed: passes(TESTS, { source, section, ...rest }) };
    });
    const failed = results.filter(({ passed }) => !passed);
    if (args.has("json")) {
      emit(io, undefined, `${json({ good: failed.length === 0, vectors: results })}\n`);
    } else {
      const lines = results.map(
        ({ source, section, name, test, passed }) =>
          `${passed ? "good  " : "FAILED"}  ${test.padEnd(16)}  ${source}, ${section}: ${name}\n`,
      );
      emit(io, undefined, lines.join(""));
    }
    if (failed.length > 0)
      throw new Failure(REFUSED, "ERR_CHECK", `${failed.length} of ${SIX.length} vectors fail`);
  },
};
