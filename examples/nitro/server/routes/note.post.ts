import { defineHandler } from "nitro";
import { redirect } from "nitro/h3";

export default defineHandler(async ({ req, context: { session } }) => {
  const note = (await req.formData()).get("note");
  session.notes ??= [];
  session.notes.push(String(note)); // saved like any other change
  return redirect("/", 303);
});
