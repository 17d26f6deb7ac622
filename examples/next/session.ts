/** The sessions of the application: for its pages, actions, route handlers and proxy.ts. */

import { memoryRevocation, type Revocation, sessions } from "bulla/session";

export interface Visit {
  user?: string;
  visits?: number;
  notes?: string[];
  /** A message for the next page only. */
  flash?: string;
}

declare global {
  var revocation: Revocation | undefined;
}

// Next bundles this module several times; all copies must share one list.
globalThis.revocation ??= memoryRevocation({ only: ({ data }) => data.user !== undefined });

export const visitors = sessions<Visit>({
  // A function, since `next build` evaluates this module too, and has no secret.
  secret: () => process.env.SESSION_SECRET ?? "",
  revocation: globalThis.revocation,
});
