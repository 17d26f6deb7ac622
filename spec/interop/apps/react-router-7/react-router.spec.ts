/** React Router 7 in framework mode, with its middleware, which a flag switches on. */

import { resolve } from "node:path";
import { walk } from "../../helpers/react-router.ts";

const here = import.meta.dirname;
walk(here, { home: "/_root.data", config: resolve(here, "config.ts") });
