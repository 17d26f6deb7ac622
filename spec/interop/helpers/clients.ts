/** Clients of node:http, node:https, node:http2 and of a Fetch handler, with one interface. */

import { once } from "node:events";
import http from "node:http";
import http2 from "node:http2";
import https from "node:https";
import { Jar, type Reply } from "../../helpers/session-server.ts";

export { Jar, type Reply };

export interface Asked {
  method?: string;
  headers?: Record<string, string>;
  body?: string;
  /** Called when the head has come, while the body may still be on its way. */
  onHead?: () => void;
}

export interface Client {
  ask(path: string, asked?: Asked): Promise<Reply>;
  close(): void;
}

export function httpClient(base: string, ca?: string): Client {
  const tls = base.startsWith("https:");
  const agent = tls
    ? new https.Agent({ keepAlive: true, ...(ca === undefined ? {} : { ca }) })
    : new http.Agent({ keepAlive: true });
  const { request: open } = tls ? https : http;
  return {
    close: () => agent.destroy(),
    async ask(path, { method = "GET", headers = {}, body, onHead } = {}) {
      const request = open(new URL(path, base), { agent, method, headers });
      request.end(body);
      const [response] = (await once(request, "response")) as [http.IncomingMessage];
      onHead?.();
      return {
        status: response.statusCode ?? 0,
        reason: response.statusMessage ?? "",
        headers: response.headers,
        setCookie: response.headers["set-cookie"] ?? [],
        text: await textOf(response),
      };
    },
  };
}

export function http2Client(base: string, ca: string): Client {
  const session = http2.connect(base, { ca });
  return {
    close: () => session.destroy(),
    async ask(path, { method = "GET", headers = {}, body, onHead } = {}) {
      const stream = session.request({ ":path": path, ":method": method, ...headers });
      stream.end(body);
      const [head] = (await once(stream, "response")) as [http2.IncomingHttpHeaders];
      onHead?.();
      return {
        status: Number(head[":status"]),
        reason: "",
        headers: head,
        setCookie: head["set-cookie"] ?? [],
        text: await textOf(stream),
      };
    },
  };
}

export type Handler = (request: Request) => Response | Promise<Response>;

/** Calls a handler directly, as Fetch API runtimes do. */
export function fetchClient(handler: Handler): Client {
  return {
    close() {},
    async ask(path, { method = "GET", headers = {}, body, onHead } = {}) {
      const init = { method, headers, ...(body === undefined ? {} : { body }) };
      const response = await handler(new Request(new URL(path, "https://localhost"), init));
      onHead?.();
      return {
        status: response.status,
        reason: response.statusText,
        headers: Object.fromEntries(response.headers),
        setCookie: response.headers.getSetCookie(),
        text: await response.text(),
      };
    },
  };
}

async function textOf(stream: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}
