/** The vectors of base64url and HMAC-SHA256, the layers below every token. */

import { fromText, toText } from "../../internal/base64.ts";
import { HmacKey } from "../../internal/hmac.ts";
import { hex, octets, type Tests, text } from "./run.ts";

export const tests: Tests = {
  "base64url.encode": {
    out: "text",
    run: ({ bytes, padding }) => toText(octets(bytes), padding),
  },
  "base64url.decode": {
    out: "octets",
    run: (given) => hex(fromText(text(given.text), given.padding === true)),
  },
  hmac: {
    out: "octets",
    run({ key, message, bits = 256 }) {
      const mac = new HmacKey(octets(key as string)).of(octets(message), "base64url");
      return hex(Buffer.from(mac, "base64url")).slice(0, bits / 4);
    },
  },
};
