/** The sessions of the application, and the context in which loaders and actions find theirs. */

import { memoryRevocation, type Session, sessions } from "bulla/session";
import { createContext } from "react-router";

export interface Visit {
  user?: string;
  visits?: number;
  notes?: string[];
  /** A message for the next page only. */
  flash?: string;
}

export const visitors = sessions<Visit>({
  // A function: it is called by the first request, not by a build that loads this module.
  secret: () => process.env.SESSION_SECRET ?? "",
  revocation: memoryRevocation({ only: ({ data }) => data.user !== undefined }),
});

/** `context.get(sessionContext)`; outside of a request it throws. */
export const sessionContext = createContext<Session<Visit>>();
