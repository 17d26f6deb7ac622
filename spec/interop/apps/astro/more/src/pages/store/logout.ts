import type { APIRoute } from "astro";
import { visitors } from "../../stored.ts";

export const POST: APIRoute = async ({ cookies, redirect }) => {
  await visitors.edit(cookies, (session) => session.destroy());
  return redirect("/store", 303);
};
