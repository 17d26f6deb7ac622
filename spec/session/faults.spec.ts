/**
 * What must never end in a crash or in silence: sessions that cannot be written, callbacks that
 * misbehave.
 */

import assert from "node:assert/strict";
import { once } from "node:events";
import { describe, test } from "node:test";
import { inspect } from "node:util";
import { type Seal, type SessionError, type SessionOptions, sessions } from "../../src/session.ts";
import {
  CLEARING,
  cookieOf,
  cookieValue,
  envelope,
  NAME,
  SECRET,
  unseal,
} from "../helpers/session-cookies.ts";
import { PROTOCOLS, serve } from "../helpers/session-server.ts";
import {
  type BagSession,
  optionRefusal,
  request,
  service,
  sessionRefusal,
  visit,
} from "../helpers/session-visit.ts";
import { besidesSession, waysOf } from "../helpers/session-ways.ts";
import { misuse } from "../helpers/token-refusals.ts";

/** In no message, property or cause. */
const PLAINTEXT = "hunter2";

type Code = "ERR_SESSION_DATA" | "ERR_SESSION_TOO_LARGE";

const UNWRITABLE: Record<string, { spoil: (session: BagSession) => unknown; code: Code }> = {
  "a BigInt": {
    spoil: (session) => Object.assign(session, { text: PLAINTEXT, count: 1n }),
    code: "ERR_SESSION_DATA",
  },
  "a cycle": { spoil: (session) => (session.self = session), code: "ERR_SESSION_DATA" },
  "a toJSON that throws": {
    spoil(session) {
      session.toJSON = () => {
        throw new Error(PLAINTEXT);
      };
    },
    code: "ERR_SESSION_DATA",
  },
  "too much text": {
    spoil: (session) => (session.text = PLAINTEXT.repeat(600)),
    code: "ERR_SESSION_TOO_LARGE",
  },
};

for (const [protocol, start] of Object.entries(PROTOCOLS)) {
  describe(`${protocol}: a session that cannot be written makes a 500 of every head`, () => {
    for (const [what, { write, plainly = write, method = "GET" }] of waysOf(protocol)) {
      test(`${what}; the process lives, and onError hears it once`, async (t) => {
        for (const { spoil, code } of Object.values(UNWRITABLE)) {
          const heard: SessionError[] = [];
          const made = service({ onError: (error) => heard.push(error) });
          const finished: Promise<unknown>[] = [];
          const site = await start(t, (req, res) => {
            if (req.url === "/plain") {
              plainly(res);
              return;
            }
            finished.push(once(res, "finish"));
            res.setHeader("Cache-Control", "public, max-age=60");
            const session = made.sessions.attach(req, res);
            if (req.url === "/bad") spoil(session);
            else session.user = "tom";
            write(res);
          });
          const plain = await site.ask("/plain", { method });
          const bad = await site.ask("/bad", { method });
          await Promise.all(finished);
          await new Promise(setImmediate);
          const expected = sessionRefusal(code);
          assert.equal(bad.status, 500);
          assert.equal(bad.reason, protocol === "HTTP/2" ? "" : "Internal Server Error");
          assert.equal(bad.headers["cache-control"], "no-store");
          assert.equal(bad.headers.vary, "Cookie");
          const besides = besidesSession(plain, NAME) as { setCookie: string[] };
          assert.deepEqual(bad.setCookie, besides.setCookie);
          if (plain.status < 204) assert.equal(bad.text, plain.text);
          assert.deepEqual(
            heard.map((error) => ({ ...error, name: error.name, message: error.message })),
            [expected],
          );
          assert.ok(!inspect(heard, { depth: 9, showHidden: true }).includes(PLAINTEXT));
          const good = await site.ask("/good", { method });
          assert.deepEqual([good.status, good.text], [plain.status, plain.text]);
          assert.equal(good.headers["cache-control"], "public, max-age=60");
        }
      });
    }
  });

  test(`${protocol}: a session that is mended before the head is written goes well`, async (t) => {
    const made = service();
    const site = await start(t, (req, res) => {
      const session = made.sessions.attach(req, res);
      session.count = 1n;
      assert.throws(() => session.save(), sessionRefusal("ERR_SESSION_DATA"));
      session.count = 1;
      res.end("mended");
    });
    const reply = await site.ask("/");
    assert.deepEqual([reply.status, reply.text], [200, "mended"]);
    assert.equal(unseal("fernet", cookieValue(reply.setCookie[0])).data.count, 1);
  });

  test(`${protocol}: what is spoilt only after the head went is reported, and the reply whole`, async (t) => {
    const made = service();
    const finished: Promise<unknown>[] = [];
    const site = await start(t, (req, res) => {
      finished.push(once(res, "finish"));
      const session = made.sessions.attach(req, res);
      session.user = "tom";
      res.write("one, ");
      session.count = 1n;
      setTimeout(() => res.end("two"), 2);
    });
    const reply = await site.ask("/");
    await Promise.all(finished);
    await new Promise(setImmediate);
    assert.deepEqual([reply.status, reply.text, reply.setCookie.length], [200, "one, two", 1]);
    assert.deepEqual(made.errors, ["ERR_SESSION_HEADERS_SENT"]);
  });
}

