import type { APIRoute } from "astro";

export const POST: APIRoute = async ({ locals: { session }, request, redirect }) => {
  const note = (await request.formData()).get("note");
  session.notes ??= [];
  session.notes.push(String(note)); // a change within is a change
  return redirect("/", 303);
};
