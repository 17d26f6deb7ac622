import { defineHandler } from "nitro";
import { edit } from "../../stored.ts";

export default defineHandler((event) =>
  edit(event, (session) => {
    const { flash, user = "stranger", notes = [] } = session;
    delete session.flash;
    session.visits = (session.visits ?? 0) + 1;
    return { flash, user, notes, visits: session.visits };
  }),
);
