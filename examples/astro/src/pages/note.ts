import type { APIRoute } from "astro";

export const POST: APIRoute = async ({ locals: { session }, request, redirect }) => {
  const note = (await request.formData()).get("note");
  session.notes ??= [];
  session.notes.push(String(note)); // saved like any other change
  return redirect("/", 303);
};
