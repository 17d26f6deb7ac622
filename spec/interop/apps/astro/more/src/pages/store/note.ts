import type { APIRoute } from "astro";
import { visitors } from "../../stored.ts";

export const POST: APIRoute = async ({ cookies, request, redirect }) => {
  const note = (await request.formData()).get("note");
  await visitors.edit(cookies, (session) => {
    session.notes ??= [];
    session.notes.push(String(note));
  });
  return redirect("/store", 303);
};
