/** The vectors of bulla/fernet. */

import { Fernet } from "../../fernet.ts";
import { tests as frame } from "./frame.ts";
import { hex, keyOf, pick, type Tests, text } from "./run.ts";

export const tests: Tests = {
  ...frame,
  "fernet.decrypt": {
    out: "octets",
    run(given) {
      const fernet = new Fernet(keyOf(given.key) as string);
      return hex(fernet.decrypt(text(given.token), pick(given, "ttl", "now") as object));
    },
  },
};
