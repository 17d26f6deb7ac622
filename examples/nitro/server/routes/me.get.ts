/** Only reads, so it writes no cookie. */

import { defineHandler } from "nitro";

export default defineHandler(({ context: { session } }) => {
  const { user = "stranger", visits = 0 } = session;
  return { user, visits };
});
