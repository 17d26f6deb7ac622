export default defineEventHandler(async (event) => {
  const { session } = event.node.req;
  const user = (await readFormData(event)).get("user");
  await session.regenerate(); // a new id and no data: cookies from before the login are useless
  session.user = String(user);
  session.flash = "Welcome.";
  return sendRedirect(event, "/", 303);
});
