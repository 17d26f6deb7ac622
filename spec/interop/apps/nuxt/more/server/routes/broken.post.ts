/** Fails after a change. */

export default defineEventHandler((event) => {
  event.node.req.session.user = "Broken";
  throw createError({ status: 418, message: "broken" });
});
