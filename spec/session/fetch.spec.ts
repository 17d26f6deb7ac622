/** wrap: sessions of the Fetch API, Request in and Response out, and over a socket with fetch. */

import assert from "node:assert/strict";
import { once } from "node:events";
import http from "node:http";
import type { AddressInfo } from "node:net";
import { describe, type TestContext, test } from "node:test";
import {
  CLEARING,
  cookieOf,
  cookieValue,
  envelope,
  NAME,
  seal,
  unseal,
} from "../helpers/session-cookies.ts";
import { Jar, serve } from "../helpers/session-server.ts";
import {
  type BagSession,
  calledBack,
  optionRefusal,
  request,
  type Service,
  service,
  sessionRefusal,
} from "../helpers/session-visit.ts";
import { misuse } from "../helpers/token-refusals.ts";

const COOKIE = cookieOf("fernet", { user: "tom" });
const login = (session: BagSession) => (session.user = "ann");

/** What the wrapped handler makes of a request whose session it changes. */
function wrapped(
  made: Service,
  respond: () => Response | Promise<Response>,
  edit: (session: BagSession) => unknown = login,
): Promise<Response> {
  const handler = made.sessions.wrap((_request, session) => {
    edit(session);
    return respond();
  });
  return handler(request(COOKIE));
}

function userOf(response: Response): unknown {
  const own = response.headers.getSetCookie().filter((cookie) => cookie.startsWith(`${NAME}=`));
  assert.equal(own.length, 1, `${own}`);
  return unseal("fernet", cookieValue(own[0])).data.user;
}

describe("a Response whose headers can be set is edited where it lies", () => {
  const responses: Record<string, () => Response> = {
    text: () => new Response("text"),
    JSON: () => Response.json({ user: "tom" }),
    "a status of its own": () => new Response("nowhere", { status: 404, statusText: "Nowhere" }),
    "no content": () => new Response(null, { status: 204 }),
    "not modified": () => new Response(null, { status: 304, headers: { ETag: '"1"' } }),
    "a redirect by hand": () => new Response(null, { status: 303, headers: { Location: "/" } }),
    "a form": () => new Response(new URLSearchParams({ a: "b" })),
  };
  for (const [what, respond] of Object.entries(responses)) {
    test(`${what}`, async () => {
      const plain = respond();
      const given = respond();
      const response = await wrapped(service(), () => given);
      assert.equal(response, given);
      assert.equal(userOf(response), "ann");
      assert.equal(response.headers.get("Vary"), "Cookie");
      assert.equal(response.headers.get("Cache-Control"), "no-store");
      assertBesides(response, plain);
      assert.equal(await response.text(), await plain.text());
    });
  }

  test("also where handlers are asynchronous and change the session late", async () => {
    const { sessions } = service();
    const handler = sessions.wrap(async (_request, session) => {
      await new Promise(setImmediate);
      session.user = "ann";
      await new Promise(setImmediate);
      session.roles = ["admin"];
      return new Response();
    });
    const response = await handler(request());
    const [cookie] = response.headers.getSetCookie();
    const { data } = unseal("fernet", cookieValue(cookie));
    assert.deepEqual(data, { user: "ann", roles: ["admin"] });
  });
});

describe("an immutable Response is copied", () => {
  for (const status of [301, 302, 303, 307, 308] as const) {
    test(`Response.redirect with ${status}`, async () => {
      const given = Response.redirect("https://example.org/elsewhere", status);
      const response = await wrapped(service(), () => given);
      assert.equal(userOf(response), "ann");
      assert.equal(response.status, status);
      assert.equal(response.headers.get("Location"), "https://example.org/elsewhere");
      assert.equal(response.headers.get("Vary"), "Cookie");
      assert.equal(response.headers.get("Cache-Control"), "no-store");
      assert.equal(
        response === given,
        isSettable(Response.redirect("https://example.org/", status)),
      );
    });
  }

  test("what fetch() gives, with its body, its status and its cookies", async (t) => {
    const upstream = await serve(t, (_req, res) => {
      res.writeHead(202, "Taken", [
        ...["Set-Cookie", "a=1", "Set-Cookie", "b=2; Path=/"],
        ...["Vary", "Accept", "Cache-Control", "max-age=9", "X-Way", "fetched"],
      ]);
      res.write("one, ");
      setTimeout(() => res.end("two"), 2);
    });
    const url = `http://localhost:${upstream.port}/`;
    const response = await wrapped(service(), () => fetch(url));
    // Not every fetch() tells the reason phrase that came.
    const { statusText } = await fetch(url);
    assert.deepEqual([response.status, response.statusText], [202, statusText]);
    assert.equal(await response.clone().text(), "one, two");
    assert.deepEqual(response.headers.getSetCookie().slice(0, 2), ["a=1", "b=2; Path=/"]);
    assert.equal(userOf(response), "ann");
    assert.equal(response.headers.get("Vary"), "Accept, Cookie");
    assert.equal(response.headers.get("Cache-Control"), "max-age=9");
    assert.equal(response.headers.get("X-Way"), "fetched");
    assert.equal(await response.text(), "one, two");
  });

  test("but not where nothing is to be set", async (t) => {
    const upstream = await serve(t, (_req, res) => res.writeHead(200, { Vary: "Cookie" }).end());
    const given = await fetch(`http://localhost:${upstream.port}/`);
    const response = await wrapped(
      service(),
      () => given,
      () => {},
    );
    assert.equal(response, given);
  });
});

