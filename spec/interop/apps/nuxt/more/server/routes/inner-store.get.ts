export default defineEventHandler((event) =>
  editSession(event, (session) => {
    session.user = "Inner";
    return "inner";
  }),
);
