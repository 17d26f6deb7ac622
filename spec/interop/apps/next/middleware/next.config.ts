import { resolve } from "node:path";

// Beside this folder there are the lock files of the checkout, which is where bulla is linked to.
const root = resolve("../../../../../..");
export default {
  cacheComponents: true,
  partialPrefetching: true,
  turbopack: { root },
  outputFileTracingRoot: root,
};
