/** Only reads, so it writes no cookie. */

import type { APIRoute } from "astro";

export const GET: APIRoute = ({ locals: { session } }) => {
  const { user = "stranger", visits = 0 } = session;
  return Response.json({ user, visits });
};
