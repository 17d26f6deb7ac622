/** React Router 7, in its framework mode, with the middleware that it has behind a flag. */

import { resolve } from "node:path";
import { walk } from "../../helpers/react-router.ts";

const here = import.meta.dirname;
walk(here, { home: "/_root.data", config: resolve(here, "config.ts") });