test("Response.error() is returned as it is", async () => {
  const given = Response.error();
  const made = service();
  assert.equal(await wrapped(made, () => given), given);
  assert.deepEqual([...given.headers], []);
  assert.deepEqual(made.errors, []);
});

test("a streamed body is passed on while it is made", async () => {
  let controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  const body = new ReadableStream<Uint8Array>({
    start(given) {
      controller = given;
    },
  });
  const response = await wrapped(service(), () => new Response(body));
  assert.equal(response.body, body);
  assert.equal(userOf(response), "ann");
  const reader = response.body?.getReader();
  for (const text of ["one", "two"]) {
    controller?.enqueue(Buffer.from(text));
    const chunk = await reader?.read();
    assert.equal(Buffer.from(chunk?.value ?? []).toString(), text);
  }
  controller?.close();
  assert.equal((await reader?.read())?.done, true);
});

describe("Cache-Control, Vary and other cookies of the application are kept", () => {
  type Init = [name: string, value: string][];
  const rows: Record<string, { init: Init; vary?: string; caching?: string; others?: string[] }> = {
    "no header": { init: [] },
    "Cache-Control": { init: [["Cache-Control", "private"]], caching: "private" },
    Vary: { init: [["Vary", "Accept"]], vary: "Accept, Cookie" },
    "Vary twice": {
      init: [
        ["Vary", "Accept"],
        ["vary", "Origin"],
      ],
      vary: "Accept, Origin, Cookie",
    },
    "Vary with Cookie": { init: [["Vary", "accept,COOKIE"]], vary: "accept,COOKIE" },
    "Vary with a star": { init: [["Vary", "*"]], vary: "*" },
    cookies: {
      init: [
        ["Set-Cookie", "a=1; Path=/, x"],
        ["Set-Cookie", `${NAME}2=y`],
        ["Set-Cookie", "b=2; Expires=Thu, 01 Jan 1970 00:00:00 GMT"],
      ],
      others: ["a=1; Path=/, x", `${NAME}2=y`, "b=2; Expires=Thu, 01 Jan 1970 00:00:00 GMT"],
    },
    "a cookie of the session's name, which is replaced": {
      init: [
        ["Set-Cookie", `${NAME}=x`],
        ["Set-Cookie", "a=1"],
      ],
      others: ["a=1"],
    },
  };
  for (const [what, row] of Object.entries(rows)) {
    test(`${what}`, async () => {
      const { init, vary = "Cookie", caching = "no-store", others = [] } = row;
      const response = await wrapped(service(), () => new Response("", { headers: init }));
      assert.equal(response.headers.get("Vary"), vary);
      assert.equal(response.headers.get("Cache-Control"), caching);
      assert.deepEqual(response.headers.getSetCookie().slice(0, -1), others);
      assert.equal(userOf(response), "ann");
    });
  }
});

test("a Response used again carries no cookie of the visitor before", async () => {
  const shared = new Response(null, { status: 204 });
  const { sessions } = service();
  const handler = sessions.wrap((request, session) => {
    if (request.url.endsWith("/login")) session.user = "ann";
    return shared;
  });
  const first = await handler(new Request("https://example.org/login"));
  assert.equal(userOf(first), "ann");
  const second = await handler(request(COOKIE));
  assert.deepEqual(second.headers.getSetCookie(), []);
});

