/** A cookie and a field of the route itself, beside the session's. */

import { defineHandler } from "nitro";
import { setCookie } from "nitro/h3";

export default defineHandler((event) => {
  setCookie(event, "theme", "dark");
  event.res.headers.set("X-Own", "own");
  event.context.session.visits = 1;
  return "both";
});
