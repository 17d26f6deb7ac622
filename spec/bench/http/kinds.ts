/** The servers that are compared, and the messages between them and their parent. */

/** Each server by its library, way and action, with the bare server to compare it with. */
export const KINDS = {
  bare: "bare",
  // A control: how far two equal servers differ.
  "bare, again": "bare",
  "floor, read": "bare",
  "floor, read and write": "bare",
  "bulla, untouched": "bare",
  "bulla, read": "bare",
  "bulla, read and write": "bare",
  "bulla, jwt, read": "bare",
  "bulla, attach, read": "bare",
  "bulla, edit, read": "bare",
  "bulla, edit, read and write": "bare",
  "cookie-session, untouched": "bare",
  "cookie-session, read": "bare",
  "cookie-session, read and write": "bare",
  "express-session, read": "bare",
  "iron-session, read": "bare",
  "hono, bare": "hono, bare",
  "hono, bulla, wrap, read": "hono, bare",
  "hono, bulla, wrap, read and write": "hono, bare",
  "fastify, bare": "fastify, bare",
  "fastify, secure-session, read": "fastify, bare",
} as const;
export type Kind = keyof typeof KINDS;

/** A bare server gets the cookie of this one, so that both parse the same request. */
export const COOKIE_OF: Readonly<Partial<Record<Kind, Kind>>> = {
  bare: "bulla, untouched",
  "bare, again": "bulla, untouched",
  "hono, bare": "hono, bulla, wrap, read",
  "fastify, bare": "fastify, secure-session, read",
};

/** The questions to a server: its CPU time, to watch its garbage collector, and what that did. */
export type Question = "used" | "watch" | "collected";

/** The server listens. */
export interface Ready {
  readonly port: number;
}
export interface Used {
  readonly microseconds: number;
}
export interface Collected {
  readonly scavenges: number;
  /** Mark-compacts, and all else that the collector does besides scavenges. */
  readonly others: number;
  /** How long the program stood still for all collections. */
  readonly microseconds: number;
  /** Bytes of heap in use after each of the last scavenges. */
  readonly after: readonly number[];
}
