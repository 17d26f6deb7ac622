/** Fails after a change. */

import type { APIRoute } from "astro";

export const POST: APIRoute = ({ locals: { session } }) => {
  session.user = "Broken";
  throw new Error("broken");
};
