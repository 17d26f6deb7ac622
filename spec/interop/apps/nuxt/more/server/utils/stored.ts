/** Sessions with another cookie, kept in h3's cookies. */

import { memoryRevocation, type Session, sessions } from "bulla/session";
import type { H3Event } from "h3";

const stored = sessions({
  secret: () => useRuntimeConfig().sessionSecret,
  cookie: { name: "__Host-stored" },
  revocation: memoryRevocation({ only: ({ data }) => data.user !== undefined }),
});

export const editSession = <V>(event: H3Event, handler: (session: Session) => V | Promise<V>) =>
  stored.edit(
    {
      get: (name) => getCookie(event, name),
      set: (name, value, attributes) => setCookie(event, name, value, attributes),
    },
    handler,
  );
