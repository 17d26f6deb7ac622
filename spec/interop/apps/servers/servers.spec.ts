/**
 * Visits each program of examples/servers over real connections: one Set-Cookie for a change and none
 * without, whatever the framework.
 */

import { deepEqual, doesNotMatch, equal, match, notEqual, ok } from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { sessions } from "bulla/session";
import { type Client, httpClient, Jar, type Reply } from "../../helpers/clients.ts";
import { project, ROOT, SECRET, start } from "./project.ts";

const NAME = "session";
const ATTRIBUTES = "; Path=/; HttpOnly; SameSite=Lax";
const folder = project();

type Deed = "greet" | "me" | "login" | "note" | "logout";
/** How to ask for an action, and where its value is in the reply. */
interface Way {
  ask(deed: Deed, text: string | undefined): [path: string, body?: unknown];
  value(text: string, deed: Deed): unknown;
}

const REST: Way = {
  ask(deed, text) {
    if (deed === "greet") return ["/"];
    return deed === "me" ? ["/me"] : [`/${deed}`, { text }];
  },
  // These frameworks send a text unchanged.
  value: (text, deed) => (deed === "me" || deed === "note" ? JSON.parse(text) : text),
};

const TRPC: Way = {
  ask: (deed, text) =>
    deed === "greet" || deed === "me" ? [`/${deed}`] : [`/${deed}`, text ?? null],
  value: (text) => JSON.parse(text).result.data,
};

const QUERIES: Record<Deed, string> = {
  greet: "mutation { greet }",
  me: "{ me { user notes } }",
  login: "mutation { login }",
  note: "mutation ($text: String!) { note(text: $text) }",
  logout: "mutation { logout }",
};
const GRAPHQL: Way = {
  ask: (deed, text) => ["/graphql", { query: QUERIES[deed], variables: { text } }],
  value: (text, deed) => JSON.parse(text).data[deed],
};

const SERVERS: Record<string, Way> = {
  "fastify.ts": REST,
  "nestjs-express.ts": REST,
  "nestjs-fastify.ts": REST,
  "elysia.ts": REST,
  "trpc.ts": TRPC,
  "yoga.ts": GRAPHQL,
};

/** A user agent that keeps cookies and checks every reply. */
class Visitor {
  readonly jar = new Jar();
  readonly client: Client;
  readonly way: Way;

  constructor(client: Client, way: Way) {
    this.client = client;
    this.way = way;
  }

  async ask(deed: Deed, text?: string): Promise<Reply> {
    const [path, body] = this.way.ask(deed, text);
    const headers = { ...this.jar.headers, "content-type": "application/json" };
    const asked = body === undefined ? {} : { method: "POST", body: JSON.stringify(body) };
    const reply = await this.client.ask(path, { headers, ...asked });
    match(String(reply.headers.vary), /\bcookie\b/i);
    this.jar.keep(reply);
    return reply;
  }

  /** Does something that changes the session: exactly one cookie must be set. */
  async changes(deed: Deed, text?: string): Promise<unknown> {
    const reply = await this.ask(deed, text);
    ok(reply.status === 200 || reply.status === 201, reply.text);
    equal(reply.headers["cache-control"], "no-store");
    const age =
      deed === "logout"
        ? /^session=; Max-Age=0; Expires=[^;]*/
        : /^session=[\w-]+; Max-Age=1209600/;
    equal(reply.setCookie.length, 1, String(reply.setCookie));
    equal(reply.setCookie[0]?.replace(age, ""), ATTRIBUTES);
    return this.way.value(reply.text, deed);
  }

  /** Asks for the user and the notes, which sets no cookie. */
  async me(): Promise<Record<string, unknown>> {
    const reply = await this.ask("me");
    deepEqual([reply.status, reply.setCookie], [200, []], reply.text);
    const { user, notes } = this.way.value(reply.text, "me") as Record<string, unknown>;
    return { ...(user ? { user } : {}), ...(notes ? { notes } : {}) };
  }

  get cookie(): string | undefined {
    return this.jar.cookies.get(NAME);
  }

