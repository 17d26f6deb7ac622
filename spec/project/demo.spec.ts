/** The demonstration and the smallest example, as processes of their own behind real sockets. */

import { deepEqual, equal, match, ok } from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";

const TYPES = ["base64", "jwt", "fernet"];
const FORM = "application/x-www-form-urlencoded";

/** Starts a program of this project the way this spec was started, through tsx or without. */
function start(t: TestContext, program: string, port: number | string): ChildProcess {
  const loader = process.execArgv.some((argument) => argument.includes("tsx"));
  const args = [...(loader ? ["--import", "tsx"] : []), "--conditions=bulla-source", program];
  const cwd = fileURLToPath(new URL("../..", import.meta.url));
  const env = { ...process.env, PORT: String(port) };
  const child = spawn(process.execPath, args, { cwd, env, stdio: ["ignore", "pipe", "pipe"] });
  t.after(() => child.kill());
  return child;
}

/** The address that a server prints when it listens. */
async function address(child: ChildProcess): Promise<string> {
  let text = "";
  for await (const chunk of child.stdout ?? []) {
    text += chunk;
    const url = /http:\/\/[\w.]+:\d+/.exec(text)?.[0];
    if (url !== undefined) return url;
  }
  throw new Error(`the server ended and had printed ${JSON.stringify(text)}`);
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

/** A client with a cookie jar that follows no redirect by itself. */
class Client {
  readonly jar = new Map<string, string>();
  base: string;

  constructor(base: string) {
    this.base = base;
  }

  async fetch(path: string, init: RequestInit = {}): Promise<Response> {
    const headers = new Headers(init.headers);
    const cookie = [...this.jar].map(([name, value]) => `${name}=${value}`).join("; ");
    if (cookie !== "") headers.set("Cookie", cookie);
    const response = await fetch(this.base + path, { ...init, headers, redirect: "manual" });
    for (const line of response.headers.getSetCookie()) {
      const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      match(line, /; HttpOnly/);
      match(line, /; SameSite=Lax/);
      if (/; Max-Age=0/.test(line)) this.jar.delete(name);
      else this.jar.set(name, value);
    }
    return response;
  }

  async page(path = "/"): Promise<string> {
    const response = await this.fetch(path);
    equal(response.status, 200);
    return await response.text();
  }

  /** Posts a form and gives back the page that the redirect leads to. */
  async post(path: string, fields: Record<string, string> = {}): Promise<string> {
    const response = await this.fetch(path, { method: "POST", body: new URLSearchParams(fields) });
    equal(response.status, 303);
    equal(await response.text(), "");
    return await this.page(response.headers.get("Location") ?? "");
  }
}

async function demo(t: TestContext): Promise<Client> {
  return new Client(await address(start(t, "examples/demo/server.ts", 0)));
}

/** The part of the page that is about one type. */
function card(page: string, type: string): string {
  const begin = page.indexOf(`id="${type}"`);
  return page.slice(begin, page.indexOf("</article>", begin));
}

/** The state that each card shows, in the order of TYPES. */
function states(page: string): (string | undefined)[] {
  return TYPES.map((type) => /class="state">([^<]*)/.exec(card(page, type))?.[1]);
}

test("a login survives the next request, and a logout removes the three cookies", async (t) => {
  const client = await demo(t);
  match(await client.page(), /<h2>Log in<\/h2>/);
  equal(client.jar.size, 0);

  match(await client.post("/login", { user: "Tom" }), /Logged in as.*<bdi>Tom<\/bdi>/);
  deepEqual([...client.jar.keys()].sort(), TYPES.map((type) => `demo-${type}`).sort());
  match(await client.page(), /Logged in as.*<bdi>Tom<\/bdi>/);
  const more = await client.post("/sheep");
  match(more, /npm install bulla/);
  for (const [, path = ""] of more.matchAll(/<a href="(\/[^"]+)">/g)) {
    match(await client.page(path), /^# /);
  }
  for (const type of TYPES) match(card(more, type), /jti&quot;: .*iat&quot;: .*sheep&quot;: 4/s);

  match(await client.post("/logout"), /<h2>Log in<\/h2>/);
  equal(client.jar.size, 0);
});

test("the page shows each cookie unchanged, split into its parts", async (t) => {
  const client = await demo(t);
  const page = await client.post("/login", { user: "Tom" });
  const classes = {
    base64: "murex,murex to-ochre,ochre,ochre to-lapis,lapis",
    jwt: "bitumen,dot,lapis,dot,malachite",
    fernet:
      "bitumen,bitumen to-ochre,ochre,murex,murex to-lapis,lapis,lapis to-malachite,malachite",
  };
  for (const [type, expected] of Object.entries(classes)) {
    const code = /<code>(<span.*?)<\/code>/s.exec(card(page, type))?.[1] ?? "";
    equal(code.replace(/<[^>]*>/g, ""), client.jar.get(`demo-${type}`));
    const found = [...code.matchAll(/class="([^"]*)"/g)].map((found) => found[1]);
    // A part that ends between two characters shares no character with the next.
    const own = (names: (string | undefined)[]) => names.filter((name) => !name?.includes("to-"));
    deepEqual(own(found), own(expected.split(",")));
    for (const name of found) ok(expected.split(",").includes(name ?? ""), name);
    // 8, 72 and 200 bits are 1 1/3, 12 and 33 1/3 characters.
    const lengths = [...code.matchAll(/<span[^>]*>([^<]*)/g)].map(([, text]) => text?.length);
    if (type === "fernet") deepEqual(lengths.slice(0, 5), [1, 1, 10, 21, 1]);
    // {"jti":"22 characters" is 31 bytes: 41 1/3 characters.
    if (type === "base64") deepEqual(lengths.slice(0, 2), [41, 1]);
  }
});

test("a cookie is shown in the Set-Cookie field that brought it", async (t) => {
  const client = await demo(t);
  const response = await client.fetch("/login", {
    method: "POST",
    body: "user=Tom",
    headers: { "Content-Type": FORM },
  });
  const sent = response.headers.getSetCookie();
  equal(sent.length, 3);
  const page = await client.page();
  const shown = (type: string) => {
    const token = /<div class="token".*?<\/div>/s.exec(card(page, type))?.[0] ?? "";
    return token
      .replace(/<[^>]*>/g, "")
      .replace(/\s+/g, " ")
      .trim();
  };
  for (const type of TYPES) {
    const line = sent.find((line) => line.startsWith(`demo-${type}=`)) ?? "";
    equal(shown(type), `Set-Cookie: ${line}`);
    // On a narrow screen the cards are out of sight: the panel has the cookies too.
    const panel = page.slice(page.indexOf('class="panel"'), page.indexOf("</section>"));
    ok(panel.includes(`href="#${type}-cookie"><code>${line.split(";")[0]}<`));
  }
  for (const [index, type] of TYPES.entries()) {
    client.jar.clear();
    client.jar.set(`demo-${type}`, "x".repeat(index + 1));
    match(card(await client.page(), type), /class="field">Cookie:</);
  }
});

test("a changed character is accepted in base64, and refused in jwt and fernet", async (t) => {
  const client = await demo(t);
  const before = await client.post("/login", { user: "Tom" });
  const codes = { jwt: "ERR_TOKEN_SIGNATURE", fernet: "ERR_TOKEN_INVALID" };

  const position = (type: string) => /value="(\d+)"/.exec(card(before, type))?.[1] ?? "";
  const forged = await client.post("/tamper", { type: "base64", position: position("base64") });
  match(card(forged, "base64"), /Accepted.*believes in 7 sheep/s);
  match(card(forged, "jwt"), /sheep&quot;: 3/);
  deepEqual(states(forged), ["Accepted", "Untouched", "Untouched"]);
  deepEqual(states(await client.page()), ["Accepted", "Untouched", "Untouched"]);

  for (const [type, code] of Object.entries(codes)) {
    const text = client.jar.get(`demo-${type}`) ?? "";
    for (const at of [1, Number(position(type)), text.length]) {
      client.jar.set(`demo-${type}`, text);
      const refused = await client.post("/tamper", { type, position: String(at) });
      match(card(refused, type), /<strong>Refused<\/strong>.*you are a stranger/s);
      if (at === Number(position(type))) ok(card(refused, type).includes(`<code>${code}</code>`));
      // A refused cookie stays until a new session replaces it.
      const altered = client.jar.get(`demo-${type}`) ?? "";
      equal([...altered].filter((character, index) => character !== text[index]).length, 1);
      match(card(await client.page(), type), /<strong>Refused<\/strong>/);
      match(card(refused, type), new RegExp(`Character ${at} was changed`));
    }
    const anew = await client.post("/login", { user: "Tom", type });
    ok(!card(anew, type).includes("Refused"));
  }
});

test("the page reports only changes that were made", async (t) => {
  const client = await demo(t);
  const page = await client.post("/login", { user: "Tom" });
  deepEqual(states(page), ["Untouched", "Untouched", "Untouched"]);
  for (const query of ["/?flipped=base64&position=9", "/?flipped=jwt&position=9", "/?copies=x"]) {
    equal(await client.page(query), page);
  }
  // Changing a character back restores the cookie.
  const position = /value="(\d+)"/.exec(card(page, "base64"))?.[1] ?? "";
  const once = await client.post("/tamper", { type: "base64", position });
  equal(/<mark>/g.exec(once)?.length, 1);
  const twice = await client.post("/tamper", { type: "base64", position: "60" });
  match(card(twice, "base64"), /2 characters were changed/);
  await client.post("/tamper", { type: "base64", position: "60" });
  equal(await client.post("/tamper", { type: "base64", position }), page);
});

test("a changed cookie is compared with the one that was written last", async (t) => {
  const client = await demo(t);
  await client.post("/login", { user: "Tom" });
  // These cookies differ only in their times and sheep.
  for (let sheep = 4; sheep < 7; sheep++) await client.post("/sheep");
  const page = await client.post("/tamper", { type: "base64", position: "60" });
  match(card(page, "base64"), /Character 60 was changed/);
});

test("a cookie from before a restart is refused, and a new login works", async (t) => {
  const client = await demo(t);
  await client.post("/login", { user: "Tom" });
  client.base = (await demo(t)).base;

  const page = await client.page();
  match(page, /<h2>Log in<\/h2>/);
  match(card(page, "jwt"), /ERR_TOKEN_SIGNATURE.*not know who wrote.*new at every start/s);
  match(card(page, "fernet"), /ERR_TOKEN_INVALID/);
  match(card(page, "base64"), /Accepted.*not know who wrote/s);
  match(await client.post("/login", { user: "Jerry" }), /<bdi>Jerry<\/bdi>/);
  match(await client.page(), /<bdi>Jerry<\/bdi>/);
});

test("copies sent after the logout are refused, except of base64", async (t) => {
  const client = await demo(t);
  await client.post("/login", { user: "Tom" });
  const kept = new Map(client.jar);
  const left = await client.post("/logout");
  equal(client.jar.size, 0);
  match(left, /You are logged out/);
  deepEqual(states(left), ["No cookie", "No cookie", "No cookie"]);
  ok(!left.includes("opened this one"));

  const copies = /name="copies" value="([\w-]+)"/.exec(left)?.[1] ?? "";
  for (const type of TYPES) {
    const page = await client.post("/replay", { type, copies });
    equal(client.jar.get(`demo-${type}`), kept.get(`demo-${type}`));
    match(page, /<h2>Log in<\/h2>/);
    if (type === "base64") continue;
    match(
      card(page, type),
      /Refused.*ERR_SESSION_REVOKED.*copy from before the logout.*revocation list/s,
    );
  }
  const page = await client.page();
  deepEqual(states(page), ["Accepted", "Refused", "Refused"]);
  // The server cannot tell this copy from a forgery.
  match(card(page, "base64"), /user&quot;: &quot;Tom/);
  match(card(page, "base64"), /revocation list is of no use/);
  match(page, /Log out of base64/);
  ok(!page.includes("You are logged out"));
  await client.post("/logout");
  await client.post("/replay", { type: "jwt", copies: "unknown" });
  equal(client.jar.size, 0);
});

test("text from visitors and cookies is escaped, and a name is required", async (t) => {
  const client = await demo(t);
  const page = await client.post("/login", { user: `<b onclick='x'>"&` });
  ok(page.includes("<bdi>&lt;b onclick=&#39;x&#39;&gt;&quot;&amp;</bdi>"));
  ok(!page.includes("<b onclick"));

  const now = Math.floor(Date.now() / 1000);
  const forge = (data: object) => {
    const text = JSON.stringify({ jti: "A".repeat(22), iat: now, exp: now + 3600, data });
    client.jar.set("demo-base64", Buffer.from(text).toString("base64url"));
  };
  forge({ user: ["<i>"], sheep: 3 });
  ok(!(await client.page()).includes("<i>"));
  forge({ user: "Tom", sheep: "<i>" });
  const forged = await client.page();
  ok(!forged.includes("<i>"));
  match(card(forged, "base64"), /Accepted.*any number of/s);
  equal((await client.fetch("/sheep", { method: "POST" })).status, 303);

  client.jar.clear();
  match(await client.post("/login", { user: " \t" }), /aria-invalid="true"/);
  match(await client.post("/login", { user: "x".repeat(41) }), /aria-invalid="true"/);
  equal(client.jar.size, 0);
});

test("the security headers are strict, and every wrong request gets its status", async (t) => {
  const client = await demo(t);
  const { headers } = await client.fetch("/");
  match(headers.get("Content-Security-Policy") ?? "", /^default-src 'none'; .*form-action 'self'/);
  equal(headers.get("X-Content-Type-Options"), "nosniff");
  equal(headers.get("Cache-Control"), "no-store");

  const post = { method: "POST" };
  const login = { ...post, body: "user=Tom", headers: { "Content-Type": FORM } };
  const foreign = { "Content-Type": FORM, "Sec-Fetch-Site": "cross-site" };
  const stream = new Blob(["user=Tom"]).stream();
  const cases: [string, RequestInit & { duplex?: "half" }, number][] = [
    ["/", { method: "HEAD" }, 200],
    ["/page.css", {}, 200],
    ["/card.css", {}, 200],
    ["/page.js", {}, 200],
    ["/icon.svg", {}, 200],
    ["/frieze.svg", {}, 200],
    ["/nothing", {}, 404],
    ["/README.md", {}, 200],
    ["/SECURITY.md", {}, 200],
    ["/docs/frameworks.md", {}, 200],
    ["/docs/migrating.md", {}, 200],
    ["/docs/../package.json", {}, 404],
    ["/toString", {}, 404],
    ["//", {}, 404],
    ["/", post, 405],
    ["/login", {}, 405],
    ["/login", { ...login, headers: foreign }, 403],
    ["/login", { ...login, headers: { "Content-Type": "text/plain" } }, 415],
    ["/login", { ...login, body: stream, duplex: "half" }, 411],
    ["/login", { ...login, body: "x".repeat(2049) }, 413],
    ["/tamper", { ...login, body: "type=rot13&position=1" }, 400],
    ["/tamper", { ...login, body: "type=jwt&position=0.5" }, 400],
    ["/tamper", { ...login, body: "type=jwt&position=9" }, 303],
    ["/replay", { ...login, body: "type=rot13&copies=x" }, 400],
    ["/replay", { ...login, body: "type=jwt&copies=toString" }, 303],
  ];
  for (const [path, init, status] of cases) {
    const response = await client.fetch(path, init);
    equal(response.status, status, path);
    await response.text();
    if (status === 405) equal(response.headers.get("Allow"), path === "/" ? "GET, HEAD" : "POST");
  }
  equal(client.jar.size, 0);

  client.jar.set("demo-jwt", "x".repeat(4096));
  const tamper = { ...login, body: "type=jwt&position=9" };
  equal((await client.fetch("/tamper", tamper)).status, 400);
});

test("a busy or impossible port ends the demonstration with one clear line", async (t) => {
  const { base } = await demo(t);
  const cases: [string, RegExp][] = [
    [new URL(base).port, /^Port \d+ is busy: set PORT to another one, as in PORT=3001 npm start$/m],
    ["65536", /^PORT is "65536", which is not a port number$/m],
    ["http", /^PORT is "http", which is not a port number$/m],
  ];
  for (const [port, message] of cases) {
    const child = start(t, "examples/demo/server.ts", port);
    let text = "";
    child.stderr?.setEncoding("utf8").on("data", (chunk) => {
      text += chunk;
    });
    deepEqual(await once(child, "close"), [1, null]);
    match(text, message);
    ok(!text.includes("    at "), text);
  }
});

test("examples/http.ts counts visits, logs in with a message, and out", async (t) => {
  const client = new Client(await address(start(t, "examples/http.ts", await freePort())));

  equal(await client.page(), "Hello stranger, visits: 1\n");
  equal(await client.page(), "Hello stranger, visits: 2\n");
  equal(await client.post("/login"), "Welcome. Hello Tom, visits: 1\n");
  equal(await client.page(), "Hello Tom, visits: 2\n");
  equal((await client.fetch("/logout", { method: "POST" })).status, 303);
  equal(client.jar.size, 0);
  equal(await client.page(), "Hello stranger, visits: 1\n");
});
