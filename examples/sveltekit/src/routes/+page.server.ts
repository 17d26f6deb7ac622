import { redirect } from "@sveltejs/kit";
import type { Actions, PageServerLoad } from "./$types";

export const load: PageServerLoad = ({ locals: { session } }) => {
  const { flash, user = "stranger", notes = [] } = session;
  delete session.flash;
  session.visits = (session.visits ?? 0) + 1;
  return { flash, user, notes, visits: session.visits };
};

export const actions: Actions = {
  async login({ locals: { session }, request }) {
    const user = (await request.formData()).get("user");
    await session.regenerate(); // a new id and no data: cookies from before the login are useless
    session.user = String(user);
    session.flash = "Welcome.";
    redirect(303, "/");
  },
  async note({ locals: { session }, request }) {
    const note = (await request.formData()).get("note");
    session.notes ??= [];
    session.notes.push(String(note)); // saved like any other change
    redirect(303, "/");
  },
  async logout({ locals: { session } }) {
    await session.destroy();
    redirect(303, "/");
  },
};
