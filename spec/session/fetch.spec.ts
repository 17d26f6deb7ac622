/** wrap returns the handler's Response, or a copy of it with the session's cookie. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { cookieOf, cookieValue, NAME, unseal } from "../helpers/session-cookies.ts";
import { serve } from "../helpers/session-server.ts";
import {
  type BagSession,
  cookiesNamed,
  request,
  type Service,
  service,
} from "../helpers/session-visit.ts";

const COOKIE = cookieOf("fernet", { user: "tom" });
const URL = "https://example.org/elsewhere";
const login = (session: BagSession) => (session.user = "ann");
const nothing = () => {};

/** Sends a request to a handler that edits the session. */
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
  const own = cookiesNamed(response, NAME);
  assert.equal(own.length, 1, `${own}`);
  return unseal("fernet", cookieValue(own[0])).data.user;
}

/** Every way to make a Response, with headers of its own. */
const RESPONSES: Record<string, () => Response> = {
  text: () => new Response("text"),
  JSON: () => Response.json({ user: "tom" }),
  bytes: () => new Response(new Uint8Array([1, 2, 3])),
  "a form": () => new Response(new URLSearchParams({ a: "b" })),
  "a stream": () => new Response(streamOf("one", "two")),
  "no body": () => new Response(),
  "a status text": () => new Response("nowhere", { status: 404, statusText: "Not here" }),
  "a server error": () => new Response("oh", { status: 500 }),
  "no content": () => new Response(null, { status: 204 }),
  "reset content": () => new Response(null, { status: 205 }),
  "not modified": () => new Response(null, { status: 304, headers: { ETag: '"1"' } }),
  "a redirect by hand": () => new Response(null, { status: 303, headers: { Location: "/" } }),
  "cookies of its own": () =>
    new Response("text", {
      headers: [
        ["Set-Cookie", "a=1; Path=/, x"],
        ["Set-Cookie", "b=2; Expires=Thu, 01 Jan 1970 00:00:00 GMT"],
        ["X-Way", "own"],
      ],
    }),
};
for (const status of [301, 302, 303, 307, 308] as const) {
  RESPONSES[`Response.redirect with ${status}`] = () => Response.redirect(URL, status);
}

describe("a changed session is sent in a copy of the Response", () => {
  for (const [what, respond] of Object.entries(RESPONSES)) {
    test(`${what}`, async () => {
      const plain = respond();
      const given = respond();
      const response = await wrapped(service(), () => given);
      assert.notEqual(response, given);
      assert.equal(userOf(response), "ann");
      assert.equal(response.headers.get("Vary"), "Cookie");
      assert.equal(response.headers.get("Cache-Control"), "no-store");
      assertLike(response, plain);
      assert.deepEqual(await bytesOf(response), await bytesOf(plain));
      assertUntouched(given, plain);
    });
  }

  test("of fetch(), with its body, status and fields", async (t) => {
    const upstream = await serve(t, (_req, res) => {
      res.writeHead(202, "Taken", [
        ...["Set-Cookie", "a=1", "Set-Cookie", "b=2; Path=/"],
        ...["Vary", "Accept", "Cache-Control", "private, max-age=9", "X-Way", "fetched"],
      ]);
      res.write("one, ");
      res.end("two");
    });
    const url = `http://localhost:${upstream.port}/`;
    const given = await fetch(url);
    const response = await wrapped(service(), () => given);
    assert.deepEqual([response.status, response.statusText], [202, given.statusText]);
    assert.deepEqual(given.headers.getSetCookie(), ["a=1", "b=2; Path=/"]);
    assert.deepEqual(response.headers.getSetCookie().slice(0, 2), ["a=1", "b=2; Path=/"]);
    assert.equal(userOf(response), "ann");
    assert.equal(response.headers.get("Vary"), "Accept, Cookie");
    assert.equal(response.headers.get("Cache-Control"), "private, max-age=9");
    assert.equal(response.headers.get("X-Way"), "fetched");
    assert.equal(await response.text(), "one, two");
  });

  test("also where the handler changes the session asynchronously", async () => {
    const { sessions } = service();
    const handler = sessions.wrap(async (_request, session) => {
      await new Promise(setImmediate);
      session.user = "ann";
      await new Promise(setImmediate);
      session.roles = ["admin"];
      return new Response();
    });
    const response = await handler(request());
    const { data } = unseal("fernet", cookieValue(response.headers.getSetCookie()[0]));
    assert.deepEqual(data, { user: "ann", roles: ["admin"] });
  });
});

