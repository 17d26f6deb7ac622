/**
 * The specs of the library on Bun and Deno, one process a file: as many tests as on Node, and no failures except those
 * named here, which must still fail. In workerd, the vectors and a Fetch handler.
 */

import { deepEqual, equal, ok, rejects } from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { after, before, describe, type TestContext, test } from "node:test";
import { httpClient, Jar } from "./helpers/clients.ts";
import { type Ending, endings } from "./helpers/junit.ts";
import type { Held } from "./helpers/worker.ts";
import { compile, startWorkers, type Worker } from "./helpers/workerd.ts";

const HERE = import.meta.dirname;
const ROOT = resolve(HERE, "../..");
const LIMIT = 120_000;

/** Where the specs of the library are, below spec/. */
const FOLDERS = ["", "internal/", "session/", "evidence/attacks/", "evidence/fuzz/"];

/** Specs of Node's own programs, not of the library. */
const NOT_THE_LIBRARY: Record<string, string> = {
  "cost.spec.ts": "counts what is asked of Node",
};

/** Tests of session/node.spec.ts that fail, with the reason why these heads are not refused. */
function taken(test: string, reason: string, heads: readonly string[]): Record<string, string> {
  const suite = `${test}: a head that node refuses leaves no trace, and the next is right`;
  return Object.fromEntries(heads.map((head) => [`${suite} > ${head}`, reason]));
}

/** Tests that cannot pass, by runtime, file and name, with the reason. Each must still fail. */
const EXCEPTIONS: Record<string, Record<string, Record<string, string>>> = {
  bun: {
    "session/aliases.spec.ts": {
      "HTTP/1.1: a status given as text is understood": "it does not take a status that is text",
      "a wrapper of writeHead gets pairs as pairs, and node:http rejects them where it always does":
        "it refuses no pairs behind fields that are set",
    },
    "internal/cbc.spec.ts": {
      "Memory of a long message's pieces > is freed for 786432 bytes: 262144, 262144, 262144":
        "its ciphers give parts of longer memory, which is not freed",
    },
    "internal/data.spec.ts": {
      "refused: save throws, or tells its callback > Headers, wherever it is":
        "its Headers have a toJSON, so that JSON holds them",
      "refused: save throws, or tells its callback > Headers, without a save: a 500, and onError is called once":
        "the same",
    },
    "session/faults.spec.ts": {
      "without random bytes for an id: a 500, and no session":
        "its modules do not see what is put in the place of node:crypto's functions",
    },
    "session/fetch.spec.ts": {
      "a changed session is sent in a copy of the Response > a form":
        "its Response has the Content-Type of a form only once its body has been taken",
      "an unchanged session adds only Vary > to a copy of what fetch() returns":
        "its Response of a fetch() can be changed in place",
    },
    "session/http.spec.ts": {
      "HTTP/1.1: setHeader and the like are called only where the application calls them":
        "its writeHead calls setHeader itself",
    },
    "session/node.spec.ts": taken("HTTP/2", "it drops the whole field, and says nothing", [
      "a cookie with a line break; no field before",
      "a cookie with a line break; fields before",
      "a cookie with a line break; another field before",
    ]),
  },
  deno: {
    "session/faults.spec.ts": {
      "without random bytes for an id: a 500, and no session":
        "its modules do not see what is put in the place of node:crypto's functions",
    },
    "session/node.spec.ts": taken("HTTP/1.1", "it sends whatever writeHead is given", [
      "a name that is not a token; no field before",
      "a name that is not a token, in a list; no field before",
      "a name that is not a token, in pairs; no field before",
      "a value with a line break; no field before",
      "a value with a line break, in a list; no field before",
      "a value that is undefined; no field before",
      "a value that is undefined, in a list; no field before",
      "a cookie with a line break; no field before",
      "a Vary that is undefined; no field before",
      "a Cache-Control that is undefined; no field before",
      "a Set-Cookie that is undefined; no field before",
      "a Vary with a line break; no field before",
      "a Cache-Control with a line break; no field before",
      "a list of odd length; no field before",
    ]),
    "session/read.spec.ts": {
      "read and load give data and the four facts > of Headers with several Cookie fields":
        "its Headers join Cookie fields by a comma, which no reader can tell from a value's",
    },
    "session/upgrade.spec.ts": {
      "a response with the upgrade's socket carries the session > that has it before: a handshake with a change":
        "its node:http sends a chunked body behind a 101",
      "a response with the upgrade's socket carries the session > that gets it later: a handshake with a change":
        "the same",
    },
  },
};

