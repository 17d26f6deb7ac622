import { defineHandler } from "nitro";
import { edit } from "../../stored.ts";

export default defineHandler((event) =>
  edit(event, ({ user = "stranger", visits = 0 }) => ({ user, visits })),
);
