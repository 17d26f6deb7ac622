/** bulla's servers, and the floor: the least work of a session in a Fernet cookie. */

import type { IncomingMessage, Server } from "node:http";
import { readCookies, serializeCookie } from "bulla/cookie";
import { Fernet } from "bulla/fernet";
import { type CookieStore, type Sessions, sessions } from "bulla/session";
import {
  act,
  answer,
  bodyOf,
  type Data,
  type Handler,
  listen,
  load,
  SECRET,
  serve,
  USER,
} from "./app.ts";

const NAME = "session";
const ATTRIBUTES = "; Max-Age=1209600; Path=/; HttpOnly; SameSite=Lax";

type Action = string | undefined;
type Ours = Sessions<Data>;

const WAYS: Record<string, (ours: Ours, action: Action) => Handler> = { attach, edit };

/** `way` is one of WAYS, or the session type for the middleware. */
export function bulla([way = ""]: readonly string[], action: Action): Promise<number> {
  const ours = sessions<Data>({
    type: way === "jwt" ? "jwt" : "fernet",
    secret: SECRET,
    cookie: { secure: false },
  });
  return serve((WAYS[way] ?? middleware)(ours, action));
}

function middleware(ours: Ours, action: Action): Handler {
  return (req, res) => {
    ours.middleware(req, res, () => {
      answer(
        res,
        act(() => (req as IncomingMessage & { session: Data }).session, req.url, action),
      );
    });
  };
}

function attach(ours: Ours, action: Action): Handler {
  return (req, res) => {
    const session = ours.attach(req, res);
    answer(
      res,
      act(() => session, req.url, action),
    );
  };
}

function edit(ours: Ours, action: Action): Handler {
  return async (req, res) => {
    const set: string[] = [];
    const user = await ours.edit(storeOf(req, set), (session) =>
      act(() => session, req.url, action),
    );
    answer(res, user, set.length === 0 ? undefined : { "Set-Cookie": set });
  };
}

/** The smallest cookie store of a framework: keeps the cookies until the headers are written. */
function storeOf(req: IncomingMessage, cookies: string[]): CookieStore {
  return {
    get: (name) => readCookies(req.headers.cookie ?? "", name)[0],
    set: (name, value, { encode, ...attributes }) =>
      cookies.push(serializeCookie(name, encode(value), attributes)),
  };
}

/** Decrypting and parsing, encrypting and serialising, and the fields that such an answer needs. */
export function floor(action: Action): Promise<number> {
  const fernet = new Fernet(Fernet.generateKey());
  const now = Math.floor(Date.now() / 1000);
  const claims = { jti: "AAAAAAAAAAAAAAAAAAAAAA", iat: now, exp: now + 1_209_600 };
  const cookieOf = (all: object) =>
    `${NAME}=${fernet.encrypt(JSON.stringify(all)).replace(/=+$/, "")}${ATTRIBUTES}`;
  const padded = (text: string) => text + "=".repeat(-text.length & 3);
  return serve((req, res) => {
    if (req.url === "/login") {
      answer(res, USER, { "Set-Cookie": cookieOf({ ...claims, data: { user: USER } }) });
      return;
    }
    const token = padded((req.headers.cookie ?? "").slice(NAME.length + 1));
    const all = JSON.parse(fernet.decryptText(token)) as { data: Data };
    const user = act(() => all.data, req.url, action);
    if (action === "read") answer(res, user, { Vary: "Cookie" });
    else {
      const fields = { Vary: "Cookie", "Set-Cookie": cookieOf(all), "Cache-Control": "no-store" };
      answer(res, user, fields);
    }
  });
}

interface NodeServer {
  createAdaptorServer(options: {
    fetch: (request: Request) => Response | Promise<Response>;
  }): Server;
}

/** @hono/node-server with a Fetch handler; none of these servers uses Hono's router. */
export async function hono([library]: readonly string[], action: Action): Promise<number> {
  const { createAdaptorServer } = await load<NodeServer>("@hono/node-server");
  const ours = sessions<Data>({ secret: SECRET, cookie: { secure: false } });
  const wrapped = ours.wrap((request: Request, session) =>
    respond(act(() => session, new URL(request.url).pathname, action)),
  );
  const fetch = library === "bulla" ? wrapped : () => respond(USER);
  return listen(createAdaptorServer({ fetch }));
}

function respond(user: Data["user"]): Response {
  return new Response(bodyOf(user), { headers: { "Content-Type": "application/json" } });
}
