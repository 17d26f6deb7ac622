/** Sessions with another cookie, kept in h3's cookies. */

import { memoryRevocation, type Session, sessions } from "bulla/session";
import { getCookie, type H3Event, setCookie } from "nitro/h3";
import type { Visit } from "./session.ts";

const visitors = sessions<Visit>({
  secret: () => process.env.SESSION_SECRET ?? "",
  cookie: { name: "__Host-stored" },
  revocation: memoryRevocation({ only: ({ data }) => data.user !== undefined }),
});

export const edit = <V>(event: H3Event, handler: (session: Session<Visit>) => V | Promise<V>) =>
  visitors.edit(
    {
      get: (name) => getCookie(event, name),
      set: (name, value, attributes) => setCookie(event, name, value, attributes),
    },
    handler,
  );
