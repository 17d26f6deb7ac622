/** What every example does with a session: it counts visits, logs in and out, and flashes a message. */

import { randomBytes } from "node:crypto";
import type { Session, SessionOptions } from "bulla/session";

// Declared once: it types `req.session` in every framework that has node:http's requests.
declare module "bulla/session" {
  interface SessionData {
    user?: string;
    visits?: number;
    /** A message for the next page, and for that alone. */
    flash?: string;
  }
}

export const port = Number(process.env.PORT ?? 3000);
export const options: SessionOptions = {
  secret: process.env.SESSION_SECRET ?? randomBytes(32),
  // Over plain http, as in development, a Secure cookie would not come back.
  cookie: { secure: process.env.NODE_ENV === "production" },
};

export function greet(session: Session): string {
  const { flash = "", user = "stranger" } = session;
  delete session.flash;
  session.visits = (session.visits ?? 0) + 1;
  return `${flash}Hello ${user}, visits: ${session.visits}\n`;
}

export function login(session: Session, user: string): void {
  session.regenerate(); // a new id, and no data: who knew the old ones knows nothing of these
  session.user = user;
  session.flash = "Welcome. ";
}

/** What answers GET /, POST /login and POST /logout, where there is no router to do it. */
export function act(session: Session, asked: string) {
  if (asked === "GET /") return { status: 200, headers: {}, text: greet(session) };
  if (asked === "POST /login") login(session, "Tom");
  else if (asked === "POST /logout") session.destroy();
  else return { status: 404, headers: {}, text: "Not found\n" };
  return { status: 303, headers: { Location: "/" }, text: "" };
}
