/** wrap: sessions that cannot be checked or written, lists that fail or are slow, late changes. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Revocation } from "../../src/session.ts";
import {
  CLEARING,
  cookieOf,
  cookieValue,
  NAME,
  OLD_ID,
  TYPES,
  unseal,
} from "../helpers/session-cookies.ts";
import {
  type BagSession,
  calledBack,
  gate,
  optionsOf,
  rejection,
  request,
  type Service,
  service,
  sessionRefusal,
  turns,
} from "../helpers/session-visit.ts";

const COOKIE = cookieOf("fernet", { user: "tom" });
const down = (): never => {
  throw new Error("the list is down");
};

/** Lists answer at once or later. */
const ANSWERS: Record<string, <V>(give: () => V) => V | Promise<V>> = {
  "at once": (give) => give(),
  later: async (give) => {
    await new Promise(setImmediate);
    return give();
  },
};

type Edit = (session: BagSession) => unknown;
const ENDS: Record<"destroy" | "regenerate", Edit> = {
  destroy: (session) => session.destroy(),
  regenerate: (session) => session.regenerate(),
};

function respond(made: Service, edit: Edit, give = () => new Response("text")): Promise<Response> {
  const handler = made.sessions.wrap(async (_request, session) => {
    await edit(session);
    return give();
  });
  return handler(request(COOKIE));
}

function assertFailed(response: Response, status: number, setCookie: string[]): void {
  assert.equal(response.status, status);
  assert.equal(response.headers.get("Cache-Control"), "no-store");
  assert.deepEqual(response.headers.getSetCookie(), setCookie);
}

describe("a session that cannot be written gives a 500, and onError is called once", () => {
  const responses: Record<string, () => Response> = {
    text: () => new Response("text", { headers: { "X-Secret": "text", ETag: '"1"' } }),
    "a cookie of the session's name": () =>
      new Response("text", { headers: { "Set-Cookie": `${NAME}=x` } }),
    "a public response": () => new Response("text", { headers: { "Cache-Control": "public" } }),
    "no content": () => new Response(null, { status: 204 }),
    "not modified": () => new Response(null, { status: 304, headers: { ETag: '"1"' } }),
    "a redirect": () => Response.redirect("https://example.org/", 302),
    "a stream": () =>
      new Response(new ReadableStream({ pull: (it) => it.enqueue(Buffer.from("x")) })),
  };
  const unwritable: Record<string, [edit: Edit, code: string]> = {
    "bad data": [(session) => (session.text = 1n), "ERR_SESSION_DATA"],
    "a Map that looks empty": [(session) => (session.map = new Map([[1, 2]])), "ERR_SESSION_DATA"],
    "too much data": [(session) => (session.text = "x".repeat(4096)), "ERR_SESSION_TOO_LARGE"],
  };
  for (const [what, give] of Object.entries(responses)) {
    for (const [why, [edit, code]] of Object.entries(unwritable)) {
      test(`${what}, ${why}`, async () => {
        const made = service();
        const response = await respond(made, edit, give);
        assertFailed(response, 500, []);
        assert.equal(response.headers.get("ETag"), null);
        assert.equal(await response.text(), "Internal Server Error");
        assert.deepEqual(made.errors, [code]);
      });
    }
  }

  for (const type of TYPES) {
    test(`of type ${type}`, async () => {
      for (const [edit, code] of Object.values(unwritable)) {
        const made = service(optionsOf(type));
        assertFailed(await respond(made, edit), 500, []);
        assert.deepEqual(made.errors, [code]);
      }
    });
  }

  test("a stream that is not sent is cancelled", async () => {
    const stopped = gate();
    const body = new ReadableStream({
      cancel() {
        stopped.open();
      },
    });
    const edit: Edit = (session) => (session.text = 1n);
    assertFailed(await respond(service(), edit, () => new Response(body)), 500, []);
    await stopped.opened;
  });

  test("a stream whose cancel fails does no harm", async () => {
    const cancel = () => Promise.reject(new Error("it cannot be stopped"));
    const give = () => new Response(new ReadableStream({ cancel }));
    assertFailed(await respond(service(), (session) => (session.text = 1n), give), 500, []);
    await turns();
  });

  test("a session that is repaired before the handler returns is written", async () => {
    const made = service();
    const response = await respond(made, (session) => {
      session.text = 1n;
      assert.throws(() => session.save(), sessionRefusal("ERR_SESSION_DATA"));
      session.text = "1";
    });
    assert.equal(response.status, 200);
    assert.deepEqual(made.errors, []);
  });
});

