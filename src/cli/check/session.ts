/** The vectors of a session's parts: nobody else has published such sessions. */

import { tests as cookie } from "./cookie.ts";
import { tests as frame } from "./frame.ts";
import { tests as jws } from "./jws.ts";
import type { Tests } from "./run.ts";

export const tests: Tests = { ...cookie, ...frame, ...jws };
