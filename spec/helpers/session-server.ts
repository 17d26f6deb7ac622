/** Real servers on a port of the system's choice, and real clients: HTTP/1.1 with keep-alive, HTTP/2. */

import assert from "node:assert/strict";
import { once } from "node:events";
import http from "node:http";
import http2 from "node:http2";
import type { AddressInfo } from "node:net";
import type { TestContext } from "node:test";

/** Handlers are written for node:http; the compatibility API of node:http2 is called alike. */
export type Handler = (req: http.IncomingMessage, res: http.ServerResponse) => void;

export interface Asked {
  method?: string;
  headers?: Record<string, string | string[]>;
}

export interface Reply {
  status: number;
  /** The reason phrase; HTTP/2 has none. */
  reason: string;
  /** Names in lower case; several fields of one name as node:http joins them. */
  headers: Record<string, string | string[] | undefined>;
  setCookie: string[];
  text: string;
}

export interface Site {
  port: number;
  server: http.Server | http2.Http2Server;
  ask(path: string, asked?: Asked): Promise<Reply>;
  /** Asks, and goes away as soon as the server has begun to answer or to think. */
  leave(path: string, asked?: Asked): Promise<void>;
  /** How many connections the clients opened. */
  connections(): number;
}

/** Every way in which the specs reach a handler. */
export const PROTOCOLS: Record<string, (t: TestContext, handler: Handler) => Promise<Site>> = {
  "HTTP/1.1": serve,
  "HTTP/2": serve2,
};

/** A server of node:http until the test ends, and a client that keeps its connections alive. */
export async function serve(t: TestContext, handler: Handler): Promise<Site> {
  const server = http.createServer(handler);
  const agent = new http.Agent({ keepAlive: true });
  let connections = 0;
  server.on("connection", () => connections++);
  const port = await listen(server);
  t.after(() => {
    agent.destroy();
    server.closeAllConnections();
    return close(server);
  });
  return {
    port,
    server,
    connections: () => connections,
    async leave(path, { method = "GET", headers = {} } = {}) {
      const request = http.request({ port, path, method, headers });
      request.on("error", () => {});
      request.end();
      await once(server, "request");
      request.destroy();
    },
    async ask(path, { method = "GET", headers = {} } = {}) {
      const request = http.request({ port, agent, path, method, headers });
      request.end();
      const [response] = (await once(request, "response")) as [http.IncomingMessage];
      const text = await textOf(response);
      return {
        status: response.statusCode ?? 0,
        reason: response.statusMessage ?? "",
        headers: response.headers,
        setCookie: response.headers["set-cookie"] ?? [],
        text,
      };
    },
  };
}

/** The same of node:http2, without TLS; one connection. */
export async function serve2(t: TestContext, handler: Handler): Promise<Site> {
  const server = http2.createServer(handler as never);
  let connections = 0;
  const open = new Set<http2.ServerHttp2Session>();
  server.on("session", (session) => {
    connections++;
    open.add(session);
  });
  const port = await listen(server);
  const client = http2.connect(`http://localhost:${port}`);
  t.after(() => {
    client.destroy();
    for (const session of open) session.destroy();
    return close(server);
  });
  return {
    port,
    server,
    connections: () => connections,
    async leave(path, { method = "GET", headers = {} } = {}) {
      const stream = client.request({ ":path": path, ":method": method, ...headers });
      stream.on("error", () => {});
      stream.end();
      await once(server, "request");
      stream.close(http2.constants.NGHTTP2_CANCEL);
    },
    async ask(path, { method = "GET", headers = {} } = {}) {
      const stream = client.request({ ":path": path, ":method": method, ...headers });
      stream.end();
      const [head] = (await once(stream, "response")) as [http2.IncomingHttpHeaders];
      const text = await textOf(stream);
      return {
        status: Number(head[":status"]),
        reason: "",
        headers: head,
        setCookie: head["set-cookie"] ?? [],
        text,
      };
    },
  };
}

/** A client's cookies, as a user agent keeps them: by name, until they are deleted. */
export class Jar {
  readonly cookies = new Map<string, string>();

  keep({ setCookie }: { setCookie: readonly string[] }): void {
    for (const cookie of setCookie) {
      const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(cookie) ?? assert.fail(cookie);
      if (/; Max-Age=0(;|$)/.test(cookie)) this.cookies.delete(name);
      else this.cookies.set(name, value);
    }
  }

  /** What the client sends. */
  get headers(): Record<string, string> {
    const pairs = [...this.cookies].map(([name, value]) => `${name}=${value}`);
    return pairs.length === 0 ? {} : { cookie: pairs.join("; ") };
  }
}

async function listen(server: http.Server | http2.Http2Server): Promise<number> {
  server.listen(0, "localhost");
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}

async function close(server: http.Server | http2.Http2Server): Promise<void> {
  server.close();
  await once(server, "close");
}

async function textOf(stream: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}
