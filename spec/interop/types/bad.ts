/** Uses in frameworks that must not compile: each line under its directive is an error. */

import type { IncomingMessage } from "node:http";
import { sessions } from "bulla/session";
import express, { type RequestHandler } from "express";
import fastify from "fastify";
import { Hono } from "hono";
import Koa from "koa";

const secret = new Uint8Array(32);
const carts = sessions<{ items?: string[] }>({ secret });

export const bad: RequestHandler = (req, res) => {
  // @ts-expect-error
  req.session.visits = "1";
  // @ts-expect-error
  req.session.unheardOf = 1;
  // @ts-expect-error
  req.session.user.name = "Tom";
  // @ts-expect-error
  req.session.user = { name: "Tom" };
  // @ts-expect-error
  req.session.id = "mine";
  // @ts-expect-error
  req.session = undefined;
  // @ts-expect-error
  req.session = { unheardOf: 1 };
  // @ts-expect-error
  req.session?.cookie.maxAge;
  // @ts-expect-error
  req.session.reload();
  // @ts-expect-error
  req.session.touch(3600);
  // @ts-expect-error
  req.session.regenerate().user = "Tom";
  // The augmented data are not part of a session with a `T` of its own.
  // @ts-expect-error
  carts.attach(req, res).visits = 1;
  // @ts-expect-error
  carts.attach(req, res).items = "clay";
  // @ts-expect-error
  carts.attach(req);
  // @ts-expect-error
  carts.read(req).items = [];
  // @ts-expect-error
  carts.read(req).destroy();
  // @ts-expect-error
  carts.load(req, res).items;
};

// @ts-expect-error
export const text = ({ session }: IncomingMessage): string => session.visits;
// @ts-expect-error
express().use(sessions({ secret }));
// @ts-expect-error
new Koa().use(sessions({ secret }).middleware);
// @ts-expect-error
new Koa().use((ctx) => void ctx.req.session.unheardOf);
// @ts-expect-error
fastify().get("/", async ({ raw }) => raw.session.unheardOf);
// @ts-expect-error
new Hono().get("/", (c) => carts.wrap((_request, session) => c.text(session.visits))(c.req.raw));
// @ts-expect-error
carts.wrap((_request, session) => session.items);
// @ts-expect-error
carts.edit(new Map<string, number>(), () => 1);
// @ts-expect-error
carts.issue({ item: [] });
// @ts-expect-error
sessions({ secret: async () => secret });
// @ts-expect-error
sessions<{ id?: string }>({ secret });
