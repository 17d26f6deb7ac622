/** Fails behind a change: kept by a session of the hook, not by one of the store. */

import { visitors } from "../../lib/server/stored.ts";
import type { Actions } from "./$types";

export const actions: Actions = {
  hook({ locals: { session } }) {
    session.user = "Broken";
    throw new Error("broken");
  },
  async store({ cookies }) {
    await visitors.edit(cookies, (session) => {
      session.user = "Broken";
      throw new Error("broken");
    });
  },
};
