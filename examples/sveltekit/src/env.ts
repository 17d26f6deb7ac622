/** The variables that the server reads from its environment as it starts. */

import { defineEnvVars } from "@sveltejs/kit/env";

export const variables = defineEnvVars({
  // A build needs no secret; a server without one answers 500 and names the missing key.
  SESSION_SECRET: { description: "32 bytes or more", schema: (value = "") => value },
});
