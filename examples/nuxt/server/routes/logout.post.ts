export default defineEventHandler(async (event) => {
  await event.node.req.session.destroy();
  return sendRedirect(event, "/", 303);
});
