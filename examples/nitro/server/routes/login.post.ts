import { defineHandler } from "nitro";
import { redirect } from "nitro/h3";

export default defineHandler(async ({ req, context: { session } }) => {
  const user = (await req.formData()).get("user");
  await session.regenerate(); // a new id and no data: cookies from before the login are useless
  session.user = String(user);
  session.flash = "Welcome.";
  return redirect("/", 303);
});
