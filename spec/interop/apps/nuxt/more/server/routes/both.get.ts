/** A cookie and a field of the route itself, beside the session's. */

export default defineEventHandler((event) => {
  setCookie(event, "theme", "dark");
  setResponseHeader(event, "X-Own", "own");
  event.node.req.session.visits = 1;
  return "both";
});
