/** The vectors of bulla/base64url. */

import { decode, encode } from "../../base64url.ts";
import { hex, octets, pick, type Tests, text } from "./run.ts";

export const tests: Tests = {
  "base64url.encode": {
    out: "text",
    run: (given) => encode(octets(given.bytes), pick(given, "padding")),
  },
  "base64url.decode": {
    out: "octets",
    run: (given) => hex(decode(text(given.text), pick(given, "padding"))),
  },
};