describe("the largest cookie is 4096 bytes of name and value", () => {
  const room = 4096 - NAME.length;
  const sized = (length: number): Seal => ({
    seal: () => "x".repeat(length),
    open: () => envelope({ user: "tom" }),
  });
  for (const [length, fits] of [
    [room, true],
    [room + 1, false],
    [1, true],
  ] as const) {
    test(`a value of ${length}: ${fits}`, async () => {
      const made = service({ seal: sized(length) });
      if (fits) {
        const { setCookie } = await visit(made, undefined, (session) => (session.user = "tom"));
        assert.equal(cookieValue(setCookie[0]).length, length);
      } else {
        await visit(made, undefined, (session) => {
          session.user = "tom";
          assert.throws(() => session.save(), sessionRefusal("ERR_SESSION_TOO_LARGE"));
          session.destroy();
        });
      }
      const read = made.sessions.read(`${NAME}=${"x".repeat(length)}`);
      assert.equal(read.user, fits ? "tom" : undefined);
      assert.deepEqual(made.invalid, fits ? [] : ["ERR_TOKEN_TOO_LARGE"]);
    });
  }

  test("the attributes do not count, as user agents have it", async () => {
    const cookie = { path: `/${"p".repeat(1000)}`, name: NAME.slice("__Host-".length) };
    const made = service({ seal: sized(4096 - cookie.name.length), cookie });
    const { setCookie } = await visit(made, undefined, (session) => (session.user = "tom"));
    assert.equal(setCookie.length, 1);
  });
});

describe("callbacks that throw are their own matter", () => {
  const throwing = () => {
    throw new Error(PLAINTEXT);
  };

  test("onInvalid: the request goes on, a warning tells", async () => {
    const made = service({ onInvalid: throwing });
    const warning = nextWarning();
    const { response, setCookie } = await visit(made, `${NAME}=garbage`);
    assert.deepEqual([response.status, setCookie], [200, [CLEARING]]);
    const { code, message } = await warning;
    assert.deepEqual([code, message], ["BULLA_CALLBACK", "onInvalid threw"]);
  });

  for (const [what, onInvalid] of [
    ["is not there", undefined],
    ["answers with nothing", () => {}],
    ["answers with a Promise", async () => {}],
  ] as const) {
    test(`onInvalid that ${what}: no warning of a bad cookie`, async (t) => {
      const { read } = sessions({ secret: SECRET, ...(onInvalid && { onInvalid }) });
      const warned: Error[] = [];
      const hear = (warning: Error) => warned.push(warning);
      process.on("warning", hear);
      t.after(() => process.off("warning", hear));
      assert.ok(read(`${NAME}=garbage`).isNew);
      await new Promise(setImmediate);
      assert.deepEqual(warned, []);
    });
  }

  for (const [protocol, start] of Object.entries(PROTOCOLS)) {
    test(`onError, while ${protocol} writes a head: the response goes, a warning tells`, async (t) => {
      const made = service({ onError: throwing });
      const site = await start(t, (req, res) => {
        made.sessions.attach(req, res).count = 1n;
        setTimeout(() => res.end("late"), 1);
      });
      const warning = nextWarning();
      const reply = await site.ask("/");
      assert.deepEqual([reply.status, reply.text], [500, "late"]);
      const { code, message } = await warning;
      assert.deepEqual([code, message], ["BULLA_CALLBACK", "onError threw"]);
    });
  }

  test("promised: what they reject with ends no process", async () => {
    const rejecting = async () => throwing();
    const made = service({ onInvalid: rejecting, onError: rejecting });
    const first = nextWarning();
    await visit(made, `${NAME}=garbage`);
    assert.equal((await first).message, "onInvalid threw");
    const second = nextWarning();
    const handler = made.sessions.wrap((_request, session) => {
      session.count = 1n;
      return new Response();
    });
    assert.equal((await handler(request())).status, 500);
    assert.equal((await second).message, "onError threw");
  });

  test("onError, of a Response", async () => {
    const made = service({ onError: throwing });
    const warning = nextWarning();
    const handler = made.sessions.wrap((_request, session) => {
      session.count = 1n;
      return new Response();
    });
    assert.equal((await handler(request())).status, 500);
    assert.equal((await warning).message, "onError threw");
  });
});

