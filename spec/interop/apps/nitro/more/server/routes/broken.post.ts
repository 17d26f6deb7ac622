/** Fails after a change. */

import { defineHandler, HTTPError } from "nitro";

export default defineHandler(({ context: { session } }) => {
  session.user = "Broken";
  throw new HTTPError({ status: 418, message: "broken" });
});