/** Specs in which a runtime's own server hangs, with a session or without. */
const HANGS: Record<string, Record<string, string>> = {
  bun: {},
  deno: {
    "session/socket.spec.ts":
      "its node:http never closes a connection that is destroyed while a head is written",
  },
};

/** Specs that replace functions of node:crypto. */
const PATCHES_CRYPTO = ["faults.spec.ts", "internal/random.spec.ts", "jose.spec.ts"];

const bin = (name: string) => join(HERE, "node_modules/.bin", name);
const helper = (name: string) => join(HERE, "helpers", name);

const COMMANDS: Record<string, (file: string, report: string) => string[]> = {
  node: (file, report) => [
    ...[process.execPath, "--import", "tsx", "--test-reporter=junit"],
    ...[`--test-reporter-destination=${report}`, `spec/${file}`],
  ],
  bun: (file, report) => [
    ...[bin("bun"), "test", "--timeout", "20000", "--reporter=junit"],
    `--reporter-outfile=${report}`,
    ...(PATCHES_CRYPTO.includes(file) ? ["--preload", helper("live-bun.ts")] : []),
    `./spec/${file}`,
  ],
  deno: (file, report) => [
    ...[bin("deno"), "test", "-A", "--no-check", "--no-lock", `--junit-path=${report}`],
    ...(PATCHES_CRYPTO.includes(file) ? [`--import-map=${helper("live-deno.json")}`] : []),
    `spec/${file}`,
  ],
};

const folder = mkdtempSync(join(tmpdir(), "bulla-runtimes-"));
after(() => rmSync(folder, { recursive: true }));

// Without the test runner's own variables, which a child would obey.
const env = Object.fromEntries(
  Object.entries({ ...process.env, DENO_NO_UPDATE_CHECK: "1" }).filter(
    ([name]) => !/^NODE_(OPTIONS|TEST_CONTEXT)$/.test(name),
  ),
);

async function run(runtime: string, file: string): Promise<[name: string, ending: Ending][]> {
  const report = join(folder, `${runtime}-${file.replaceAll("/", "-")}.xml`);
  const [command = "", ...args] = COMMANDS[runtime]?.(file, report) ?? [];
  const child = spawn(command, args, { cwd: ROOT, env, stdio: "ignore", timeout: LIMIT });
  const [status, signal] = await once(child, "exit");
  equal(signal, null, `${runtime} ${file} was not through in time`);
  const found = endings(readFileSync(report, "utf8"));
  // A file that stops early has no failing test.
  const failing = found.some(([, ending]) => ending === "failed");
  equal(status !== 0, failing, `${runtime} ${file} ended with ${status}`);
  return found;
}

const files = FOLDERS.flatMap((name) =>
  readdirSync(join(ROOT, "spec", name))
    .filter((file) => file.endsWith(".spec.ts"))
    .map((file) => `${name}${file}`),
);

test("every file that is left out or has an exception exists", () => {
  const named = Object.values(EXCEPTIONS).flatMap((exceptions) => Object.keys(exceptions));
  const hanging = Object.values(HANGS).flatMap((reasons) => Object.keys(reasons));
  const left = [...Object.keys(NOT_THE_LIBRARY), ...named, ...hanging, ...PATCHES_CRYPTO];
  deepEqual(
    left.filter((name) => !files.includes(name)),
    [],
  );
});

describe("The specs on Bun and Deno", { concurrency: 2 }, () => {
  for (const file of files.filter((name) => !(name in NOT_THE_LIBRARY))) {
    test(file, async () => {
      const onNode = await run("node", file);
      for (const runtime of ["bun", "deno"]) {
        if (HANGS[runtime]?.[file] !== undefined) continue;
        const found = await run(runtime, file);
        equal(found.length, onNode.length, `tests on ${runtime}`);
        const failed = found.filter(([, ending]) => ending === "failed").map(([name]) => name);
        deepEqual(failed, Object.keys(EXCEPTIONS[runtime]?.[file] ?? {}).sort(), runtime);
      }
    });
  }
});

