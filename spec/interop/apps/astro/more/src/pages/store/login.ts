import type { APIRoute } from "astro";
import { visitors } from "../../stored.ts";

export const POST: APIRoute = async ({ cookies, request, redirect }) => {
  const user = (await request.formData()).get("user");
  await visitors.edit(cookies, async (session) => {
    await session.regenerate();
    session.user = String(user);
    session.flash = "Welcome.";
  });
  return redirect("/store", 303);
};
