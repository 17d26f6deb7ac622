/** edit: how a handler leaves: what returns or redirects sets the cookie, another error only a deletion. */

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

/** The redirect of SvelteKit, which is not an Error. */
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
  // As another realm's, whose class is another one.
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
  "a digest that has NEXT_ within": digest("x NEXT_REDIRECT"),
  "a digest that is not a text": digest(["NEXT_REDIRECT"]),
  "what looks like a Response": { status: 303, headers: new Headers(), body: null },
};

describe("what leaves its work done sets the cookie once", () => {
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

    test(`${what}, out of a login, a logout, and a handler that changed nothing`, async () => {
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

  test("a handler that is not asynchronous may throw it", async () => {
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

  test("a session that cannot be written stands in for the redirect", async () => {
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

  test("a Response that is returned is a value like any other", async () => {
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

describe("another error sets nothing, and onError hears what was lost", () => {
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
    test(`${what} is lost, and said once`, async () => {
      const made = service();
      const model = new NextStore({ ...brought });
      await throwing(made, model, thrown, edit);
      assert.deepEqual([model.sent, made.errors], [[], ["ERR_SESSION_UNSENT"]]);
    });
  }

  const kept: Record<string, Change> = {
    "what changed nothing": () => {},
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

  test("a renewal that was due is left out, unsaid: nobody asked for it", async () => {
    const made = service({ renewAfter: 0 });
    const model = new NextStore(BROUGHT);
    await throwing(made, model, thrown, () => {});
    assert.deepEqual([model.sent, made.errors], [[], []]);
  });

  test("a handler that is not asynchronous may throw it", async () => {
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

describe("the deletion of a session that has ended is set, whatever went wrong behind it", () => {
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

  test("but not where no cookie came", async () => {
    const made = service();
    const model = new NextStore();
    await throwing(made, model, thrown, destroy);
    assert.deepEqual([model.sent, made.errors], [[], []]);
  });

  test("behind data that cannot be written, whose error it is", async () => {
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

  test("a store that does not take it hides no error, and onError hears of the loss", async () => {
    const made = service();
    const model = new NextStore(BROUGHT);
    model.set = () => {
      throw new Error("Cookies can only be modified in an action");
    };
    await throwing(made, model, thrown, destroy);
    assert.deepEqual(made.errors, ["ERR_SESSION_UNSENT"]);
  });
});

test("wrap, which has a Response of its own, carries no session that edit has", async () => {
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
