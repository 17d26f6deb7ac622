import { defineHandler } from "nitro";
import { redirect } from "nitro/h3";
import { edit } from "../../stored.ts";

export default defineHandler(async (event) => {
  await edit(event, (session) => session.destroy());
  return redirect("/store", 303);
});