for (const [when, answer] of Object.entries(ANSWERS)) {
  describe(`a list that answers ${when}`, () => {
    const list = (differing: Partial<Revocation> = {}): Revocation => ({
      isRevoked: () => answer(() => false),
      revoke: () => answer(() => undefined),
      ...differing,
    });

    test("and cannot be asked: a 503, and the handler is not called", async () => {
      for (const isRevoked of [
        () => answer(down),
        () => answer(() => "no" as never),
        () => answer(() => undefined as never),
      ]) {
        const made = service({ revocation: list({ isRevoked }) });
        const handler = made.sessions.wrap(() => assert.fail("the handler was called"));
        assertFailed(await handler(request(COOKIE)), 503, []);
        assert.deepEqual(made.errors, ["ERR_SESSION_REVOCATION"]);
      }
    });

    test("is not asked without a valid cookie", async () => {
      const made = service({ revocation: list({ isRevoked: () => answer(down) }) });
      const handler = made.sessions.wrap((_request, { isNew }) => new Response(`${isNew}`));
      for (const cookie of [undefined, `${NAME}=garbage`]) {
        assert.equal(await (await handler(request(cookie))).text(), "true");
      }
      assert.deepEqual(made.errors, []);
    });

    test("and has the id: the session is empty, and its cookie stays", async () => {
      const made = service({
        revocation: list({ isRevoked: (id) => answer(() => id === OLD_ID) }),
      });
      const response = await respond(made, ({ isNew }) => assert.equal(isNew, true));
      assert.deepEqual([response.status, response.headers.getSetCookie()], [200, []]);
      assert.deepEqual(made.invalid, ["ERR_SESSION_REVOKED"]);
    });

    for (const [end, edit] of Object.entries(ENDS)) {
      /** A handler may await the failure, ignore it, or use a callback. */
      const handling: Record<string, Edit> = {
        "awaited, and thrown on": (session) => edit(session),
        "awaited and caught": (session) => rejection(edit(session) as Promise<void>),
        "not awaited": (session) => void edit(session),
        "with a callback": (session) =>
          calledBack((done) => session[end as keyof typeof ENDS](done)),
      };

      for (const [how, handle] of Object.entries(handling)) {
        test(`and cannot be told of ${end}, ${how}: a 503 that deletes the cookie`, async () => {
          const made = service({ revocation: list({ revoke: () => answer(down) }) });
          const response = await respond(made, (session) => {
            const done = handle(session);
            session.user = "ann";
            return done;
          });
          assertFailed(response, 503, [CLEARING]);
          assert.deepEqual(made.errors, ["ERR_SESSION_REVOCATION"]);
        });
      }

      test(`and cannot be told of ${end}: the promise rejects, and save throws the error`, async () => {
        const made = service({ revocation: list({ revoke: () => answer(down) }) });
        const expected = sessionRefusal("ERR_SESSION_REVOCATION");
        await respond(made, async (session) => {
          await assert.rejects(edit(session) as Promise<void>, expected);
          session.user = "ann";
          assert.throws(() => session.save(), expected);
          assert.equal((await calledBack((done) => session.save(done)))?.code, expected.code);
        });
      });

      test(`and cannot be told of ${end}: a thrown Response becomes a 503 too`, async () => {
        const made = service({ revocation: list({ revoke: () => answer(down) }) });
        const thrown = await rejection(
          respond(
            made,
            (session) => void edit(session),
            () => {
              throw new Response(null, { status: 303 });
            },
          ),
        );
        assert.ok(thrown instanceof Response);
        assertFailed(thrown, 503, [CLEARING]);
      });

      test(`is told of ${end} before the Response is returned`, async () => {
        const { opened, open } = gate();
        const heard: string[] = [];
        const revoke = (id: string): Promise<void> | void => {
          if (when === "at once") return void heard.push(id);
          return opened.then(() => void heard.push(id));
        };
        const made = service({ revocation: list({ revoke }) });
        let settled = false;
        const response = respond(made, (session) => {
          void edit(session);
          session.user = "ann";
        }).finally(() => (settled = true));
        for (let turn = 0; turn < 5; turn++) await new Promise(setImmediate);
        assert.equal(settled, when === "at once");
        open();
        const [cookie] = (await response).headers.getSetCookie();
        assert.deepEqual(heard, [OLD_ID]);
        assert.deepEqual(unseal("fernet", cookieValue(cookie)).data, { user: "ann" });
        assert.deepEqual(made.errors, []);
      });
    }
  });
}

