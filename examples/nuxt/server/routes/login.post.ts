export default defineEventHandler(async (event) => {
  const { session } = event.node.req;
  const user = (await readFormData(event)).get("user");
  await session.regenerate(); // a new id, and no data: who knew the old ones knows nothing of these
  session.user = String(user);
  session.flash = "Welcome.";
  return sendRedirect(event, "/", 303);
});
