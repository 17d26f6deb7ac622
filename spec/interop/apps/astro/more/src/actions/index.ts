/** An action has the session of the middleware. */

import { defineAction } from "astro:actions";
import { z } from "astro/zod";

export const server = {
  rename: defineAction({
    accept: "form",
    input: z.object({ user: z.string() }),
    handler: ({ user }, { locals: { session } }) => {
      session.user = user;
    },
  }),
};
