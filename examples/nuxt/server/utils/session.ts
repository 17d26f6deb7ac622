/** The sessions of the application, and the type of their data. */

import { memoryRevocation, sessions } from "bulla/session";

// Declared once: it types `event.node.req.session`.
declare module "bulla/session" {
  interface SessionData {
    user?: string;
    visits?: number;
    notes?: string[];
    /** A message for the next page only. */
    flash?: string;
  }
}

export const visitors = sessions({
  secret: () => useRuntimeConfig().sessionSecret, // a function: a build reads no secret
  // For one process. Several share a list with `redisRevocation(client)`.
  revocation: memoryRevocation({ only: ({ data }) => data.user !== undefined }),
});
