import { text } from "@sveltejs/kit";
import { gate } from "../../lib/server/gate.ts";
import type { RequestHandler } from "./$types";

export const GET: RequestHandler = () => {
  gate.resolve();
  return text("gone");
};