describe("an unchanged session adds only Vary", () => {
  for (const [what, respond] of Object.entries(RESPONSES)) {
    test(`${what}`, async () => {
      const plain = respond();
      const given = respond();
      const settable = isSettable(respond());
      const response = await wrapped(service(), () => given, nothing);
      assert.equal(response === given, settable);
      const { vary, ...fields } = Object.fromEntries(response.headers);
      assert.equal(vary, "Cookie");
      assert.deepEqual(fields, Object.fromEntries(plain.headers));
      assert.deepEqual(response.headers.getSetCookie(), plain.headers.getSetCookie());
      assertLike(response, plain);
      assert.deepEqual(await bytesOf(response), await bytesOf(plain));
    });
  }

  test("and nothing where Vary has Cookie already", async (t) => {
    const upstream = await serve(t, (_req, res) => res.writeHead(200, { Vary: "Cookie" }).end());
    const given = await fetch(`http://localhost:${upstream.port}/`);
    assert.equal(await wrapped(service(), () => given, nothing), given);
  });

  test("to a copy of what fetch() returns", async (t) => {
    const upstream = await serve(t, (_req, res) => {
      res.writeHead(203, ["Set-Cookie", "a=1", "Set-Cookie", "b=2", "X-Way", "fetched"]);
      res.end("text");
    });
    const given = await fetch(`http://localhost:${upstream.port}/`);
    const response = await wrapped(service(), () => given, nothing);
    assert.notEqual(response, given);
    assert.equal(response.headers.get("Vary"), "Cookie");
    assert.equal(response.headers.get("X-Way"), "fetched");
    assert.equal(response.headers.get("Cache-Control"), null);
    assert.deepEqual(response.headers.getSetCookie(), ["a=1", "b=2"]);
    assert.deepEqual([response.status, await response.text()], [203, "text"]);
  });

  test("once, however often a Response is used", async () => {
    const shared = new Response(null, { status: 204 });
    const made = service();
    for (let round = 0; round < 3; round++) {
      const response = await wrapped(made, () => shared, nothing);
      assert.equal(response.headers.get("Vary"), "Cookie");
    }
  });

  for (const init of [
    { "Set-Cookie": `${NAME}=x` },
    { "Cache-Control": "public, s-maxage=60", "CDN-Cache-Control": "max-age=60" },
    { "Cache-Control": 'private="x", max-age="' },
  ]) {
    test(`and keeps ${JSON.stringify(init)}`, async () => {
      const response = await wrapped(
        service(),
        () => new Response(null, { headers: init as never }),
        nothing,
      );
      for (const [name, value] of Object.entries(init)) {
        assert.equal(response.headers.get(name), value);
      }
    });
  }
});

describe("a network error and an informational Response are returned unchanged", () => {
  for (const [what, given] of Object.entries({
    "Response.error()": Response.error(),
    "a Response with status 101": Object.defineProperty(new Response(null), "status", {
      value: 101,
    }),
  })) {
    test(`${what}: onError reports a change`, async () => {
      for (const [edit, codes] of [
        [nothing, []],
        [login, ["ERR_SESSION_UNSENT"]],
        [(session: BagSession) => session.destroy(), ["ERR_SESSION_UNSENT"]],
      ] as const) {
        const made = service();
        assert.equal(await wrapped(made, () => given, edit), given);
        assert.deepEqual([...given.headers], []);
        assert.deepEqual(made.errors, codes);
      }
    });
  }
});

describe("a stream is passed on piece by piece", () => {
  for (const [what, edit] of Object.entries({ changed: login, unchanged: nothing })) {
    test(`while the session is ${what}`, async () => {
      let controller: ReadableStreamDefaultController<Uint8Array> | undefined;
      const body = new ReadableStream<Uint8Array>({
        start(given) {
          controller = given;
        },
      });
      const response = await wrapped(service(), () => new Response(body), edit);
      const reader = response.body?.getReader();
      for (const text of ["one", "two"]) {
        controller?.enqueue(Buffer.from(text));
        const chunk = await reader?.read();
        assert.equal(Buffer.from(chunk?.value ?? []).toString(), text);
      }
      controller?.close();
      assert.equal((await reader?.read())?.done, true);
    });

    test(`and cancelled at its source, while the session is ${what}`, async () => {
      let stopped: unknown;
      const body = new ReadableStream({
        cancel(reason) {
          stopped = reason;
        },
      });
      const response = await wrapped(service(), () => new Response(body), edit);
      await response.body?.cancel("enough");
      assert.equal(stopped, "enough");
    });
  }
});

