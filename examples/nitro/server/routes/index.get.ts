import { defineHandler } from "nitro";

export default defineHandler(({ context: { session } }) => {
  const { flash, user = "stranger", notes = [] } = session;
  delete session.flash;
  session.visits = (session.visits ?? 0) + 1;
  return { flash, user, notes, visits: session.visits };
});
