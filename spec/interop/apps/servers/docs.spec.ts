/** docs/frameworks of the servers: what they show of an example is the example. */

import { ok } from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { ROOT } from "./project.ts";

const read = (path: string): string => readFileSync(join(ROOT, path), "utf8");

for (const name of ["elysia", "fastify", "nestjs", "socket-io", "trpc", "yoga"]) {
  test(`docs/frameworks/${name}.md shows whole examples`, () => {
    const page = read(`docs/frameworks/${name}.md`);
    const shown = [...page.matchAll(/^`(examples\/[\w./-]+)`:\n\n```ts\n(.*?)^```$/gms)];
    ok(shown.length > 0);
    for (const [, path = "", text] of shown) ok(read(path) === text, path);
  });
}

for (const name of ["express", "hono", "koa"]) {
  test(`docs/frameworks/${name}.md shows lines of the examples it links to`, () => {
    const page = read(`docs/frameworks/${name}.md`);
    const linked = [...page.matchAll(/\((?:\.\.\/){2}(examples\/[\w-]+\.ts)\)/g)];
    const lines = linked.flatMap(([, path = ""]) => read(path).split("\n"));
    const known = new Set(lines.map((line) => line.trim()));
    const shown = [...page.matchAll(/^```ts\n(.*?)^```$/gms)].flatMap(([, text]) =>
      `${text}`.split("\n"),
    );
    ok(shown.length > 0);
    for (const line of shown) ok(known.has(line.trim()), line);
  });
}

test("what docs/frameworks/trpc.md and yoga.md say of fetch is what fetch.spec.ts runs", () => {
  const spec = read("spec/interop/apps/servers/fetch.spec.ts").replace(/\s/g, "");
  for (const name of ["trpc", "yoga"]) {
    const [, text = ""] =
      /^```ts\n(const fetch = .*?)^```$/ms.exec(read(`docs/frameworks/${name}.md`)) ?? [];
    ok(text !== "" && spec.includes(text.replace(/\s/g, "")), text);
  }
});
