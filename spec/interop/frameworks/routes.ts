/**
 * The routes of every framework in the table: /WAY/ACTION does the action to the session, and answers in
 * that way. /plain does not touch the session.
 */

import { Buffer } from "node:buffer";
import { once } from "node:events";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { ReadonlySession, Session, SessionError, SessionOptions } from "bulla/session";
import type { Certificate } from "../helpers/certificate.ts";
import { type Client, httpClient } from "../helpers/clients.ts";

declare module "bulla/session" {
  interface SessionData {
    user?: string;
    visits?: number;
    flash?: string;
    tokens?: { shape: string; count: number }[];
    blob?: string;
    late?: boolean;
  }
}

/** The input of a framework's site, and the errors that reached its error path. */
export interface Service {
  options: SessionOptions;
  errors: unknown[];
  /** Holds back the rest of a body until the client has the head. */
  gate: Gate;
}

export interface Site {
  client: Client;
  close(): Promise<void> | void;
}

export interface Framework {
  start(service: Service, tls: Certificate): Promise<Site>;
  /** How many times one request opens a session: 1 by default. */
  opens?: number;
  /** True where answers are Responses of `wrap`, and Node does not write their heads. */
  fetches?: boolean;
}

/** Opens once. */
export class Gate {
  open: () => void = () => {};
  readonly opened = new Promise<void>((resolve) => {
    this.open = resolve;
  });
}

const ACTIONS = {
  read: show,
  visit(session: Session): string {
    const { flash = "", user = "stranger" } = session;
    delete session.flash;
    session.visits = (session.visits ?? 0) + 1;
    return `${flash}Hello ${user}, visits: ${session.visits}`;
  },
  async login(session: Session): Promise<string> {
    await session.regenerate();
    return greet(session, "Tom");
  },
  async logout(session: Session): Promise<string> {
    await session.destroy();
    return "Bye";
  },
  /** A logout without a list to wait for. */
  leave(session: Session, req?: IncomingMessage): string {
    if (req === undefined) void session.destroy();
    else req.session = null;
    return "Bye";
  },
  plant(session: Session): string {
    session.tokens = [{ shape: "cone", count: 1 }];
    return show(session);
  },
  count(session: Session): string {
    for (const token of session.tokens ?? []) token.count++;
    return show(session);
  },
  inflate(session: Session): string {
    session.blob = "x".repeat(5000);
    return "inflated";
  },
  save(session: Session): string {
    session.blob = "x".repeat(5000);
    session.save();
    return "saved";
  },
};

/** The framework's own ways to answer. */
export const OWN_WAYS = ["text", "redirect", "stream", "cached", "cookie"] as const;
export type OwnWay = (typeof OWN_WAYS)[number];
/** Node's ways to answer, or the closest ones where there is only a Response. */
export type HeadWay = "object" | "flat" | "pairs" | "writeHead" | "flushHeaders";
export type Way = OwnWay | HeadWay | "setHeader" | "appendHeader";

/** The application's own cookies and fields. */
export const COOKIES = ["app=1", "more=2"] as const;
export const CACHED = { "Cache-Control": "private, max-age=60", Vary: "Accept-Encoding" };
export const NEXT = "/text/read";

/** One request, after its action. */
export interface Turn {
  way: Way;
  /** The way to use where the framework does not have `way`. */
  ownWay: OwnWay;
  text: string;
  /** The text in two pieces. The second waits until the client has the head. */
  pieces(): AsyncGenerator<Uint8Array>;
  /** Changes the session once the client has the head, and returns the session's error. */
  late(): Promise<string>;
}

/** The session as JSON, without the id of a new one, which changes with every request. */
export function show(session: ReadonlySession): string {
  const { id, isNew } = session;
  return JSON.stringify({ ...(isNew ? { isNew } : { isNew, id }), ...session });
}

export function greet(session: Session, user: string): string {
  session.user = user;
  session.flash = "Welcome. ";
  return show(session);
}

/** The action of a request. Only actions that assign to `req.session` need `req`. */
export function actionOf(url = ""): keyof typeof ACTIONS {
  const [, action = ""] = /^\/\w+\/(\w+)/.exec(url) ?? [];
  if (!(action in ACTIONS)) throw new Error(`no action: ${url}`);
  return action as keyof typeof ACTIONS;
}

export async function take(
  service: Service,
  url: string,
  session: Session,
  req?: IncomingMessage,
): Promise<Turn> {
  return turn(service, url, session, await ACTIONS[actionOf(url)](session, req));
}

export function turn({ gate }: Service, url: string, session: Session, text: string): Turn {
  const way = url.split("/")[1] as Way;
  const own = OWN_WAYS.find((known) => known === way);
  return {
    way,
    ownWay: own ?? "text",
    text,
    async *pieces() {
      const bytes = Buffer.from(text);
      yield bytes.subarray(0, 1);
      await gate.opened;
      yield bytes.subarray(1);
    },
    async late() {
      await gate.opened;
      session.late = true;
      try {
        session.save();
        return "saved";
      } catch (error) {
        return (error as SessionError).code;
      }
    },
  };
}

const PAIRS = COOKIES.map((cookie) => ["Set-Cookie", cookie]);

const HEADS: Record<HeadWay, (res: ServerResponse, turn: Turn) => unknown> = {
  object: (res, { text }) => res.writeHead(200, { "Set-Cookie": [...COOKIES] }).end(text),
  flat: (res, { text }) => res.writeHead(200, PAIRS.flat()).end(text),
  pairs: (res, { text }) => res.writeHead(200, PAIRS as unknown as string[]).end(text),
  async writeHead(res, { late }) {
    res.writeHead(200).write("early, ");
    res.end(await late());
  },
  async flushHeaders(res, { late }) {
    res.statusCode = 200; // Koa's is 404 until there is a body
    res.flushHeaders();
    res.end(`early, ${await late()}`);
  },
};

/** Answers by Node's own functions; returns false where the framework has to answer, in whole or in part. */
export function answerByNode(res: ServerResponse, turn: Turn): boolean {
  const { way } = turn;
  if (way === "setHeader") res.setHeader("Set-Cookie", COOKIES);
  if (way === "appendHeader") for (const cookie of COOKIES) res.appendHeader("Set-Cookie", cookie);
  if (!(way in HEADS)) return false;
  void HEADS[way as HeadWay](res, turn);
  return true;
}

/** Listens on a free port until it is closed. */
export async function listening(
  server: Server,
  tls?: Certificate,
): Promise<Site & { base: string }> {
  server.listen(0, "localhost");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  const base = `${tls === undefined ? "http" : "https"}://localhost:${port}`;
  const client = httpClient(base, tls?.cert);
  return {
    base,
    client,
    async close() {
      client.close();
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
