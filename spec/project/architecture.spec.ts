/**
 * The picture that README.md gives an auditor, held true: what imports what, what is exported, how long
 * files and functions are, and what the package is.
 */

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { describe, it } from "node:test";

const root = new URL("../../", import.meta.url);
const read = (path: string): string => readFileSync(new URL(path, root), "utf8");
const files = readdirSync(new URL("src/", root), { recursive: true })
  .map((name) => String(name).replaceAll("\\", "/"))
  .filter((name) => name.endsWith(".ts"));

interface Import {
  readonly type: boolean;
  readonly from: string;
}

/** The imports and re-exports of a file, with relative ones as paths below src/. */
function importsOf(file: string): Import[] {
  const found = read(`src/${file}`).matchAll(
    /^(?:import|export) (type )?(?:[\w*\s{},]*? from )?"([^"]+)";$/gm,
  );
  return [...found].map(([, type, from]) => {
    const { pathname } = new URL(from as string, `file:///${file}`);
    return {
      type: type !== undefined,
      from: from?.startsWith(".") ? pathname.slice(1) : (from ?? ""),
    };
  });
}

/** Beneath `internal/` and `session/`, each file stands for itself. */
const MAY_IMPORT: Record<string, readonly string[]> = {
  "internal/errors.ts": [],
  "internal/bytes.ts": [],
  "internal/text.ts": [],
  "internal/checks.ts": ["internal/errors.ts"],
  "internal/base64.ts": ["internal/bytes.ts", "internal/errors.ts"],
  "base64url.ts": [
    "internal/base64.ts",
    "internal/bytes.ts",
    "internal/checks.ts",
    "internal/errors.ts",
  ],
  "internal/cookies.ts": ["internal/checks.ts"],
  "cookie.ts": ["internal/cookies.ts", "internal/errors.ts"],
  "internal/random.ts": ["node:crypto", "internal/base64.ts"],
  "internal/hmac.ts": ["node:crypto"],
  "internal/cbc.ts": ["node:crypto"],
  "internal/keys.ts": [
    "node:crypto",
    "internal/base64.ts",
    "internal/errors.ts",
    "internal/bytes.ts",
  ],
  "internal/claims.ts": ["internal/checks.ts", "internal/errors.ts"],
  "internal/jws.ts": [
    "internal/base64.ts",
    "internal/errors.ts",
    "internal/hmac.ts",
    "internal/keys.ts",
    "internal/text.ts",
  ],
  "internal/frame.ts": [
    "internal/base64.ts",
    "internal/errors.ts",
    "internal/cbc.ts",
    "internal/hmac.ts",
    "internal/keys.ts",
    "internal/random.ts",
  ],
  "jwt.ts": [
    "internal/base64.ts",
    "internal/errors.ts",
    "internal/claims.ts",
    "internal/jws.ts",
    "internal/keys.ts",
    "internal/checks.ts",
    "internal/random.ts",
    "internal/text.ts",
  ],
  "fernet.ts": [
    "internal/base64.ts",
    "internal/errors.ts",
    "internal/bytes.ts",
    "internal/frame.ts",
    "internal/keys.ts",
    "internal/checks.ts",
    "internal/random.ts",
    "internal/text.ts",
  ],
  "session/seal.ts": [
    "internal/base64.ts",
    "internal/errors.ts",
    "internal/frame.ts",
    "internal/jws.ts",
    "internal/keys.ts",
    "internal/checks.ts",
    "internal/text.ts",
  ],
  "session/config.ts": [
    "internal/cookies.ts",
    "internal/errors.ts",
    "internal/checks.ts",
    "session/seal.ts",
  ],
  "session/view.ts": ["internal/errors.ts", "internal/checks.ts"],
  "session/revocation.ts": ["internal/errors.ts", "internal/checks.ts", "session/config.ts"],
  "session/open.ts": [
    "internal/cookies.ts",
    "internal/errors.ts",
    "internal/text.ts",
    "session/config.ts",
  ],
  "session/state.ts": [
    "internal/cookies.ts",
    "internal/errors.ts",
    "internal/checks.ts",
    "internal/random.ts",
    "internal/text.ts",
    "session/view.ts",
    "session/open.ts",
    "session/config.ts",
  ],
  "session/head.ts": ["internal/errors.ts", "session/open.ts", "session/state.ts"],
  "session/response.ts": [
    "internal/errors.ts",
    "internal/checks.ts",
    "session/head.ts",
    "session/open.ts",
    "session/config.ts",
    "session/state.ts",
  ],
  "session/requests.ts": [
    "internal/errors.ts",
    "internal/checks.ts",
    "session/head.ts",
    "session/open.ts",
    "session/config.ts",
    "session/response.ts",
    "session/state.ts",
  ],
  "session.ts": [
    "internal/cookies.ts",
    "internal/errors.ts",
    "internal/checks.ts",
    "session/seal.ts",
    "session/head.ts",
    "session/view.ts",
    "session/open.ts",
    "session/config.ts",
    "session/requests.ts",
    "session/response.ts",
    "session/revocation.ts",
  ],
  "index.ts": [
    "base64url.ts",
    "cookie.ts",
    "internal/errors.ts",
    "fernet.ts",
    "jwt.ts",
    "session.ts",
  ],
};

