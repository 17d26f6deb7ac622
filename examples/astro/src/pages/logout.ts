import type { APIRoute } from "astro";

export const POST: APIRoute = async ({ locals: { session }, redirect }) => {
  await session.destroy();
  return redirect("/", 303);
};
