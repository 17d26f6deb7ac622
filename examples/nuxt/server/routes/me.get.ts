/** Only reads, so it writes no cookie. */

export default defineEventHandler((event) => {
  const { user = "stranger", visits = 0 } = event.node.req.session;
  return { user, visits };
});
