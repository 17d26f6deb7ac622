/** edit and errors: a redirect sets the cookie, as returning does; any other error sets only a deletion. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { cookieOf, envelope, NAME, OLD_ID, seal, unseal } from "../helpers/session-cookies.ts";
import { deletions, heldBy, NextStore, STORES, throwing } from "../helpers/session-stores.ts";
import { type BagSession, request, service, sessionRefusal } from "../helpers/session-visit.ts";

const BROUGHT = { [NAME]: seal("fernet", envelope({ user: "tom" })) };

type Change = (session: BagSession) => unknown;
const change: Change = (session) => (session.more = 1);
const destroy: Change = (session) => session.destroy();
const begin: Change = async (session) => {
  await session.regenerate();
  session.user = "ann";
};

const digest = (text: unknown): Error => Object.assign(new Error("digest"), { digest: text });

/** SvelteKit's redirect, which is not an Error. */
class Redirect {
  readonly status: number;
  readonly location: string;
  constructor(status: number, location: string) {
    this.status = status;
    this.location = location;
  }
}

const REDIRECTS: Record<string, unknown> = {
  "redirect of Next": digest("NEXT_REDIRECT;replace;/login;307;"),
  "notFound of Next": digest("NEXT_HTTP_ERROR_FALLBACK;404"),
  "notFound of an older Next": digest("NEXT_NOT_FOUND"),
  "redirect of SvelteKit": new Redirect(303, "/login"),
  "redirect of SvelteKit, the first status": new Redirect(300, "/"),
  "redirect of SvelteKit, the last status": new Redirect(399, "/"),
  "a Response that redirects": Response.redirect("https://example.org/", 303),
  "a Response of an error": new Response("no", { status: 403 }),
  // A Response of another realm is of another class.
  "another implementation's Response": { [Symbol.toStringTag]: "Response", status: 200 },
};

const ERRORS: Record<string, unknown> = {
  "an Error": new Error("the database is down"),
  "a text": "text",
  undefined: undefined,
  null: null,
  "a number": 303,
  "error of SvelteKit": { status: 404, body: { message: "Not Found" } },
  "a status without a location": { status: 303 },
  "a location that is not a text": { status: 303, location: new URL("https://example.org/") },
  "a status below 300": new Redirect(299, "/"),
  "a status beyond 399": new Redirect(400, "/"),
  "a status that is a text": { status: "303", location: "/" },
  "a location alone": { location: "/" },
  "another digest": digest("DYNAMIC_SERVER_USAGE"),
  "a digest with NEXT_ in the middle": digest("x NEXT_REDIRECT"),
  "a digest that is not a text": digest(["NEXT_REDIRECT"]),
  "an object that looks like a Response": { status: 303, headers: new Headers(), body: null },
};

describe("a redirect sets the cookie once", () => {
  for (const [what, thrown] of Object.entries(REDIRECTS)) {
    test(`${what}`, async () => {
      for (const [name, Store] of Object.entries(STORES)) {
        const made = service();
        const model = new Store(BROUGHT);
        await throwing(made, model, thrown, change);
        assert.deepEqual(heldBy(model), { user: "tom", more: 1 }, name);
        assert.equal(model.sent.length, 1);
        assert.deepEqual(made.errors, []);
      }
    });

    test(`${what}, thrown by a login, a logout, and a handler that changed nothing`, async () => {
      const made = service();
      const models = [new NextStore(BROUGHT), new NextStore(BROUGHT), new NextStore(BROUGHT)];
      const [login, logout, none] = models as [NextStore, NextStore, NextStore];
      await throwing(made, login, thrown, begin);
      assert.deepEqual(heldBy(login), { user: "ann" });
      assert.notEqual(unseal("fernet", login.sent[0]?.value as string).jti, OLD_ID);
      await throwing(made, logout, thrown, destroy);
      assert.deepEqual(deletions(logout), [true]);
      await throwing(made, none, thrown, () => {});
      assert.deepEqual(none.sent, []);
      assert.deepEqual(made.errors, []);
    });
  }

  test("thrown by a synchronous handler", async () => {
    const { sessions } = service();
    const model = new NextStore(BROUGHT);
    const thrown = REDIRECTS["redirect of Next"];
    const edited = sessions.edit(model, (session) => {
      change(session);
      throw thrown;
    });
    await assert.rejects(edited, (reason) => reason === thrown);
    assert.deepEqual(heldBy(model), { user: "tom", more: 1 });
  });

  test("but a session that cannot be written rejects instead", async () => {
    for (const thrown of Object.values(REDIRECTS)) {
      const { sessions, errors } = service();
      const model = new NextStore(BROUGHT);
      const edited = sessions.edit(model, (session) => {
        session.bad = 1n;
        throw thrown;
      });
      await assert.rejects(edited, sessionRefusal("ERR_SESSION_DATA"));
      assert.deepEqual([model.sent, errors], [[], ["ERR_SESSION_DATA"]]);
    }
  });

  test("a returned Response is a value like any other", async () => {
    const model = new NextStore(BROUGHT);
    const response = new Response("done");
    const given = await service().sessions.edit(model, (session) => {
      change(session);
      return response;
    });
    assert.equal(given, response);
    assert.deepEqual(response.headers.getSetCookie(), []);
    assert.equal(model.sent.length, 1);
  });
});

