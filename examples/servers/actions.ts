/** The actions of every server: they count visits, log in and out, keep notes, and show a message once. */

import { randomBytes } from "node:crypto";
import { memoryRevocation, type Session, type SessionOptions } from "bulla/session";

declare module "bulla/session" {
  interface SessionData {
    user?: string;
    visits?: number;
    notes?: string[];
    /** A message for the next page only. */
    flash?: string;
  }
}

export const port = Number(process.env.PORT ?? 3000);
const isProduction = process.env.NODE_ENV === "production";
export const options: SessionOptions = {
  // In production a missing secret is an error; elsewhere a random one lasts until the next start.
  secret: process.env.SESSION_SECRET ?? (isProduction ? "" : randomBytes(32)),
  // A logout ends copies of the cookie too. Without `only`, visitors who never log in could fill the list.
  revocation: memoryRevocation({ only: ({ data }) => data.user !== undefined }),
  // Browsers send no Secure cookie over plain http, as in development.
  cookie: { secure: isProduction },
};

export function greet(session: Session): string {
  const { flash = "", user = "stranger" } = session;
  delete session.flash;
  session.visits = (session.visits ?? 0) + 1;
  return `${flash}Hello ${user}, visits: ${session.visits}`;
}

export async function login(session: Session, user: string): Promise<string> {
  await session.regenerate(); // a new id and no data: a cookie from before the login is worth nothing after it
  session.user = user;
  session.flash = "Welcome. ";
  return user;
}

export function note(session: Session, text: string): string[] {
  session.notes ??= [];
  session.notes.push(text); // saved like any other change
  return session.notes;
}

export async function logout(session: Session): Promise<string> {
  await session.destroy();
  return "Bye";
}
