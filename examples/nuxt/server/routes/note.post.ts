export default defineEventHandler(async (event) => {
  const { session } = event.node.req;
  const note = (await readFormData(event)).get("note");
  session.notes ??= [];
  session.notes.push(String(note)); // saved like any other change
  return sendRedirect(event, "/", 303);
});
