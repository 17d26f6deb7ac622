/** Streams, and changes the session after the head has gone. */

import { SessionError } from "bulla/session";
import { gate } from "../../lib/server/gate.ts";
import type { PageServerLoad } from "./$types";

export const load: PageServerLoad = ({ locals: { session } }) => ({
  said: (async () => {
    await gate.promise;
    session.user = "Late";
    try {
      session.save();
      return "saved";
    } catch (error) {
      return error instanceof SessionError ? error.code : "unknown";
    }
  })(),
});
