/** The demonstration: one visitor's session in three cookies, as base64, as jwt and as fernet. */

import { hkdfSync, randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer } from "node:http";
import { readCookies, serializeCookie } from "bulla/cookie";
import { Fernet } from "bulla/fernet";
import { memoryRevocation, SessionError, type SessionOptions, sessions } from "bulla/session";
import type { Envelope } from "./card.ts";
import { frieze, icon } from "./figures.ts";
import { Refusal, readForm, redirect, send } from "./http.ts";
import { page } from "./page.ts";
import { flip, TYPES, type Type } from "./token.ts";

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
  base64: issuer("base64", {}), // whoever forges one chooses its id: a list would be of no use
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
  "/logout": { POST: logout },
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

function look(type: Type, req: IncomingMessage, res: ServerResponse): Envelope {
  const { attach, refused } = issuers[type];
  const { user, sheep } = attach(req, res);
  const text = readCookies(req.headers.cookie ?? "", `demo-${type}`)[0];
  const refusal = refused.get(req);
  if (refusal !== undefined) return { type, text, refusal };
  // A base64 cookie may say anything, so nothing is taken to be of the type it was written with.
  if (text === undefined || typeof user !== "string") return { type, text: undefined };
  const claims = type === "fernet" ? opened(text) : undefined;
  return { type, text, user, sheep: Number(sheep), ...(claims && { claims }) };
}

/** The claims in a Fernet cookie: its key is derived from the secret, and it has no padding. */
function opened(text: string): object | undefined {
  const key = hkdfSync("sha256", secret, "", "bulla/session/fernet/demo-fernet", 32);
  const fernet = new Fernet(new Uint8Array(key));
  try {
    return JSON.parse(fernet.decryptText(text + "=".repeat(-text.length & 3)));
  } catch {
    return undefined; // the session was in another cookie of the name
  }
}

function show(req: IncomingMessage, res: ServerResponse, query: string): void {
  const asked = new URLSearchParams(query);
  const flipped = Number(asked.get("position")) - 1;
  const envelopes = TYPES.map((type) => {
    const envelope = look(type, req, res);
    const here = asked.get("flipped") === type && envelope.text?.[flipped] !== undefined;
    return here ? { ...envelope, flipped } : envelope;
  });
  send(res, 200, "text/html", page(envelopes, asked.get("problem") === "name"));
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
  const type = TYPES.find((type) => type === form.get("type"));
  const position = Number(form.get("position"));
  const cookie = readCookies(req.headers.cookie ?? "", `demo-${type}`)[0] ?? "";
  if (type === undefined || !Number.isInteger(position) || position < 1) throw new Refusal(400);
  if (cookie.length > 4000) throw new Refusal(400);
  if (position > cookie.length) return redirect(res, `/#${type}`);
  const altered = flip(type, cookie, position - 1);
  const attributes = { path: "/", httpOnly: true, sameSite: "lax" } as const;
  res.setHeader("Set-Cookie", serializeCookie(`demo-${type}`, altered, attributes));
  redirect(res, `/?flipped=${type}&position=${position}#${type}-result`);
}

async function logout(req: IncomingMessage, res: ServerResponse): Promise<void> {
  for (const type of TYPES) await issuers[type].attach(req, res).destroy();
  redirect(res, "/");
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

const server = createServer((req, res) => {
  answer(req, res).catch((error: unknown) => {
    const status = error instanceof SessionError ? error.status : 500;
    const refusal = error instanceof Refusal ? error : new Refusal(status);
    if (refusal.status >= 500) console.error(error);
    if (res.headersSent) return res.destroy();
    // What is left of a body that was not wanted is not read.
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
    console.log(`bulla is shown on http://127.0.0.1:${actual}`);
  });
} else {
  console.error(`PORT is ${JSON.stringify(port)}, which is no port number`);
  process.exitCode = 1;
}
