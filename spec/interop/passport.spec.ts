/**
 * Passport with passport-local on Express 5: its login and logout call `regenerate` and `save` of the
 * session without an adapter. The specs check what is then in the cookie.
 */

import { deepEqual, equal, match, notEqual } from "node:assert/strict";
import { createServer, IncomingMessage, type RequestListener, ServerResponse } from "node:http";
import { Socket } from "node:net";
import { type TestContext, test } from "node:test";
import { type Session, type SessionError, sessions } from "bulla/session";
import express, { type ErrorRequestHandler, type Express } from "express";
import { Passport } from "passport";
import { Strategy } from "passport-local";
import { CLEARING, cookieValue, NAME, NOW, SECRET, unseal } from "../helpers/session-cookies.ts";
import { SlowList } from "../helpers/session-revocation.ts";
import { Gate, listening } from "./frameworks/routes.ts";
import { codes, Visitor } from "./frameworks/visitor.ts";

/** The functions that a test gives to Passport; by default the session holds only the name. */
interface Given {
  serialize?: (name: string) => string;
  deserialize?: (name: string) => object | false;
}

interface Site {
  visitor: Visitor;
  invalid: string[];
  /** The errors that reached Express's error path. */
  errors: unknown[];
  /** The errors that `onError` heard. */
  reported: unknown[];
}

const named = (name: string): object => ({ name });

function passportOf({ serialize = (name) => name, deserialize = named }: Given) {
  const passport = new Passport();
  passport.use(new Strategy((name, password, done) => done(null, password === "clay" && { name })));
  passport.serializeUser<string>((user, done) =>
    done(null, serialize((user as { name: string }).name)),
  );
  passport.deserializeUser<string>((name, done) => {
    try {
      done(null, deserialize(name));
    } catch (error) {
      done(error);
    }
  });
  return passport;
}

function route(app: Express, passport: InstanceType<typeof Passport>): void {
  const welcome = (req: express.Request, res: express.Response): void =>
    void res.json(req.user ?? null);
  app.get("/text/visit", (req, res) => {
    req.session.visits = (req.session.visits ?? 0) + 1;
    res.json(req.session.visits);
  });
  app.get("/text/read", (req, res) => {
    const { id, isNew } = req.session;
    res.json({ id, isNew, user: req.user, logged: req.isAuthenticated(), data: req.session });
  });
  app.post("/plain/login", passport.authenticate("local"), welcome);
  app.post("/kept/login", passport.authenticate("local", { keepSessionInfo: true }), welcome);
  app.post("/copied/login", (req, res, next) => {
    const { visits } = req.session;
    req.login({ name: "Tom" }, (error) => {
      if (error) return next(error);
      if (visits !== undefined) req.session.visits = visits;
      welcome(req, res);
    });
  });
  app.post("/redirect/logout", (req, res, next) => {
    req.logout((error) => (error ? next(error) : res.redirect(303, "/")));
  });
  app.post("/kept/logout", (req, res, next) => {
    req.logout({ keepSessionInfo: true }, (error) => (error ? next(error) : welcome(req, res)));
  });
}

async function serve(t: TestContext, given: Given = {}): Promise<Site> {
  const heard = { invalid: [] as string[], errors: [] as unknown[], reported: [] as unknown[] };
  const app = express().set("env", "test");
  const { middleware } = sessions({
    secret: SECRET,
    clock: () => NOW,
    revocation: new SlowList(),
    onInvalid: ({ code }) => heard.invalid.push(code),
    onError: (error) => heard.reported.push(error),
  });
  const passport = passportOf(given);
  app.use(middleware, passport.session());
  route(app, passport);
  const hear: ErrorRequestHandler = (error, _req, _res, next) => {
    heard.errors.push(error);
    next(error);
  };
  const { client, close } = await listening(createServer(app.use(hear) as RequestListener));
  t.after(close);
  return { ...heard, visitor: new Visitor(client, new Gate()) };
}

/** All data in the visitor's cookie. */
function held(visitor: Visitor): object {
  return unseal("fernet", cookieValue(`${NAME}=${visitor.jar.cookies.get(NAME)}`)).data;
}

