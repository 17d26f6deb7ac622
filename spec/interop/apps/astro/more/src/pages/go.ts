import type { APIRoute } from "astro";
import { gate } from "../gate.ts";

export const GET: APIRoute = () => {
  gate.resolve();
  return new Response("gone");
};
