/** wrap: a Response that the application reuses never carries one visitor's cookie to another. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { SessionError } from "../../src/session.ts";
import { cookieOf, cookieValue, NAME, SECRET, unseal } from "../helpers/session-cookies.ts";
import {
  type BagSession,
  cookiesNamed,
  gate,
  rejection,
  request,
  service,
} from "../helpers/session-visit.ts";

const COOKIE = cookieOf("fernet", { user: "tom" });

/** Responses without a body, which an application may send any number of times. */
const SHARED: Record<string, () => Response> = {
  "no content": () => new Response(null, { status: 204 }),
  "a Response with Vary": () => new Response(null, { headers: { Vary: "Cookie" } }),
  "a Response with Cache-Control": () =>
    new Response(null, { headers: { "Cache-Control": "public, max-age=60" } }),
  "a Response with a cookie": () => new Response(null, { headers: { "Set-Cookie": "a=1" } }),
  "a Response with a cookie of the session's name": () =>
    new Response(null, { headers: { "Set-Cookie": `${NAME}=x` } }),
  "Response.redirect": () => Response.redirect("https://example.org/", 303),
};

type Edit = (session: BagSession) => unknown;
const EDITS: Record<string, Edit> = {
  "logs in": (session) => (session.user = "ann"),
  "logs out": (session) => session.destroy(),
  "is remembered": (session) => session.touch({ maxAge: 60 }),
  "is new again": (session) => session.regenerate(),
};

/** A handler returns or throws its Response. */
const WAYS: Record<string, (response: Response) => Response> = {
  returned: (response) => response,
  thrown(response) {
    throw response;
  },
};

for (const [what, make] of Object.entries(SHARED)) {
  describe(`${what}, reused`, () => {
    for (const [way, give] of Object.entries(WAYS)) {
      for (const [does, edit] of Object.entries(EDITS)) {
        test(`is unchanged after a visitor ${does}, ${way}`, async () => {
          const plain = make();
          const shared = make();
          const { sessions } = service();
          const handler = sessions.wrap((_request, session) => {
            edit(session);
            return give(shared);
          });
          const response = await handler(request(COOKIE)).catch((thrown: Response) => thrown);
          assert.equal(cookiesNamed(response, NAME).length, 1);
          assert.deepEqual(shared.headers.getSetCookie(), plain.headers.getSetCookie());
          for (const [name, value] of plain.headers) assert.equal(shared.headers.get(name), value);
          const added = [...shared.headers.keys()].filter((name) => !plain.headers.has(name));
          assert.ok(added.length === 0 || added.join() === "vary", `${added}`);
          assert.equal(shared.bodyUsed, false);
        });
      }
    }

    test("carries nothing to the next visitor", async () => {
      const plain = make();
      const shared = make();
      const { sessions } = service();
      const handler = sessions.wrap((_request, session, user: string) => {
        if (user !== "") session.user = user;
        return shared;
      });
      for (const user of ["", "ann", "", "tim", ""]) {
        const response = await handler(request(), user);
        if (user !== "") assert.equal(userOf(response), user);
        else {
          assert.deepEqual(response.headers.getSetCookie(), plain.headers.getSetCookie());
          assert.equal(response.headers.get("Cache-Control"), plain.headers.get("Cache-Control"));
        }
      }
    });

    test("gets each visitor's own cookie in requests at the same time", async () => {
      const shared = make();
      const { sessions } = service();
      const { opened, open } = gate();
      const handler = sessions.wrap(async (_request, session, user: string) => {
        session.user = user;
        await opened;
        return shared;
      });
      const users = ["ann", "tom", "tim"];
      const responses = users.map((user) => handler(request(), user));
      open();
      assert.deepEqual((await Promise.all(responses)).map(userOf), users);
    });

    test("carries nothing from one sessions() to another", async () => {
      const plain = make();
      const shared = make();
      const admins = service({ cookie: { name: "admin" } });
      const users = service({ cookie: { name: "user" } });
      const edit: Edit = (session) => (session.seen = true);
      for (let round = 0; round < 2; round++) {
        for (const [made, own, other] of [
          [admins, "admin", "user"],
          [users, "user", "admin"],
        ] as const) {
          const handler = made.sessions.wrap((_request, session) => {
            edit(session);
            return shared;
          });
          const response = await handler(request());
          assert.equal(cookiesNamed(response, own).length, 1);
          assert.deepEqual(cookiesNamed(response, other), []);
        }
      }
      assert.deepEqual(shared.headers.getSetCookie(), plain.headers.getSetCookie());
    });

    test("carries nothing to a route without a session", async () => {
      const plain = make();
      const shared = make();
      const login = service().sessions.wrap((_request, session) => {
        session.user = "ann";
        return shared;
      });
      const health = () => shared;
      assert.equal(userOf(await login(request())), "ann");
      assert.deepEqual(health().headers.getSetCookie(), plain.headers.getSetCookie());
    });
  });
}

test("every 500 and every 503 is a new Response", async () => {
  const failing = {
    isRevoked(): boolean {
      throw new Error("down");
    },
    revoke() {},
  };
  const unwritable = (session: BagSession) => (session.text = 1n);
  for (const options of [{}, { revocation: failing }]) {
    const { sessions } = service({ secret: SECRET, ...options });
    const handler = sessions.wrap((_request, session) => {
      unwritable(session);
      return new Response();
    });
    const first = await handler(request(COOKIE));
    first.headers.set("Set-Cookie", "a=1");
    const second = await handler(request(COOKIE));
    assert.notEqual(first, second);
    assert.deepEqual(second.headers.getSetCookie(), []);
    assert.equal(first.status, second.status);
  }
});

test("an error that is reused stays unchanged", async () => {
  const made = service();
  const shared = Object.freeze(new Error("the handler's own"));
  const handler = made.sessions.wrap((_request, session) => {
    session.user = "ann";
    throw shared;
  });
  for (let round = 0; round < 2; round++) {
    const error = await rejection(handler(request()));
    assert.equal(error, shared);
    assert.ok(!(error instanceof SessionError));
  }
  assert.deepEqual(made.errors, ["ERR_SESSION_UNSENT", "ERR_SESSION_UNSENT"]);
});

function userOf(response: Response): unknown {
  const own = cookiesNamed(response, NAME);
  assert.equal(own.length, 1, `${own}`);
  return unseal("fernet", cookieValue(own[0])).data.user;
}
