/** The files of a vendored folder: the modules, their imports, their vectors, and the manifest. */

import { existsSync, readFileSync } from "node:fs";
import { sha256Hex } from "../internal/digest.ts";
import { Failure, WRONG, withFile } from "./failure.ts";
import { versionOf } from "./io.ts";

export type Kind = "js" | "ts";

/** The published vectors of each module, in files that have a case for it. */
const LAYERS = ["rfc4648.json", "rfc4231.json"];
const SESSION = [...LAYERS, "jose.json", "fernet.json", "rfc6265.json"];
const VECTORS: Readonly<Record<string, readonly string[]>> = {
  base64url: ["rfc4648.json"],
  jwt: [...LAYERS, "jose.json"],
  fernet: [...LAYERS, "fernet.json"],
  cookie: ["rfc6265.json"],
  session: SESSION,
  asgi: [...SESSION, "asgi-cookies.json"],
};
export const MODULES: readonly string[] = Object.keys(VECTORS);
export const MANIFEST = "bulla.json";

export type Plan = ReadonlyMap<string, Buffer>;

/** @throws Failure: the package has not been built. */
export function planOf(root: URL, modules: readonly string[], kind: Kind): Plan {
  const files = new Map<string, Buffer>();
  for (const stem of stemsOf(root, modules, kind)) {
    for (const ending of ENDINGS[kind]) {
      files.set(`${stem}${ending}`, Buffer.from(textOf(root, kind, `${stem}${ending}`)));
    }
  }
  for (const file of new Set(modules.flatMap((name) => VECTORS[name] as string[]))) {
    files.set(`vectors/${file}`, packaged(root, `vectors/${file}`));
  }
  files.set("LICENSE", packaged(root, "LICENSE"));
  files.set(`check.${kind}`, Buffer.from(checkOf(modules, kind)));
  const sorted = new Map([...files].sort(([a], [b]) => (a < b ? -1 : 1)));
  const hashes = Object.fromEntries([...sorted].map(([path, bytes]) => [path, sha256Hex(bytes)]));
  const manifest = { bulla: versionOf(root), modules, kind, files: hashes };
  return sorted.set(MANIFEST, Buffer.from(`${JSON.stringify(manifest, undefined, 2)}\n`));
}

const ENDINGS: Readonly<Record<Kind, readonly string[]>> = { js: [".js", ".d.ts"], ts: [".ts"] };
const FOLDERS: Readonly<Record<Kind, string>> = { js: "dist", ts: "src" };

/** Finds the files of the modules and of their check, and all that these import, without their endings. */
function stemsOf(root: URL, modules: readonly string[], kind: Kind): Set<string> {
  const stems = new Set<string>();
  const collect = (stem: string): void => {
    if (stems.has(stem)) return;
    stems.add(stem);
    for (const ending of ENDINGS[kind]) {
      for (const from of importsOf(textOf(root, kind, `${stem}${ending}`))) {
        collect(new URL(from, `file:///${stem}`).pathname.slice(1).replace(/\.[jt]s$/, ""));
      }
    }
  };
  for (const name of modules) {
    collect(name);
    collect(`cli/check/${name}`);
  }
  return stems;
}

function importsOf(text: string): string[] {
  const found = text.matchAll(/\b(?:from|import)\b\s*\(?\s*"(\.{1,2}\/[^"]+)"/g);
  return [...found].map(([, from]) => from as string);
}

/** Reads a file of the package without the link to its source map, which is not copied. */
function textOf(root: URL, kind: Kind, path: string): string {
  const folder = FOLDERS[kind];
  if (!existsSync(new URL(`${folder}/`, root))) {
    throw new Failure(WRONG, "ENOENT", `${folder}/ is not there: npm run build makes it`);
  }
  const text = packaged(root, `${folder}/${path}`).toString();
  return text.replace(/\n?\/\/# sourceMappingURL=.*\s*$/, "\n");
}

function packaged(root: URL, path: string): Buffer {
  return withFile(`bulla's own ${path}`, () => readFileSync(new URL(path, root)));
}

function checkOf(modules: readonly string[], kind: Kind): string {
  const imports = modules.map(
    (name) => `import { tests as ${name} } from "./cli/check/${name}.${kind}";\n`,
  );
  return `// Runs the published vectors of ${modules.join(", ")}: node check.${kind}
${imports.join("")}import { run } from "./cli/check/run.${kind}";

process.exitCode = run([${modules.join(", ")}], new URL("./vectors/", import.meta.url));
`;
}
