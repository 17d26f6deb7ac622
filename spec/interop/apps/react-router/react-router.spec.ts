/** React Router 8, in its framework mode: it needs Node 22.22, which this package brings. */

import { equal } from "node:assert/strict";
import { test } from "node:test";
import { walk } from "../../helpers/react-router.ts";

walk(import.meta.dirname, { home: "/_.data" });

test("the Node of the package runs it, whatever Node runs npm", () => {
  equal(process.versions.node.split(".", 1)[0], "24");
});