test("a Response used for two requests at once has each visitor's cookie in its own", async () => {
  const { sessions } = service();
  const shared = new Response(null, { status: 204, headers: { "X-Way": "shared" } });
  let open = () => {};
  const both = new Promise<void>((resolve) => {
    open = resolve;
  });
  const handler = sessions.wrap(async (_request, session, user: string) => {
    session.user = user;
    await both;
    return shared;
  });
  const answers = ["ann", "tom", "dick"].map(async (user) => {
    const response = await handler(request(), user);
    return [userOf(response), response.status, response.headers.get("X-Way")];
  });
  open();
  const expected = ["ann", "tom", "dick"].map((user) => [user, 204, "shared"]);
  assert.deepEqual(await Promise.all(answers), expected);
});

test("a Response that a visitor got without a cookie never has another's", async () => {
  for (const headers of [{}, { Vary: "Cookie" }] as Record<string, string>[]) {
    const { sessions } = service();
    const shared = new Response(null, { status: 204, headers });
    const handler = sessions.wrap((_request, session, user: string) => {
      if (user !== "") session.user = user;
      return shared;
    });
    const first = await handler(request(), "");
    const [second, third] = [await handler(request(), "ann"), await handler(request(), "")];
    assert.deepEqual(first.headers.getSetCookie(), []);
    assert.equal(userOf(second), "ann");
    assert.deepEqual(third.headers.getSetCookie(), []);
  }
});

test("what is no handler, or gives no Response, is a ConfigError", async () => {
  const { sessions } = service();
  for (const handler of [undefined, null, {}, "handler"]) {
    misuse(() => sessions.wrap(handler as never), "ERR_OPTION", "the handler must be a function");
  }
  const expected = optionRefusal("what the handler gives must be a Response");
  for (const given of [undefined, null, {}, "text", { headers: {} }]) {
    await assert.rejects(sessions.wrap(() => given as Response)(request()), expected);
  }
});

test("an unchanged session sets Vary alone", async () => {
  const response = await wrapped(
    service(),
    () => new Response("", { headers: { "Set-Cookie": "a=1" } }),
    () => {},
  );
  // Runtimes differ in their order, and in a body's type beside other fields.
  const { "content-type": _, ...fields } = Object.fromEntries(response.headers);
  assert.deepEqual(fields, { "set-cookie": "a=1", vary: "Cookie" });
});

describe("a session that cannot be written makes a 500, which onError hears once", () => {
  const streamed = () =>
    new Response(new ReadableStream({ pull: (it) => it.enqueue(Buffer.from("x")) }));
  const responses: Record<string, () => Response> = {
    text: () => new Response("text", { headers: { "Set-Cookie": "a=1", ETag: '"1"' } }),
    "a redirect": () => Response.redirect("https://example.org/", 302),
    "a stream": streamed,
  };
  for (const [what, respond] of Object.entries(responses)) {
    for (const code of ["ERR_SESSION_DATA", "ERR_SESSION_TOO_LARGE"] as const) {
      test(`${what}, ${code}`, async () => {
        const made = service();
        const response = await wrapped(made, respond, (session) => {
          session.text = code === "ERR_SESSION_DATA" ? 1n : "x".repeat(4096);
        });
        assert.equal(response.status, 500);
        assert.equal(await response.text(), "Internal Server Error");
        assert.deepEqual(response.headers.getSetCookie(), []);
        assert.equal(response.headers.get("Cache-Control"), "no-store");
        assert.deepEqual(made.errors, [code]);
      });
    }
  }
});

test("a change after the response was made is found by save", async () => {
  const made = service();
  let held: BagSession | undefined;
  const response = await wrapped(
    made,
    () => new Response(),
    (session) => {
      held = session;
      session.user = "ann";
    },
  );
  const session = held as BagSession;
  session.save();
  session.user = "tim";
  const expected = sessionRefusal("ERR_SESSION_HEADERS_SENT");
  assert.throws(() => session.save(), expected);
  assert.equal((await calledBack((done) => session.save(done)))?.code, expected.code);
  assert.equal(userOf(response), "ann");
});

test("what a handler throws passes through as it is, and sets no cookie", async () => {
  const made = service();
  const thrown = new Error("the handler's own");
  for (const fail of [
    () => Promise.reject(thrown),
    () => {
      throw thrown;
    },
  ]) {
    await assert.rejects(wrapped(made, fail), (error) => error === thrown);
  }
  assert.deepEqual(made.errors, []);
});

