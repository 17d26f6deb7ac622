import { defineHandler } from "nitro";
import { redirect } from "nitro/h3";
import { edit } from "../../stored.ts";

export default defineHandler(async (event) => {
  const user = (await event.req.formData()).get("user");
  await edit(event, async (session) => {
    await session.regenerate();
    session.user = String(user);
    session.flash = "Welcome.";
  });
  return redirect("/store", 303);
});
