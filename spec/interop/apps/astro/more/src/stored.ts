/** Sessions with another cookie, for the pages that use the cookie store. */

import { getSecret } from "astro:env/server";
import { memoryRevocation, sessions } from "bulla/session";
import type { Visit } from "./session.ts";

export const visitors = sessions<Visit>({
  secret: () => getSecret("SESSION_SECRET") ?? "",
  cookie: { name: "__Host-stored" },
  revocation: memoryRevocation({ only: ({ data }) => data.user !== undefined }),
});
