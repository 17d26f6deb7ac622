export default defineEventHandler((event) =>
  editSession(event, ({ user = "stranger", visits = 0 }) => ({ user, visits })),
);
