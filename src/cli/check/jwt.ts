/** The vectors of bulla/jwt. */

import { Jwt } from "../../jwt.ts";
import { tests as jws } from "./jws.ts";
import { keyOf, pick, type Tests, text } from "./run.ts";

export const tests: Tests = {
  ...jws,
  "jwt.verify": {
    out: "json",
    run: (given) => new Jwt(keyOf(given.key)).verify(text(given.token), pick(given, "now")),
  },
};
