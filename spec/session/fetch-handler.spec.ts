/** wrap: the arguments, results and errors of a handler. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  CLEARING,
  cookieOf,
  cookieValue,
  ENDS,
  envelope,
  NAME,
  NOW,
  seal,
  unseal,
} from "../helpers/session-cookies.ts";
import {
  type BagSession,
  configRefusal,
  cookiesNamed,
  rejection,
  request,
  service,
} from "../helpers/session-visit.ts";

const COOKIE = cookieOf("fernet", { user: "tom" });
const REFUSED = `${NAME}=garbage; ${NAME}=${seal("jwt", envelope({}))}`;

describe("misuse is a ConfigError", () => {
  for (const handler of [undefined, null, {}, "handler", new Response()]) {
    test(`a handler that is ${String(handler)}`, () => {
      assert.throws(
        () => service().sessions.wrap(handler as never),
        configRefusal(/handler.*func/),
      );
    });
  }

  for (const given of [undefined, null, {}, "text", 7, { headers: {} }, new Headers(), () => {}]) {
    test(`a handler that returns ${String(given)}`, async () => {
      const { sessions } = service();
      for (const handler of [() => given, async () => given]) {
        const wrapped = sessions.wrap(handler as unknown as () => Response);
        await assert.rejects(wrapped(request()), configRefusal(/Response/));
      }
    });
  }

  const sources: Record<string, unknown> = {
    undefined: undefined,
    null: null,
    "a number": 7,
    "an empty object": {},
    "an event that holds a Request": { request: request() },
    "an object whose headers are null": { headers: null },
  };
  for (const [what, source] of Object.entries(sources)) {
    test(`a request that is ${what}`, async () => {
      const handler = service().sessions.wrap(() => assert.fail("the handler was asked"));
      await assert.rejects(handler(source as never), configRefusal(/request/i));
    });
  }
});

test("the handler gets the same Request, and every other argument of the framework", async () => {
  const { sessions } = service();
  class OwnRequest extends Request {
    readonly own = "own";
  }
  const asked = new OwnRequest("https://example.org/", { headers: { cookie: COOKIE } });
  const context = { params: { id: "7" } };
  const handler = sessions.wrap(
    (given: OwnRequest, session, more: typeof context, last: number) => {
      assert.equal(given, asked);
      assert.equal(more, context);
      return new Response(`${given.own} ${session.user} ${more.params.id} ${last}`);
    },
  );
  assert.equal(await (await handler(asked, context, 9)).text(), "own tom 7 9");
});

test("a bad cookie gives an empty session and is not deleted", async () => {
  const made = service();
  const handler = made.sessions.wrap((_request, session) => new Response(`${session.isNew}`));
  const response = await handler(request(REFUSED));
  assert.deepEqual([response.status, await response.text()], [200, "true"]);
  assert.deepEqual(response.headers.getSetCookie(), []);
  assert.deepEqual(made.invalid, ["ERR_TOKEN_INVALID"]);
});

test("destroy deletes a bad cookie", async () => {
  const { sessions } = service();
  const handler = sessions.wrap(async (_request, session) => {
    await session.destroy();
    return new Response();
  });
  const response = await handler(request(REFUSED));
  assert.deepEqual(response.headers.getSetCookie(), [CLEARING]);
});

describe("a thrown Response carries the session like a returned one", () => {
  const thrown = async (edit: (session: BagSession) => unknown, given: Response) => {
    const made = service();
    const handler = made.sessions.wrap(async (_request, session) => {
      edit(session);
      throw given;
    });
    const response = await rejection(handler(request(COOKIE)));
    assert.ok(response instanceof Response);
    return { response, errors: made.errors };
  };
  const redirect = () =>
    new Response("body", { status: 303, headers: { Location: "/", "X-A": "b" } });

  test("a change is sent in a copy", async () => {
    const given = redirect();
    const { response, errors } = await thrown((session) => (session.user = "ann"), given);
    assert.notEqual(response, given);
    assert.deepEqual(given.headers.getSetCookie(), []);
    const [cookie] = cookiesNamed(response, NAME);
    assert.equal(unseal("fernet", cookieValue(cookie)).data.user, "ann");
    assert.deepEqual([response.status, await response.text()], [303, "body"]);
    assert.deepEqual([response.headers.get("Location"), response.headers.get("X-A")], ["/", "b"]);
    assert.deepEqual(errors, []);
  });

  test("a logout deletes the cookie", async () => {
    const { response, errors } = await thrown((session) => session.destroy(), redirect());
    assert.deepEqual(response.headers.getSetCookie(), [CLEARING]);
    assert.deepEqual(errors, []);
  });

  test("without a change it is the same Response", async () => {
    const given = redirect();
    const { response, errors } = await thrown(() => {}, given);
    assert.equal(response, given);
    assert.equal(response.headers.get("Vary"), "Cookie");
    assert.deepEqual(errors, []);
  });

  test("a session that cannot be written throws a 500", async () => {
    const { response, errors } = await thrown((session) => (session.text = 1n), redirect());
    assert.deepEqual([response.status, response.headers.getSetCookie()], [500, []]);
    assert.equal(response.headers.get("Cache-Control"), "no-store");
    assert.deepEqual(errors, ["ERR_SESSION_DATA"]);
  });
});

describe("another error passes through unchanged, and onError reports lost changes", () => {
  const errors: Record<string, unknown> = {
    "an Error": new Error("the handler's own"),
    "a frozen Error": Object.freeze(new Error("the handler's own")),
    "a redirect of Next": Object.assign(new Error("NEXT_REDIRECT"), { digest: "NEXT_REDIRECT;/" }),
    "a redirect of SvelteKit": { status: 303, location: "/" },
    "an object that looks like a Response": { status: 303, headers: new Headers(), body: null },
    text: "text",
    null: null,
    undefined: undefined,
  };
  const edits: readonly (readonly [
    what: string,
    edit: (s: BagSession) => unknown,
    lost: boolean,
  ])[] = [
    ["nothing changed", () => {}, false],
    ["a value was read", (session) => session.user, false],
    ["a change was undone", (session) => [(session.user = "ann"), (session.user = "tom")], false],
    ["a value changed", (session) => (session.user = "ann"), true],
    ["the session was emptied", (session) => delete session.user, true],
    ["it was destroyed", (session) => session.destroy(), true],
    ["it was regenerated", (session) => session.regenerate(), true],
  ];
  for (const [what, edit, lost] of edits) {
    test(`${what}`, async () => {
      for (const [which, error] of Object.entries(errors)) {
        const fails = [
          () => Promise.reject(error),
          () => {
            throw error;
          },
        ];
        for (const fail of fails) {
          const made = service({ renewAfter: 0 });
          const handler = made.sessions.wrap((_request, session) => {
            edit(session);
            return fail();
          });
          assert.equal(await rejection(handler(request(COOKIE))), error, which);
          assert.deepEqual(made.errors, lost ? ["ERR_SESSION_UNSENT"] : [], which);
        }
      }
    });
  }

  test("a new session without data is not a lost change", async () => {
    const made = service();
    const handler = made.sessions.wrap((_request, session) => {
      assert.equal(session.isNew, true);
      throw errors["an Error"];
    });
    assert.equal(await rejection(handler(request())), errors["an Error"]);
    assert.deepEqual(made.errors, []);
  });
});

test("a renewal alone is written too", async () => {
  const made = service({ renewAfter: 5 });
  const handler = made.sessions.wrap(() => new Response());
  const [cookie] = (await handler(request(COOKIE))).headers.getSetCookie();
  const { iat, exp } = unseal("fernet", cookieValue(cookie));
  assert.equal(iat, NOW);
  assert.ok(exp > ENDS);
});
