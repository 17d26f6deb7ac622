/** The vectors of what a session is made of: nobody else has published sessions like these. */

import { tests as cookie } from "./cookie.ts";
import { tests as frame } from "./frame.ts";
import { tests as jws } from "./jws.ts";
import type { Tests } from "./run.ts";

export const tests: Tests = { ...cookie, ...frame, ...jws };
