/** `examples/`: each is run, type-checked and short. All do the same, whatever the framework. */

import { deepEqual, equal, match, ok } from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, type TestContext, test } from "node:test";
import { pathToFileURL } from "node:url";
import { WebSocket } from "ws";
import { type Certificate, certificate } from "./helpers/certificate.ts";
import { type Client, fetchClient, http2Client, httpClient, Jar } from "./helpers/clients.ts";
import { examples, project, start } from "./helpers/programs.ts";

const { folder, remove } = project();
let tls: Certificate;

before(() => {
  tls = certificate();
  writeFileSync(join(folder, "key.pem"), tls.key);
  writeFileSync(join(folder, "cert.pem"), tls.cert);
});
after(remove);

const SHARED = "actions.ts";
const programs = [...examples.keys()].filter((name) => name !== SHARED);

/** The clients of examples that do not listen over plain HTTP/1.1. */
const REACHED: Record<string, (t: TestContext, program: string) => Promise<Client>> = {
  "fetch.ts": directly,
  "hono-fetch.ts": directly,
  "http2.ts": async (t, program) => http2Client(await start(t, folder, program), tls.cert),
  "https.ts": async (t, program) => httpClient(await start(t, folder, program), tls.cert),
};

async function overHttp(t: TestContext, program: string): Promise<Client> {
  return httpClient(await start(t, folder, program));
}

async function directly(_t: TestContext, program: string): Promise<Client> {
  const url = pathToFileURL(join(folder, program)).href;
  const { default: app } = (await import(url)) as { default: { fetch: Handler } };
  return fetchClient(app.fetch);
}

type Handler = Parameters<typeof fetchClient>[0];

test("no example is longer than 30 lines", () => {
  for (const name of programs) {
    ok((examples.get(name) ?? "").trimEnd().split("\n").length <= 30, name);
  }
  for (const name of Object.keys(REACHED)) ok(programs.includes(name), name);
});

test("every example compiles against the types of its framework", () => {
  const compiler = join(folder, "node_modules/typescript/bin/tsc");
  const { status, stdout } = spawnSync(process.execPath, [compiler, "-p", folder], {
    encoding: "utf8",
  });
  deepEqual({ status, stdout }, { status: 0, stdout: "" });
});

/** A user agent that keeps cookies and follows a redirect. */
class Visitor {
  readonly jar = new Jar();
  readonly client: Client;

  constructor(client: Client) {
    this.client = client;
  }

  /** Another visitor, with copied or changed cookies. */
  copy(change = (value: string) => value): Visitor {
    const copy = new Visitor(this.client);
    for (const [name, value] of this.jar.cookies) copy.jar.cookies.set(name, change(value));
    return copy;
  }

  async get(): Promise<string> {
    const reply = await this.client.ask("/", { headers: this.jar.headers });
    equal(reply.status, 200);
    this.jar.keep(reply);
    return reply.text;
  }

  async post(path: string, form = ""): Promise<string> {
    const headers = {
      ...this.jar.headers,
      ...(form === "" ? {} : { "content-type": "application/x-www-form-urlencoded" }),
    };
    const reply = await this.client.ask(path, { method: "POST", headers, body: form });
    deepEqual([reply.status, reply.headers.location], [303, "/"]);
    this.jar.keep(reply);
    return await this.get();
  }
}

describe("The examples count visits, log in and out, and flash one message", () => {
  for (const program of programs) {
    test(program, async (t) => {
      const client = await (REACHED[program] ?? overHttp)(t, program);
      t.after(() => client.close());
      const visitor = new Visitor(client);
      const form = program === "passport.ts" ? "username=Tom&password=clay" : "";
      equal(await visitor.get(), "Hello stranger, visits: 1\n");
      equal(await visitor.get(), "Hello stranger, visits: 2\n");
      // passport.ts keeps data over a login.
      const [first, second] = program === "passport.ts" ? [3, 4] : [1, 2];
      equal(await visitor.post("/login", form), `Welcome. Hello Tom, visits: ${first}\n`);
      equal(await visitor.get(), `Hello Tom, visits: ${second}\n`);
      equal(await visitor.copy((value) => `${value}x`).get(), "Hello stranger, visits: 1\n");
      const copy = visitor.copy();
      equal(await visitor.post("/logout"), "Hello stranger, visits: 1\n");
      equal(
        await copy.get(),
        "Hello stranger, visits: 1\n",
        "a copy of the cookie is logged out too",
      );
      if (program.startsWith("https") || program === "http2.ts") {
        deepEqual([...visitor.jar.cookies.keys()], ["__Host-session"]);
      }
    });
  }
});

test("express.ts does the same on Express 4", async (t) => {
  writeFileSync(
    join(folder, "express4.ts"),
    (examples.get("express.ts") ?? "").replace('from "express"', 'from "express4"'),
  );
  const visitor = new Visitor(await overHttp(t, "express4.ts"));
  t.after(() => visitor.client.close());
  equal(await visitor.get(), "Hello stranger, visits: 1\n");
  equal(await visitor.post("/login"), "Welcome. Hello Tom, visits: 1\n");
  equal(await visitor.get(), "Hello Tom, visits: 2\n");
  equal(await visitor.post("/logout"), "Hello stranger, visits: 1\n");
});

test("passport.ts refuses a wrong password, and the session stays as it was", async (t) => {
  const client = await overHttp(t, "passport.ts");
  const visitor = new Visitor(client);
  t.after(() => client.close());
  equal(await visitor.get(), "Hello stranger, visits: 1\n");
  const headers = { ...visitor.jar.headers, "content-type": "application/x-www-form-urlencoded" };
  const body = "username=Tom&password=straw";
  const { status, setCookie } = await client.ask("/login", { method: "POST", headers, body });
  deepEqual({ status, setCookie }, { status: 401, setCookie: [] });
  equal(await visitor.get(), "Hello stranger, visits: 2\n");
});

test("ws.ts greets a visitor who is logged in, and refuses the upgrade to others", async (t) => {
  const address = await start(t, folder, "ws.ts");
  const visitor = new Visitor(httpClient(address));
  t.after(() => visitor.client.close());
  const socketOf = (): WebSocket =>
    new WebSocket(address.replace("http", "ws"), { headers: visitor.jar.headers });
  await visitor.get();
  const [refusal] = await once(socketOf(), "error");
  match(String(refusal), /Unexpected server response: 401/);
  await visitor.post("/login");
  const socket = socketOf();
  const [message] = await once(socket, "message");
  equal(String(message), "Tom, visits: 1");
  socket.close();
});
