/** The vectors of the Fernet frame with a given IV, which no public module takes. */

import { pad } from "../../internal/base64.ts";
import { Frames } from "../../internal/frame.ts";
import { tests as layers } from "./layers.ts";
import { keyOf, octets, type Tests } from "./run.ts";

export const tests: Tests = {
  ...layers,
  "fernet.encrypt": {
    out: "text",
    run({ key, iv, message, now }) {
      const frames = new Frames(keyOf(key) as string, (target, at) => target.set(octets(iv), at));
      return pad(frames.encrypt(octets(message), now as number));
    },
  },
};