describe("any other error sets nothing, and onError reports lost changes", () => {
  for (const [what, thrown] of Object.entries(ERRORS)) {
    test(`${what}`, async () => {
      const made = service();
      const model = new NextStore(BROUGHT);
      await throwing(made, model, thrown, change);
      assert.deepEqual([model.sent, made.errors], [[], ["ERR_SESSION_UNSENT"]]);
    });
  }

  const thrown = ERRORS["an Error"];
  const lost: Record<string, [change: Change, brought: object]> = {
    "a login": [begin, {}],
    "a touch": [(session) => session.touch(), BROUGHT],
    "a touch of an empty session": [(session) => session.touch(), {}],
    "an emptied session": [(session) => delete session.user, BROUGHT],
    "a change of data that could not be written": [(session) => (session.bad = 1n), BROUGHT],
  };
  for (const [what, [edit, brought]] of Object.entries(lost)) {
    test(`${what} is lost and reported once`, async () => {
      const made = service();
      const model = new NextStore({ ...brought });
      await throwing(made, model, thrown, edit);
      assert.deepEqual([model.sent, made.errors], [[], ["ERR_SESSION_UNSENT"]]);
    });
  }

  const kept: Record<string, Change> = {
    "a handler that changed nothing": () => {},
    "a change and back": (session) => {
      session.more = 1;
      delete session.more;
    },
  };
  for (const [what, edit] of Object.entries(kept)) {
    test(`${what} loses nothing`, async () => {
      const made = service();
      const model = new NextStore(BROUGHT);
      await throwing(made, model, thrown, edit);
      assert.deepEqual([model.sent, made.errors], [[], []]);
    });
  }

  test("a renewal is left out and not reported, since nobody asked for it", async () => {
    const made = service({ renewAfter: 0 });
    const model = new NextStore(BROUGHT);
    await throwing(made, model, thrown, () => {});
    assert.deepEqual([model.sent, made.errors], [[], []]);
  });

  test("thrown by a synchronous handler", async () => {
    const { sessions, errors } = service();
    const model = new NextStore(BROUGHT);
    const edited = sessions.edit(model, (session) => {
      change(session);
      throw thrown;
    });
    await assert.rejects(edited, (reason) => reason === thrown);
    assert.deepEqual([model.sent, errors], [[], ["ERR_SESSION_UNSENT"]]);
  });

  test("the next edit begins with what the store shows", async () => {
    const made = service();
    const model = new NextStore(BROUGHT);
    await throwing(made, model, thrown, change);
    await made.sessions.edit(model, (session) => {
      assert.deepEqual({ ...session }, { user: "tom" });
      session.other = 1;
    });
    assert.deepEqual(heldBy(model), { user: "tom", other: 1 });
  });
});

describe("the deletion of an ended session is set, whatever fails after it", () => {
  const thrown = ERRORS["an Error"];
  const ended: Record<string, [change: Change, errors: string[]]> = {
    destroy: [destroy, []],
    "a destroy that nobody awaits": [(session) => void session.destroy(), []],
    "regenerate alone": [(session) => session.regenerate(), []],
    "a login, whose new data are lost": [begin, ["ERR_SESSION_UNSENT"]],
    "a destroy, and new data": [
      async (session) => {
        await session.destroy();
        session.flash = "bye";
      },
      ["ERR_SESSION_UNSENT"],
    ],
    "a destroy, and a touch": [
      async (session) => {
        await session.destroy();
        session.touch();
      },
      ["ERR_SESSION_UNSENT"],
    ],
  };
  for (const [what, [change, errors]] of Object.entries(ended)) {
    test(`${what}`, async () => {
      for (const [name, Store] of Object.entries(STORES)) {
        const made = service();
        const model = new Store(BROUGHT);
        await throwing(made, model, thrown, change);
        assert.deepEqual(deletions(model), [true], name);
        assert.deepEqual(made.errors, errors);
      }
    });
  }

  test("of a cookie that cannot be opened, too", async () => {
    const model = new NextStore({ [NAME]: "x" });
    await throwing(service(), model, thrown, destroy);
    assert.deepEqual(deletions(model), [true]);
  });

  test("but not without a cookie", async () => {
    const made = service();
    const model = new NextStore();
    await throwing(made, model, thrown, destroy);
    assert.deepEqual([model.sent, made.errors], [[], []]);
  });

  test("and the error of unwritable data after it is thrown", async () => {
    const { sessions, errors } = service();
    const model = new NextStore(BROUGHT);
    const edited = sessions.edit(model, async (session) => {
      await session.destroy();
      session.bad = 1n;
    });
    await assert.rejects(edited, sessionRefusal("ERR_SESSION_DATA"));
    assert.deepEqual(deletions(model), [true]);
    assert.deepEqual(errors, ["ERR_SESSION_DATA"]);
  });

  test("a store that refuses it does not hide the error, and onError reports the loss", async () => {
    const made = service();
    const model = new NextStore(BROUGHT);
    model.set = () => {
      throw new Error("Cookies can only be modified in an action");
    };
    await throwing(made, model, thrown, destroy);
    assert.deepEqual(made.errors, ["ERR_SESSION_UNSENT"]);
  });
});

test("wrap does not carry the session of an edit inside it", async () => {
  const { sessions } = service();
  const model = new NextStore(BROUGHT);
  const handler = sessions.wrap(async () => {
    await sessions.edit(model, (session) => void change(session));
    return new Response();
  });
  const response = await handler(request(cookieOf("fernet", { user: "tom" })));
  assert.deepEqual(response.headers.getSetCookie(), []);
  assert.deepEqual(heldBy(model), { user: "tom", more: 1 });
});
