/** Preloaded on Bun: imports of node:crypto get live-crypto.ts. */

// @ts-expect-error: Bun's types are not installed
import { mock } from "bun:test";
import * as live from "./live-crypto.ts";

mock.module("node:crypto", () => ({ ...live }));
