/** What the server reads from its environment as it starts. */

import { defineEnvVars } from "@sveltejs/kit/env";

export const variables = defineEnvVars({
  // A build has none; a server without one answers 500 and says which key is missing.
  SESSION_SECRET: { description: "32 bytes or more", schema: (value = "") => value },
});
