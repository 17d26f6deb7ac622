/** A server route. It only reads, so it writes no cookie. */

import { createFileRoute } from "@tanstack/react-router";

export const Route = createFileRoute("/me")({
  server: {
    handlers: {
      GET: ({ context: { session } }) => {
        const { user = "stranger", visits = 0 } = session;
        return Response.json({ user, visits });
      },
    },
  },
});