describe("after wrap has returned, a change is too late, and save says so", () => {
  /** Returns the session of an answered request. */
  const answered = async (
    edit: Edit,
    options: Parameters<typeof service>[0] = {},
  ): Promise<Service & { session: BagSession; response: Response }> => {
    const made = service(options);
    let held: BagSession | undefined;
    const response = await respond(made, (session) => {
      held = session;
      return edit(session);
    });
    return { ...made, session: held as BagSession, response };
  };
  const expected = sessionRefusal("ERR_SESSION_UNSENT");

  for (const [what, edit] of Object.entries<Edit>({
    "the session was written": (session) => (session.user = "ann"),
    "the session was only read": (session) => session.user,
  })) {
    test(`save throws if the session changed, where ${what}`, async () => {
      const { session, response } = await answered(edit);
      session.save();
      assert.equal(await calledBack((done) => session.save(done)), undefined);
      const before = response.headers.getSetCookie();
      session.user = "tim";
      assert.throws(() => session.save(), expected);
      const error = await calledBack((done) => session.save(done));
      const { name = "", message = "" } = error ?? {};
      assert.deepEqual({ ...error, name, message }, expected);
      assert.deepEqual(response.headers.getSetCookie(), before);
    });
  }

  for (const [end, call] of Object.entries(ENDS)) {
    for (const [when, answer] of Object.entries(ANSWERS)) {
      test(`${end} tells a list that answers ${when}, and rejects`, async () => {
        const told: string[] = [];
        const revocation: Revocation = {
          isRevoked: () => answer(() => false),
          revoke: (id) => answer(() => void told.push(id)),
        };
        const made = await answered(() => {}, { revocation });
        await assert.rejects(call(made.session) as Promise<void>, expected);
        assert.deepEqual(told, [OLD_ID]);
        assert.deepEqual(made.errors, ["ERR_SESSION_UNSENT"]);
        assert.deepEqual(made.response.headers.getSetCookie(), []);
      });
    }

    test(`${end} without a list rejects and calls back with the error`, async () => {
      const made = await answered(() => {});
      const name = end as keyof typeof ENDS;
      const error = await calledBack((done) => made.session[name](done));
      assert.equal(error?.code, "ERR_SESSION_UNSENT");
      await assert.rejects(made.session[name](), expected);
      assert.deepEqual(made.errors, ["ERR_SESSION_UNSENT"]);
    });
  }

  test("a change while the body is streamed is too late", async () => {
    const { sessions } = service();
    const held: BagSession[] = [];
    const handler = sessions.wrap((_request, session) => {
      held.push(session);
      const pull = (controller: ReadableStreamDefaultController) => {
        session.user = "late";
        controller.close();
      };
      return new Response(new ReadableStream({ pull }, { highWaterMark: 0 }));
    });
    const response = await handler(request(COOKIE));
    assert.equal(await response.text(), "");
    assert.deepEqual(response.headers.getSetCookie(), []);
    assert.throws(() => held[0]?.save(), expected);
  });
});

describe("without onError a process warning is emitted", () => {
  for (const [code, edit] of [
    ["ERR_SESSION_DATA", (session) => (session.text = 1n)],
    ["ERR_SESSION_TOO_LARGE", (session) => (session.text = "x".repeat(5000))],
    [
      "ERR_SESSION_UNSENT",
      (session) => {
        session.user = "ann";
        throw new Error("the handler's own");
      },
    ],
  ] as const satisfies [string, Edit][]) {
    test(`${code}`, async () => {
      const warned = new Promise<Error & { code?: string }>((resolve) => {
        const listen = (warning: Error & { code?: string }) => {
          if (warning.code !== code) return;
          process.off("warning", listen);
          resolve(warning);
        };
        process.on("warning", listen);
      });
      const made = service({ onError: undefined as never });
      await respond(made, edit).catch(() => {});
      const { name, message } = await warned;
      assert.deepEqual([name, message], ["SessionError", sessionRefusal(code).message]);
    });
  }
});
