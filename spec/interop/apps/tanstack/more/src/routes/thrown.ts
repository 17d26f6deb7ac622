/** A server route that fails after a change. */

import { createFileRoute } from "@tanstack/react-router";

export const Route = createFileRoute("/thrown")({
  server: {
    handlers: {
      POST: ({ context: { session } }) => {
        session.user = "Broken";
        throw new Error("broken");
      },
    },
  },
});
