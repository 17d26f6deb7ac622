/** Express 4 and 5, Passport on it, and Connect: `middleware`, and `req.session`. */

import { createServer, type RequestListener } from "node:http";
import { createRequire } from "node:module";
import { Readable } from "node:stream";
import { sessions } from "bulla/session";
import connect, { type ErrorHandleFunction, type HandleFunction } from "connect";
import express5, {
  type ErrorRequestHandler,
  type Express,
  type RequestHandler,
  type Response,
} from "express";
import { Passport } from "passport";
import { Strategy } from "passport-local";
import { NODE_WAYS } from "./node.ts";
import {
  answerByNode,
  CACHED,
  COOKIES,
  type Framework,
  greet,
  listening,
  NEXT,
  type OwnWay,
  type Service,
  type Turn,
  take,
  turn,
} from "./routes.ts";

const express4 = createRequire(import.meta.url)("express4") as typeof express5;

const WAYS: Record<OwnWay, (res: Response, turn: Turn) => unknown> = {
  text: (res, { text }) => res.send(text),
  redirect: (res) => res.redirect(303, NEXT),
  stream: (res, { pieces }) => Readable.from(pieces()).pipe(res),
  cached: (res, { text }) => res.set(CACHED).send(text),
  cookie(res, { text }) {
    for (const cookie of COOKIES) res.cookie(...(cookie.split("=", 2) as [string, string]));
    res.send(text);
  },
};

function answer(res: Response, turn: Turn): void {
  if (!answerByNode(res, turn)) WAYS[turn.ownWay](res, turn);
}

/** Records an error, and leaves the answer to Express. */
function hearing({ errors }: Service): ErrorRequestHandler {
  return (error, _req, _res, next) => {
    errors.push(error);
    next(error);
  };
}

/** Express 4 does not await handlers. */
function taking(service: Service): RequestHandler {
  return (req, res, next) => {
    take(service, req.url, req.session, req)
      .then((turn) => answer(res, turn))
      .catch(next);
  };
}

function appOf(make: () => Express, service: Service): Express {
  const app = make();
  app.set("env", "test"); // or Express logs its errors
  app.disable("x-powered-by"); // Node versions differ on a list of fields after a field that is set
  app.use(sessions(service.options).middleware);
  app.get("/plain", (_req, res) => void res.send("plain"));
  return app;
}

function serving(make: () => Express): Framework {
  return {
    start(service) {
      const app = appOf(make, service);
      app.use(taking(service));
      return listening(createServer(app.use(hearing(service)) as RequestListener));
    },
  };
}

/** Logs in a request with the right password, by passport-local. */
function passportOf(): InstanceType<typeof Passport> {
  const passport = new Passport();
  passport.use(new Strategy((name, password, done) => done(null, password === "clay" && { name })));
  passport.serializeUser<string>((user, done) => done(null, (user as { name: string }).name));
  passport.deserializeUser<string>((name, done) => done(null, { name }));
  return passport;
}

function startPassport(service: Service) {
  const app = appOf(express5, service);
  const passport = passportOf();
  app.use(passport.session());
  app.use("/:way/login", passport.authenticate("local"), (req, res) => {
    const { name } = req.user as { name: string };
    answer(res, turn(service, req.originalUrl, req.session, greet(req.session, name)));
  });
  app.use("/:way/logout", (req, res, next) => {
    req.logout((error) => {
      if (error) next(error);
      else answer(res, turn(service, req.originalUrl, req.session, "Bye"));
    });
  });
  app.use(taking(service));
  return listening(createServer(app.use(hearing(service)) as RequestListener));
}

function startConnect(service: Service) {
  const app = connect();
  app.use(sessions(service.options).middleware as HandleFunction);
  app.use("/plain", (_req, res) => void res.end("plain"));
  app.use((req, res, next) => {
    take(service, req.url ?? "", req.session, req)
      .then((turn) => void (answerByNode(res, turn) || NODE_WAYS[turn.ownWay](res, turn)))
      .catch(next);
  });
  app.use(((error, _req, res, _next) => {
    service.errors.push(error);
    res.writeHead(error.status).end(); // Connect's own answer is the same, and it logs the error
  }) as ErrorHandleFunction);
  return listening(createServer(app));
}

export const EXPRESS: Record<string, Framework> = {
  "Express 4": serving(express4),
  "Express 5": serving(express5),
  Passport: { start: startPassport },
  Connect: { start: startConnect },
};
