import { defineHandler } from "nitro";
import { redirect } from "nitro/h3";
import { edit } from "../../stored.ts";

export default defineHandler(async (event) => {
  const note = (await event.req.formData()).get("note");
  await edit(event, (session) => {
    session.notes ??= [];
    session.notes.push(String(note));
  });
  return redirect("/store", 303);
});
