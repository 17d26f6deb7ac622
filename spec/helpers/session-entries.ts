/** Every way to a session: entries that open one without a server, and entries that write one. */

import assert from "node:assert/strict";
import http from "node:http";
import { Socket } from "node:net";
import type { TestContext } from "node:test";
import { type Handler, PROTOCOLS, type Site } from "./session-server.ts";
import { type Bag, type BagSession, request, type Service } from "./session-visit.ts";

export type Exchange = [req: http.IncomingMessage, res: http.ServerResponse];
export type WithSession = http.IncomingMessage & { session: BagSession | null | undefined };

/** Makes a request and its response of node:http, without a connection. */
export function exchange(cookie?: string): Exchange {
  const req = new http.IncomingMessage(new Socket());
  if (cookie !== undefined) {
    req.rawHeaders.push("Cookie", cookie);
    req.headers = { cookie };
  }
  return [req, new http.ServerResponse(req)];
}

type Readable = Bag & { id: string; isNew: boolean; createdAt: number; expiresAt: number };

/** The data and the four facts of a session. */
export interface Shown {
  data: Bag;
  id: string;
  isNew: boolean;
  createdAt: number;
  expiresAt: number;
}

/** Returns a session's data and its four facts. */
export function shown(session: object | null | undefined): Shown {
  assert.ok(session, "a session");
  const { id, isNew, createdAt, expiresAt } = session as Readable;
  return { data: { ...session }, id, isNew, createdAt, expiresAt };
}

export interface Opener {
  open(made: Service, cookie: string | undefined): Promise<Shown>;
  /** True where the entry can wait for an asynchronous revocation list. */
  waits: boolean;
}

export const OPENERS: Record<string, Opener> = {
  read: {
    waits: false,
    open: async ({ sessions }, cookie) => shown(sessions.read(cookie)),
  },
  "load of a header": {
    waits: true,
    open: async ({ sessions }, cookie) => shown(await sessions.load(cookie)),
  },
  attach: {
    waits: false,
    open: async ({ sessions }, cookie) => shown(sessions.attach(...exchange(cookie))),
  },
  "load of a request": {
    waits: true,
    open: async ({ sessions }, cookie) => shown(await sessions.load(...exchange(cookie))),
  },
  middleware: {
    waits: true,
    open: ({ sessions }, cookie) =>
      new Promise((resolve, reject) => {
        const [req, res] = exchange(cookie);
        sessions.middleware(req, res, (error?: unknown) => {
          if (error !== undefined) reject(error);
          else resolve(shown((req as WithSession).session));
        });
      }),
  },
  wrap: {
    waits: true,
    async open({ sessions }, cookie) {
      let seen: Shown | undefined;
      const handler = sessions.wrap((_request, session) => {
        seen = shown(session);
        return new Response();
      });
      const { status } = await handler(request(cookie));
      assert.ok(seen, `the handler was not called: ${status}`);
      return seen;
    },
  },
};

export interface Wrote {
  status: number;
  setCookie: string[];
}

/** Sends one request whose handler edits the session; resolves after `onError` was called. */
export type Write = (
  t: TestContext,
  made: Service,
  cookie: string | undefined,
  edit: (session: BagSession) => unknown,
) => Promise<Wrote>;

type Enter = (
  made: Service,
  ...exchange: Exchange
) => BagSession | null | undefined | Promise<BagSession | null | undefined>;

const attach: Enter = ({ sessions }, req, res) => sessions.attach(req, res);
const load: Enter = ({ sessions }, req, res) => sessions.load(req, res);
const middleware: Enter = ({ sessions }, req, res) =>
  new Promise((resolve, reject) => {
    sessions.middleware(req, res, (error?: unknown) => {
      if (error !== undefined) reject(error);
      else resolve((req as WithSession).session);
    });
  });

/** Every way to write a session; with `waits`, only those that can wait for a list. */
export function writers(waits = false): [how: string, write: Write][] {
  const found: [string, Write][] = [["wrap", wrapping]];
  for (const [protocol, start] of Object.entries(PROTOCOLS)) {
    if (!waits) found.push([`attach, ${protocol}`, serving(start, attach)]);
    found.push([`load, ${protocol}`, serving(start, load)]);
    found.push([`middleware, ${protocol}`, serving(start, middleware)]);
  }
  return found;
}

async function wrapping(
  _t: TestContext,
  { sessions }: Service,
  cookie: string | undefined,
  edit: (session: BagSession) => unknown,
): Promise<Wrote> {
  const handler = sessions.wrap(async (_request, session) => {
    await edit(session);
    return new Response("done");
  });
  const { status, headers } = await handler(request(cookie));
  return { status, setCookie: headers.getSetCookie() };
}

function serving(start: (t: TestContext, handler: Handler) => Promise<Site>, enter: Enter): Write {
  return async (t, made, cookie, edit) => {
    let failed: { error: unknown } | undefined;
    const site = await start(t, async (req, res) => {
      try {
        const session = await enter(made, req, res);
        assert.ok(session, "a session");
        await edit(session);
      } catch (error) {
        failed = { error };
      }
      res.end("done");
    });
    const { status, setCookie } = await site.ask("/", {
      headers: cookie === undefined ? {} : { cookie },
    });
    await new Promise(setImmediate);
    if (failed !== undefined) throw failed.error;
    return { status, setCookie };
  };
}
