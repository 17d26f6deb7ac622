/** node:http, node:https, node:http2, and ws beside node:http: `attach`, or `load` with a revocation list. */

import { deepEqual } from "node:assert/strict";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import http2 from "node:http2";
import https from "node:https";
import { type Duplex, Readable } from "node:stream";
import { serializeCookie } from "bulla/cookie";
import { type SessionData, type SessionError, type Sessions, sessions } from "bulla/session";
import { WebSocket, WebSocketServer } from "ws";
import { type Asked, type Client, http2Client, Jar } from "../helpers/clients.ts";
import {
  answerByNode,
  CACHED,
  COOKIES,
  type Framework,
  listening,
  NEXT,
  type OwnWay,
  type Service,
  show,
  type Turn,
  take,
} from "./routes.ts";

type Handler = (req: IncomingMessage, res: ServerResponse) => Promise<void>;

/** The ways to answer with Node alone. */
export const NODE_WAYS: Record<OwnWay, (res: ServerResponse, turn: Turn) => unknown> = {
  text: (res, { text }) => res.end(text),
  redirect: (res) => res.writeHead(303, { Location: NEXT }).end(),
  stream: (res, { pieces }) => Readable.from(pieces()).pipe(res),
  cached: (res, { text }) => res.writeHead(200, CACHED).end(text),
  cookie(res, { text }) {
    for (const cookie of COOKIES) {
      const [name = "", value = ""] = cookie.split("=");
      res.appendHeader("Set-Cookie", serializeCookie(name, value, { path: "/" }));
    }
    res.end(text);
  },
};

function handlerOf(service: Service, visitors: Sessions<SessionData>): Handler {
  return async (req, res) => {
    const { url = "" } = req;
    if (url === "/plain") return visitors.middleware(req, res, () => res.end("plain"));
    try {
      const waits = service.options.revocation !== undefined;
      const session = waits ? await visitors.load(req, res) : visitors.attach(req, res);
      const turn = await take(service, url, session);
      if (!answerByNode(res, turn)) NODE_WAYS[turn.ownWay](res, turn);
    } catch (error) {
      service.errors.push(error);
      res.writeHead((error as SessionError).status).end();
    }
  };
}

export const NODE: Record<string, Framework> = {
  "node:http": {
    start: (service) => listening(createServer(handlerOf(service, sessions(service.options)))),
  },
  "node:https": {
    start: (service, tls) =>
      listening(https.createServer(tls, handlerOf(service, sessions(service.options))), tls),
  },
  "node:http2": {
    async start(service, tls) {
      const handler = handlerOf(service, sessions(service.options));
      const server = http2.createSecureServer(tls, handler as never).listen(0, "localhost");
      await once(server, "listening");
      const { port } = server.address() as { port: number };
      const client = http2Client(`https://localhost:${port}`, tls.cert);
      return {
        client,
        async close() {
          client.close();
          server.close();
          await once(server, "close");
        },
      };
    },
  },
  ws: {
    opens: 3,
    async start(service) {
      const visitors = sessions(service.options);
      const server = createServer(handlerOf(service, visitors));
      server.on("upgrade", upgradeOf(service, visitors));
      const { base, client, close } = await listening(server);
      return { client: upgrading(base, client), close };
    },
  },
};

/** Sends the session of the upgrade's request. */
function upgradeOf({ options }: Service, visitors: Sessions<SessionData>) {
  const sockets = new WebSocketServer({ noServer: true });
  return async (req: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> => {
    const send = (text: string): void =>
      sockets.handleUpgrade(req, socket, head, (ws) => ws.send(text, () => ws.close()));
    if (req.url === "/plain") return send("plain");
    try {
      send(show(options.revocation === undefined ? visitors.read(req) : await visitors.load(req)));
    } catch (error) {
      const { status } = error as SessionError;
      socket.end(`HTTP/1.1 ${status} Unavailable\r\nConnection: close\r\n\r\n`);
    }
  };
}

/** After every answer sends an upgrade with the visitor's cookies: it must read the same session as http. */
function upgrading(base: string, client: Client): Client {
  return {
    close: client.close,
    async ask(path, asked: Asked = {}) {
      const reply = await client.ask(path, asked);
      const jar = new Jar();
      for (const pair of asked.headers?.cookie?.split("; ") ?? []) {
        const [, name = "", value = ""] = /^([^=]+)=(.*)$/.exec(pair) ?? [];
        jar.cookies.set(name, value);
      }
      jar.keep(reply);
      const { headers } = jar;
      const url = path === "/plain" ? path : "/text/read";
      const { status, text } = await client.ask(url, { headers });
      const socket = new WebSocket(base.replace("http", "ws") + url, { headers });
      const message = once(socket, "message").then(([data]) => String(data), refusedStatus);
      deepEqual(await message, status === 200 ? text : status);
      return reply;
    },
  };
}

function refusedStatus(error: Error): number {
  const [, status] = /^Unexpected server response: (\d+)$/.exec(error.message) ?? [];
  if (status === undefined) throw error;
  return Number(status);
}
