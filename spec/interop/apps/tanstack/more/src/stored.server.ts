/** Sessions with another cookie, kept in Start's cookies. */

import { getCookie, setCookie } from "@tanstack/react-start/server";
import { memoryRevocation, type Session, sessions } from "bulla/session";
import type { Visit } from "./session.server.ts";

const visitors = sessions<Visit>({
  secret: () => process.env.SESSION_SECRET ?? "",
  cookie: { name: "__Host-stored" },
  revocation: memoryRevocation({ only: ({ data }) => data.user !== undefined }),
});

export const edit = <V>(handler: (session: Session<Visit>) => V | Promise<V>) =>
  visitors.edit({ get: (name) => getCookie(name), set: setCookie }, handler);
