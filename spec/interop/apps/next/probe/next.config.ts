import { resolve } from "node:path";

// The checkout, to which bulla is linked. Next would take the folder of a nearer lock file.
const root = resolve("../../../../../..");
export default { turbopack: { root }, outputFileTracingRoot: root };
