/** The switch of one service: its old sessions, and the data that it keeps. Adapt this file to yours. */

import { ironSession } from "./iron-session.ts";
import type { Switch } from "./migrate.ts";

declare module "bulla/session" {
  interface SessionData {
    user?: string;
  }
}

export const service: Switch = {
  old: ironSession({ cookieName: "my-session", password: process.env.OLD_PASSWORD ?? "" }),
  attributes: { path: "/" },
  until: Date.parse("2027-02-01"),
  name: "sid",
  take(data, session) {
    if (typeof data.user === "string") session.user = data.user;
  },
};
