/** What `npm run check` needs: the packages of the root and of spec/interop, installed where they are missing. */

import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";

for (const folder of [".", "spec/interop"]) {
  if (existsSync(`${folder}/node_modules`)) continue;
  console.log(`npm ci, once: ${folder} has no node_modules yet`);
  const { status } = spawnSync("npm ci", { cwd: folder, shell: true, stdio: "inherit" });
  if (status !== 0) process.exit(1);
}
