export default defineEventHandler(async (event) => {
  await editSession(event, (session) => session.destroy());
  return sendRedirect(event, "/store", 303);
});