test("without onError a warning of the process says what could not be written", async (t) => {
  const made = service({ onError: undefined } as unknown as SessionOptions);
  const site = await serve(t, (req, res) => {
    Object.assign(made.sessions.attach(req, res), { text: PLAINTEXT.repeat(600) });
    res.end();
  });
  const warning = nextWarning();
  assert.equal((await site.ask("/")).status, 500);
  const { name, code, message } = await warning;
  const { code: expected, message: text } = sessionRefusal("ERR_SESSION_TOO_LARGE");
  assert.deepEqual(
    { name, code, message },
    { name: "SessionError", code: expected, message: text },
  );
});

describe("what is passed as a callback and is none is a ConfigError at once, not a crash later", () => {
  for (const method of ["save", "regenerate", "destroy"] as const) {
    for (const done of [null, 7, "done", {}]) {
      test(`${method}(${JSON.stringify(done)})`, async () => {
        await visit(service(), cookieOf("fernet", { user: "tom" }), (session) => {
          misuse(() => session[method](done as never), "ERR_OPTION", "done must be a function");
        });
      });
    }
  }
});

describe("cookies of the application that are no text, which Node sends as text", () => {
  for (const [protocol, start] of Object.entries(PROTOCOLS)) {
    test(`${protocol}: they stay beside the session's`, async (t) => {
      const made = service();
      const site = await start(t, (req, res) => {
        made.sessions.attach(req, res).user = "tom";
        res.setHeader("Set-Cookie", ["a=1", { toString: () => "b=2" }] as never);
        res.end("text");
      });
      const { text, setCookie } = await site.ask("/");
      assert.deepEqual(
        [text, setCookie.slice(0, 2), setCookie.length],
        ["text", ["a=1", "b=2"], 3],
      );
    });
  }
});

test("what is no request or no response is a ConfigError, whatever takes it", async () => {
  const made = sessions<Record<string, unknown>>({ secret: SECRET });
  const req = { headers: {} };
  const next = () => assert.fail("next is not called");
  for (const none of [undefined, null, 7, "req"]) {
    const bad = none as never;
    misuse(() => made.attach(bad, {} as never), "ERR_OPTION", "req must be a request");
    misuse(() => made.middleware(bad, bad, next), "ERR_OPTION", "req must be a request");
    misuse(() => made.attach(req, bad), "ERR_OPTION", "res must be a ServerResponse");
    await assert.rejects(made.load(bad, {} as never), optionRefusal("req must be a request"));
  }
  misuse(() => made.attach(req, {} as never), "ERR_OPTION", "res must be a ServerResponse");
});

describe("a session that cannot be emptied is not destroyed as if it could", () => {
  const ways: Record<string, (session: BagSession) => unknown> = {
    "it is frozen": (session) => Object.freeze(session),
    "it is sealed": (session) => Object.seal(session),
    "it takes no more members": (session) => Object.preventExtensions(session),
    "one of its members stays": (session) =>
      Object.defineProperty(session, "user", {
        value: "tom",
        enumerable: true,
        configurable: false,
      }),
  };
  for (const [what, fix] of Object.entries(ways)) {
    for (const end of ["destroy", "regenerate"] as const) {
      test(`${what}: ${end} is a ConfigError`, async () => {
        const { setCookie } = await visit(
          service(),
          cookieOf("fernet", { user: "tom" }),
          (session) => {
            fix(session);
            const message = "the session must be extensible, and its data configurable";
            misuse(() => session[end](), "ERR_OPTION", message);
          },
        );
        for (const cookie of setCookie) assert.equal(cookie, CLEARING);
      });
    }
  }
});

/** The next warning of the process, but for the one that base64 has. */
function nextWarning(): Promise<Error & { code?: string }> {
  return new Promise((resolve) => {
    process.on("warning", function hear(warning: Error & { code?: string }) {
      if (warning.code === "BULLA_BASE64") return;
      process.off("warning", hear);
      resolve(warning);
    });
  });
}
