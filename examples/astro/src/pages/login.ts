import type { APIRoute } from "astro";

export const POST: APIRoute = async ({ locals: { session }, request, redirect }) => {
  const user = (await request.formData()).get("user");
  await session.regenerate(); // a new id and no data: cookies from before the login are useless
  session.user = String(user);
  session.flash = "Welcome.";
  return redirect("/", 303);
};
