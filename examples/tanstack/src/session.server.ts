/** The sessions of the application, and the type of their data. */

import { memoryRevocation, type Session, sessions } from "bulla/session";

export interface Visit {
  user?: string;
  visits?: number;
  notes?: string[];
  /** A message for the next page, and for that alone. */
  flash?: string;
}

export type VisitSession = Session<Visit>;

export const visitors = sessions<Visit>({
  secret: () => process.env.SESSION_SECRET ?? "", // a function: a build reads no secret
  // Of one process; `redisRevocation(client)` is for several.
  revocation: memoryRevocation({ only: ({ data }) => data.user !== undefined }),
});