describe("What imports what", () => {
  it("every file of src has its row, and every row its file", () => {
    assert.deepEqual([...files].sort(), Object.keys(MAY_IMPORT).sort());
  });

  for (const file of files) {
    it(`${file} imports only what it may`, () => {
      for (const { from } of importsOf(file)) assert.ok(MAY_IMPORT[file]?.includes(from), from);
    });
  }

  it("a row names nothing that its file does not import", () => {
    for (const [file, allowed] of Object.entries(MAY_IMPORT)) {
      const imported = new Set(importsOf(file).map(({ from }) => from));
      assert.deepEqual(
        allowed.filter((name) => !imported.has(name)),
        [],
        file,
      );
    }
  });

  it("no import is hidden from these rules", () => {
    for (const file of files) {
      const text = read(`src/${file}`);
      const statements = text.match(/^(?:import\b|export\b[^=;(]*? from )/gm)?.length ?? 0;
      assert.equal(importsOf(file).length, statements, file);
      assert.doesNotMatch(text, /\bimport\(|\brequire\(|process\.binding|getBuiltinModule/, file);
    }
  });

  it("runs downward only: no circle, but of types", () => {
    const visit = (file: string, above: readonly string[]): void => {
      assert.ok(!above.includes(file), [...above, file].join(" -> "));
      for (const { from, type } of importsOf(file)) {
        if (from.endsWith(".ts") && !type) visit(from, [...above, file]);
      }
    };
    visit("index.ts", []);
  });

  it("the trusted base that a module's head names is the one it has", () => {
    const internal = ["base64", "cookies", "jws", "frame", "hmac", "cbc"].map(
      (name) => `internal/${name}.ts`,
    );
    const modules = [
      "base64url.ts",
      "cookie.ts",
      "jwt.ts",
      "fernet.ts",
      "session/seal.ts",
      "session.ts",
    ];
    for (const file of [...modules, ...internal]) {
      const base = new Set<string>();
      const collect = (name: string): void => {
        for (const { from } of importsOf(name)) {
          if (!from.endsWith(".ts") || base.has(from)) continue;
          base.add(from);
          collect(from);
        }
      };
      collect(file);
      const head = read(`src/${file}`).split("*/", 1)[0] as string;
      const sentence = head.slice(head.indexOf("Trusted base:"));
      const named: string[] = sentence.match(/\b\w+\.ts\b/g) ?? [];
      const rest = files.filter((name) => name !== "index.ts" && name !== file);
      const bare = (names: readonly string[]) =>
        [...new Set(names.map((name) => name.replace(/^.*\//, "")))].sort();
      const stated = sentence.includes("all of src/ but")
        ? bare(rest).filter((name) => !named.includes(name))
        : bare(named);
      assert.deepEqual(stated, bare([...base]), file);
    }
  });
});

describe("How long things are", () => {
  for (const file of files) {
    it(`${file}: no file over 250 lines, no function over 40`, () => {
      const lines = read(`src/${file}`).trimEnd().split("\n");
      assert.ok(lines.length <= 250, `${lines.length} lines`);
      for (const [start, line] of lines.entries()) {
        const opens =
          /^( *)(?!export (?:interface|class|type)|interface|class|if|for|try|const)\S.*[({]$/;
        const indent = opens.exec(line)?.[1];
        if (indent === undefined || indent.length > 2) continue;
        const rest = lines.slice(start + 1);
        // A body's brace, or the end of a signature that has none.
        const ends = (next: string) =>
          next.startsWith(`${indent}}`) || (next.startsWith(`${indent})`) && next.endsWith(";"));
        const length = 2 + rest.findIndex(ends);
        assert.ok(length <= 40, `${length} lines from line ${start + 1}: ${line}`);
      }
    });
  }
});

describe("What is exported", () => {
  const PUBLIC: Record<string, readonly string[]> = {
    base64url: ["ConfigError", "TokenError", "decode", "encode"],
    cookie: ["ConfigError", "readCookies", "serializeCookie"],
    fernet: ["ConfigError", "Fernet", "TokenError"],
    jwt: ["ConfigError", "Jwt", "TokenError", "decodeUnverified"],
    session: ["ConfigError", "SessionError", "memoryRevocation", "redisRevocation", "sessions"],
  };
  const all = [...new Set(Object.values(PUBLIC).flat())].sort();

  for (const [name, exported] of Object.entries(PUBLIC)) {
    it(`bulla/${name}: ${exported.join(", ")}`, async () => {
      const module = await import(new URL(`src/${name}.ts`, root).href);
      assert.deepEqual(Object.keys(module).sort(), exported);
    });
  }

  it("the top level of src is what is exported, and nothing else", () => {
    const top = files.filter((name) => !name.includes("/")).map((name) => name.slice(0, -3));
    assert.deepEqual(top.sort(), [...Object.keys(PUBLIC), "index"].sort());
  });

  it("bulla: all of them", async () => {
    const module = await import(new URL("src/index.ts", root).href);
    assert.deepEqual(Object.keys(module).sort(), all);
  });
});

describe("The package", () => {
  const manifest = JSON.parse(read("package.json"));

  it("has no dependency, three development dependencies, and no install script", () => {
    for (const kind of ["dependencies", "peerDependencies", "optionalDependencies"]) {
      assert.equal(manifest[kind], undefined, kind);
    }
    assert.deepEqual(Object.keys(manifest.devDependencies).sort(), [
      "@types/node",
      "tsx",
      "typescript",
    ]);
    for (const hook of ["preinstall", "install", "postinstall", "prepare"]) {
      assert.equal(manifest.scripts[hook], undefined, hook);
    }
  });

  it("exports each public module, and its source under a condition of its own", () => {
    const names = ["index", "base64url", "jwt", "fernet", "cookie", "session"];
    const expected = names.map((name) => [
      name === "index" ? "." : `./${name}`,
      {
        "bulla-source": `./src/${name}.ts`,
        types: `./dist/${name}.d.ts`,
        default: `./dist/${name}.js`,
      },
    ]);
    assert.deepEqual(manifest.exports, {
      ...Object.fromEntries(expected),
      "./package.json": "./package.json",
    });
  });

  it("is ESM without side effects, for Node that can require it and writes without faults", () => {
    const { type, sideEffects, engines, files: packed } = manifest;
    assert.deepEqual(
      { type, sideEffects, engines, packed },
      {
        type: "module",
        sideEffects: false,
        engines: { node: "^20.19 || >=22.12" },
        packed: ["dist", "src"],
      },
    );
  });

  it("names no registry's host in a lock file", () => {
    for (const lock of ["package-lock.json", "spec/interop/package-lock.json"]) {
      assert.doesNotMatch(read(lock), /"resolved": "https?:/, lock);
    }
  });
});
