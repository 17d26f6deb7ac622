/** The application of all servers: GET /login puts a user into the session; any other path reads, writes or leaves it. */

import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";
import { pathToFileURL } from "node:url";

export interface User {
  id: string;
  name: string;
}
export type Data = { user?: User; visits?: number };
export type Handler = (req: IncomingMessage, res: ServerResponse) => unknown;

/** A connection may idle while other servers have their turn. */
const KEEP_ALIVE = 3_600_000;
export const SECRET = "a secret of the benchmark, of 32 bytes or more";
export const USER: User = { id: "5f0c1e2b7a934d68", name: "Ada Lovelace" };

const require = createRequire(new URL("../../interop/package.json", import.meta.url));

/** A library of spec/interop/package.json. */
export async function load<T>(name: string): Promise<T> {
  const module = (await import(pathToFileURL(require.resolve(name)).href)) as { default?: unknown };
  return (module.default ?? module) as T;
}

/** Does the action with a session; returns the user for the answer. */
export function act(
  session: () => Data,
  url: string | undefined,
  action: string | undefined,
): User | undefined {
  if (url === "/login") {
    session().user = USER;
    return USER;
  }
  if (action !== "read" && action !== "read and write") return USER;
  const data = session();
  if (action === "read and write") data.visits = (data.visits ?? 0) + 1;
  return data.user;
}

export function answer(
  res: ServerResponse,
  user: User | undefined,
  fields?: Record<string, string | string[]>,
): void {
  const body = bodyOf(user);
  res.writeHead(200, {
    "Content-Type": "application/json",
    "Content-Length": body.length,
    ...fields,
  });
  res.end(body);
}

export function bodyOf(user: User | undefined): string {
  return JSON.stringify({ name: user?.name });
}

export function serve(handler: Handler): Promise<number> {
  return listen(createServer(handler));
}

/** Listens, and returns the port. */
export function listen(server: Server): Promise<number> {
  server.keepAliveTimeout = KEEP_ALIVE;
  return new Promise((resolve) => {
    server.listen(0, "127.0.0.1", () => resolve((server.address() as AddressInfo).port));
  });
}
