/** The servers that are compared, and what they tell their parent. */

/** Library and action; "bare" again is a control, to see how far two equal servers differ. */
export const KINDS = [
  "bare",
  "bare, again",
  "bulla, untouched",
  "bulla, read",
  "bulla, jwt, read",
  "bulla, read and write",
  "cookie-session, untouched",
  "cookie-session, read",
  "cookie-session, read and write",
  "express-session, read",
  "iron-session, read",
  "fastify, bare",
  "secure-session, read",
] as const;
export type Kind = (typeof KINDS)[number];

/** What a server says. */
export interface Ready {
  readonly port: number;
}
export interface Used {
  readonly microseconds: number;
}
