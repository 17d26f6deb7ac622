/** The demonstration: one visitor's session in three cookies, as base64, as jwt and as fernet. */

import { hkdfSync, randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import {
  createServer,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  ServerResponse,
} from "node:http";
import { readCookies, serializeCookie } from "bulla/cookie";
import { Fernet } from "bulla/fernet";
import { memoryRevocation, SessionError, type SessionOptions, sessions } from "bulla/session";
import { frieze, icon } from "./figures.ts";
import { Refusal, readForm, redirect, send } from "./http.ts";
import { copiesOf, copy, pastOf, remember } from "./memory.ts";
import { page } from "./page.ts";
import { flip, TYPES, type Type } from "./token.ts";
import type { Envelope } from "./verdict.ts";

interface Flock {
  user?: string;
  sheep?: number;
}

type Handler = (req: IncomingMessage, res: ServerResponse, query: string) => unknown;

// Made at every start: cookies from before a restart are refused. (base64 has no secret.)
const secret = randomBytes(32);

// A logout ends copies of the cookies too. Without `only`, visitors who never log in could fill the list.
const revocation = memoryRevocation({ only: ({ data }) => data.user !== undefined });

const issuers = {
  base64: issuer("base64", {}), // forged cookies have any id, so a list would be useless
  jwt: issuer("jwt", { secret, revocation }),
  fernet: issuer("fernet", { secret, revocation }),
};

const routes: Record<string, { GET?: Handler; POST?: Handler }> = {
  "/": { GET: show },
  "/page.css": file("text/css", "page.css"),
  "/card.css": file("text/css", "card.css"),
  "/page.js": file("text/javascript", "page.js"),
  "/icon.svg": text("image/svg+xml", icon),
  "/frieze.svg": text("image/svg+xml", frieze),
  "/login": { POST: login },
  "/sheep": { POST: addSheep },
  "/tamper": { POST: tamper },
  "/replay": { POST: replay },
  "/logout": { POST: logout },
  "/README.md": file("text/plain", "../../README.md"),
  "/SECURITY.md": file("text/plain", "../../SECURITY.md"),
  "/docs/frameworks.md": file("text/plain", "../../docs/frameworks.md"),
  "/docs/migrating.md": file("text/plain", "../../docs/migrating.md"),
};

// `secure` is off and the names have no `__Host-`, because this is plain http on 127.0.0.1. Never deploy this.
function issuer(type: Type, options: SessionOptions) {
  const refused = new WeakMap<object, string>();
  const made = sessions<Flock>({
    type,
    ...options,
    cookie: { name: `demo-${type}`, secure: false },
    onInvalid: ({ code }, source) => {
      refused.set(source as IncomingMessage, code);
    },
  });
  return { ...made, refused };
}

function textOf(type: Type, req: IncomingMessage): string | undefined {
  return readCookies(req.headers.cookie ?? "", `demo-${type}`)[0];
}

function look(type: Type, req: IncomingMessage, res: ServerResponse): Envelope {
  const { attach, refused } = issuers[type];
  const { user, sheep } = attach(req, res);
  const text = textOf(type, req);
  const refusal = refused.get(req);
  const past = pastOf(type, text ?? "");
  const claims = type === "fernet" && text !== undefined ? opened(text) : undefined;
  const seen = { type, text, past, ...(claims && { claims }) };
  if (refusal !== undefined) return { ...seen, refusal };
  // Anybody can forge a base64 cookie, so the types of its data are checked.
  if (text === undefined || typeof user !== "string") return { type, text: undefined, past };
  return { ...seen, user, sheep: Number(sheep) };
}

/** The claims in a Fernet cookie: its key is derived from the secret, and it has no padding. */
function opened(text: string): object | undefined {
  const key = hkdfSync("sha256", secret, "", "bulla/session/fernet/demo-fernet", 32);
  const fernet = new Fernet(new Uint8Array(key));
  try {
    return JSON.parse(fernet.decryptText(text + "=".repeat(-text.length & 3)));
  } catch {
    return undefined; // The MAC is wrong, or the session came from another cookie of that name.
  }
}

function show(req: IncomingMessage, res: ServerResponse, query: string): void {
  const asked = new URLSearchParams(query);
  const nameless = asked.get("problem") === "name";
  const copies = asked.get("copies") ?? "";
  const copied = copiesOf(copies);
  const envelopes = TYPES.map((type) => ({ ...look(type, req, res), copied: copied[type] }));
  send(res, 200, "text/html", page(envelopes, { nameless, copies }));
}

async function login(req: IncomingMessage, res: ServerResponse): Promise<void> {
  const form = await readForm(req);
  const user = (form.get("user") ?? "").replace(/[\p{Cc}\s]+/gu, " ").trim();
  if (user === "" || user.length > 40) return redirect(res, "/?problem=name");
  const only = form.get("type");
  for (const type of TYPES.filter((type) => only === null || only === type)) {
    const session = issuers[type].attach(req, res);
    await session.regenerate();
    session.user = user;
    session.sheep = 3;
  }
  redirect(res, only === null ? "/" : `/#${only}`);
}

function addSheep(req: IncomingMessage, res: ServerResponse): void {
  for (const type of TYPES) {
    const session = issuers[type].attach(req, res);
    if (session.user !== undefined) session.sheep = Math.min(Number(session.sheep) + 1, 99) || 1;
  }
  redirect(res, "/");
}

async function tamper(req: IncomingMessage, res: ServerResponse): Promise<void> {
  const form = await readForm(req);
  const type = typeIn(form);
  const position = Number(form.get("position"));
  const cookie = textOf(type, req) ?? "";
  if (!Number.isInteger(position) || position < 1 || cookie.length > 4000) throw new Refusal(400);
  if (position > cookie.length) return redirect(res, `/#${type}`);
  plant(res, type, flip(type, cookie, position - 1));
  redirect(res, `/#${type}-result`);
}

async function logout(req: IncomingMessage, res: ServerResponse): Promise<void> {
  const open = TYPES.map((type) => look(type, req, res)).filter(({ user }) => user !== undefined);
  for (const type of TYPES) await issuers[type].attach(req, res).destroy();
  if (open.length === 0) return redirect(res, "/");
  const name = copy(Object.fromEntries(open.map(({ type, text }) => [type, text])));
  redirect(res, `/?copies=${name}`);
}

async function replay(req: IncomingMessage, res: ServerResponse): Promise<void> {
  const form = await readForm(req);
  const type = typeIn(form);
  const name = form.get("copies");
  const copied = copiesOf(name)[type];
  if (copied === undefined) return redirect(res, "/");
  plant(res, type, copied);
  redirect(res, `/?copies=${name}#${type}-result`);
}

function typeIn(form: URLSearchParams): Type {
  const type = TYPES.find((type) => type === form.get("type"));
  if (type === undefined) throw new Refusal(400);
  return type;
}

/** Sets a cookie that no session wrote, as visitors can do in their own browser. */
function plant(res: ServerResponse, type: Type, text: string): void {
  const attributes = { path: "/", httpOnly: true, sameSite: "lax" } as const;
  res.setHeader("Set-Cookie", serializeCookie(`demo-${type}`, text, attributes));
}

function file(type: string, name: string) {
  return text(type, readFileSync(new URL(name, import.meta.url), "utf8"));
}

function text(type: string, body: string): { GET: Handler } {
  return { GET: (_req, res) => send(res, 200, type, body) };
}

async function answer(req: IncomingMessage, res: ServerResponse): Promise<void> {
  const [path = "/", query = ""] = (req.url ?? "/").split("?");
  const route = Object.hasOwn(routes, path) ? routes[path] : undefined;
  if (!route) throw new Refusal(404);
  const handler = req.method === "HEAD" ? route.GET : route[req.method as "GET" | "POST"];
  if (!handler) {
    res.setHeader("Allow", route.GET ? "GET, HEAD" : "POST");
    throw new Refusal(405);
  }
  // SameSite keeps the cookies out of other sites' forms; this keeps the forms out as well.
  const site = req.headers["sec-fetch-site"] ?? "none";
  if (req.method === "POST" && site !== "same-origin" && site !== "none") throw new Refusal(403);
  await handler(req, res, query);
}

/** Remembers the cookies of sessions, which pass them to `writeHead`. A planted cookie is set earlier and is not seen here. */
class Response extends ServerResponse<IncomingMessage> {
  override writeHead(status: number, fields?: never): this {
    remember(
      [(fields as OutgoingHttpHeaders | undefined)?.["Set-Cookie"] ?? []].flat().map(String),
    );
    return super.writeHead(status, fields);
  }
}

const server = createServer({ ServerResponse: Response }, (req, res) => {
  answer(req, res).catch((error: unknown) => {
    const status = error instanceof SessionError ? error.status : 500;
    const refusal = error instanceof Refusal ? error : new Refusal(status);
    if (refusal.status >= 500) console.error(error);
    if (res.headersSent) return res.destroy();
    // The rest of a refused body is not read.
    if (!req.complete) res.setHeader("Connection", "close");
    return send(res, refusal.status, "text/plain", `${refusal.message}\n`);
  });
});

const port = process.env.PORT || "3000";

server.on("error", (error: NodeJS.ErrnoException) => {
  const busy = error.code === "EADDRINUSE";
  console.error(
    busy
      ? `Port ${port} is busy: set PORT to another one, as in PORT=3001 npm start`
      : error.message,
  );
  process.exitCode = 1;
});

if (/^\d{1,5}$/.test(port) && Number(port) < 65536) {
  server.listen(Number(port), "127.0.0.1", () => {
    const address = server.address();
    const actual = typeof address === "object" ? address?.port : port;
    console.log(`The demonstration is on http://127.0.0.1:${actual}`);
  });
} else {
  console.error(`PORT is ${JSON.stringify(port)}, which is not a port number`);
  process.exitCode = 1;
}
