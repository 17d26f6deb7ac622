/** The sessions of the application, and the type of their data. */

import { getSecret } from "astro:env/server";
import { memoryRevocation, type Session, sessions } from "bulla/session";

export interface Visit {
  user?: string;
  visits?: number;
  notes?: string[];
  /** A message for the next page only. */
  flash?: string;
}

export type VisitSession = Session<Visit>;

export const visitors = sessions<Visit>({
  secret: () => getSecret("SESSION_SECRET") ?? "", // a function: a build reads no secret
  // For one process. Several share a list with `redisRevocation(client)`.
  revocation: memoryRevocation({ only: ({ data }) => data.user !== undefined }),
});
