/** Real servers on a free port and real clients: HTTP/1.1 with keep-alive, HTTP/2, and raw bytes. */

import assert from "node:assert/strict";
import { once } from "node:events";
import http from "node:http";
import http2 from "node:http2";
import net, { type AddressInfo } from "node:net";
import type { TestContext } from "node:test";

/** Handlers are written for node:http; the compatibility API of node:http2 calls them too. */
export type Handler = (req: http.IncomingMessage, res: http.ServerResponse) => unknown;
export type Start = (t: TestContext, handler: Handler) => Promise<Site>;

export interface Asked {
  method?: string;
  headers?: Record<string, string | string[]>;
}

export interface Reply {
  status: number;
  /** The reason phrase; HTTP/2 has none. */
  reason: string;
  /** Names in lower case; fields of one name are joined as node:http does. */
  headers: Record<string, string | string[] | undefined>;
  setCookie: string[];
  text: string;
}

export interface RawReply extends Reply {
  /** Names and values in the order in which they were sent. */
  fields: (readonly [name: string, value: string])[];
}

export interface Site {
  port: number;
  server: http.Server | http2.Http2Server;
  ask(path: string, asked?: Asked): Promise<RawReply>;
  /** Sends a request, and leaves as soon as the handler was called. */
  leave(path: string, asked?: Asked): Promise<void>;
  /** How many connections the clients opened. */
  connections(): number;
}

/** The protocols by which the specs reach a handler. */
export const PROTOCOLS: Record<string, Start> = {
  "HTTP/1.1": serve,
  "HTTP/2": serve2,
};

/** Starts a server of node:http until the test ends, with a keep-alive client. */
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
        fields: pairs(response.rawHeaders),
        setCookie: response.headers["set-cookie"] ?? [],
        text,
      };
    },
  };
}

/** Starts a server of node:http2 without TLS, with a client of one connection. */
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
      const [head, , raw] = (await once(stream, "response")) as [
        http2.IncomingHttpHeaders,
        number,
        string[],
      ];
      const text = await textOf(stream);
      return {
        status: Number(head[":status"]),
        reason: "",
        headers: head,
        fields: pairs(raw),
        setCookie: head["set-cookie"] ?? [],
        text,
      };
    },
  };
}

/** Keeps a client's cookies as a user agent does: by name, until they are deleted. */
export class Jar {
  readonly cookies = new Map<string, string>();

  keep({ setCookie }: { setCookie: readonly string[] }): void {
    for (const cookie of setCookie) {
      const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(cookie) ?? assert.fail(cookie);
      if (/; Max-Age=0(;|$)/.test(cookie)) this.cookies.delete(name);
      else this.cookies.set(name, value);
    }
  }

  /** The Cookie header of the next request. */
  get headers(): Record<string, string> {
    const cookies = [...this.cookies].map(([name, value]) => `${name}=${value}`);
    return cookies.length === 0 ? {} : { cookie: cookies.join("; ") };
  }
}

/** Sends bytes and returns everything that the server answers until it closes the connection. */
export async function rawly({ port }: Site, bytes: string): Promise<string> {
  const socket = net.connect(port, "localhost");
  socket.setEncoding("latin1").write(bytes);
  let text = "";
  for await (const chunk of socket) text += chunk;
  return text;
}

/** Formats a request; `last` asks the server to close the connection after its reply. */
export function requestBytes(
  path: string,
  { method = "GET", headers = {}, last = false }: Asked & { last?: boolean } = {},
): string {
  const fields = Object.entries({ Host: "x", ...(last && { Connection: "close" }), ...headers });
  const lines = fields.map(([name, value]) => `${name}: ${value}\r\n`);
  return `${method} ${path} HTTP/1.1\r\n${lines.join("")}\r\n`;
}

/**
 * Splits bytes into replies, as clients do (RFC 9112 section 6.3). `methods` are those of the requests, GET
 * by default. Fails on bytes that do not begin a reply.
 */
export function repliesIn(bytes: string, methods: readonly string[] = []): RawReply[] {
  const replies: RawReply[] = [];
  for (let rest = bytes; rest !== ""; ) {
    const [head = "", status, reason = "", lines = ""] =
      /^HTTP\/1\.1 (\d{3}) ([^\r\n]*)\r\n((?:[^\r\n]+\r\n)*)\r\n/.exec(rest) ??
      assert.fail(`not a reply: ${JSON.stringify(rest.slice(0, 200))}`);
    const fields = lines
      .split("\r\n")
      .slice(0, -1)
      .map((line) => {
        const [name = "", ...value] = line.split(": ");
        return [name, value.join(": ")] as const;
      });
    const valuesOf = (name: string) =>
      fields.filter(([field]) => field.toLowerCase() === name).map(([, value]) => value);
    const headers = Object.fromEntries(
      fields.map(([name]) => [name.toLowerCase(), valuesOf(name.toLowerCase()).join(", ")]),
    );
    const bodiless = methods[replies.length] === "HEAD" || /^(1..|204|304)$/.test(status ?? "");
    const [text, length] = bodiless ? ["", 0] : bodyOf(rest.slice(head.length), headers);
    replies.push({
      status: Number(status),
      reason,
      headers,
      fields: [...fields],
      setCookie: valuesOf("set-cookie"),
      text,
    });
    rest = rest.slice(head.length + length);
  }
  return replies;
}

function bodyOf(rest: string, headers: Reply["headers"]): [text: string, length: number] {
  if (headers["transfer-encoding"] === "chunked") {
    let text = "";
    for (let at = 0; ; ) {
      const [line = "", size = ""] = /^([0-9a-f]+)\r\n/i.exec(rest.slice(at)) ?? assert.fail(rest);
      const length = Number.parseInt(size, 16);
      const start = at + line.length;
      if (length === 0) return [text, start + 2];
      text += rest.slice(start, start + length);
      at = start + length + 2;
    }
  }
  const length = Number(headers["content-length"] ?? rest.length);
  assert.ok(length <= rest.length, `a body of ${length} bytes: ${JSON.stringify(rest)}`);
  return [rest.slice(0, length), length];
}

function pairs(flat: readonly string[]): [name: string, value: string][] {
  return Array.from({ length: flat.length / 2 }, (_, at) => [
    flat[2 * at] ?? "",
    flat[2 * at + 1] ?? "",
  ]);
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
