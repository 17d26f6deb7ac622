/** One server, in a process of its own: tells its parent the port and, when asked, its CPU time. */

import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";
import { pathToFileURL } from "node:url";
import { sessions } from "bulla/session";
import type { Kind, Ready, Used } from "./kinds.ts";

interface User {
  id: string;
  name: string;
}
type Data = { user?: User; visits?: number };
type Request = IncomingMessage & { session: Data };
type Handler = (req: Request, res: ServerResponse) => void;
type Middleware = (req: unknown, res: unknown, next: () => void) => void;

/** A connection may idle while other servers have their turn. */
const KEEP_ALIVE = 3_600_000;
const SECRET = "a secret of the benchmark, of 32 bytes or more";
const USER: User = { id: "5f0c1e2b7a934d68", name: "Ada Lovelace" };
const require = createRequire(new URL("../../interop/package.json", import.meta.url));

const [kind] = process.argv.slice(2) as [Kind];
const port = kind.startsWith("secure-session") || kind.startsWith("fastify") ? fastify() : plain();
process.on("message", () => {
  const { user, system } = process.cpuUsage();
  process.send?.({ microseconds: user + system } satisfies Used);
});
process.once("disconnect", () => process.exit());
process.send?.({ port: await port } satisfies Ready);

/** GET /login puts a user into the session; any other path reads, writes or leaves it. */
async function plain(): Promise<number> {
  const handler = await handlerOf(kind);
  return listening(createServer((req, res) => handler(req as Request, res)));
}

async function handlerOf(kind: Kind): Promise<Handler> {
  const [library, ...rest] = kind.split(", ") as [string, ...string[]];
  if (library === "iron-session") return iron();
  const middleware = await middlewareOf(library, rest.includes("jwt"));
  const action = rest.at(-1);
  return (req, res) => middleware(req, res, () => act(req, res, action));
}

function act(req: Request, res: ServerResponse, action: string | undefined): void {
  if (req.url === "/login") {
    req.session.user = USER;
    answer(res, USER);
  } else if (action === "read" || action === "read and write") {
    const { session } = req;
    if (action === "read and write") session.visits = (session.visits ?? 0) + 1;
    answer(res, session.user);
  } else answer(res, USER);
}

async function middlewareOf(library: string, jwt: boolean): Promise<Middleware> {
  if (library === "bare") return (_req, _res, next) => next();
  if (library === "bulla") {
    const type = jwt ? "jwt" : "fernet";
    return sessions({ type, secret: SECRET, cookie: { secure: false } }).middleware as Middleware;
  }
  const create = (await load(library)) as (options: object) => Middleware;
  if (library === "cookie-session") return create({ name: "session", keys: [SECRET] });
  return create({ name: "session", secret: SECRET, resave: false, saveUninitialized: false });
}

async function iron(): Promise<Handler> {
  const { getIronSession } = (await load("iron-session")) as {
    getIronSession(
      req: object,
      res: object,
      options: object,
    ): Promise<Data & { save(): Promise<void> }>;
  };
  const options = { password: SECRET, cookieName: "session", cookieOptions: { secure: false } };
  return async (req, res) => {
    const session = await getIronSession(req, res, options);
    if (req.url === "/login") {
      session.user = USER;
      await session.save();
    }
    answer(res, session.user);
  };
}

interface Fastify {
  register(plugin: unknown, options: object): void;
  get(path: string, handler: (request: FastifyRequest) => object): void;
  listen(options: { port: number; host: string }): Promise<string>;
  server: Server;
}
interface FastifyRequest {
  session: { get(name: string): User | undefined; set(name: string, value: User): void };
}

async function fastify(): Promise<number> {
  const create = (await load("fastify")) as () => Fastify;
  const app = create();
  if (kind === "fastify, bare") app.get("/", () => ({ name: USER.name }));
  else {
    const key = Buffer.from(SECRET).subarray(0, 32);
    app.register(await load("@fastify/secure-session"), { key, cookie: { path: "/" } });
    app.get("/", ({ session }) => ({ name: session.get("user")?.name }));
    app.get("/login", ({ session }) => {
      session.set("user", USER);
      return { name: USER.name };
    });
  }
  app.server.keepAliveTimeout = KEEP_ALIVE;
  await app.listen({ port: 0, host: "127.0.0.1" });
  return (app.server.address() as AddressInfo).port;
}

function answer(res: ServerResponse, user: User | undefined): void {
  const body = JSON.stringify({ name: user?.name });
  res.writeHead(200, { "Content-Type": "application/json", "Content-Length": body.length });
  res.end(body);
}

function listening(server: Server): Promise<number> {
  server.keepAliveTimeout = KEEP_ALIVE;
  return new Promise((resolve) => {
    server.listen(0, "127.0.0.1", () => resolve((server.address() as AddressInfo).port));
  });
}

async function load(name: string): Promise<unknown> {
  const module = (await import(pathToFileURL(require.resolve(name)).href)) as { default?: unknown };
  return module.default ?? module;
}
