import { createFileRoute } from "@tanstack/react-router";
import { gate } from "../gate.server.ts";

export const Route = createFileRoute("/go")({
  server: {
    handlers: {
      GET: () => {
        gate.resolve();
        return new Response("gone");
      },
    },
  },
});
