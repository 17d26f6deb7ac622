/** Only reads, so it writes no cookie. */

import { json } from "@sveltejs/kit";
import type { RequestHandler } from "./$types";

export const GET: RequestHandler = ({ locals: { session } }) => {
  const { user = "stranger", visits = 0 } = session;
  return json({ user, visits });
};
