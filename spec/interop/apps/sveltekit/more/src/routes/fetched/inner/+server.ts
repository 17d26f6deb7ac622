import { text } from "@sveltejs/kit";
import type { RequestHandler } from "./$types";

export const GET: RequestHandler = ({ locals: { session } }) => {
  session.user = "Inner";
  return text("inner");
};
