/** Applications with sessions on real servers, through attach, load and the middleware. */

import assert from "node:assert/strict";
import type http from "node:http";
import type { TestContext } from "node:test";
import type { SessionOptions } from "../../src/session.ts";
import type { Site, Start } from "./session-server.ts";
import { type BagSession, type Service, service, turns } from "./session-visit.ts";

export type { Start } from "./session-server.ts";

/** A request behind the middleware. */
export type Requested = http.IncomingMessage & { session: BagSession | null | undefined };
export type Touching = (session: BagSession, res: http.ServerResponse, req: Requested) => unknown;

/** A way for a handler to get the session of a request. */
export type Entry = (
  made: Service["sessions"],
  req: http.IncomingMessage,
  res: http.ServerResponse,
  touching: (session: BagSession) => unknown,
) => unknown;

export const ENTRIES: Record<string, Entry> = {
  attach: (made, req, res, touching) => touching(made.attach(req, res)),
  load: async (made, req, res, touching) => touching(await made.load(req, res)),
  middleware: (made, req, res, touching) =>
    made.middleware(req, res, (error?: unknown) => {
      assert.equal(error, undefined);
      touching((req as Requested).session as BagSession);
    }),
};

export interface App extends Service {
  site: Site;
  /** Resolves when every response so far is closed and its errors are reported. */
  closed(): Promise<void>;
}

/** Starts a site whose handler gets the session through `attach` or another entry. */
export async function app(
  start: Start,
  t: TestContext,
  touching: Touching,
  options: Partial<SessionOptions> = {},
  entry: Entry = ENTRIES.attach as Entry,
): Promise<App> {
  const made = service(options);
  const responses = new Closing();
  const site = await start(t, (req, res) => {
    responses.add(res);
    return entry(made.sessions, req, res, (session) => touching(session, res, req as Requested));
  });
  return { ...made, site, closed: () => responses.closed() };
}

/** Starts a site behind the middleware; `req.session` opens when the handler first reads it. */
export async function lazyApp(
  start: Start,
  t: TestContext,
  handler: (req: Requested, res: http.ServerResponse) => unknown,
  options: Partial<SessionOptions> = {},
): Promise<App> {
  const made = service(options);
  const responses = new Closing();
  const site = await start(t, (req, res) => {
    responses.add(res);
    made.sessions.middleware(req, res, (error?: unknown) => {
      assert.equal(error, undefined);
      handler(req as Requested, res);
    });
  });
  return { ...made, site, closed: () => responses.closed() };
}

/** Collects responses, to wait until they are closed. */
export class Closing {
  readonly #closed: Promise<unknown>[] = [];

  add(res: http.ServerResponse): void {
    // events.once would reject where a response has an error first.
    this.#closed.push(new Promise((resolve) => res.once("close", resolve)));
  }

  async closed(): Promise<void> {
    await Promise.all(this.#closed);
    await turns();
  }
}

/** Collects the process's warnings until the test ends. */
export function warningsOf(t: TestContext): (Error & { code?: string })[] {
  const warnings: Error[] = [];
  const hear = (warning: Error) => warnings.push(warning);
  process.on("warning", hear);
  t.after(() => process.off("warning", hear));
  return warnings;
}
