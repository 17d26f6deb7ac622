import { json } from "@sveltejs/kit";
import { visitors } from "../../../lib/server/stored.ts";
import type { RequestHandler } from "./$types";

export const GET: RequestHandler = ({ cookies }) => {
  const { user = "stranger", visits = 0 } = visitors.read(cookies);
  return json({ user, visits });
};
