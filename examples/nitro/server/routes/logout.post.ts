import { defineHandler } from "nitro";
import { redirect } from "nitro/h3";

export default defineHandler(async ({ context: { session } }) => {
  await session.destroy();
  return redirect("/", 303);
});