test("the handler gets the very request, and whatever else the framework passes", async () => {
  const { sessions } = service();
  const asked = request(COOKIE);
  const context = { params: { id: "7" } };
  const handler = sessions.wrap((given, session, more: typeof context, last: number) => {
    assert.equal(given, asked);
    assert.equal(more, context);
    return new Response(`${session.user} ${more.params.id} ${last}`);
  });
  assert.equal(await (await handler(asked, context, 9)).text(), "tom 7 9");
});

test("a bad cookie is cleared and heard of once", async () => {
  const made = service();
  const handler = made.sessions.wrap((_request, session) => new Response(`${session.isNew}`));
  const response = await handler(request(`${NAME}=garbage; ${NAME}=${seal("jwt", envelope({}))}`));
  assert.deepEqual([response.status, await response.text()], [200, "true"]);
  assert.deepEqual(response.headers.getSetCookie(), [CLEARING]);
  assert.deepEqual(made.invalid, ["ERR_TOKEN_INVALID"]);
});

test("over a socket with fetch: visits, a redirect after the login, a logout", async (t) => {
  const made = service();
  const handler = made.sessions.wrap(async (request, session) => {
    const { pathname, origin } = new URL(request.url);
    if (pathname === "/login") {
      session.regenerate();
      session.user = await request.text();
      return Response.redirect(`${origin}/`, 303);
    }
    if (pathname === "/logout") session.destroy();
    else session.visits = Number(session.visits ?? 0) + 1;
    return new Response(`Hello ${session.user ?? "stranger"}, ${session.visits ?? 0}`);
  });
  const origin = await host(t, handler);
  const jar = new Jar();
  const walk = async (path: string, init: RequestInit = {}) => {
    const response = await fetch(origin + path, {
      ...init,
      headers: jar.headers,
      redirect: "manual",
    });
    jar.keep({ setCookie: response.headers.getSetCookie() });
    return `${response.status} ${await response.text()}`;
  };
  assert.equal(await walk("/"), "200 Hello stranger, 1");
  assert.equal(await walk("/"), "200 Hello stranger, 2");
  assert.equal(await walk("/login", { method: "POST", body: "tom" }), "303 ");
  assert.equal(await walk("/"), "200 Hello tom, 1");
  const users = await Promise.all(Array.from({ length: 20 }, () => walk("/")));
  for (const text of users) assert.match(text, /^200 Hello tom, \d+$/);
  assert.equal(await walk("/logout"), "200 Hello stranger, 0");
  assert.equal(jar.cookies.size, 0);
  assert.equal(await walk("/"), "200 Hello stranger, 1");
  assert.deepEqual([made.invalid, made.errors], [[], []]);
});

/** A server of fetch handlers, as small as can be, until the test ends. */
async function host(
  t: TestContext,
  handler: (request: Request) => Promise<Response>,
): Promise<string> {
  const server = http.createServer(async (req, res) => {
    const chunks: Buffer[] = [];
    for await (const chunk of req) chunks.push(chunk);
    const headers = new Headers();
    for (let at = 0; at < req.rawHeaders.length; at += 2) {
      headers.append(req.rawHeaders[at] ?? "", req.rawHeaders[at + 1] ?? "");
    }
    const body = chunks.length === 0 ? {} : { body: Buffer.concat(chunks) };
    const url = `http://localhost:${(server.address() as AddressInfo).port}${req.url}`;
    const method = req.method ?? "GET";
    const response = await handler(new Request(url, { method, headers, ...body }));
    res.statusCode = response.status;
    for (const [name, value] of response.headers) res.appendHeader(name, value);
    res.end(Buffer.from(await response.arrayBuffer()));
  });
  server.listen(0, "localhost");
  await once(server, "listening");
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  return `http://localhost:${(server.address() as AddressInfo).port}`;
}

/** The Fetch standard has a redirect's fields guarded; Bun lets them be set. */
function isSettable(response: Response): boolean {
  try {
    response.headers.set("Vary", "Cookie");
    return true;
  } catch {
    return false;
  }
}

/** Status and headers are those of the other, but for the session's own. */
function assertBesides(response: Response, plain: Response): void {
  const { status, statusText } = plain;
  assert.deepEqual([response.status, response.statusText], [status, statusText]);
  for (const [name, value] of plain.headers) assert.equal(response.headers.get(name), value);
}
