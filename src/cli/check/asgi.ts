/** The vectors of bulla/asgi: cookies that asgi-sessions wrote itself. */

import { type AsgiSessionOptions, asgiSessions } from "../../asgi.ts";
import { mute } from "../../internal/callbacks.ts";
import { type Refusal, TokenError } from "../../internal/errors.ts";
import type { Tests } from "./run.ts";
import { tests as session } from "./session.ts";

// The published secrets are short, and base64 is never secret: no warnings.
for (const code of ["BULLA_BASE64", "BULLA_WEAK_SECRET"]) mute(code);

export const tests: Tests = {
  ...session,
  "asgi.open": {
    out: "json",
    run({ type, cookie, secret, weak, now }) {
      let refused: Refusal | undefined;
      const options: AsgiSessionOptions = {
        type,
        allowWeakSecret: weak === true,
        onInvalid: (reason) => {
          refused = reason as Refusal;
        },
      };
      if (secret !== undefined) options.secret = secret;
      if (now !== undefined) options.clock = () => now;
      const session = asgiSessions<object>(options).read(`session=${cookie}`);
      if (refused !== undefined) throw new TokenError(refused.code);
      return { ...session };
    },
  },
};