  /** Another visitor, with a copied or invented cookie. */
  copy(cookie = this.cookie): Visitor {
    const other = new Visitor(this.client, this.way);
    other.jar.cookies.set(NAME, cookie ?? "");
    return other;
  }
}

for (const [program, way] of Object.entries(SERVERS)) {
  test(program, async (t) => {
    const client = httpClient(await start(t, folder, program));
    t.after(() => client.close());
    const visitor = new Visitor(client, way);

    await t.test("a visit", async () => {
      deepEqual(await visitor.me(), {});
      equal(visitor.cookie, undefined);
      equal(await visitor.changes("greet"), "Hello stranger, visits: 1");
      equal(await visitor.changes("greet"), "Hello stranger, visits: 2");
      deepEqual(await visitor.me(), {});
    });

    await t.test("a login, and a message once", async () => {
      const before = visitor.cookie;
      equal(await visitor.changes("login"), "Tom");
      notEqual(visitor.cookie, before);
      deepEqual(await visitor.me(), { user: "Tom" });
      equal(await visitor.changes("greet"), "Welcome. Hello Tom, visits: 1");
      equal(await visitor.changes("greet"), "Hello Tom, visits: 2");
    });

    await t.test("a nested edit", async () => {
      deepEqual(await visitor.changes("note", "clay"), ["clay"]);
      deepEqual(await visitor.changes("note", "reed"), ["clay", "reed"]);
      deepEqual(await visitor.me(), { user: "Tom", notes: ["clay", "reed"] });
    });

    await t.test("data that are too large: 500, and the session stays as it was", async () => {
      const { status, setCookie, headers } = await visitor.ask("note", "x".repeat(5000));
      deepEqual([status, setCookie, headers["cache-control"]], [500, [], "no-store"]);
      deepEqual(await visitor.me(), { user: "Tom", notes: ["clay", "reed"] });
    });

    await t.test("bad cookies: an empty session, and no 500", async () => {
      for (const cookie of ["", "garbage", `${visitor.cookie}x`, "x".repeat(5000)]) {
        const other = visitor.copy(cookie);
        deepEqual(await other.me(), {});
        equal(await other.changes("greet"), "Hello stranger, visits: 1");
      }
    });

    await t.test("a logout, which ends copies too", async () => {
      const copy = visitor.copy();
      deepEqual(await copy.me(), { user: "Tom", notes: ["clay", "reed"] });
      equal(await visitor.changes("logout"), "Bye");
      equal(visitor.cookie, undefined);
      deepEqual(await visitor.me(), {});
      deepEqual(await copy.me(), {});
      equal(await copy.changes("greet"), "Hello stranger, visits: 1");
    });
  });
}

/** The examples with a revocation list that is out of reach. */
const broken = project({
  "actions.ts": readFileSync(join(ROOT, "examples/servers/actions.ts"), "utf8").replace(
    /revocation: .*/,
    'revocation: { isRevoked: async () => Promise.reject(new Error("the list is down")), revoke() {} },',
  ),
});
const { issue } = sessions({ secret: SECRET, cookie: { secure: false } });

for (const [program, way] of Object.entries(SERVERS)) {
  test(`${program} answers 503 where the list cannot be asked, and does not say why`, async (t) => {
    const client = httpClient(await start(t, broken, program));
    t.after(() => client.close());
    const visitor = new Visitor(client, way);
    deepEqual(await visitor.me(), {});
    const [, value = ""] = /=([^;]*)/.exec(issue({ user: "Tom" }).setCookie) ?? [];
    visitor.jar.cookies.set(NAME, value);
    const [path, body] = way.ask("me", undefined);
    const headers = { ...visitor.jar.headers, "content-type": "application/json" };
    const asked = body === undefined ? {} : { method: "POST", body: JSON.stringify(body) };
    const { status, setCookie, text } = await client.ask(path, { headers, ...asked });
    deepEqual([status, setCookie], [503, []], text);
    doesNotMatch(text, /down|Tom/);
  });
}
