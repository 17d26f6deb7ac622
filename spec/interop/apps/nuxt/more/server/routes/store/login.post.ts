export default defineEventHandler(async (event) => {
  const user = (await readFormData(event)).get("user");
  await editSession(event, async (session) => {
    await session.regenerate();
    session.user = String(user);
    session.flash = "Welcome.";
  });
  return sendRedirect(event, "/store", 303);
});
