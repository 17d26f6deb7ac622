/** The servers of other libraries, as their documentation shows them. */

import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { act, answer, type Data, listen, load, SECRET, serve, USER, type User } from "./app.ts";

type Middleware = (req: unknown, res: unknown, next: () => void) => void;

/** cookie-session and express-session: middleware of Connect. */
export async function connect(library: string, action: string | undefined): Promise<number> {
  const create = await load<(options: object) => Middleware>(library);
  const middleware =
    library === "cookie-session"
      ? create({ name: "session", keys: [SECRET] })
      : create({ name: "session", secret: SECRET, resave: false, saveUninitialized: false });
  return serve((req, res) => {
    middleware(req, res, () => {
      answer(
        res,
        act(() => (req as IncomingMessage & { session: Data }).session, req.url, action),
      );
    });
  });
}

interface IronSession {
  getIronSession(
    req: IncomingMessage,
    res: ServerResponse,
    options: object,
  ): Promise<Data & { save(): Promise<void> }>;
}

export async function iron(): Promise<number> {
  const { getIronSession } = await load<IronSession>("iron-session");
  const options = { password: SECRET, cookieName: "session", cookieOptions: { secure: false } };
  return serve(async (req, res) => {
    const session = await getIronSession(req, res, options);
    const user = act(() => session, req.url, "read");
    if (req.url === "/login") await session.save();
    answer(res, user);
  });
}

interface Fastify {
  register(plugin: unknown, options: object): void;
  get(path: string, handler: (request: FastifyRequest) => object): void;
  ready(): Promise<unknown>;
  server: Server;
}
interface FastifyRequest {
  session: { get(name: string): User | undefined; set(name: string, value: User): void };
}

export async function fastify([library]: readonly string[]): Promise<number> {
  const app = (await load<() => Fastify>("fastify"))();
  if (library === "secure-session") {
    const key = Buffer.from(SECRET).subarray(0, 32);
    app.register(await load("@fastify/secure-session"), { key, cookie: { path: "/" } });
    app.get("/", ({ session }) => ({ name: session.get("user")?.name }));
    app.get("/login", ({ session }) => {
      session.set("user", USER);
      return { name: USER.name };
    });
  } else app.get("/", () => ({ name: USER.name }));
  await app.ready();
  return listen(app.server);
}
