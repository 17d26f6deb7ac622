/** The walks with the cookie store: `?login`, `?note` and `?logout` of one server route. */

import { createFileRoute } from "@tanstack/react-router";
import { edit } from "../stored.server.ts";

export const Route = createFileRoute("/store")({
  server: {
    handlers: {
      GET: async ({ request }) => {
        if (new URL(request.url).searchParams.has("me")) {
          return Response.json(
            await edit(({ user = "stranger", visits = 0 }) => ({ user, visits })),
          );
        }
        const visit = await edit((session) => {
          const { flash, user = "stranger", notes = [] } = session;
          delete session.flash;
          session.visits = (session.visits ?? 0) + 1;
          return { flash, user, notes, visits: session.visits };
        });
        return Response.json(visit);
      },
      POST: async ({ request }) => {
        const { searchParams } = new URL(request.url);
        const form = await request.formData();
        await edit(async (session) => {
          if (searchParams.has("logout")) await session.destroy();
          else if (searchParams.has("note")) {
            session.notes ??= [];
            session.notes.push(String(form.get("note")));
          } else {
            await session.regenerate();
            session.user = String(form.get("user"));
            session.flash = "Welcome.";
          }
        });
        return new Response(null, { status: 303, headers: { location: "/store" } });
      },
    },
  },
});
