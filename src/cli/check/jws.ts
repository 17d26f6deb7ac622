/** The vectors of JWS with HS256, whose payloads need not be claims. */

import { TokenError } from "../../internal/errors.ts";
import { Jws } from "../../internal/jws.ts";
import { tests as layers } from "./layers.ts";
import { keyOf, type Tests, text } from "./run.ts";

export const tests: Tests = {
  ...layers,
  "jws.verify": {
    out: "text",
    run({ key, token }) {
      const payload = new Jws(keyOf(key)).open(text(token));
      if (typeof payload !== "string") throw new TokenError(payload.code, payload.claim);
      return payload;
    },
  },
};