test("a login gives a new id, keeps no data, and ends the old session", async (t) => {
  const { visitor, invalid } = await serve(t);
  await visitor.text("/text/visit");
  const before = await visitor.read();
  const copy = visitor.copy();
  const reply = await visitor.login("plain");
  deepEqual([reply.status, reply.text, reply.setCookie.length], [200, '{"name":"Tom"}', 1]);
  deepEqual(held(visitor), { passport: { user: "Tom" } });
  const after = await visitor.read();
  deepEqual([after.user, after.logged, after.isNew], [{ name: "Tom" }, true, false]);
  notEqual(after.id, before.id);
  const { isNew, logged } = await copy.read();
  deepEqual([isNew, logged, invalid], [true, false, ["ERR_SESSION_REVOKED"]]);
});

test("a logout removes all data of the user, and ends copies of the session too", async (t) => {
  const { visitor, invalid } = await serve(t);
  await visitor.login("plain");
  await visitor.text("/text/visit");
  const copy = visitor.copy();
  const { status, setCookie } = await visitor.logout();
  deepEqual([status, setCookie], [303, [CLEARING]]);
  for (const each of [visitor, copy]) {
    const { id: _, ...rest } = await each.read();
    deepEqual(rest, { isNew: true, logged: false, data: {} });
  }
  deepEqual(invalid, ["ERR_SESSION_REVOKED"]);
});

test("a failed login changes nothing", async (t) => {
  const { visitor, errors } = await serve(t);
  for (const user of [undefined, { name: "Tom" }]) {
    await visitor.text("/text/visit");
    const before = await visitor.read();
    const { status, setCookie } = await visitor.login("plain", "straw");
    deepEqual([status, setCookie, errors], [401, [], []]);
    deepEqual(await visitor.read(), before);
    deepEqual(before.user, user);
    await visitor.login("plain");
  }
});

test("a user who cannot be deserialised is an error, and the session stays as it was", async (t) => {
  let down = true;
  const { visitor, errors } = await serve(t, {
    deserialize(name) {
      if (down) throw new Error("the database is down");
      return named(name);
    },
  });
  await visitor.login("plain");
  const { status, setCookie } = await visitor.ask("/text/visit");
  deepEqual([status, setCookie], [500, []]);
  match(String(errors[0]), /the database is down/);
  down = false;
  const { user, data } = await visitor.read();
  deepEqual([user, data], [{ name: "Tom" }, { passport: { user: "Tom" } }]);
});

test("a user who does not exist any more is logged out, and the rest of the session stays", async (t) => {
  const gone = new Set<string>();
  const { visitor } = await serve(t, { deserialize: (name) => !gone.has(name) && named(name) });
  await visitor.login("plain");
  await visitor.text("/text/visit");
  gone.add("Tom");
  const { logged } = await visitor.read();
  deepEqual([logged, held(visitor)], [false, { passport: {}, visits: 1 }]);
});

test("a user too large for a cookie is not logged in, and the error path gets the typed error", async (t) => {
  const { visitor, errors, reported } = await serve(t, { serialize: (name) => name.repeat(2000) });
  await visitor.text("/text/visit");
  const { status, setCookie } = await visitor.login("plain");
  deepEqual([status, setCookie], [500, []]);
  deepEqual(codes(errors), ["ERR_SESSION_TOO_LARGE"]);
  equal((errors[0] as SessionError).status, 500);
  deepEqual(codes(reported), ["ERR_SESSION_TOO_LARGE"]);
  equal((await visitor.read()).logged, false);
});

// Passport copies the old session object into the new one. Here both are one object, which was emptied.
test("keepSessionInfo has no effect, and data can be kept by copying them", async (t) => {
  const { visitor } = await serve(t);
  await visitor.text("/text/visit");
  equal((await visitor.login("kept")).status, 200);
  deepEqual(held(visitor), { passport: { user: "Tom" } });
  await visitor.text("/text/visit");
  const before = await visitor.read();
  await visitor.login("copied");
  deepEqual(held(visitor), { visits: 1, passport: { user: "Tom" } });
  notEqual((await visitor.read()).id, before.id);
  deepEqual((await visitor.ask("/kept/logout", { method: "POST" })).setCookie, [CLEARING]);
});

test("the session has the functions that Passport calls", () => {
  const req = new IncomingMessage(new Socket());
  const session = sessions({ secret: SECRET }).attach(req, new ServerResponse(req));
  for (const member of ["regenerate", "save"] as const satisfies (keyof Session)[]) {
    deepEqual([typeof session[member], Object.hasOwn(session, member)], ["function", false]);
  }
});
