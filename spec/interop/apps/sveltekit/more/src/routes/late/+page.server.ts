/** Streams, and changes the session only when the head has gone. */

import { SessionError } from "bulla/session";
import type { PageServerLoad } from "./$types";

export const load: PageServerLoad = ({ locals: { session } }) => ({
  said: (async () => {
    await new Promise((done) => setTimeout(done, 50));
    session.user = "Late";
    try {
      session.save();
      return "saved";
    } catch (error) {
      return error instanceof SessionError ? error.code : "unknown";
    }
  })(),
});
