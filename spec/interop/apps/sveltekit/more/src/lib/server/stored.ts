/** Sessions with another cookie, for the routes that use the cookie store. */

import { memoryRevocation, sessions } from "bulla/session";
import { SESSION_SECRET } from "$app/env/private";
import type { Visit } from "./session.ts";

export const visitors = sessions<Visit>({
  secret: () => SESSION_SECRET,
  cookie: { name: "__Host-stored" },
  revocation: memoryRevocation({ only: ({ data }) => data.user !== undefined }),
});