describe("the application's fields beside a cookie that is written", () => {
  type Init = [name: string, value: string][];
  const rows: Record<string, { init: Init; vary?: string; others?: string[] }> = {
    none: { init: [] },
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
    "other cookies": {
      init: [
        ["Set-Cookie", "a=1; Path=/, x"],
        ["Set-Cookie", `${NAME}2=y`],
        ["Set-Cookie", `x${NAME}=y`],
        ["Set-Cookie", `a=${NAME}=y`],
        ["Set-Cookie", "b=2; Expires=Thu, 01 Jan 1970 00:00:00 GMT"],
      ],
      others: [
        "a=1; Path=/, x",
        `${NAME}2=y`,
        `x${NAME}=y`,
        `a=${NAME}=y`,
        "b=2; Expires=Thu, 01 Jan 1970 00:00:00 GMT",
      ],
    },
    "a cookie of the session's name, which is replaced": {
      init: [
        ["Set-Cookie", `${NAME}=x`],
        ["Set-Cookie", "a=1"],
        ["Set-Cookie", `${NAME}=y; Path=/`],
      ],
      others: ["a=1"],
    },
  };
  for (const [what, { init, vary = "Cookie", others = [] }] of Object.entries(rows)) {
    test(`${what}`, async () => {
      const response = await wrapped(service(), () => new Response("", { headers: init }));
      assert.equal(response.headers.get("Vary"), vary);
      assert.equal(userOf(response), "ann");
      const own = cookiesNamed(response, NAME);
      const rest = response.headers.getSetCookie().filter((cookie) => !own.includes(cookie));
      assert.deepEqual(rest, others);
    });
  }

  const caching: readonly (readonly [given: string | undefined, directives: string[]])[] = [
    [undefined, ["no-store"]],
    ["no-store", ["no-store"]],
    ["private", ["private"]],
    ["PRIVATE, Max-Age=9", ["private", "max-age=9"]],
    ["max-age=9", ["max-age=9", "private"]],
    ["no-cache", ["no-cache", "private"]],
    ["public", ["private"]],
    ["public, max-age=9, s-maxage=60", ["max-age=9", "private"]],
    ["Public, no-store", ["no-store"]],
    ['private="x-field", max-age=9', ["max-age=9", "private"]],
    ['max-age="9', ["no-store"]],
  ];
  for (const [given, directives] of caching) {
    test(`Cache-Control: ${given} becomes ${directives.join(", ")}`, async () => {
      const headers = given === undefined ? {} : { "Cache-Control": given };
      const response = await wrapped(service(), () => new Response("", { headers }));
      const sent = (response.headers.get("Cache-Control") ?? "").toLowerCase().split(/\s*,\s*/);
      assert.deepEqual(sent.toSorted(), directives.toSorted());
    });
  }

  const overriding = [
    "Surrogate-Control",
    "Edge-Control",
    "X-Accel-Expires",
    "CDN-Cache-Control",
    "Vercel-CDN-Cache-Control",
    "x-new-cdn-cache-control",
  ];
  for (const name of overriding) {
    test(`removes ${name}`, async () => {
      const headers = { [name]: "max-age=60", "X-Other": "stays" };
      const response = await wrapped(service(), () => new Response("", { headers }));
      assert.equal(response.headers.get(name), null);
      assert.equal(response.headers.get("X-Other"), "stays");
    });
  }
});

/** Checks that a Response has another's status and fields, except for the session's own. */
function assertLike(response: Response, plain: Response): void {
  const { status, statusText } = plain;
  assert.deepEqual([response.status, response.statusText], [status, statusText]);
  assert.equal(response.body === null, plain.body === null);
  for (const [name, value] of plain.headers) {
    if (name !== "set-cookie") assert.equal(response.headers.get(name), value);
  }
  const others = response.headers.getSetCookie().filter((it) => !it.startsWith(`${NAME}=`));
  assert.deepEqual(others, plain.headers.getSetCookie());
}

/** Checks that only Vary was added to the handler's own Response. */
function assertUntouched(given: Response, plain: Response): void {
  const { vary = "Cookie", ...fields } = Object.fromEntries(given.headers);
  assert.equal(vary, "Cookie");
  assert.deepEqual(fields, Object.fromEntries(plain.headers));
  assert.deepEqual(given.headers.getSetCookie(), plain.headers.getSetCookie());
}

/**
 * Tells whether a Response's headers can be set. By the Fetch standard those of a redirect cannot; in Bun
 * they can.
 */
function isSettable(response: Response): boolean {
  try {
    response.headers.set("Vary", "Cookie");
    return true;
  } catch {
    return false;
  }
}

function streamOf(...texts: string[]): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start(controller) {
      for (const text of texts) controller.enqueue(Buffer.from(text));
      controller.close();
    },
  });
}

async function bytesOf(response: Response): Promise<Buffer> {
  return Buffer.from(await response.arrayBuffer());
}
