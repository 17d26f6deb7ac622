/** Calls another route of the same server. */

import { defineHandler, serverFetch } from "nitro";

export default defineHandler(async ({ req, context: { session } }) => {
  const response = await serverFetch("/inner", {
    headers: { cookie: req.headers.get("cookie") ?? "" },
  });
  return {
    inner: await response.json(),
    cookies: response.headers.getSetCookie().length,
    user: session.user,
  };
});
