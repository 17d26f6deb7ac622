/**
 * The rules of src/: which layer imports which, what is exported, how long files and functions are, and what
 * package.json says. They are rules by folder, so a new file needs no entry here.
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

/** A lazy import, by a literal path. Only files of the command may have one. */
const LAZY = /\bawait import\(()"(\.[^"]+)"\)/g;

/** The imports and re-exports of a file, with relative ones as paths below src/. */
function importsOf(file: string): Import[] {
  const text = read(`src/${file}`);
  const found = [
    ...text.matchAll(/^(?:import|export) (type )?(?:[\w*\s{},]*? from )?"([^"]+)";$/gm),
    ...lazyOf(file),
  ];
  return found.map(([, type, from]) => {
    const { pathname } = new URL(from as string, `file:///${file}`);
    return {
      type: Boolean(type),
      from: from?.startsWith(".") ? pathname.slice(1) : (from ?? ""),
    };
  });
}

function lazyOf(file: string): RegExpExecArray[] {
  return file.startsWith("cli/") ? [...read(`src/${file}`).matchAll(LAZY)] : [];
}

/** The layers, from the bottom up. A file imports from lower layers, and from its own folder unless it is an export. */
const LAYERS: readonly (readonly [layer: string, files: RegExp])[] = [
  ["internal", /^internal\//],
  ["session", /^session\//],
  ["exports", /^(?!index\.ts|bin\.ts)[\w-]+\.ts$/],
  ["cli", /^cli\//],
  ["doors", /^(?:index|bin)\.ts$/],
];
const FOLDERS: readonly string[] = ["internal", "session", "cli"];
/** The one export that is built on another. */
const ON_SESSION = "asgi.ts";

/** The layers of session/, from the bottom up. A file not named here only has to be in no circle of imports. */
const SESSION_LAYERS: readonly RegExp[] = [
  /^session\/(?:envelope|seal|config)\.ts$/,
  /^session\/(?:state|open|fields)\.ts$/,
  /^session\/(?:node|fetch|store)\.ts$/,
];

/** The Node modules that each part may import. Types of node:http may be imported anywhere: they are erased. */
const NODE_MODULES: readonly (readonly [files: RegExp, modules: readonly string[]])[] = [
  [/^session\//, []],
  // The command leaves keys and hashes to the library.
  [/^(?:cli\/|bin\.ts)/, ["node:fs", "node:util", "node:process"]],
  [/^/, ["node:crypto"]],
];

const layerOf = (file: string): number => LAYERS.findIndex(([, files]) => files.test(file));

/** All files of src/ that a file imports, directly or not. */
function baseOf(file: string): Set<string> {
  const base = new Set<string>();
  const collect = (name: string): void => {
    for (const { from } of importsOf(name)) {
      if (!from.endsWith(".ts") || base.has(from)) continue;
      base.add(from);
      collect(from);
    }
  };
  collect(file);
  return base;
}

function headOf(file: string): string {
  return read(`src/${file}`).split("*/", 1)[0] as string;
}

describe("Imports", () => {
  for (const file of files) {
    it(`${file} imports only from lower layers or its own folder`, () => {
      const layer = layerOf(file);
      assert.ok(layer >= 0, "it is in no layer");
      const [name = ""] = LAYERS[layer] ?? [];
      for (const { type, from } of importsOf(file)) {
        if (!from.endsWith(".ts")) {
          const [, modules = []] = NODE_MODULES.find(([of]) => of.test(file)) ?? [];
          assert.ok(modules.includes(from) || (type && /^node:http2?$/.test(from)), from);
          continue;
        }
        const own = FOLDERS.includes(name) || (file === ON_SESSION && from === "session.ts");
        assert.ok(layerOf(from) < layer || (own && layerOf(from) === layer), from);
      }
    });
  }

  it("within session/ the files that carry a session import those that define it, never the reverse", () => {
    const rank = (file: string): number => SESSION_LAYERS.findIndex((names) => names.test(file));
    for (const file of files.filter((name) => rank(name) >= 0)) {
      for (const { type, from } of importsOf(file)) {
        if (!type) assert.ok(rank(from) <= rank(file), `${file}: ${from}`);
        if (rank(file) === SESSION_LAYERS.length - 1) {
          assert.ok(rank(from) < rank(file), `${file}: ${from}`);
        }
      }
    }
    for (const { type, from } of importsOf("session/view.ts")) {
      assert.ok(type || rank(from) < 1, `session/view.ts imports only types of state.ts: ${from}`);
    }
  });

  it("jwt and fernet do not import each other", () => {
    for (const [file, strangers] of [
      ["jwt.ts", ["fernet.ts", "internal/frame.ts", "internal/cbc.ts"]],
      ["fernet.ts", ["jwt.ts", "internal/jws.ts", "internal/claims.ts"]],
    ] as const) {
      const base = baseOf(file);
      assert.deepEqual(
        strangers.filter((name) => base.has(name)),
        [],
        file,
      );
    }
  });

  it("these rules see every import", () => {
    for (const file of files) {
      const text = read(`src/${file}`);
      const statements =
        text.match(/^(?:import\b|export (?:type )?[{*][^;]*? from )/gm)?.length ?? 0;
      assert.equal(importsOf(file).length, statements + lazyOf(file).length, file);
      const rest = file.startsWith("cli/") ? text.replaceAll(LAZY, "") : text;
      assert.doesNotMatch(rest, /\bimport\(|\brequire\(|process\.binding|getBuiltinModule/, file);
    }
  });

  it("there is no circular import, except of types", () => {
    const visit = (file: string, above: readonly string[]): void => {
      assert.ok(!above.includes(file), [...above, file].join(" -> "));
      const lazy = lazyOf(file).length;
      // A lazy import makes no circle: its importer is loaded by then.
      for (const { from, type } of importsOf(file).slice(0, lazy > 0 ? -lazy : undefined)) {
        if (from.endsWith(".ts") && !type) visit(from, [...above, file]);
      }
    };
    for (const file of files) visit(file, []);
  });

  it("the head of a module names exactly its trusted base", () => {
    const states = (file: string) => headOf(file).includes("Trusted base:");
    for (const file of files.filter((name) => LAYERS[layerOf(name)]?.[0] === "exports")) {
      assert.ok(states(file), `${file} does not say what its trusted base is`);
    }
    for (const file of files.filter(states)) {
      const base = baseOf(file);
      const head = headOf(file);
      const sentence = head.slice(head.indexOf("Trusted base:"));
      const named: string[] = sentence.match(/\b\w+\.ts\b/g) ?? [];
      const isBelow = (name: string): boolean =>
        layerOf(name) < layerOf(file) || (file === ON_SESSION && name === "session.ts");
      const rest = files.filter((name) => name !== file && isBelow(name));
      const bare = (names: readonly string[]) =>
        [...new Set(names.map((name) => name.replace(/^.*\//, "")))].sort();
      const stated = sentence.includes("all of src/ but")
        ? bare(rest).filter((name) => !named.includes(name))
        : bare(named);
      assert.deepEqual(stated, bare([...base]), file);
    }
  });
});

/** The lines of a file without docstrings, which may be as long as they need. */
const linesOf = (file: string): string[] =>
  read(`src/${file}`)
    .replace(/^ *\/\*\*[\s\S]*?\*\/\n/gm, "")
    .trimEnd()
    .split("\n");
const wholeLengthOf = (file: string): number => read(`src/${file}`).trimEnd().split("\n").length;

describe("Lengths", () => {
  const ofSessions = files.filter((name) => name.startsWith("session/"));
  it("session/ has at most 1,500 lines without the cookie stores, and at most 199 a file", () => {
    for (const file of ofSessions) assert.ok(wholeLengthOf(file) <= 199, file);
    const own = ofSessions.filter((name) => name !== "session/store.ts").map(wholeLengthOf);
    const all = own.reduce((sum, lines) => sum + lines, 0);
    assert.ok(all <= 1500, `${all}`);
  });

  for (const file of files) {
    it(`${file}: at most 220 lines without docstrings, and 40 a function`, () => {
      const { length: lengthOfCode } = linesOf(file);
      assert.ok(lengthOfCode <= 220, `${lengthOfCode} lines`);
      const lines = linesOf(file);
      for (const [start, line] of lines.entries()) {
        const opens =
          /^( *)(?!export (?:interface|class|type)|interface|class|if|for|try|const)\S.*[({]$/;
        const indent = opens.exec(line)?.[1];
        if (indent === undefined || indent.length > 2) continue;
        const rest = lines.slice(start + 1);
        // The closing brace, or the end of a signature without a body.
        const ends = (next: string) =>
          next.startsWith(`${indent}}`) || (next.startsWith(`${indent})`) && next.endsWith(";"));
        const length = 2 + rest.findIndex(ends);
        assert.ok(length <= 40, `${length} lines from line ${start + 1}: ${line}`);
      }
    });
  }
});

describe("Comments", () => {
  const comments = (text: string): string[] =>
    [...text.matchAll(/(?:\/\*\*?|^ *\* *\n *\*|(?<![:"'`\w])\/\/)[\s*]*(\S+)/gm)].map(
      ([, word]) => word as string,
    );

  it("are found with the first word of each paragraph", () => {
    const text = [
      "/** Whether it is. */",
      "const url = `https://That`; // That is it.",
      "/**",
      " * Reads.",
      " *",
      " * What it reads.",
      " */",
      "// What",
    ].join("\n");
    assert.deepEqual(comments(text), ["Whether", "That", "Reads.", "What", "What"]);
  });

  for (const file of files) {
    it(`${file}: none opens with What, That or Whether`, () => {
      const bad = comments(read(`src/${file}`)).filter((word) =>
        /^(?:what|that|whether)\b/i.test(word),
      );
      assert.deepEqual(bad, []);
    });
  }
});

const PUBLIC: Record<string, readonly string[]> = {
  asgi: ["ConfigError", "SessionError", "asgiSessions"],
  base64url: ["ConfigError", "TokenError", "decode", "encode"],
  cookie: ["ConfigError", "readCookies", "serializeCookie"],
  fernet: ["ConfigError", "Fernet", "TokenError"],
  jwt: ["ConfigError", "Jwt", "TokenError", "decodeUnverified"],
  session: ["ConfigError", "SessionError", "memoryRevocation", "redisRevocation", "sessions"],
};

describe("Exports", () => {
  const all = [...new Set(Object.values(PUBLIC).flat())].sort();

  for (const [name, exported] of Object.entries(PUBLIC)) {
    it(`bulla/${name}: ${exported.join(", ")}`, async () => {
      const module = await import(new URL(`src/${name}.ts`, root).href);
      assert.deepEqual(Object.keys(module).sort(), exported);
    });
  }

  it("the top level of src/ holds the exported modules and nothing else", () => {
    const top = files.filter((name) => !/\/|^(?:index|bin)\.ts$/.test(name));
    assert.deepEqual(
      top.sort(),
      Object.keys(PUBLIC)
        .map((name) => `${name}.ts`)
        .sort(),
    );
  });

  it("bulla exports all of these", async () => {
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
    const expected = ["index", ...Object.keys(PUBLIC)].map((name) => [
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

  it("is ESM without side effects, for the Node versions that can require it and write strings correctly", () => {
    const { type, sideEffects, engines, files: packed } = manifest;
    assert.deepEqual(
      { type, sideEffects, engines, packed },
      {
        type: "module",
        sideEffects: false,
        engines: { node: "^20.19 || >=22.12" },
        packed: [
          "dist",
          "src",
          "docs",
          "vectors/asgi-cookies.json",
          "vectors/fernet.json",
          "vectors/jose.json",
          "vectors/rfc*.json",
          "CHANGELOG.md",
          "SECURITY.md",
        ],
      },
    );
  });

  it("has one command, and bin.ts only calls main", () => {
    assert.deepEqual(manifest.bin, { bulla: "dist/bin.js" });
    const door = read("src/bin.ts").replace(/^#!.*\n|\/\*[\s\S]*?\*\//g, "");
    const lines = door.split("\n").filter((line) => line !== "");
    assert.deepEqual(lines, [
      'import { main } from "./cli/main.ts";',
      "process.exitCode = await main(process.argv.slice(2));",
    ]);
  });

  it("names no registry's host in a lock file", () => {
    for (const lock of ["package-lock.json", "spec/interop/package-lock.json"]) {
      assert.doesNotMatch(read(lock), /"resolved": "https?:/, lock);
    }
  });
});
