/** Applications with sessions, on real servers: one that attaches, one behind the middleware. */

import assert from "node:assert/strict";
import type http from "node:http";
import type { TestContext } from "node:test";
import type { SessionOptions } from "../../src/session.ts";
import type { Handler, Site } from "./session-server.ts";
import { type BagSession, type Service, service } from "./session-visit.ts";

export type Requested = http.IncomingMessage & { session: BagSession | null };
export type Touching = (session: BagSession, res: http.ServerResponse, req: Requested) => unknown;
export type Start = (t: TestContext, handler: Handler) => Promise<Site>;

export interface App extends Service {
  site: Site;
}

/** A site whose handler has the session that `attach` gives. */
export async function app(
  start: Start,
  t: TestContext,
  touching: Touching,
  options: Partial<SessionOptions> = {},
): Promise<App> {
  const made = service(options);
  const site = await start(t, (req, res) => {
    touching(made.sessions.attach(req, res), res, req as Requested);
  });
  return { ...made, site };
}

/** The same with `req.session`, which opens on first touch. */
export async function lazyApp(
  start: Start,
  t: TestContext,
  handler: (req: Requested, res: http.ServerResponse) => unknown,
  options: Partial<SessionOptions> = {},
): Promise<App> {
  const made = service(options);
  const site = await start(t, (req, res) => {
    made.sessions.middleware(req, res, (error) => {
      assert.equal(error, undefined);
      handler(req as Requested, res);
    });
  });
  return { ...made, site };
}
