/** A Fetch handler, Hono wherever there is `fetch`, and Hono on its Node server. */

import { createServer } from "node:http";
import { Readable } from "node:stream";
import { promisify } from "node:util";
import { getRequestListener, type HttpBindings } from "@hono/node-server";
import { RESPONSE_ALREADY_SENT } from "@hono/node-server/utils/response";
import { serializeCookie } from "bulla/cookie";
import { type Session, type SessionError, sessions } from "bulla/session";
import { type Context, Hono } from "hono";
import { setCookie } from "hono/cookie";
import { fetchClient } from "../helpers/clients.ts";
import {
  answerByNode,
  CACHED,
  COOKIES,
  type Framework,
  listening,
  NEXT,
  OWN_WAYS,
  type OwnWay,
  type Service,
  type Turn,
  take,
  type Way,
} from "./routes.ts";

const FETCH_WAYS: Record<Way, (turn: Turn) => Response> = {
  text: ({ text }) => new Response(text),
  redirect: () => Response.redirect(`https://localhost${NEXT}`, 303), // its fields are immutable
  stream: ({ pieces }) => streamed(pieces()),
  cached: ({ text }) => new Response(text, { headers: CACHED }),
  cookie({ text }) {
    const response = new Response(text);
    for (const cookie of COOKIES) {
      const [name = "", value = ""] = cookie.split("=");
      response.headers.append("Set-Cookie", serializeCookie(name, value, { path: "/" }));
    }
    return response;
  },
  setHeader({ text }) {
    const response = new Response(text);
    response.headers.set("Set-Cookie", COOKIES[0]);
    response.headers.append("Set-Cookie", COOKIES[1]);
    return response;
  },
  appendHeader({ text }) {
    const response = new Response(text);
    for (const cookie of COOKIES) response.headers.append("Set-Cookie", cookie);
    return response;
  },
  object({ text }) {
    const response = new Response(text, { headers: { "Set-Cookie": COOKIES[0] } });
    response.headers.append("Set-Cookie", COOKIES[1]);
    return response;
  },
  flat({ text }) {
    const headers = new Headers();
    for (const cookie of COOKIES) headers.append("Set-Cookie", cookie);
    return new Response(text, { headers });
  },
  pairs: ({ text }) =>
    new Response(text, { headers: COOKIES.map((cookie) => ["Set-Cookie", cookie] as const) }),
  writeHead: ({ late }) => streamed(early(late)),
  flushHeaders: ({ late }) => streamed(early(late)),
};

async function* early(late: () => Promise<string>): AsyncGenerator<Uint8Array> {
  yield Buffer.from("early, ");
  yield Buffer.from(await late());
}

function streamed(pieces: AsyncGenerator<Uint8Array>): Response {
  return new Response(Readable.toWeb(Readable.from(pieces)) as ReadableStream<Uint8Array>);
}

/** The error path. A framework may answer an error with a status of its own. */
function failing({ errors }: Service): (error: unknown) => Response {
  return (error) => {
    errors.push(error);
    return new Response(null, { status: (error as SessionError).status });
  };
}

async function startFetch(service: Service) {
  const visitors = sessions(service.options);
  const wrapped = visitors.wrap(async (request: Request, session: Session) => {
    const turn = await take(service, new URL(request.url).pathname, session);
    return FETCH_WAYS[turn.way](turn);
  });
  const client = fetchClient((request) =>
    new URL(request.url).pathname === "/plain"
      ? new Response("plain")
      : wrapped(request).catch(failing(service)),
  );
  return { client, close() {} };
}

const HONO_WAYS: Record<OwnWay, (c: Context, turn: Turn) => Response> = {
  text: (c, { text }) => c.text(text),
  redirect: (_c, turn) => FETCH_WAYS.redirect(turn),
  stream: (c, { pieces }) => c.body(streamed(pieces()).body as ReadableStream),
  cached: (c, { text }) => c.text(text, 200, CACHED),
  cookie(c, { text }) {
    for (const cookie of COOKIES) setCookie(c, ...(cookie.split("=", 2) as [string, string]));
    return c.text(text);
  },
};

async function startHonoFetch(service: Service) {
  const visitors = sessions(service.options);
  const app = new Hono<{ Variables: { session: Session } }>();
  app.onError(failing(service));
  app.get("/plain", (c) => c.text("plain"));
  app.use(async (c, next) => {
    const response = await visitors.wrap(async (_request, session) => {
      c.set("session", session);
      await next();
      return c.res;
    })(c.req.raw);
    c.res = undefined;
    c.res = response;
  });
  app.all("/:way/:action", async (c) => {
    const turn = await take(service, c.req.path, c.var.session);
    const own = OWN_WAYS.some((way) => way === turn.way);
    return own ? HONO_WAYS[turn.ownWay](c, turn) : FETCH_WAYS[turn.way](turn);
  });
  return { client: fetchClient((request) => app.fetch(request)), close() {} };
}

async function startHonoNode(service: Service) {
  const open = promisify(sessions(service.options).middleware);
  const app = new Hono<{ Bindings: HttpBindings }>();
  app.onError(failing(service));
  app.use(async ({ env }, next) => {
    await open(env.incoming, env.outgoing);
    await next();
  });
  app.get("/plain", (c) => c.text("plain"));
  app.all("/:way/:action", async (c) => {
    const { incoming, outgoing } = c.env;
    const turn = await take(service, c.req.path, incoming.session, incoming);
    return answerByNode(outgoing, turn) ? RESPONSE_ALREADY_SENT : HONO_WAYS[turn.ownWay](c, turn);
  });
  // It replaces these classes with its own, which the other columns must not get.
  const { Request, Response } = globalThis;
  const { client, close } = await listening(createServer(getRequestListener(app.fetch)));
  return {
    client,
    close() {
      Object.defineProperty(globalThis, "Request", { value: Request });
      Object.defineProperty(globalThis, "Response", { value: Response });
      return close();
    },
  };
}

export const FETCH: Record<string, Framework> = {
  "Hono on Node": { start: startHonoNode },
  "Hono, fetch": { start: startHonoFetch, fetches: true },
  "Fetch handler": { start: startFetch, fetches: true },
};
