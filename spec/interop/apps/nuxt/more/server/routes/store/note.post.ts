export default defineEventHandler(async (event) => {
  const note = (await readFormData(event)).get("note");
  await editSession(event, (session) => {
    session.notes ??= [];
    session.notes.push(String(note));
  });
  return sendRedirect(event, "/store", 303);
});
