import type { APIRoute } from "astro";
import { visitors } from "../../stored.ts";

export const GET: APIRoute = ({ cookies }) => {
  const { user = "stranger", visits = 0 } = visitors.read(cookies);
  return Response.json({ user, visits });
};
