/** docs/fernet.md: runs its two programs, which share a token with Python, by the commands that it gives. */

import { deepEqual } from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { delimiter, dirname } from "node:path";
import { test } from "node:test";
import { project } from "./helpers/programs.ts";

const page = readFileSync(new URL("../../docs/fernet.md", import.meta.url), "utf8");

test("docs/fernet.md: Node and Python read each other's tokens", (t) => {
  const shown = page.matchAll(/^`(share\.\w+)`:\n\n```\w+\n(.*?)^```$/gms);
  const files = Object.fromEntries([...shown].map(([, name, text]) => [name, text])) as Record<
    string,
    string
  >;
  deepEqual(Object.keys(files), ["share.py", "share.mjs"]);
  const [, lines = ""] = /^```sh\n(export .*?)^```$/ms.exec(page) ?? [];
  const { folder, remove } = project(files);
  t.after(remove);
  const { stdout, stderr } = spawnSync("sh", ["-euc", lines], {
    cwd: folder,
    encoding: "utf8",
    env: {
      ...process.env,
      // Debian's own Python sees Debian's packages.
      PATH: [dirname(process.execPath), "/usr/bin", process.env.PATH].join(delimiter),
      NODE_OPTIONS: "--import tsx --conditions=bulla-source",
    },
  });
  deepEqual(stdout.split("\n"), ["from Python", "from Node", ""], stderr);
});
