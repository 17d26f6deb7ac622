/** The vectors of bulla/cookie. */

import { type CookieAttributes, readCookies, serializeCookie } from "../../cookie.ts";
import type { Tests } from "./run.ts";

export const tests: Tests = {
  "cookie.read": { out: "json", run: ({ header, name }) => readCookies(header, name) },
  "cookie.write": {
    out: "text",
    run({ name, value, attributes: { expires, ...rest } }) {
      const attributes: CookieAttributes = { ...rest };
      if (expires !== undefined) attributes.expires = new Date(expires);
      return serializeCookie(name, value, attributes);
    },
  },
};
