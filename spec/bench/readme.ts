/** npm run bench:readme: puts the committed figures into README.md, between their marks. */

import { readFileSync, writeFileSync } from "node:fs";
import { withFigures } from "./tables.ts";

const file = new URL("../../README.md", import.meta.url);
writeFileSync(file, withFigures(readFileSync(file, "utf8")));
