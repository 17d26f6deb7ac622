/** React Router 8 in framework mode. */

import { walk } from "../../helpers/react-router.ts";

walk(import.meta.dirname, { home: "/_.data" });