describe("workerd", () => {
  const vectors = readdirSync(join(ROOT, "vectors")).filter((name) => name.endsWith(".json"));
  const texts = vectors.map((name) => readFileSync(join(ROOT, "vectors", name), "utf8"));
  const flags = ["nodejs_compat"];
  const VECTORS: Worker = {
    main: "spec/interop/helpers/worker.js",
    bindings: [{ name: "VECTORS", json: "vectors.json" }],
    flags,
  };
  const EXAMPLE: Worker = {
    main: "examples/fetch.js",
    bindings: [
      { name: "SESSION_SECRET", text: "a secret of some more than 32 bytes" },
      { name: "NODE_ENV", text: "development" },
    ],
    flags,
  };

  before(() => compile(folder, ["spec/interop/helpers/worker.ts", "examples/fetch.ts"]));

  async function start(t: TestContext, workers: Record<string, Worker>) {
    const { child, addresses } = await startWorkers(folder, workers);
    t.after(() => child.kill());
    return addresses;
  }

  test("every vector holds, and the same number as on Node", async (t) => {
    const pairs = vectors.map((name, at) => `${JSON.stringify(name)}: ${texts[at]}`);
    writeFileSync(join(folder, "vectors.json"), `{${pairs.join(",")}}`);
    const { vectors: address = "" } = await start(t, { vectors: VECTORS });
    const held = (await (await fetch(address)).json()) as Held;
    deepEqual(held, { count: texts.flatMap((text) => JSON.parse(text)).length, failed: [] });
    ok(held.count > 500, `${held.count} vectors`);
  });

  test("examples/fetch.ts counts visits, logs in and out", async (t) => {
    const { example = "" } = await start(t, { example: EXAMPLE });
    await walk(t, example);
  });

  test("without nodejs_compat it does not start, and says what is missing", async () => {
    const bare = { bare: { ...EXAMPLE, flags: [] } };
    await rejects(startWorkers(folder, bare), /No such module "node:crypto"/);
  });
});

const SERVE: Record<string, string[]> = {
  bun: [bin("bun"), "--conditions=bulla-source"],
  deno: [
    ...[bin("deno"), "serve", "-A", "--no-check", "--no-lock", "--port=0"],
    "--conditions=bulla-source",
  ],
};

for (const [runtime, [command = "", ...args]] of Object.entries(SERVE)) {
  test(`${runtime} serves examples/fetch.ts, which counts visits, logs in and out`, async (t) => {
    const child = spawn(command, [...args, "examples/fetch.ts"], {
      cwd: ROOT,
      env: { ...env, PORT: "0", NODE_ENV: "development" },
      stdio: ["ignore", "pipe", "pipe"],
    });
    t.after(() => child.kill());
    let text = "";
    const port = await new Promise<string>((resolve, reject) => {
      for (const stream of [child.stdout, child.stderr]) {
        stream.on("data", (chunk) => {
          text += chunk;
          const [, found] = /http:\/\/[\w.]+:(\d+)/.exec(text) ?? [];
          if (found !== undefined) resolve(found);
        });
      }
      child.on("exit", () => reject(new Error(`${runtime} ended: ${text}`)));
    });
    await walk(t, `http://127.0.0.1:${port}`);
  });
}

/** Visits examples/fetch.ts and keeps cookies. */
async function walk(t: TestContext, address: string): Promise<void> {
  const client = httpClient(address);
  t.after(() => client.close());
  const jar = new Jar();
  const ask = async (path: string, method = "GET") => {
    const reply = await client.ask(path, { method, headers: jar.headers });
    jar.keep(reply);
    return `${reply.status} ${reply.text}`;
  };
  equal(await ask("/"), "200 Hello stranger, visits: 1\n");
  equal(await ask("/"), "200 Hello stranger, visits: 2\n");
  equal(await ask("/login", "POST"), "303 ");
  equal(await ask("/"), "200 Welcome. Hello Tom, visits: 1\n");
  equal(await ask("/"), "200 Hello Tom, visits: 2\n");
  equal(await ask("/logout", "POST"), "303 ");
  equal(jar.cookies.size, 0);
  equal(await ask("/"), "200 Hello stranger, visits: 1\n");
}
