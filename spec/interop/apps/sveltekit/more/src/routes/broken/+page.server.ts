/** Fails after a change. A session of the hook keeps the change, a session of the store loses it. */

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
