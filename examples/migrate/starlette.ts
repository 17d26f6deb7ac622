/** The cookies of Starlette's SessionMiddleware, FastAPI's too: JSON in base64, signed by itsdangerous. */

import { createHash } from "node:crypto";
import { unsign } from "./itsdangerous.ts";
import { firstOf, type Opener, objectOf, valuesOf } from "./migrate.ts";

/** The options of the middleware, with its defaults. */
export interface StarletteOptions {
  secret_key: string;
  session_cookie?: string;
  /** In seconds. */
  max_age?: number;
}

export function starlette(options: StarletteOptions): Opener {
  const { secret_key, session_cookie = "session", max_age = 14 * 24 * 3600 } = options;
  const key = createHash("sha1").update(`itsdangerous.Signersigner${secret_key}`).digest();
  return {
    names: [session_cookie],
    open: (cookies, now = Date.now() / 1000) =>
      firstOf(valuesOf(cookies, session_cookie), (signed) => {
        const value = unsign(signed, key, max_age, now);
        return objectOf(value && Buffer.from(value, "base64").toString());
      }),
  };
}
