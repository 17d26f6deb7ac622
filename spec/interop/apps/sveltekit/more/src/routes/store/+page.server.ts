import { redirect } from "@sveltejs/kit";
import { visitors } from "../../lib/server/stored.ts";
import type { Actions, PageServerLoad } from "./$types";

export const load: PageServerLoad = ({ cookies }) =>
  visitors.edit(cookies, (session) => {
    const { flash, user = "stranger", notes = [] } = session;
    delete session.flash;
    session.visits = (session.visits ?? 0) + 1;
    return { flash, user, notes, visits: session.visits };
  });

export const actions: Actions = {
  async login({ cookies, request }) {
    const user = (await request.formData()).get("user");
    await visitors.edit(cookies, async (session) => {
      await session.regenerate();
      session.user = String(user);
      session.flash = "Welcome.";
      redirect(303, "/store"); // written though redirect() throws
    });
  },
  async note({ cookies, request }) {
    const note = (await request.formData()).get("note");
    await visitors.edit(cookies, (session) => {
      session.notes ??= [];
      session.notes.push(String(note));
    });
    redirect(303, "/store");
  },
  async logout({ cookies }) {
    await visitors.edit(cookies, (session) => session.destroy());
    redirect(303, "/store");
  },
};
