import { defineHandler } from "nitro";

export default defineHandler(({ context: { session } }) => {
  session.user = "Inner";
  return { user: session.user };
});
