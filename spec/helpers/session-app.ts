/** Applications with sessions, on real servers: through attach, load and the middleware. */

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

/** A way to the session of a request. */
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
  /** Resolves when every response so far is closed, and what it reported is heard. */
  closed(): Promise<void>;
}

/** A site whose handler has the session that `attach` gives, or another way in. */
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

/** A site behind the middleware, whose handler has `req.session`, which opens on first touch. */
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

/** The responses of a site, to wait for. */
export class Closing {
  readonly #closed: Promise<unknown>[] = [];

  add(res: http.ServerResponse): void {
    // Not events.once, which rejects where a response has an error first.
    this.#closed.push(new Promise((resolve) => res.once("close", resolve)));
  }

  async closed(): Promise<void> {
    await Promise.all(this.#closed);
    await turns();
  }
}

/** The warnings of the process until the test ends. */
export function warningsOf(t: TestContext): (Error & { code?: string })[] {
  const warnings: Error[] = [];
  const hear = (warning: Error) => warnings.push(warning);
  process.on("warning", hear);
  t.after(() => process.off("warning", hear));
  return warnings;
}
