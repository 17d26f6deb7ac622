/** React Router 7, in its framework mode, with the middleware that it has behind a flag. */

import { resolve } from "node:path";
import { walk } from "../../helpers/react-router.ts";

walk(import.meta.dirname, resolve(import.meta.dirname, "config.ts"));
